"""A link to the PBX that is lost and comes back."""

from simulator import Simulator

from .entry import Phones


async def lose(pbx: Simulator, phones: Phones) -> None:
    """Lose the link, and keep it so."""
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")


async def find(pbx: Simulator, phones: Phones) -> None:
    """Let the link come back."""
    await pbx.accept()
    await phones.wait("", "connected", "on")
