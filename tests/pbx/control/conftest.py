"""What the tests of commands share."""

import pytest

from tests.support.command_port import FakePort


@pytest.fixture
def port() -> FakePort:
    """Return a line without calls."""
    return FakePort()
