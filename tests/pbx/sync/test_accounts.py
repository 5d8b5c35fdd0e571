"""The accounts as REST lists them: whose types are known, and what that costs."""

from collections import Counter
from http.cookies import SimpleCookie
from typing import Any

import orjson
import pytest

from custom_components.vodia.pbx.assumptions import Assumption
from custom_components.vodia.pbx.errors import (
    AccessOffError,
    CannotConnectError,
    MethodNotAllowedError,
    NotFoundError,
    PbxError,
)
from custom_components.vodia.pbx.net.rest import Reply
from custom_components.vodia.pbx.sync.accounts import RestAccounts
from custom_components.vodia.pbx.trace import Trace

LINE = "45"
ALL = {
    **dict.fromkeys(("45", "46"), "extensions"),
    "500": "hunts",
    "600": "acds",
    "700": "attendants",
    "800": "conferences",
    "5": "orbits",
    "8": "hoots",
}


class Directory:
    """A PBX that lists its accounts."""

    def __init__(self, **types: str) -> None:
        """List accounts, by their types."""
        self.types = types or dict(ALL)
        self.knows: set[str] = set(ALL.values())
        self.refuses: dict[str, type[PbxError]] = {}
        self.asked: Counter[str] = Counter()
        self.trace = Trace()
        self.accounts = RestAccounts(LINE, self.reply, self.trace)

    async def reply(self, query: dict[str, str]) -> Reply:
        """Answer as the PBX does."""
        kind = query.get("type", "")
        self.asked[kind] += 1
        if kind in self.refuses:
            raise self.refuses[kind]("refused")
        listed: list[Any] = [
            {"name": number, "displayname": f"Account {number}"}
            for number, its in self.types.items()
            if kind not in self.knows or its == kind
        ]
        return Reply(orjson.dumps(listed), SimpleCookie(), None)

    async def told(self) -> tuple[dict[str, str | None], bool]:
        """Return the types that are told, and whether the list is complete."""
        self.asked.clear()
        snapshot = await self.accounts.read()
        return {a.number: a.type for a in snapshot.accounts}, snapshot.complete


async def test_types_are_learned_once() -> None:
    """Each type is asked for once; later one list is enough."""
    pbx = Directory()
    expected = ({**ALL, "8": None}, True)
    assert await pbx.told() == expected
    assert pbx.asked == Counter(("", *pbx.knows - {"hoots"}))
    for _ in range(2):
        assert await pbx.told() == expected
        assert pbx.asked == {"": 1}
    assert pbx.trace.met[Assumption.TYPE_FILTER_WORKS] == 1


async def test_new_number_is_asked_for_once() -> None:
    """A number that comes is asked for, also one that turns out to be nothing of ours."""
    pbx = Directory()
    await pbx.told()
    pbx.types |= {"501": "hunts", "9": "hoots"}
    types, complete = await pbx.told()
    assert (types["501"], types["9"], complete) == ("hunts", None, True)
    assert pbx.asked["hunts"] == 1
    await pbx.told()
    assert pbx.asked == {"": 1}


async def test_number_that_comes_back_as_something_else() -> None:
    """What was known of a number that is gone holds no more."""
    pbx = Directory()
    await pbx.told()
    del pbx.types["46"]
    await pbx.told()
    pbx.types["46"] = "acds"
    assert (await pbx.told())[0]["46"] == "acds"


async def test_server_without_the_filter_proves_nothing() -> None:
    """It gives everything for each type, and is not asked by type again."""
    pbx = Directory()
    pbx.knows = set()
    assert await pbx.told() == (dict.fromkeys(ALL), False)
    pbx.types["47"] = "extensions"
    assert await pbx.told() == (dict.fromkeys(pbx.types), False)
    assert pbx.asked == {"": 1}
    assert pbx.trace.broken[Assumption.TYPE_FILTER_WORKS] == 1


async def test_only_extensions() -> None:
    """Where there is nothing else, the empty lists of the others prove the filter."""
    pbx = Directory(**dict.fromkeys(("45", "46"), "extensions"))
    assert await pbx.told() == (dict.fromkeys(("45", "46"), "extensions"), True)


async def test_server_that_knows_some_types() -> None:
    """A type for which it gives everything proves nothing; the others hold."""
    pbx = Directory()
    pbx.knows = {"extensions", "hunts"}
    types, complete = await pbx.told()
    assert complete
    assert types == {
        number: kind if kind in pbx.knows else None for number, kind in ALL.items()
    }


@pytest.mark.parametrize(
    "error", [AccessOffError, NotFoundError, MethodNotAllowedError]
)
async def test_type_that_is_refused(error: type[PbxError]) -> None:
    """It leaves its accounts without a type, and the others with theirs."""
    pbx = Directory()
    pbx.refuses = {"hunts": error, "conferences": error}
    types, complete = await pbx.told()
    assert complete
    assert (types["500"], types["800"], types["600"]) == (None, None, "acds")
    assert types["46"] == "extensions"


async def test_extensions_that_are_refused() -> None:
    """Then nobody is known, as without the filter."""
    pbx = Directory()
    pbx.refuses = {"extensions": AccessOffError}
    assert await pbx.told() == (dict.fromkeys(ALL), False)


async def test_refusal_later_takes_no_type_away() -> None:
    """What was learned holds when a later question is refused."""
    pbx = Directory()
    await pbx.told()
    pbx.refuses = dict.fromkeys(("extensions", "hunts"), NotFoundError)
    pbx.types["601"] = "acds"
    types, complete = await pbx.told()
    assert complete
    assert (types["46"], types["500"], types["601"]) == ("extensions", "hunts", "acds")


async def test_type_that_is_refused_once() -> None:
    """Who could not be told by mistake is asked for again, and soon."""
    pbx = Directory()
    await pbx.told()
    pbx.refuses = {"hunts": NotFoundError}
    pbx.types["501"] = "hunts"
    snapshot = await pbx.accounts.read()
    assert snapshot.odd
    pbx.refuses = {}
    types, complete = await pbx.told()
    assert (types["501"], types["500"], complete) == ("hunts", "hunts", True)
    pbx.asked.clear()
    await pbx.told()
    assert pbx.asked == {"": 1}


async def test_entry_that_cannot_be_read() -> None:
    """Who is not in the list may be in it: nobody's absence is proven, no type forgotten."""
    pbx = Directory()
    await pbx.told()
    gone = pbx.types.pop("500")
    pbx.types[""] = "hoots"
    snapshot = await pbx.accounts.read()
    assert (snapshot.complete, snapshot.gap, snapshot.odd) == (False, True, True)
    assert {account.number for account in snapshot.accounts} == pbx.types.keys() - {""}
    del pbx.types[""]
    pbx.types["500"] = gone
    assert (await pbx.told())[0]["500"] == "hunts"
    assert pbx.asked == {"": 1}


async def test_other_failures_are_told() -> None:
    """What hinders the reading itself is raised, and the types are asked for again."""
    pbx = Directory()
    pbx.refuses = {"acds": CannotConnectError}
    with pytest.raises(CannotConnectError):
        await pbx.told()
    pbx.refuses = {}
    assert (await pbx.told())[0]["600"] == "acds"


async def test_list_without_our_line_is_not_complete() -> None:
    """It proves the absence of nobody."""
    pbx = Directory(**{"46": "extensions", "500": "hunts"})
    assert (await pbx.told())[1] is False
