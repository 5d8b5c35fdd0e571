"""Test how a link begins, question by question."""

import pytest

from custom_components.vodia.pbx.models import CallScope
from custom_components.vodia.pbx.sync.bootstrap import NEXT, Ask, Heard, next_ask

TENANT, OWN = CallScope.TENANT, CallScope.OWN


def asks(scope: CallScope, *heard: Heard) -> list[Ask | None]:
    """Return the questions that follow on what is heard, the first one included."""
    asked: list[Ask | None] = [Ask.ACCOUNTS]
    for each in heard:
        assert asked[-1], "nothing is asked any more"
        asked.append(next_ask(asked[-1], each, scope))
    return asked


@pytest.mark.parametrize("scope", [TENANT, OWN])
def test_classic(scope: CallScope) -> None:
    """Who lists the accounts over the socket lists own calls only: no others are asked for."""
    asked = asks(scope, Heard.FRAME, Heard.FRAME)
    assert asked == [Ask.ACCOUNTS, Ask.OWN_CALLS, None]


@pytest.mark.parametrize("accounts", [Heard.REPLY, Heard.NOTHING])
def test_tenant_is_told(accounts: Heard) -> None:
    """The calls of the tenant are enough, with or without a list of accounts."""
    asked = asks(TENANT, accounts, Heard.FRAME)
    assert asked == [Ask.ACCOUNTS, Ask.TENANT_CALLS, None]


@pytest.mark.parametrize("again", [Heard.REPLY, Heard.NOTHING])
def test_tenant_in_doubt(again: Heard) -> None:
    """The accounts are read once more, and that is all, be they told or not."""
    asked = asks(TENANT, Heard.REPLY, Heard.DUBIOUS, again)
    assert asked == [Ask.ACCOUNTS, Ask.TENANT_CALLS, Ask.ACCOUNTS_AGAIN, None]


@pytest.mark.parametrize("own", [Heard.FRAME, Heard.NOTHING])
def test_no_right(own: Heard) -> None:
    """Where the calls of the tenant are not told, own ones are asked for."""
    asked = asks(TENANT, Heard.REPLY, Heard.NOTHING, own)
    assert asked == [Ask.ACCOUNTS, Ask.TENANT_CALLS, Ask.OWN_CALLS, None]


@pytest.mark.parametrize("accounts", [Heard.REPLY, Heard.NOTHING])
def test_only_own_wanted(accounts: Heard) -> None:
    """The calls of others are not asked for where they are not wanted."""
    asked = asks(OWN, accounts, Heard.FRAME)
    assert asked == [Ask.ACCOUNTS, Ask.OWN_CALLS, None]


@pytest.mark.parametrize("scope", [TENANT, OWN])
def test_ends(scope: CallScope) -> None:
    """Whatever is heard, nothing is asked twice, and there is an end."""
    ways = [[Ask.ACCOUNTS]]
    ended = 0
    while ways:
        way = ways.pop()
        answers = [heard for ask, heard in NEXT if ask is way[-1]]
        assert answers
        for heard in answers:
            following = next_ask(way[-1], heard, scope)
            if following is None:
                ended += 1
            else:
                assert following not in way
                ways.append([*way, following])
    assert ended


def test_whole() -> None:
    """There is no question without an answer in time, and one without."""
    for ask in Ask:
        heard = {heard for asked, heard in NEXT if asked is ask}
        assert Heard.NOTHING in heard
        assert len(heard) > 1
