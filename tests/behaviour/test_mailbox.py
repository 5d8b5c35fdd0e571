"""A machine is no person: what a mailbox answers was missed by the phones that rang."""

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations import attach
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import modern
from tests.support.entry import Phones, device, settle
from tests.support.outage import reconnect
from tests.support.wire import Json, listed, lists

MOBILE = "+491701234567"
MISSED = ("ringing", "missed: missed", "ended: missed")

# An auto attendant takes calls, too.
pytestmark = pytest.mark.office("700")


def connected(pbx: Simulator, callee: str, *extensions: str) -> Json:
    """Return the call of the tests as a list has it when something has answered."""
    return listed(pbx, "c", "connected", CALLER, callee, *extensions)


async def ring(pbx: Simulator, phones: Phones, callee: str = "45") -> None:
    """Let the call ring at 45."""
    others = () if callee == "45" else ("42",)
    await lists(pbx, listed(pbx, "c", "alerting", CALLER, callee, "45", *others))
    await phones.wait("45", "ringing", "on")


@pytest.mark.parametrize(
    ("callee", "reached"),
    [
        # The mailbox of who was called, of the group and of its member.
        ("45", "845"),
        ("500", "8500"),
        ("500", "845"),
        # An auto attendant and a conference room.
        ("45", "700"),
    ],
)
async def test_missed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, callee: str, reached: str
) -> None:
    """The phone is out of it at once, and is not in a call."""
    fired = await attach(hass, "call_missed", device(phones, "45"))
    answered = await attach(hass, "call_answered", device(phones, "45"))
    recorder = CallEventRecorder(phones)
    await ring(pbx, phones, callee)
    await lists(pbx, connected(pbx, reached))
    await recorder.expect(*MISSED)
    assert phones.states("45", "ringing", "in_call", "call") == ["off", "off", "idle"]
    await lists(pbx)
    await settle(hass)
    assert len(fired) == 1
    assert not answered
    await recorder.expect(*MISSED)


@modern
@pytest.mark.parametrize("callee", ["45", "500", "99"])
async def test_nobody_has_it(pbx: Simulator, phones: Phones, callee: str) -> None:
    """A connected call of no extension is with no phone, and what has it is not known."""
    recorder = CallEventRecorder(phones)
    await ring(pbx, phones, "45" if callee == "45" else "500")
    await lists(pbx, connected(pbx, callee))
    await recorder.expect("ringing", "ended: unknown")
    assert phones.states("45", "ringing", "in_call", "call") == ["off", "off", "idle"]


@modern
@pytest.mark.parametrize(
    ("callee", "extensions"), [("500", ("42",)), ("42", ("42",)), (MOBILE, ())]
)
async def test_answered_elsewhere(
    pbx: Simulator, phones: Phones, callee: str, extensions: tuple[str, ...]
) -> None:
    """An extension has it, or a number outside."""
    recorder = CallEventRecorder(phones)
    await ring(pbx, phones, "500")
    await lists(pbx, connected(pbx, callee, *extensions))
    await recorder.expect("ringing", "ended: answered_elsewhere")


@modern
@pytest.mark.parametrize(
    ("callee", "extensions"), [("+49305550000", ()), ("500", ("500",))]
)
async def test_number_of_the_tenant(
    pbx: Simulator, phones: Phones, callee: str, extensions: tuple[str, ...]
) -> None:
    """What was called from outside has nobody else behind it, nor has a group by itself."""
    recorder = CallEventRecorder(phones)
    await ring(pbx, phones, callee)
    await lists(pbx, connected(pbx, callee, *extensions))
    await recorder.expect("ringing", "ended: unknown")


@modern
async def test_group(pbx: Simulator, phones: Phones) -> None:
    """A group has missed what its mailbox answers."""
    recorder = CallEventRecorder(phones, "500")
    await ring(pbx, phones, "500")
    await lists(pbx, connected(pbx, "8500"))
    await recorder.expect(*MISSED)
    await lists(pbx)
    await recorder.expect(*MISSED)


@modern
async def test_music_of_a_group(pbx: Simulator, phones: Phones) -> None:
    """Whom a group itself has on the line still waits, until a phone answers."""
    recorder = CallEventRecorder(phones, "500")
    await ring(pbx, phones, "500")
    await lists(pbx, connected(pbx, "500"))
    await phones.wait("45", "ringing", "off")
    await recorder.expect("ringing")
    await lists(pbx, connected(pbx, "500", "42"))
    await lists(pbx)
    await recorder.expect("ringing", "answered", "ended: completed")


async def test_own_call_to_a_machine(pbx: Simulator, phones: Phones) -> None:
    """Who hears his own mailbox, or a machine, is in a call."""
    recorder = CallEventRecorder(phones)
    for reached in ("845", "700"):
        call = listed(pbx, reached, "connected", "45", reached)
        await lists(pbx, call)
        await phones.wait("45", "call", "connected")
        await lists(pbx)
        await phones.wait("45", "call", "idle")
    await recorder.expect(*("answered", "ended: completed") * 2)


async def test_history(pbx: Simulator, phones: Phones) -> None:
    """The history tells that the mailbox had it."""
    pbx.switches.domain_calls = False
    await reconnect(pbx, phones)
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.divert_to_mailbox(call)
    await phones.wait("45", "ringing", "off")
    pbx.engine.hang_up(call)
    await recorder.expect(*MISSED)
