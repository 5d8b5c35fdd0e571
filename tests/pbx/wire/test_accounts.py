"""Test the decoding of accounts."""

from copy import replace
from typing import Any, Final

import orjson
import pytest

from custom_components.vodia.pbx.models import Account
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.messages import (
    AccountDelta,
    AccountsSnapshot,
    decode,
)
from tests.support.decoded import account
from tests.support.mixed import mixed

ODD_ACCOUNT: Final[tuple[tuple[str, Any], ...]] = (
    *(("name", value) for value in mixed({}, ["x"], True)),
    *(("registered", value) for value in mixed("maybe", "on", 2, -1, [], {}, 0.5)),
    *(("dnd", value) for value in ("yes", "off", 7, [1])),
    *(("chatstatus", value) for value in mixed(True, [], {})),
    *(("calls", value) for value in mixed("none", ["a"], [1], [[]], [{"id": []}])),
)


@pytest.mark.parametrize(("key", "value"), ODD_ACCOUNT)
@pytest.mark.parametrize("action", ["user-state", "domain-state"])
def test_odd_field_of_an_account(action: str, key: str, value: object) -> None:
    """It is not known, and counted; all other fields and accounts count."""
    fine = {"name": "Bob", "registered": True, "dnd": False, "chatstatus": "online"}
    bad = {"account": "46", "type": "extensions", **fine, key: value}
    frame = {"action": action, **bad, "accounts": [{"account": "45"}, bad]}
    trace = Trace()
    message = decode(orjson.dumps(frame), trace)
    if isinstance(message, AccountsSnapshot):
        assert message.accounts[0].number == "45"
        assert (message.complete, message.gap, message.odd) == (True, False, True)
        account = message.accounts[1]
    else:
        assert isinstance(message, AccountDelta)
        assert message.odd == {key}
        account = message.account
    expected = Account("46", "Bob", "extensions", True, False, "online", False, ())
    if key == "calls":
        assert account.busy
        calls = account.calls
        assert calls is None or [call.phase for call in calls] == [None]
        account = replace(account, busy=False, calls=())
    else:
        field = {"chatstatus": "chat"}.get(key, key)
        expected = replace(expected, **{field: None})  # type: ignore[arg-type]
    assert account == expected
    assert sum((trace.odd_fields + trace.left_out).values()) >= 1


@pytest.mark.parametrize(
    ("calls", "busy", "known"),
    [
        *((value, True, False) for value in (1, 2.0, "1", " 3 ", True, 1e9)),
        *((value, False, True) for value in mixed(0, "0", False, -1, "00", [], {}, "")),
        *((value, False, True) for value in (None,)),
        ([{}] * 101, True, False),
    ],
)
def test_calls_of_an_account_as_a_number(
    calls: object, busy: bool, known: bool
) -> None:
    """Attendants and the like may tell how many there are, or that there are some."""
    frame = {"action": "user-state", "account": "700", "calls": calls}
    message = decode(orjson.dumps(frame), Trace())
    assert isinstance(message, AccountDelta)
    assert message.account.busy is busy
    assert message.account.calls == (() if known else None)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 7, "46", [], True, {}, {"name": "Bob"}),
        *(
            {"account": value}
            for value in mixed("", [], {}, True, None, "4" * 65, "4\n5")
        ),
    ],
)
def test_entry_of_a_list_of_accounts_that_cannot_be_read(entry: object) -> None:
    """The others are taken; the list proves nobody's absence."""
    accounts = [{"account": "45"}, entry, {"account": " 47 ", "dnd": " TRUE "}]
    trace = Trace()
    frame = orjson.dumps({"action": "domain-state", "accounts": accounts})
    message = decode(frame, trace)
    assert isinstance(message, AccountsSnapshot)
    assert [account.number for account in message.accounts] == ["45", "47"]
    assert message.accounts[1].dnd is True
    assert (message.complete, message.gap, message.odd) == (False, True, True)
    assert sum(trace.left_out.values()) == 1


@pytest.mark.parametrize(
    ("fields", "busy"),
    [
        ({}, False),
        ({"code": None, "calls": []}, False),
        ({"code": 0}, True),
        ({"calls": [{"id": "a"}]}, True),
    ],
)
def test_busy(fields: dict[str, Any], busy: bool) -> None:
    """A code, whatever it is, or a call makes an account busy."""
    assert account(**fields).busy is busy
