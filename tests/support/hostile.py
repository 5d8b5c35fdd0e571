"""A PBX that can be hostile."""

from simulator import Simulator, Switches


def create_hostile(dialect: str) -> Simulator:
    """Return a PBX that can be hostile, without what is read beside the link."""
    switches = getattr(Switches, dialect)(history_missed=False)
    beside = ("srvflags", "messages", "self_messages", "adrbook")
    switches.rest_status |= dict.fromkeys(beside, 404)
    return Simulator(switches)
