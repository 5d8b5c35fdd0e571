"""Do not disturb of the line: by the first way that the PBX knows, until it shows."""

from typing import Any

from ..errors import NoDndOptionsError, NotSupportedError
from ..state.tenant import TenantState
from .executor import begin
from .port import CommandPort, encodable
from .settings import Way, settings_ways, use_first_way


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
            ways = _ways(port, enabled, reason, expires)
            try:
                port.capabilities.dnd_endpoint = await use_first_way(port, "dnd", ways)
            except NotSupportedError as err:
                if reason is None and expires is None:
                    raise
                raise NoDndOptionsError("no reason and no expiry here") from err
        if not is_set(primary.live_state):
            primary.refresh()
            await primary.wait_for(is_set, executor.until)


def _ways(
    port: CommandPort, enabled: bool, reason: str | None, expires: int | None
) -> tuple[Way, ...]:
    """Return the ways to set it."""
    # The classic socket has no word for it. v70 documents `/dnd`; settings calls serve
    # older servers, and take neither reason nor expiry.
    full: dict[str, Any] = {"state": enabled}
    if reason is not None:
        full["reason"] = encodable(reason)
    if expires is not None:
        full["expires"] = str(expires)
    ways: tuple[Way, ...] = (("POST", "dnd", full),)
    if len(full) == 1:
        ways += settings_ways(port, {"dnd": "true" if enabled else "false"})
    return ways
