"""How a link begins: which dialect the PBX speaks, and which calls it shows to this login.

All of it is the table `NEXT`: what comes of a question decides on the next one.

- A PBX that lists the accounts over the socket has the classic dialect, and lists own calls
  only, asked or unasked. Its list comes at once, or not at all.
- Of another one the calls of the tenant are asked for first, where they are wanted. If it
  stays silent, this login has no right to see them.
- What comes as the calls of the tenant may be our own alone: the accounts, read once
  more, show it.
- A line that does not watch the tenant asks for its own calls only.
"""

from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, auto
import logging
from typing import Final

from ..assumptions import Assumption
from ..errors import AccessOffError, NotOfferedError, PbxError, UnexpectedReplyError
from ..models import CallScope
from .accounts import AccountsReader, TenantWatch
from .dispatch import Dispatch
from .poller import wait_for_event

_LOGGER = logging.getLogger(__name__)


class Ask(Enum):
    """A question to the PBX."""

    ACCOUNTS = auto()
    TENANT_CALLS = auto()
    ACCOUNTS_AGAIN = auto()
    OWN_CALLS = auto()


class Heard(Enum):
    """What comes of it: a frame, a reply over REST, or neither in time.

    A `DUBIOUS` frame may tell less than was asked for.
    """

    FRAME = auto()
    DUBIOUS = auto()
    REPLY = auto()
    NOTHING = auto()


NEXT: Final[Mapping[tuple[Ask, Heard], Ask | None]] = {
    (Ask.ACCOUNTS, Heard.FRAME): Ask.OWN_CALLS,
    (Ask.ACCOUNTS, Heard.REPLY): Ask.TENANT_CALLS,
    (Ask.ACCOUNTS, Heard.NOTHING): Ask.TENANT_CALLS,
    (Ask.TENANT_CALLS, Heard.FRAME): None,
    (Ask.TENANT_CALLS, Heard.DUBIOUS): Ask.ACCOUNTS_AGAIN,
    (Ask.TENANT_CALLS, Heard.NOTHING): Ask.OWN_CALLS,
    (Ask.ACCOUNTS_AGAIN, Heard.REPLY): None,
    (Ask.ACCOUNTS_AGAIN, Heard.NOTHING): None,
    (Ask.OWN_CALLS, Heard.FRAME): None,
    (Ask.OWN_CALLS, Heard.NOTHING): None,
}


def next_ask(ask: Ask, heard: Heard, scope: CallScope) -> Ask | None:
    """Return what to ask next; None when the first state is whole.

    `scope` is which calls are wanted.
    """
    following = NEXT[ask, heard]
    if following is Ask.TENANT_CALLS and scope is CallScope.OWN:
        return Ask.OWN_CALLS
    return following


async def bootstrap(link: Dispatch, watch: TenantWatch | None) -> bool:
    """Ask, in both dialects, until the state of a link is whole.

    Return whether the PBX listed own calls when asked. Raises the PbxError that
    prevents it.
    """
    await link.send("avoid-disconnect")
    if watch is None or link.accounts is None:
        return await link.calls.ask_for_own()
    ask: Ask | None = Ask.ACCOUNTS
    while ask:
        asked = ask
        match asked:
            case Ask.ACCOUNTS:
                heard = await _ask_for_accounts(link, link.accounts, watch)
            case Ask.TENANT_CALLS:
                heard = await _ask_for_tenant_calls(link)
            case Ask.ACCOUNTS_AGAIN:
                heard = await _read_again(link.accounts)
            case Ask.OWN_CALLS:
                answered = await link.calls.ask_for_own()
                heard = Heard.FRAME if answered else Heard.NOTHING
        ask = next_ask(asked, heard, watch.scope)
    return asked is Ask.OWN_CALLS and heard is Heard.FRAME


async def _ask_for_accounts(
    link: Dispatch, accounts: AccountsReader, watch: TenantWatch
) -> Heard:
    """Ask for the accounts over the socket, and over REST."""
    await link.send("get-users")
    problem: PbxError | None = None
    try:
        await accounts.read()
        watch.accounts_offer.ever |= link.capabilities.rest_tells_accounts
    except (AccessOffError, UnexpectedReplyError) as err:
        problem = err
    timing = link.session.timing
    await wait_for_event(
        link.accounts_told, timing.answer if problem else timing.settle
    )
    if link.capabilities.socket_tells_accounts:
        return Heard.FRAME
    if problem is None:
        return Heard.REPLY
    # A list that was there before is missing by mistake.
    missing = isinstance(problem, NotOfferedError)
    if watch.accounts_offer.ever or not missing:
        raise problem
    _LOGGER.debug("The PBX lists no accounts")
    return Heard.NOTHING


async def _ask_for_tenant_calls(link: Dispatch) -> Heard:
    """Ask for the calls of the tenant, and no more for them if it stays silent."""
    link.capabilities.call_scope = CallScope.TENANT
    link.calls.told.clear()
    await link.send("domain-calls", subscribe=True)
    if not await wait_for_event(link.calls.told, link.session.timing.first_answer):
        link.capabilities.call_scope = CallScope.OWN
        await link.send("domain-calls", subscribe=False)
        return Heard.NOTHING
    link.session.trace.observe(Assumption.SUBSCRIPTIONS_ANSWER, True)
    return Heard.DUBIOUS if link.state.may_be_denied else Heard.FRAME


async def _read_again(accounts: AccountsReader) -> Heard:
    """Read the accounts once more, if the PBX lets us."""
    with suppress(AccessOffError, UnexpectedReplyError):
        await accounts.read()
        return Heard.REPLY
    return Heard.NOTHING
