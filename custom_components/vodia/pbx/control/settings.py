"""Settings of the line: written by the first way that the PBX knows, until they show."""

from collections.abc import Mapping
from typing import Any

from ..errors import (
    REFUSALS,
    AccessOffError,
    ForwardsToItselfError,
    NotOfferedError,
    NotSupportedError,
)
from ..forwarding import ForwardingCondition
from ..number_matching import same_number
from ..sync.line_data import LineDataValues, Resource
from ..wire.settings import OWN_SETTINGS, forwarding_settings, login_path, settings_path
from .executor import begin
from .port import CommandPort

# Method, path and body of a request.
type Way = tuple[str, str, dict[str, Any]]


def settings_ways(port: CommandPort, settings: Mapping[str, str]) -> tuple[Way, ...]:
    """Return the ways to write some settings of the line, and no other ones.

    70.3 documents `POST`, older servers take `PUT`, classic ones a table.
    """
    path = settings_path(port.tenant_name, port.live_state.line)
    rows = [{"name": name, "value": value} for name, value in settings.items()]
    return (
        ("POST", path, dict(settings)),
        ("PUT", path, dict(settings)),
        ("PUT", OWN_SETTINGS, {"table": "users", "settings": rows}),
    )


async def use_first_way(port: CommandPort, name: str, ways: tuple[Way, ...]) -> int:
    """Send the first request that the PBX takes; return which of them.

    What it has refused of that name is left out for a while, unless it has refused all.
    Raises AccessOffError where one of them is forbidden, NotSupportedError where there is
    none.
    """
    refusals = port.capabilities.refusals
    names = [f"{name} {index}" for index in range(len(ways))]
    refused = [refusals.is_in_force(each) for each in names]
    forbidden: AccessOffError | None = None
    for index, way in enumerate(ways):
        if refused[index] and not all(refused):
            continue
        try:
            await port.request(*way)
        except REFUSALS as err:
            refusals.note(names[index])
            if isinstance(err, AccessOffError):
                forbidden = err
            continue
        refusals.lift(names[index])
        return index
    raise forbidden or NotSupportedError("this PBX has no way to set it")


async def set_forwarding(
    port: CommandPort,
    condition: ForwardingCondition,
    number: str | None,
    after: int | None,
) -> None:
    """Send calls on to a number, or, without one, not any more.

    Done when the settings show it; those of other conditions stay.
    """
    state = port.live_state
    account = port.listed_accounts.get(number) if number else None
    if number == state.line or (account and account.number == state.line):
        raise ForwardsToItselfError("the line itself", extension=state.line)
    settings = forwarding_settings(condition, number, after)

    def is_set(told: LineDataValues) -> bool:
        """Return whether the settings show it, in whatever form of the number."""
        if (forwarding := told.call_forwarding) is None:
            return False
        shown = forwarding.forward(condition)
        if after not in (None, forwarding.no_answer_after):
            return False
        if number is None:
            return shown.active is False
        return same_number(shown.number, number, state.country)

    async with begin(port, "set_call_forwarding") as executor:
        async with executor.in_time():
            await use_first_way(port, "settings", settings_ways(port, settings))
        await port.confirm(Resource.CALL_FORWARDING, is_set, executor.until)


async def set_queue_login(port: CommandPort, queue: str, logged_in: bool) -> None:
    """Log the line in to a queue as an agent, or out; done when the PBX shows it."""
    path = login_path(port.tenant_name, port.live_state.line)

    def is_set(told: LineDataValues) -> bool:
        """Return whether the PBX shows it."""
        return (told.queue_logins or {}).get(queue) is logged_in

    async with begin(port, "set_queue_login") as executor:
        async with executor.in_time():
            try:
                await port.request(
                    "POST", path, {"login": logged_in}, params={"group": queue}
                )
            except NotOfferedError as err:
                raise NotSupportedError("the PBX takes no such login") from err
        await port.confirm(Resource.QUEUE_LOGINS, is_set, executor.until)
