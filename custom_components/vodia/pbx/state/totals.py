"""The counts over a tenant: its calls, each once, and the phones that are registered."""

from collections import Counter
from dataclasses import dataclass, field

from ..models import CallScope, Extension, Phase, Totals
from .legs import phases_of
from .observed import Observed, set_member


@dataclass(slots=True, eq=False)
class TenantTotals:
    """Count; one call or phone that cannot be judged leaves its count unknown."""

    _observed: Observed
    counts: Totals = field(default_factory=lambda: Totals(None, None, None))
    _registered: Counter[bool | None] = field(default_factory=Counter)
    # The extensions whose presence has more than their calls.
    _unexplained: set[str] = field(default_factory=set)
    # The list that was counted last, and its phases.
    _listed: object = None
    _phases_listed: list[Phase | None] = field(default_factory=list)

    def replace(self, old: Extension | None, new: Extension | None) -> None:
        """Count an extension in place of what it was."""
        if old and old.present:
            self._registered[old.registered] -= 1
        if new and new.present:
            self._registered[new.registered] += 1
        elif old:
            self._unexplained.discard(old.number)

    def explain(self, number: str, unexplained: bool) -> None:
        """Note whether the presence of an extension has more than its calls."""
        set_member(self._unexplained, number, unexplained)

    def count(self, *, calls: bool = True) -> bool:
        """Count again, the calls too or only phones; return whether that changes anything."""
        before = self.counts
        active, ringing = before.active_calls, before.ringing_calls
        if calls:
            phases = self._phases()
            if phases is None or None in phases:
                active = ringing = None
            else:
                ringing = phases.count(Phase.RINGING)
                active = len(phases) - ringing
        registered = None if self._registered[None] else self._registered[True]
        self.counts = Totals(active, ringing, registered)
        return self.counts != before

    def _phases(self) -> list[Phase | None] | None:
        """Return the phase of every call of the tenant, or None if some are not known."""
        observed = self._observed
        if observed.calls_lost or observed.denied:
            return None
        if observed.scope is CallScope.TENANT:
            if self._listed is not observed.listed:
                self._listed = observed.listed
                self._phases_listed = phases_of(observed.listed.values())
            return self._phases_listed
        if (
            observed.scope is None
            or not observed.all_report_calls
            or not observed.memory.presence_shows_ringing
            or self._unexplained
            or observed.opaque
        ):
            return None
        phases: dict[str, Phase | None] = {}
        for number in observed.reporting:
            for call in observed.accounts[number].calls or ():
                # Of one call several accounts may report, each its own leg.
                if call.connected or phases.get(call.id) is None:
                    phases[call.id] = call.phase
        phases |= {call.id: call.phase for call in observed.listed.values()}
        return list(phases.values())
