"""Do not disturb of the line: by the first way that the PBX knows, until it shows."""

from typing import Any, Final

from ..errors import REFUSALS, AccessOffError, NoDndOptionsError, NotSupportedError
from ..state.tenant import TenantState
from .executor import begin
from .port import CommandPort, encodable

_OWN_SETTINGS: Final = "/rest/domain/self/account/self/user_settings"


async def set_dnd(
    port: CommandPort, enabled: bool, reason: str | None, expires: int | None
) -> None:
    """Set do not disturb; return once the primary's state shows it."""
    primary, line = port.primary, port.live_state.line

    def is_set(state: TenantState) -> bool | None:
        """Return True once the line shows it."""
        return True if state.extensions[line].dnd is enabled else None

    async with begin(port, "set_dnd") as executor:
        async with executor.in_time():
            await _write(port, enabled, reason, expires)
        if not is_set(primary.live_state):
            primary.refresh()
            await primary.wait_for(is_set, executor.until)


async def _write(
    port: CommandPort, enabled: bool, reason: str | None, expires: int | None
) -> None:
    """Send the new state by the first way that this PBX knows."""
    # The classic socket has no word for it. v70 documents `/dnd`; settings calls serve
    # older servers.
    offer, line = port.capabilities, port.live_state.line
    refusals = offer.refusals
    text = "true" if enabled else "false"
    full: dict[str, Any] = {"state": enabled}
    if reason is not None:
        full["reason"] = encodable(reason)
    if expires is not None:
        full["expires"] = str(expires)
    settings = f"/rest/domain/{port.tenant_name}/user_settings/{line}"
    table = {"table": "users", "settings": [{"name": "dnd", "value": text}]}
    ways: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "dnd", full),
        ("POST", settings, {"dnd": text}),
        ("PUT", settings, {"dnd": text}),
        ("PUT", _OWN_SETTINGS, table),
    )
    forbidden: AccessOffError | None = None
    refused = [refusals.is_in_force(f"dnd {way}") for way in range(len(ways))]
    for index, way in enumerate(ways):
        if index and len(full) > 1:
            raise forbidden or NoDndOptionsError("no reason and no expiry here")
        # Only the first one takes a reason; and none at all is no answer.
        if refused[index] and len(full) == 1 and not all(refused):
            continue
        try:
            await port.request(*way)
        except REFUSALS as err:
            refusals.note(f"dnd {index}")
            if isinstance(err, AccessOffError):
                forbidden = err
            continue
        offer.dnd_endpoint = index
        refusals.lift(f"dnd {index}")
        return
    raise forbidden or NotSupportedError("this PBX has no way to set it")
