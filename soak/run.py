"""A run: telephoning, actions and faults until it is enough, or something is not true."""

from collections import Counter
from collections.abc import Callable
from itertools import batched

from homeassistant.exceptions import HomeAssistantError

from .actions import Actions
from .automations import attach_triggers
from .faults import FAULTS, HARMLESS, Fault
from .home import home
from .office import LINE
from .report import Mismatch, Report
from .resources import growth, measure
from .stage import Stage

# By how much the clock of the PBX may be off.
_OFF = (0, -37, 200, 7 * 3600)
# Of so many quiet moments the last is one without any call.
_ROUND = 8
# Phones that ring one after the other before it is looked what is shown.
_AT_A_TIME = 50


class Run:
    """What goes on, one thing after the other, on a stage."""

    def __init__(self, stage: Stage) -> None:
        """Prepare it."""
        self.stage = stage
        self.actions = Actions(stage)
        self._faults: list[Fault] = []

    async def play(self, enough: Callable[[], bool]) -> None:
        """Play until it is enough, which is asked between two quiet moments."""
        stage = self.stage
        stage.pbx.jump(stage.rng.choice(_OFF))
        stage.find_entities()
        await attach_triggers(stage.hass, stage.shown, stage.events)
        await stage.conditions.set_up(stage.hass)
        await stage.quiet()
        await self.meet_all()
        while not enough():
            for _ in range(_ROUND - 1):
                await self.burst()
            await self.rest()

    async def meet_all(self) -> None:
        """Let each phone ring once: what is kept of a last call is kept from then on."""
        for numbers in batched(self.stage.office.phones, _AT_A_TIME, strict=False):
            for number in numbers:
                self.stage.note(self.stage.traffic.ring_once(number))
            await self.stage.quiet()

    async def burst(self) -> None:
        """Let people telephone, and perhaps something go wrong; look when it is quiet."""
        stage, rng = self.stage, self.stage.rng
        await stage.live(rng.randint(10, 60))
        await stage.quiet()
        if rng.random() < 0.4:
            for _ in range(rng.randint(1, 6)):
                await self.actions.act()
        elif rng.random() < 0.6:
            await self.fail()

    async def fail(self) -> None:
        """Let something go wrong."""
        stage, fault = self.stage, self._next_fault()
        name = fault.__name__
        stage.note(f"fault: {name}")
        stage.report.faults[name] += 1
        if fault not in HARMLESS:
            stage.look_away()
            self.actions.forget_holds()
        await fault(stage)
        took = await stage.recovered()
        stage.report.recovery[name] = max(took, stage.report.recovery.get(name, 0))

    def _next_fault(self) -> Fault:
        """Return what goes wrong next: all kinds come round, each as often as is due."""
        if not self._faults:
            self._faults = [*Counter(FAULTS).elements()]
            self.stage.rng.shuffle(self._faults)
        return self._faults.pop()

    async def rest(self) -> None:
        """Let all calls end; look what there is left."""
        stage, office = self.stage, self.stage.office
        office.go_home()
        stage.note("all go home")
        await stage.quiet()
        stage.events.forget(office.known | {a.number for a in office.accounts})
        self._forget()
        resources = stage.report.resources
        resources.append(await measure(resources))
        if grown := growth(resources):
            raise Mismatch("; ".join(grown))

    def _forget(self) -> None:
        """Let the PBX forget what it keeps for tests, and old calls."""
        pbx = self.stage.pbx
        for kept in (pbx.requests, pbx.received, pbx.bodies):
            kept.clear()
        history = self.stage.engine.tenant("localhost").history
        history[:] = [r for r in history if LINE in r.outcomes][-200:]


async def soak(
    report: Report, enough: Callable[[Report], bool], kind: type[Run] = Run
) -> None:
    """Play until it is enough; raise Mismatch when something is not true."""
    async with home(report.dialect, report.accounts) as place:
        stage = Stage(place, report)
        try:
            await kind(stage).play(lambda: enough(report))
        except (Mismatch, AssertionError, HomeAssistantError) as error:
            report.mismatches += 1
            stage.take_time()
            raise Mismatch(_described(error, stage)) from error
        finally:
            stage.watch.stop()


def _described(error: Exception, stage: Stage) -> str:
    """Return what is wrong, how to play it again, the calls it names and the last steps."""
    report = stage.report
    words = set(str(error).replace(";", "").split())
    calls = "\n".join(
        f"{call.id} {call.stage} of {call.caller.number} to"
        f" {call.called.number}, rings at {call.rung}, is with {call.talker},"
        f" held by {call.held_by}"
        for call in stage.engine.calls()
        if words & {call.id, *call.accounts()}
    )
    steps = "\n".join(stage.last)
    return (
        f"{error}\nin step {report.steps} of --seed {report.seed}"
        f" --dialect {report.dialect} --accounts"
        f" {report.accounts}, with the calls\n{calls}\nafter\n{steps}"
    )
