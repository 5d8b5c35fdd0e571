"""Who may do something with a line: as for any action of entities of Home Assistant."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import intent, llm
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones, device
from tests.support.lines import has_line
from tests.support.repository import SERVICES
from tests.support.voice import expose

ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("dial", {"number": CALLER}),
    ("answer", {}),
    ("reject", {}),
    ("hang_up", {}),
    ("hold", {}),
    ("resume", {}),
    ("transfer", {"number": CALLER}),
    ("park", {}),
    ("retrieve", {}),
    ("start_recording", {}),
    ("stop_recording", {}),
    ("send_message", {"recipient": "41", "message": "Hello"}),
    ("set_dnd", {"enabled": True}),
    ("set_call_forwarding", {"when": "always", "number": "41"}),
    ("voice_command", {"command": "call", "who": CALLER}),
]


def test_each_action() -> None:
    """All that do something are tried; the others only tell."""
    telling = {"get_calls", "get_call_history"}
    doing = {name for name in SERVICES if not name.startswith(".")} - telling
    assert {name for name, _ in ACTIONS} == doing


async def act(
    phones: Phones, user: MockUser | str, action: str, target: Any, **data: Any
) -> Any:
    """Run an action as a user does."""
    user_id = user if isinstance(user, str) else user.id
    return await phones.hass.services.async_call(
        "vodia",
        action,
        data,
        target=target,
        blocking=True,
        context=Context(user_id=user_id),
        return_response=action == "voice_command",
    )


@pytest.mark.parametrize(("action", "data"), ACTIONS, ids=[name for name, _ in ACTIONS])
async def test_who_may_only_look(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    hass_read_only_user: MockUser,
    *,
    action: str,
    data: dict[str, Any],
) -> None:
    """Nothing that does something reaches the PBX."""
    before = len(pbx.bodies), len(pbx.received)
    with pytest.raises(Unauthorized):
        await act(phones, hass_read_only_user, action, device(phones, "45"), **data)
    assert not pbx.engine.calls()
    assert (len(pbx.bodies), len(pbx.received)) == before


async def test_nobody(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A user who is gone may do nothing."""
    with pytest.raises(UnknownUser):
        await act(phones, "nobody", "set_dnd", device(phones, "45"), enabled=True)
    assert not pbx.engine.account("45").dnd


async def test_a_line_of_ones_own(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, hass_read_only_user: MockUser
) -> None:
    """Who may control one line may use that one, and not the other beside it."""
    await has_line(phones)
    own = phones.id("41", "dnd", "switch")
    hass_read_only_user.mock_policy({"entities": {"entity_ids": {own: True}}})
    numbers = [device(phones, number)["device_id"] for number in ("41", "45")]
    for target in (device(phones, "45"), {"device_id": numbers}, None):
        with pytest.raises(Unauthorized):
            await act(phones, hass_read_only_user, "set_dnd", target, enabled=True)
    assert not pbx.engine.account("41").dnd
    assert not pbx.engine.account("45").dnd
    target = device(phones, "41")
    await act(phones, hass_read_only_user, "set_dnd", target, enabled=True)
    assert pbx.engine.account("41").dnd


async def test_everybody_else(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, hass_admin_user: MockUser
) -> None:
    """An administrator may, and so may an automation, which is nobody."""
    await act(phones, hass_admin_user, "set_dnd", device(phones, "45"), enabled=True)
    assert pbx.engine.account("45").dnd


async def test_by_voice(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, hass_read_only_user: MockUser
) -> None:
    """Whatever is said is done at a line that the user may control, and at no other."""
    for command, slots in (
        ("call_back", {}),
        ("answer", {}),
        ("hang_up", {}),
        ("transfer", {"who": "41"}),
        ("take_call", {"who": "Bruno"}),
        ("park", {}),
        ("retrieve", {}),
        ("do_not_disturb_on", {}),
    ):
        with pytest.raises(Unauthorized):
            await act(
                phones,
                hass_read_only_user,
                "voice_command",
                None,
                command=command,
                **slots,
            )
    with pytest.raises(UnknownUser):
        await act(phones, "nobody", "voice_command", None, command="who_is_calling")
    # To ask is no more than to look.
    asked = await act(
        phones, hass_read_only_user, "voice_command", None, command="who_is_calling"
    )
    assert asked == {"speech": "Nobody is calling.", "done": True}
    await has_line(phones)
    own = phones.id("41", "dnd", "switch")
    hass_read_only_user.mock_policy({"entities": {"entity_ids": {own: True}}})
    on = {"command": "do_not_disturb_on"}
    for target, phone in ((device(phones, "45"), {}), (None, {"phone": "Freya"})):
        with pytest.raises(Unauthorized):
            await act(
                phones, hass_read_only_user, "voice_command", target, **on, **phone
            )
    assert not pbx.engine.account("45").dnd
    # The line of the entry would be taken, if the user might control it.
    done = await act(phones, hass_read_only_user, "voice_command", None, **on)
    assert done["done"]
    assert pbx.engine.account("41").dnd
    assert not pbx.engine.account("45").dnd


async def test_by_an_assistant(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, hass_read_only_user: MockUser
) -> None:
    """Who writes to an assistant, or to a language model, gets no further by that."""
    for component in ("homeassistant", "intent", "llm", "conversation"):
        assert await async_setup_component(hass, component, {})
    expose(phones, "45")
    expose(phones, "45", key="dnd")
    context = Context(user_id=hass_read_only_user.id)
    denied = "You aren't allowed to use that phone in Home Assistant."
    for intent_type, slots in (
        ("VodiaCall", {"who": {"value": CALLER}}),
        ("VodiaDoNotDisturbOn", {}),
    ):
        response = await intent.async_handle(
            hass,
            "test",
            intent_type,
            slots,
            context=context,
            language="en",
            assistant="conversation",
        )
        assert response.response_type is intent.IntentResponseType.ERROR
        assert response.speech["plain"]["speech"].startswith(denied)
    instance = await llm.async_get_api(
        hass,
        llm.LLM_API_ASSIST,
        llm.LLMContext("test", context, "en", "conversation", None),
    )
    for tool, arguments in (
        ("call", {"who": CALLER}),
        ("set_do_not_disturb", {"enabled": True}),
    ):
        result = await instance.async_call_tool(
            llm.ToolInput(f"vodia__{tool}", arguments)
        )
        assert result.error
        assert str(result.data["error"]).startswith(denied)
    assert not pbx.engine.calls()
    assert not pbx.engine.account("45").dnd
