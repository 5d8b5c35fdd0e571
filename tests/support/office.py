"""The office of the tests: few accounts, as each is six entities or more to set up."""

import pytest

from simulator import Simulator

# Six extensions, a ring group of three of them, a park orbit and a service flag.
SMALL = {*("41", "42", "43", "44", "45", "46"), "500", "5", "900"}


def shrink(pbx: Simulator, request: pytest.FixtureRequest) -> None:
    """Remove what a test does not need: it marks what it needs beside the small office.

    `@pytest.mark.office("47", "601")` keeps these accounts too, `@pytest.mark.office`
    all that the simulator has.
    """
    mark = request.node.get_closest_marker("office")
    if mark is not None and not mark.args:
        return
    kept = SMALL.union(mark.args if mark else ())
    for number in pbx.engine.tenant("localhost").accounts.keys() - kept:
        pbx.engine.remove_account(number)
