"""Test what proves or contradicts our assumptions."""

from custom_components.vodia.pbx.assumptions import Assumption
from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from tests.support.feed import OUTSIDE, OWN, PHONES, TALK, TENANT, Feed, leg


def test_delta_of_another_tenant() -> None:
    """It is not ours; but a name that is not known may be an alias of ours."""
    hosts = frozenset({"localhost", "tenant"})
    pbx = Feed(TenantState("45", hosts, tenant="tenant"))
    pbx.accounts(*PHONES)
    assert pbx.user("46", dnd=True, domain="localhost") == Changes(needs_snapshot=True)
    before = (pbx["46"].dnd, pbx.state.presence_pushed)
    assert pbx.user("46", dnd=True, domain="Tenant")
    after = (pbx["46"].dnd, pbx.state.presence_pushed)
    assert (before, after) == ((False, False), (True, True))
    assert pbx.user("46", dnd=False, domain="localhost") == Changes()
    assert pbx["46"].dnd is True
    pbx = Feed(TenantState("45", hosts))
    pbx.accounts(*PHONES)
    assert pbx.user("46", dnd=True, domain="localhost")
    assert pbx.user("47", dnd=True, domain="elsewhere") == Changes()


def test_presence_is_weighed_by_our_own() -> None:
    """Only of our line both sides are known, once its calls are told."""
    trace = Trace()
    pbx = Feed(TenantState("45", frozenset({"localhost"}), trace=trace))
    pbx.accounts(*PHONES)
    pbx.user("45", code=1)
    pbx.state.calls.begin(TENANT)
    pbx.user("46", code=1)
    cleared = Assumption.ABSENT_MEANS_CLEARED
    assert cleared not in trace.met | trace.broken
    pbx.calls(TALK)
    pbx.user("45", code=None)
    assert (trace.met[cleared], trace.broken[cleared]) == (0, 1)


def test_own_calls_prove_whether_they_name_the_line() -> None:
    """Each new call of the own stream does, once."""
    trace = Trace()
    pbx = Feed(TenantState("45", frozenset({"localhost"}), trace=trace))
    pbx.accounts(*PHONES)
    pbx.state.calls.begin(OWN)
    named = Assumption.OWN_CALLS_NAME_THE_LINE
    for _ in range(2):
        pbx.calls(TALK)
        assert (trace.met[named], trace.broken[named]) == (1, 0)
    pbx.calls(TALK, leg("g", OUTSIDE, "500", "alerting", start=2))
    assert (trace.met[named], trace.broken[named]) == (1, 1)
