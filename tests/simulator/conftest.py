"""Set-up of the simulator's tests."""

import pytest


@pytest.fixture(autouse=True)
def real_environment(socket_enabled: None) -> None:
    """Allow real sockets, without a Home Assistant around them."""
