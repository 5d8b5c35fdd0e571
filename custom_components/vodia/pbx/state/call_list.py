"""How lists of calls are applied: what is missing has ended, unless it may go on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import replace
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ..call_ids import has_own_id
from ..changes import NOTHING, Changes
from ..models import Call, CallScope, Party, Phase
from ..number_matching import same_number
from ..wire.calls import CallList
from ..wire.messages import CallerId
from .dials import Dials
from .evidence import Evidence
from .identity import Identity
from .learned import learned_call
from .legs import merged
from .observed import Observed, is_with_nobody
from .views import Views

# Calls of unreadable lists that are kept as uncertain.
_UNCERTAIN_KEPT: Final = 1000
# Who calls by ids that may be listed next.
_CALLER_IDS_KEPT: Final = 1000


@dataclass(slots=True, eq=False)
class CallLists:
    """Apply the lists of a stream of calls, the line's or the tenant's, to what is observed.

    Those that were listed and are known to be over, but not since when, have `ended_unseen`.
    """

    _observed: Observed
    _identity: Identity
    _evidence: Evidence
    _dials: Dials
    _views: Views
    ended_unseen: frozenset[str] = frozenset()
    _received: bool = False
    _caller_ids: dict[str, Party] = field(default_factory=dict)
    # The calls that are listed only because a list could not be read.
    _uncertain: frozenset[str] = frozenset()

    @property
    def are_uncertain(self) -> bool:
        """Return whether news of the calls was lost, and it is not known how they are."""
        return self._observed.calls_lost or bool(self._uncertain)

    def begin(self, scope: CallScope) -> Changes:
        """Note whose calls the lists hold from now on; before the first one is empty."""
        observed = self._observed
        if scope is observed.scope:
            return NOTHING
        observed.scope, observed.calls_lost = scope, False
        self._uncertain = frozenset()
        self._evidence.begin_calls()
        return self._replace_calls({}, everybody=True)

    def apply(self, received: CallList, now: float) -> Changes:
        """Replace the list of the stream: an id that is missing has ended.

        Unless something could not be read: then it is not known how it is.
        """
        observed, memory = self._observed, self._observed.memory
        calls: list[Call] = []
        for reported in self._with_kept_ids(received.calls):
            self._identity.learn_name(reported)
            call = self._with_caller(self._identity.identified(reported))
            if own := self._own_call(call):
                calls.append(own)
        lacking = (
            ()
            if received.complete
            else observed.listed.keys() - {call.id for call in calls}
        )
        self._uncertain = frozenset(islice(lacking, _UNCERTAIN_KEPT))
        listed: dict[str, Call] = {}
        for leg in self._dials.mark_dialed(calls, received, now, self._uncertain):
            twin = listed.get(leg.id)
            call = merged(twin, leg) if twin else leg
            before = observed.listed.get(call.id)
            if received.unsure and before and call.id in received.unsure:
                call = self._where_it_was(call, before)
            if known := before or memory.listed.get(call.id):
                call = learned_call(call, known)
            # The same object is compared faster, here and further on.
            listed[call.id] = before if before == call else call
        uncertain = {i: _without_phase(observed.listed[i]) for i in self._uncertain}
        whole = listed | uncertain if uncertain else listed
        if self._caller_ids:
            self._caller_ids = {
                call_id: party
                for call_id, party in self._caller_ids.items()
                if call_id in whole
            }
        if not self._received:
            self._received = True
            memory.holds.begin_link(listed)
        else:
            memory.holds.follow(whole)
        everybody = observed.calls_lost is not received.hidden
        observed.calls_lost, memory.listed = received.hidden, whole
        if whole == observed.listed and not everybody:
            return NOTHING
        self._evidence.check_calls(listed, uncertain)
        observed.connected_at = {
            call_id: observed.connected_at.get(call_id, observed.tick)
            for call_id, call in whole.items()
            if call.connected or (call_id in observed.connected_at and not call.phase)
        }
        return self._replace_calls(whole, everybody=everybody)

    def apply_caller_id(self, received: CallerId) -> Changes:
        """Learn who calls, where the list of calls does not say.

        The id may be that of a call that is listed next, or of another leg: then it is the
        only one of the line's calls of which that is open.
        """
        observed, call_id = self._observed, received.call_id
        if call_id not in observed.listed:
            open_ = [
                call.id
                for call in observed.calls_of.get(observed.line, ())
                if call.phase is Phase.RINGING and not call.caller.number
            ]
            call_id = open_[0] if len(open_) == 1 else call_id
        full = len(self._caller_ids) >= _CALLER_IDS_KEPT
        if call_id is None or full or not received.caller.number:
            return NOTHING
        self._caller_ids[call_id] = received.caller
        listed = {
            listed_id: self._identity.identified(self._with_caller(call))
            for listed_id, call in observed.listed.items()
        }
        return NOTHING if listed == observed.listed else self._replace_calls(listed)

    def seed(self, calls: Iterable[Call]) -> None:
        """Take the line's calls of a `domain-state` until the first call list."""
        observed = self._observed
        self._index(
            observed.listed
            | {
                call.id: call
                for call in map(self._identity.identified, calls)
                if observed.line in observed.accounts_of(call)
            }
        )

    def identify(self) -> None:
        """Know the listed calls by the numbers that their accounts have now."""
        listed = self._observed.listed
        self._index({i: self._identity.identified(c) for i, c in listed.items()})

    def lose(self) -> Changes:
        """Take no call for known until they are listed again: news of them was lost."""
        observed = self._observed
        if observed.scope is None or observed.calls_lost:
            return NOTHING
        observed.tick += 1
        observed.calls_lost = True
        self._uncertain = frozenset(observed.listed)
        return self._replace_calls(
            {i: _without_phase(call) for i, call in observed.listed.items()},
            everybody=True,
        )

    def check_silence(self, *, own: bool) -> Changes:
        """Judge by presence the calls that no stream lists any more.

        What it does not confirm is not known, what it denies is over: when and how that
        ended nobody has seen. The line's `own` calls are listed elsewhere, or not.
        """
        observed = self._observed
        if observed.calls_lost:
            return NOTHING
        observed.tick += 1
        only_own = observed.scope is CallScope.OWN
        confirmed = {
            call_id: (own and (only_own or observed.line in observed.accounts_of(call)))
            or self._evidence.confirms(call)
            for call_id, call in observed.listed.items()
        }
        over = frozenset(i for i, there in confirmed.items() if there is False)
        self._uncertain = frozenset(
            i for i, there in confirmed.items() if there is None
        )
        changes = self._replace_calls(
            {
                call_id: call if confirmed[call_id] else _without_phase(call)
                for call_id, call in observed.listed.items()
                if call_id not in over
            },
            received=False,
        )
        self.ended_unseen = over
        return changes

    def corrected_by(self, found: tuple[Call, ...]) -> CallList | None:
        """Return the list as it is by what the line is found to have; None if it is open.

        The calls may have other ids where they were found. Those of others stay as they
        are.
        """
        observed = self._observed
        own = {
            i
            for i, c in observed.listed.items()
            if observed.line in observed.accounts_of(c)
        }
        now = {call.id: call for call in found}
        if now and own.isdisjoint(now):
            return None
        calls = [
            replace(call, phase=now[call_id].phase) if call_id in now else call
            for call_id, call in observed.listed.items()
            if call_id in now or call_id not in own
        ]
        calls += [call for call_id, call in now.items() if call_id not in own]
        others = observed.calls_lost and observed.scope is CallScope.TENANT
        return CallList(tuple(calls), hidden=others)

    def with_whom(self, numbers: Iterable[str]) -> set[str]:
        """Return who is listed in the connected calls of accounts.

        What one of a group does shows whether another has answered.
        """
        return {
            other
            for number in numbers
            for call in self._observed.calls_of.get(number, ())
            if call.connected
            for other in call.extensions
        }

    def _replace_calls(
        self,
        listed: dict[str, Call],
        *,
        everybody: bool = False,
        received: bool = True,
    ) -> Changes:
        """Index the calls by account and derive the accounts that it changes."""
        # Unless the list was `received`, presence is as old or new as it was before.
        self.ended_unseen = frozenset()
        before = self._observed.calls_of
        after = self._index(listed)
        moved = {
            number
            for number in before.keys() | after.keys()
            if before.get(number) != after.get(number)
        }
        if received:
            self._evidence.note_moves(moved)
        if self._evidence.check_ringing() or everybody:
            return self._views.derive(self._views.accounts)
        numbers = self._observed.reporting | moved
        return self._views.derive(numbers | self.with_whom(numbers))

    def _index(self, listed: dict[str, Call]) -> Mapping[str, tuple[Call, ...]]:
        """Put a list in place of the last one; return the calls of each account."""
        observed = self._observed
        index: defaultdict[str, list[Call]] = defaultdict(list)
        for call in listed.values():
            for number in observed.accounts_of(call):
                index[number].append(call)
        observed.listed = listed
        observed.calls_of = {number: tuple(calls) for number, calls in index.items()}
        return observed.calls_of

    def _with_kept_ids(self, received: tuple[Call, ...]) -> Iterable[Call]:
        """Return a list of calls in which those without an id keep the one we gave."""
        # It is made of their parties and start, and more of these may be known by now.
        listed, ids = self._observed.listed, {call.id for call in received}
        gone = [
            call
            for call in listed.values()
            if not has_own_id(call.id) and call.id not in ids
        ]
        if not gone:
            return received
        calls = list(received)
        for place, call in enumerate(calls):
            if has_own_id(call.id) or call.id in listed:
                continue
            found = [before for before in gone if _goes_on_as(before, call)]
            if len(found) == 1:
                gone.remove(found[0])
                calls[place] = replace(call, id=found[0].id)
        return calls

    def _with_caller(self, call: Call) -> Call:
        """Return a call with who is known to call, as far as the call itself lacks it."""
        known, caller = self._caller_ids.get(call.id), call.caller
        if known is None or (caller.number and (caller.name or not known.name)):
            return call
        if not caller.number:
            return replace(call, caller=Party(known.number, caller.name or known.name))
        if not same_number(caller.number, known.number, self._observed.country):
            return call
        return replace(call, caller=replace(caller, name=known.name))

    def _own_call(self, call: Call) -> Call | None:
        """Return a call of the own stream as one of the line; None if it is not."""
        # A group's call names the caller and the group only. One that lists others as
        # involved strayed in from the tenant's stream: nothing distinguishes the two.
        observed = self._observed
        if observed.scope is not CallScope.OWN:
            return call
        names_line = observed.line in observed.accounts_of(call)
        self._evidence.check_own_call(call, names_line=names_line)
        # What a machine has answered is listed on, and is with the line no more.
        by_machine = is_with_nobody(call) or (
            call.connected and self._identity.is_machine(call.callee.number)
        )
        if names_line or by_machine:
            return call
        # No list at all is not an empty one: that says that it is at no phone.
        if call.extensions or call.lists_extensions:
            return None
        return replace(call, extensions=frozenset({observed.line}))

    def _where_it_was(self, call: Call, before: Call) -> Call:
        """Return a call of which it is not all known whom it concerns now."""
        # It may still concern those that it did: for them it is open.
        members = self._observed.accounts_of(before)
        if members <= self._observed.accounts_of(call):
            return call
        extensions = call.extensions | members
        return replace(call, extensions=extensions, lists_extensions=False, phase=None)


def _without_phase(call: Call) -> Call:
    """Return a call of which it is not known how it is, or whether it still is."""
    return replace(call, phase=None) if call.phase else call


def _goes_on_as(before: Call, call: Call) -> bool:
    """Return whether a call without an id may be one that was listed before."""
    if before.caller.number not in (None, call.caller.number):
        return False
    if before.started and call.started:
        return before.started == call.started
    return before.callee.number == call.callee.number
