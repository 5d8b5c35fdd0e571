"""The pure tests of the state."""

import pytest


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""
