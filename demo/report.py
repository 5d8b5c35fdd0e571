"""Print what is checked, and count."""

from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
import sys

import aiohttp

from .client import ActionError
from .home import DemoError, folder_of

# What a broken entry, a dead link or a wrong answer of the demo itself may raise.
FAILURES = (
    ActionError,
    AssertionError,
    DemoError,
    LookupError,
    TimeoutError,
    aiohttp.ClientError,
)


class Report:
    """Print a line for each check, and count."""

    def __init__(self) -> None:
        """Start with no check."""
        self.passed = 0
        self.failed = 0

    @asynccontextmanager
    async def check(self, group: str, title: str) -> AsyncIterator[None]:
        """Run the body as one check."""
        try:
            yield
        except FAILURES as err:
            self.fail(group, title, err)
        else:
            self.passed += 1
            self._print(f"ok    {group:<8} {title}")

    def fail(self, group: str, title: str, error: Exception) -> None:
        """Count a failed check."""
        self.failed += 1
        text = " ".join(str(error).split()) or type(error).__name__
        self._print(f"FAIL  {group:<8} {title}: {text}")

    async def survive(self, group: str, checks: Awaitable[None]) -> None:
        """Count it as one more failure if the checks cannot go on."""
        try:
            await checks
        except FAILURES as err:
            self.fail(group, "what stands between the checks", err)

    def total(self, seconds: float) -> None:
        """Print the sum, and where to look when not all is well."""
        count = self.passed + self.failed
        self._print(f"{count} checks, {self.failed} failed, {seconds:.0f} s")
        if self.failed:
            logs = folder_of("*") / "home-assistant.log"
            self._print(f"The logs of Home Assistant are {logs}")

    @staticmethod
    def _print(line: str) -> None:
        """Print a line at once."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def errors_in(log: str, words: Collection[str]) -> list[str]:
    """Return the errors in a log of Home Assistant that name one of some words.

    Of a traceback only the last line is returned: the log has it all.
    """
    records: list[str] = []
    for line in log.splitlines():
        if line[:4].isdigit() or not records:
            records.append(line)
        else:
            # A traceback belongs to the record that it stands under.
            records[-1] += f"\n{line}"
    return [
        "\n".join(dict.fromkeys((record.splitlines()[0], record.splitlines()[-1])))
        for record in records
        if {"ERROR", "CRITICAL"} & set(record.split()[:3])
        and any(word in record for word in words)
    ]
