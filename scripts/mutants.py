"""Run the mutants of some modules against the tests that pytest is given.

A plugin of pytest, for `scripts/mutate`, which calls it in a copy. mutmut makes the mutants.
Its own runner starts pytest anew for each and takes the tests in any order, which takes a day
here. So the tests are collected once, and each mutant gets a fork that runs the tests which
reach its function: who killed its like first, then those that reach little and are quick.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from difflib import unified_diff
import gc
import json
import os
from pathlib import Path
import resource
import signal
import time
from typing import Any, Final

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
import pytest

PACKAGE: Final = "custom_components.vodia.pbx"
MODULE: Final = os.environ["MUTATE"]
# One line of JSON for each mutant; those that have one are not run again.
RESULTS: Final = Path(os.environ["MUTATE_RESULTS"])
# Seconds of tests that a mutant is put to.
ENOUGH: Final = float(os.environ.get("MUTATE_SECONDS", "60"))
# Seconds of processor time that a mutant has.
CPU_LIMIT: Final = 120
# Seconds of our own silence: somebody has paused us, and what timed out is run again.
PAUSED: Final = 5.0
OUTCOMES: Final = {
    0: "survived",
    1: "killed",
    2: "timeout",
    3: "no tests",
    -signal.SIGXCPU: "timeout",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant."""

    name: str
    outcome: str
    killer: str
    diff: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What a test reaches, and how long it takes."""

    functions: list[str]
    seconds: float
    passed: bool


class Mutants:
    """The mutants of the module, all in its file; one at a time is switched on."""

    def __init__(self) -> None:
        """Put them into the file of the copy, before it is imported."""
        path = Path(*f"{PACKAGE}.{MODULE}".split(".")).with_suffix(".py")
        mutated = mutate_file_contents(str(path), path.read_text())
        path.write_text(mutated.code)
        self._lines = mutated.code.splitlines()
        self.names = [f"{PACKAGE}.{MODULE}.{name}" for name in mutated.mutant_names]

    def diff(self, name: str) -> str:
        """Return what is different in a mutant."""
        function = name.rpartition(".")[2]
        original = function.partition("__mutmut_")[0] + "__mutmut_orig"
        lines = unified_diff(self._code(original), self._code(function), n=0)
        return "\n".join(
            line.rstrip()
            for line in lines
            if line[1:].strip() and not line.startswith(("---", "+++", "@@"))
        )

    def _code(self, function: str) -> list[str]:
        """Return the lines of a function."""
        start = next(
            index
            for index, line in enumerate(self._lines)
            if f"def {function}(" in line
        )
        following = self._lines[start + 1 :]
        margin = len(self._lines[start]) - len(self._lines[start].lstrip())
        end = next(
            (
                index
                for index, line in enumerate(following)
                if line.strip() and line[margin] not in " )"
            ),
            len(following),
        )
        return [self._lines[start].replace(function, ""), *following[:end]]


MUTANTS: Final = Mutants()


def forked(work: Callable[[], int], limit: int = resource.RLIM_INFINITY) -> int:
    """Return the exit code of work in a process of its own; that of a signal is < 0.

    It has so many seconds of processor time.
    """
    while True:
        if not (pid := os.fork()):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            code = 1
            try:
                code = work()
            finally:
                os._exit(code)
        paused, before, ended = False, time.monotonic(), 0
        while not ended:
            ended, status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.01)
            now = time.monotonic()
            paused |= now - before > PAUSED
            before = now
        if not paused:
            return os.waitstatus_to_exitcode(status)


def run(session: pytest.Session, item: pytest.Item, following: Any) -> bool:
    """Run a test; return whether it passes."""
    failed = session.testsfailed
    session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return session.testsfailed == failed


def measured(session: pytest.Session) -> dict[str, Reach]:
    """Return what each test reaches."""
    told = RESULTS.with_suffix(".reach")

    def measure() -> int:
        """Run all tests."""
        set_mutant_under_test("stats")
        reached = {}
        for item, following in zip(
            session.items, [*session.items[1:], None], strict=True
        ):
            state()._stats.clear()
            start = time.monotonic()
            passed = run(session, item, following)
            functions = sorted(state()._stats)
            reached[item.nodeid] = (functions, time.monotonic() - start, passed)
        told.write_text(json.dumps(reached))
        return 0

    if forked(measure):
        raise pytest.UsageError("the tests do not run")
    return {name: Reach(*reach) for name, reach in json.loads(told.read_text()).items()}


class Timeouts:
    """See whether what fails takes too long."""

    seen = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at a report."""
        self.seen |= report.failed and "Timeout (>" in str(report.longrepr)


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the mutants instead of the tests."""
    timeouts = Timeouts()
    session.config.pluginmanager.register(timeouts)
    gc.collect()
    gc.freeze()
    reached = measured(session)
    for name, reach in reached.items():
        if not reach.passed:
            print(f"left out, for it fails without a mutant: {name}")
    killers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    told = RESULTS.with_suffix(".killer")

    def chosen(function: str) -> list[pytest.Item]:
        """Return the tests for a function, in their order."""

        def order(item: pytest.Item) -> tuple[int, float]:
            """Return what sorts them."""
            reach = reached[item.nodeid]
            return (
                -killers[function][item.nodeid],
                len(reach.functions) + 100 * reach.seconds,
            )

        seconds, tests = 0.0, []
        for item in sorted(session.items, key=order):
            reach = reached[item.nodeid]
            if reach.passed and function in reach.functions and seconds < ENOUGH:
                tests.append(item)
                seconds += reach.seconds
        return tests

    def attack(name: str, tests: list[pytest.Item]) -> int:
        """Run tests against a mutant; the first that fails has killed it."""
        set_mutant_under_test(name)
        for item, following in zip(tests, [*tests[1:], None], strict=True):
            if not run(session, item, following):
                told.write_text(item.nodeid)
                return 2 if timeouts.seen else 1
        return 0 if tests else 3

    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    results = [Result(**json.loads(line)) for line in lines]
    done = {result.name for result in results}
    for name in MUTANTS.names:
        if name in done:
            continue
        function = name.partition("__mutmut_")[0]
        tests = chosen(function)
        told.write_text("")
        code = forked(lambda name=name, tests=tests: attack(name, tests), CPU_LIMIT)
        killer, outcome = told.read_text(), OUTCOMES.get(code, "killed")
        if outcome == "killed" and killer:
            killers[function][killer] += 1
        diff = "" if outcome == "killed" else MUTANTS.diff(name)
        results.append(Result(name, outcome, killer, diff))
        with RESULTS.open("a") as file:
            file.write(json.dumps(asdict(results[-1])) + "\n")
    for result in results:
        if result.diff:
            print(f"\n{result.name} {result.outcome}\n{result.diff}")
    counts = Counter(result.outcome for result in results)
    caught = 100 * (counts["killed"] + counts["timeout"]) / len(results)
    print(f"\n{MODULE}: {len(results)} mutants, {dict(counts)}, {caught:.1f} % caught")
    return True
