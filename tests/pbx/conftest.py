"""How long to search for counterexamples: `--hypothesis-profile=hunt` searches longer.

Only pytest runs that name a path in this folder read this early enough for the option.
"""

from hypothesis import HealthCheck, settings
import pytest

from custom_components.vodia.pbx.trace import Trace

# The same examples in every run: a red test is red because of a change.
settings.register_profile(
    "steady",
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "hunt", settings.get_profile("steady"), max_examples=2000, derandomize=False
)
# A million inputs in tests/pbx/wire/test_fuzz.py: four times as many examples, of ten each.
settings.register_profile(
    "million", settings.get_profile("steady"), max_examples=25_000, derandomize=False
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


@pytest.fixture
def trace() -> Trace:
    """Return an empty trace."""
    return Trace()
