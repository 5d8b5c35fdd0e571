"""The system health page: whether the PBXs can be reached, and how they speak."""

from datetime import UTC, datetime
from typing import Any

from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator, Switches
from simulator.tls import self_signed
from tests.support.entry import Phones, add_entry, create_branch_entry, set_up
from tests.support.outage import lose_link, restore_link
from tests.support.repository import ENGLISH


async def read(hass: HomeAssistant) -> dict[str, Any]:
    """Return what a user sees, each line with its text."""
    assert await async_setup_component(hass, "system_health", {})
    info: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    info["can_reach_pbx"] = await info["can_reach_pbx"]
    assert info.keys() == ENGLISH["system_health"]["info"].keys()
    return info


async def test_connected(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """It tells how the PBX speaks, and what has become of the link; no login is needed."""
    attempts = pbx.login_attempts
    info = await read(hass)
    assert pbx.login_attempts == attempts
    since = info.pop("since")
    assert abs((datetime.now(UTC) - since).total_seconds()) < 60
    assert info == {
        "can_reach_pbx": "ok",
        "connected": True,
        "dialect": dialect,
        "version": "PBX/5.3" if dialect == "classic" else "PBX/70.1",
        "accounts": len(phones.entry.runtime_data.client.tenant.accounts),
        "reconnects": 0,
    }
    await lose_link(pbx, phones)
    info = await read(hass)
    assert info["can_reach_pbx"] == {"type": "failed", "error": "unreachable"}
    assert info["connected"] is False
    assert info["since"] > since
    assert info["dialect"] is None
    await restore_link(pbx, phones)
    info = await read(hass)
    assert info["reconnects"] == 1
    assert info["dialect"] == dialect


async def test_several(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Each entry has its part, without its name; also one that is not set up."""
    await set_up(hass, create_branch_entry(hass, pbx))
    tls = self_signed("localhost")
    other = Simulator(Switches.classic())
    await other.start(ssl_context=tls.context)
    entry = add_entry(hass, host="127.0.0.1", port=other.port, ssl=True)
    hass.config_entries.async_update_entry(entry, title="Z")
    await hass.config_entries.async_setup(entry.entry_id)
    info = await read(hass)
    assert info["can_reach_pbx"] == {
        "type": "failed",
        "error": "1: ok; 2: ok; 3: certificate",
    }
    assert info["connected"] == "1: True; 2: True; 3: certificate"
    assert info["reconnects"] == "1: 0; 2: 0; 3: None"
    assert "branch" not in str(info)
    assert "127.0.0.1" not in str(info)
    assert not other.requests
    await other.stop()
