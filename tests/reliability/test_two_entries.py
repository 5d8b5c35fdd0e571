"""Two entries, of which one fails."""

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.dialects import classic, modern
from tests.support.entry import (
    Phones,
    create_branch_entry,
    create_entry,
    set_up,
    wait_for,
)
from tests.support.reliability import create_pbx, flows


@classic
async def test_two_tenants(hass: HomeAssistant, pbx: Simulator) -> None:
    """Two tenants of one host: each has its own session, and its own faults."""
    one = await set_up(hass, create_entry(hass, pbx))
    other = await set_up(hass, create_branch_entry(hass, pbx))
    sessions = [
        phones.entry.runtime_data.client.own.session.rest.headers["Cookie"]
        for phones in (one, other)
    ]
    assert len(set(sessions)) == 2
    assert len(pbx.logins._sessions) == 2
    pbx.engine.ring(CALLER, "45", tenant="branch.example")
    await other.wait("45", "call", "ringing")
    assert one.state("45", "call") == "idle"

    pbx.switches.refusal = 401
    pbx.engine.change_password("45", "new")
    session = one.entry.runtime_data.client.own.session
    pbx.logins._sessions.pop(session.rest.headers["Cookie"].partition("=")[2])
    link = next(link for link in pbx.links if link.login.tenant == "localhost")
    link.abort()
    await wait_for(hass, lambda: flows(hass))
    (flow,) = flows(hass)
    assert flow["context"]["entry_id"] == one.entry.entry_id
    assert one.state("", "connected") == "off"
    assert other.states("", "connected") == ["on"]
    assert other.state("45", "call") == "ringing"
    assert await hass.config_entries.async_remove(one.entry.entry_id)
    pbx.engine.set_dnd("45", True, tenant="branch.example")
    await other.wait("45", "dnd", "on")


@modern
async def test_two_ports(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Two PBXs at two ports of one host: what happens to one leaves the other alone."""
    async with create_pbx("classic") as second:
        other = await set_up(hass, create_entry(hass, second))
        await second.refuse()
        await second.cut()
        await other.wait("", "connected", "off")
        pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "call", "ringing")
        assert phones.state("", "connected") == "on"
        assert all(
            state.state == STATE_UNAVAILABLE
            for account in ("41", "45")
            for state in (other.get(account, "call"), other.get(account, "dnd"))
        )
        await second.accept()
        await other.wait("", "connected", "on")
        assert other.state("45", "call") == "idle"
        assert pbx.logins._sessions.keys().isdisjoint(second.logins._sessions)
        assert await hass.config_entries.async_unload(other.entry.entry_id)
