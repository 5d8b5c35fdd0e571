"""The blueprint that shows who calls on a screen."""

from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations import Ring
from tests.support.blueprints import UNKNOWN, is_done, late, use
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.entry import Phones, device, wait_for


async def test_show_caller(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Name and number are shown at each place, for each of two calls."""
    sent = async_mock_service(hass, "notify", "send_message")
    places = ["notify.television", "notify.hall"]
    await use(hass, "show_caller", phones=device(phones, "45"), notify_entities=places)
    for caller in (Ring(name="Anna"), Ring(SECOND_CALLER), UNKNOWN):
        pbx.engine.ring(caller.number, "45", caller.name)
    await wait_for(hass, lambda: len(sent) == 3)
    assert [call.data for call in sent] == [
        {"entity_id": places, "message": message}
        for message in (
            f"Call from Anna ({CALLER})",
            f"Call from {SECOND_CALLER}",
            "Call from an unknown number",
        )
    ]


async def test_show_caller_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The same on a display."""
    sent = async_mock_service(hass, "notify", "send_message")
    target = device(phones, "45")
    await use(hass, "show_caller", phones=target, notify_entities=["notify.hall"])
    await late(pbx)
    await wait_for(hass, lambda: sent)
    await is_done(hass)
    assert [call.data["message"] for call in sent] == [f"Call from {CALLER}"]
