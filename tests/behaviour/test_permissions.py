"""Who may do something with a line: as for any action of entities of Home Assistant."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones, device
from tests.support.lines import has_line
from tests.support.repository import SERVICES

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
]


def test_each_action() -> None:
    """All that do something are tried; the others only tell."""
    telling = {"get_calls", "get_call_history", "voice_command"}
    doing = {name for name in SERVICES if not name.startswith(".")} - telling
    assert {name for name, _ in ACTIONS} == doing


async def act(
    phones: Phones, user: MockUser | str, action: str, target: Any, **data: Any
) -> None:
    """Run an action as a user does."""
    user_id = user if isinstance(user, str) else user.id
    await phones.hass.services.async_call(
        "vodia",
        action,
        data,
        target=target,
        blocking=True,
        context=Context(user_id=user_id),
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
