"""When something is read again: properties of any course of things, and the table of giving up."""

from dataclasses import dataclass, field
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.vodia.pbx.sync.schedule import FAILURES, Offer, Policy, Schedule

EVERY = 60.0
POLICY = Policy(settle=0.3, pause=5.0, retry=30.0, longest=40.0)
TICK = 1e-6


@dataclass
class Run:
    """A schedule that is kept to, without a clock; a reading takes `takes` seconds."""

    policy: Policy = POLICY
    every: float = EVERY
    takes: float = 0.1
    now: float = 1000.0
    schedule: Schedule = field(init=False)
    readings: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin."""
        self.schedule = Schedule(self.policy)

    @property
    def due(self) -> float:
        """Return when to read next."""
        return self.schedule.due(self.schedule.began + self.every)

    def read(self, fails: bool = False, refused: bool = False) -> None:
        """Read now."""
        self.schedule.begin(self.now)
        self.readings.append(self.now)
        self.now += self.takes
        if fails or refused:
            self.schedule.failed(self.now, refused=refused)
        else:
            self.schedule.succeeded(self.now)
        self.ends.append(self.now)

    def go_on(self, until: float, *, fails: bool = False, odd: bool = False) -> None:
        """Read whenever it is due, until a time."""
        while (due := self.due) <= until:
            self.now = max(self.now, due)
            self.read(fails)
            if odd:
                self.schedule.odd(self.now)
        self.now = max(self.now, until)


GAPS = st.floats(0, 100)
HINTS = st.lists(st.tuples(GAPS, st.sampled_from([0.0, 0.5, 10.0])), max_size=30)


@given(HINTS, st.booleans())
def test_never_in_a_rush(hints: list[tuple[float, float]], fails: bool) -> None:
    """However many hints there are, a pause is kept between two readings."""
    run = Run()
    for gap, delay in hints:
        run.go_on(run.now + gap, fails=fails)
        run.schedule.hint(run.now, delay)
    run.go_on(run.now + 300, fails=fails)
    for end, begin in zip(run.ends, run.readings[1:], strict=False):
        assert begin >= end + POLICY.pause - TICK


@given(HINTS, st.booleans())
def test_each_hint_is_met(hints: list[tuple[float, float]], fails: bool) -> None:
    """A reading begins once there is something to see, and not much later."""
    run, wanted = Run(), []
    for gap, delay in hints:
        run.go_on(run.now + gap, fails=fails)
        run.schedule.hint(run.now, delay)
        wanted.append(run.now + delay)
    run.go_on(run.now + 300, fails=fails)
    late = POLICY.settle + POLICY.pause + run.takes
    for soon in wanted:
        assert any(soon - TICK <= at <= soon + late + TICK for at in run.readings)


@given(HINTS)
def test_never_forgotten(hints: list[tuple[float, float]]) -> None:
    """Without any hint it is read now and then, however the last hints were."""
    run = Run()
    for gap, delay in hints:
        run.go_on(run.now + gap)
        run.schedule.hint(run.now, delay)
    run.go_on(run.now + 500)
    for one, other in zip(run.readings, run.readings[1:], strict=False):
        assert other - one <= max(EVERY, POLICY.pause + run.takes) + TICK
    assert run.now - run.readings[-1] <= EVERY + TICK


@given(st.lists(st.floats(0, 0.29), min_size=1, max_size=20))
def test_hints_of_one_moment_are_one(moments: list[float]) -> None:
    """They cause one reading."""
    run = Run()
    run.go_on(run.now + 50)
    before, began = len(run.readings), run.now
    for moment in sorted(moments):
        run.schedule.hint(began + moment)
    run.go_on(began + 9.9)
    assert len(run.readings) == before + 1


@given(HINTS)
def test_urgent_hint_does_not_wait(hints: list[tuple[float, float]]) -> None:
    """It is met at once, also in a pause; only what is under way is not interrupted."""
    run = Run()
    for gap, delay in hints:
        run.go_on(run.now + gap)
        run.schedule.hint(run.now, delay)
    run.schedule.hint(run.now, urgent=True)
    assert run.due <= run.now + POLICY.settle + TICK


@given(st.floats(100, 5000))
def test_odd_is_asked_for_ever_more_seldom(seconds: float) -> None:
    """What stays odd costs a few readings at first, and then one now and then."""
    run = Run()
    end = run.now + seconds
    run.go_on(end, odd=True)
    assert len(run.readings) <= 6 + seconds / POLICY.longest
    # Yet it is never given up.
    assert run.readings[-1] >= end - POLICY.longest - run.takes
    pauses = [b - a for a, b in zip(run.readings, run.readings[1:], strict=False)]
    assert pauses == sorted(pauses) or max(pauses) <= POLICY.longest + 2 * run.takes


def test_odd_news_are_asked_for_at_once_and_then_later() -> None:
    """While asking does not help; once it was calm for long enough, at once again."""
    run = Run()
    run.go_on(run.now + 50)
    for pushed in (0.0, 5.2, 10.4):
        began = run.now
        run.schedule.odd(run.now)
        run.now = run.due
        assert run.now - began <= POLICY.settle + pushed
        run.read()
        run.schedule.whole()
        run.now += 0.1
    run.go_on(run.now + 60)
    run.schedule.odd(run.now)
    assert run.due <= max(run.now, run.ends[-1] + POLICY.pause) + POLICY.settle


def test_whole_list_ends_it() -> None:
    """What is odd no more is not asked for again."""
    run = Run()
    run.read()
    run.schedule.odd(run.now)
    run.schedule.whole()
    assert not run.schedule.is_odd
    assert run.due == run.readings[-1] + EVERY


def test_hint_during_a_reading_is_met_by_the_next() -> None:
    """What changed while it was read may not be in it."""
    run = Run()
    run.schedule.begin(run.now)
    run.schedule.hint(run.now + 0.05)
    run.schedule.succeeded(run.now + 0.1)
    assert run.schedule.hinted
    assert run.due == pytest.approx(run.now + 0.1 + POLICY.pause)


def test_failed_reading_is_repeated() -> None:
    """Sooner than the next one would be due."""
    run = Run()
    run.read(fails=True)
    assert run.due == run.readings[-1] + 30.0
    run.now = run.due
    run.read()
    assert run.due == run.readings[-1] + EVERY


@pytest.mark.parametrize(
    ("before", "here", "stays", "tries"),
    [
        # Never offered: one refusal says it all.
        (False, False, True, 1),
        # Offered over another link: once, and twice, may be a mistake.
        (True, False, True, FAILURES),
        # Offered over this link: it is asked for as long as it lasts, or as often.
        (True, True, True, math.inf),
        (True, True, False, FAILURES),
    ],
)
def test_given_up(before: bool, here: bool, stays: bool, tries: float) -> None:
    """A PBX that refuses does not offer it, unless it may be a mistake."""
    schedule = Schedule(Policy(offered_stays=stays), Offer(before))
    if here:
        schedule.begin(0)
        schedule.succeeded(0)
    for count in range(1, 11):
        schedule.begin(count)
        schedule.failed(count, refused=True)
        assert schedule.given_up is (count >= tries)
    if tries < math.inf:
        assert schedule.due(-math.inf) == math.inf
        assert not schedule.hint(20)
        # Over the next link it is asked for again.
        schedule.restart()
        assert schedule.due(-math.inf) == -math.inf


def test_failure_is_no_refusal() -> None:
    """Whatever else goes wrong is tried again for ever."""
    schedule = Schedule(POLICY)
    for count in range(20):
        schedule.begin(count)
        schedule.failed(count, refused=False)
    assert not schedule.given_up
    assert schedule.failures == 20
    schedule.succeeded(20)
    assert schedule.failures == 0
