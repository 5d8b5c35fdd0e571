"""A link to the PBX that is lost and comes back."""

from simulator import Simulator

from .entry import Phones


async def lose_link(pbx: Simulator, phones: Phones) -> None:
    """Lose the link until it is restored."""
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")


async def restore_link(pbx: Simulator, phones: Phones) -> None:
    """Let the link come back."""
    await pbx.accept()
    await phones.wait("", "connected", "on")


async def reconnect(pbx: Simulator, phones: Phones) -> None:
    """Cut the link once; it comes back by itself."""
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await phones.wait("", "connected", "on")
