"""What the tests of commands share."""

import pytest

from tests.support.command_port import FakePort


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


@pytest.fixture
def port() -> FakePort:
    """Return a line without calls."""
    return FakePort()
