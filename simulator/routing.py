"""Where a dialed number leads."""

from . import star_codes
from .model import AccountType, Call, EngineError, Party, Tenant

GROUPS = (AccountType.RING_GROUP, AccountType.QUEUE)


def party(home: Tenant, number: str, name: str = "") -> Party:
    """Return an account as a party, else a party outside."""
    account = home.accounts.get(number)
    if account is None:
        return Party(number, name)
    return Party(number, name or account.name, account.type)


def target_of(home: Tenant, number: str) -> Party:
    """Return the party that a number calls; raise EngineError without a number.

    An extension that sends all calls on is called at that number, unless it is sent back.
    """
    if not number:
        raise EngineError("There is no number to call")
    passed: set[str] = set()
    while (
        number not in passed
        and (account := home.accounts.get(number))
        and (forward := account.settings.get("cfa"))
    ):
        passed.add(number)
        number = forward
    return party(home, number)


def check_phone(home: Tenant, number: str) -> None:
    """Raise EngineError for what has no phone to call from."""
    account = home.accounts.get(number)
    if not (account and account.type is AccountType.EXTENSION and account.registered):
        raise EngineError(f"{number} has no registered phone")


def star_code(home: Tenant, number: str) -> tuple[str, str] | None:
    """Return the star code and the orbit or phone that a dialed number consists of."""
    for name in (star_codes.PARK, star_codes.RETRIEVE, star_codes.PICK_UP):
        code = home.codes[name]
        if code and number.startswith(code):
            return name, number.removeprefix(code)
    return None


def phones_of(home: Tenant, called: Party, caller: Party) -> list[str]:
    """Return the phones that ring for an extension or a group, the caller's aside."""
    group = called.type in GROUPS
    account = home.accounts[called.number]
    members = account.members if group else (called.number,)
    return [
        number
        for number in members
        if number not in account.logged_out
        and (phone := home.accounts.get(number))
        and phone.reachable
        and not caller.is_account(number)
    ]


def parked_in(home: Tenant, orbit: str) -> Call | None:
    """Return the call that is parked in an orbit: there is room for one."""
    for call in home.calls.values():
        if call.parked and call.called.number == orbit:
            return call
    return None


def ringing_at(home: Tenant, number: str, but: Call) -> Call | None:
    """Return the call that rings at a phone, the oldest of several; another than `but`."""
    ringing = [call for call in home.calls.values() if number in call.rung]
    return next((call for call in ringing if call is not but), None)


def last_talk(home: Tenant, number: str, but: Call) -> Call | None:
    """Return the call that a phone was connected in last, another one than `but`."""
    talks = [
        call
        for call in home.calls.values()
        if call is not but and call.talks(number) and call.connect
    ]
    return max(talks, key=lambda call: call.connect or 0, default=None)


def far_end(call: Call) -> tuple[str, ...]:
    """Return the number that the caller is connected or connecting to."""
    if call.talker is not None:
        return (call.talker.number,)
    return () if call.called.internal else (call.called.number,)
