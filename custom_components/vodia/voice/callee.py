"""Callees: whom a name or number means, and from which line to call."""

from dataclasses import dataclass

from ..pbx.errors import InvalidNumberError
from ..pbx.models import ORBIT, CallState
from .names import MIN_TAIL, Named, match_names, number_in_words, spoken_number
from .phones import CALL_GATE, Phone, Requester, area_names, given_names
from .speech import Digits, SpokenError


@dataclass(frozen=True, slots=True)
class Callee:
    """Somebody to call."""

    number: str
    name: str | None = None


def find_callee(
    requester: Requester,
    said: str,
    phone: str | None,
    states: frozenset[CallState] | None = None,
) -> tuple[Phone, Callee]:
    """Return the line to call from, and whom; raises a SpokenError if it is not clear."""
    lines = requester.likely_lines(CALL_GATE, phone, states)
    if not said.strip():
        raise SpokenError("no_name")
    try:
        number = spoken_number(said)
    except InvalidNumberError as err:
        raise SpokenError("cannot_call") from err
    in_words = number_in_words(said) if number is None else None
    found: list[tuple[Phone, Callee]] = []
    for line in lines:
        if number is not None:
            found.append((line, Callee(number)))
        # Somebody may be called Four; but nobody whose name only contains it is meant.
        elif callees := _named(said, line, whole=in_words is not None):
            found += [(line, callee) for callee in callees]
        elif in_words is not None:
            found.append((line, Callee(in_words)))
    if not found:
        raise SpokenError("unknown_name", name=said.strip())
    if len(found) > 1:
        raise _ask_which(said, found)
    line, callee = found[0]
    require_callable(requester, line, callee.number)
    return line, callee


def require_callable(requester: Requester, line: Phone, number: str) -> None:
    """Raise a SpokenError if whoever asks may not have that number called."""
    coordinator = line.coordinator
    if (
        requester.is_model
        and not coordinator.options.llm_dials_outside
        and coordinator.account(number) is None
    ):
        raise SpokenError("no_outside")


def _named(said: str, line: Phone, *, whole: bool) -> list[Callee]:
    """Return the callees of a line that match a name: accounts, then address book."""
    coordinator = line.coordinator
    accounts = {
        number: account
        for number, account in coordinator.client.tenant.accounts.items()
        if account.present and account.type != ORBIT and number != line.number
    }
    book = line.login.data.values.address_book
    named = [
        Named(
            Callee(number, account.name),
            (account.name or "", *given_names(coordinator, number)),
            number,
        )
        for number, account in accounts.items()
    ]
    named += [
        Named(Callee(number, name), (name,), number)
        for number, name in (book.contacts if book else ())
        if number not in coordinator.client.tenant.listed_accounts
    ]
    return match_names(said, named, whole=whole) or match_names(
        said,
        [
            Named(Callee(number, account.name), area_names(coordinator, number))
            for number, account in accounts.items()
        ],
        whole=whole,
    )


def _ask_which(said: str, found: list[tuple[Phone, Callee]]) -> SpokenError:
    """Return the question who is meant; it names nobody who is hidden."""
    if len({callee for _, callee in found}) == 1:
        return SpokenError("which_phone", phones=[line.label for line, _ in found])
    if any(
        line.coordinator.privacy.on and line.coordinator.account(callee.number) is None
        for line, callee in found
    ):
        return SpokenError("several_hidden", name=said.strip())
    names = sorted({callee.name or callee.number for _, callee in found})
    if len(names) > 1:
        return SpokenError("which_name", names=names)
    return SpokenError(
        "which_number",
        name=names[0],
        tails=_tails({callee.number for _, callee in found}),
    )


def _tails(numbers: set[str]) -> list[Digits]:
    """Return the last digits of numbers, as many as distinguish them."""
    size = MIN_TAIL
    while len({number[-size:] for number in numbers}) < len(numbers):
        size += 1
    return [Digits(number[-size:]) for number in sorted(numbers)]
