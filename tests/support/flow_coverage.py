"""What the config flow's own tests reach of it, from the same run as all other coverage.

A plugin of pytest, loaded by conftest.py. Home Assistant asks for a config flow of which
every line is tested. That other tests pass by there proves nothing, so `scripts/test` looks
at what was noted under this context, and at what an import alone does, noted under none.
"""

from collections.abc import Iterator
import sys

from coverage import Coverage
import pytest

import custom_components.vodia.config_flow  # noqa: F401

CONTEXT = "config flow"
OWN_TESTS = ("tests/config_flow/", "tests/platforms/test_lines.py")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what a test of the config flow runs apart from what others run."""
    coverage = Coverage.current()
    context = CONTEXT if item.nodeid.startswith(OWN_TESTS) else "others"
    if coverage is not None and coverage.switch_context(context) != context:
        # Each place reports once only; the other context has yet to hear of it.
        sys.monitoring.restart_events()
    return (yield)
