"""What is logged: an error that a test has not announced fails it.

A plugin of pytest, loaded by conftest.py. It looks from before the first fixture until
after the last one, so that what goes wrong while unloading counts too.
"""

from collections.abc import Iterator
import logging
from pathlib import Path
import re
import sys
from typing import override

import pytest

from custom_components.vodia.const import DOMAIN

# Lines of the log that a failed test shows.
_SHOWN = 20
# They miss what not every machine has, and come with what the tests ask for.
_OF_THE_MACHINE = ("haffmpeg", "homeassistant.components.camera")
# What it says of a machine that is busy with something else.
_SLOW = re.compile(r"^(Updating state for|Update of) .* (took|is taking)")
# Whose warnings tell that an automation or a template of ours does not work.
_OF_THE_USER = (
    "homeassistant.components.automation",
    *(f"homeassistant.helpers.{name}" for name in ("condition", "event", "script")),
    *(f"homeassistant.helpers.{name}" for name in ("service", "template", "trigger")),
)
# What Home Assistant says of those who use what goes away.
_COMPLAINTS = (
    *("deprecated", "detected that", "will stop working", "will be removed"),
    *("will break", "report it to the author", "bug report"),
)


def without_paths(text: str) -> str:
    """Return a text without the folders that it may tell: they have any name."""
    for folder in {str(Path(__file__).parents[2]), sys.prefix, sys.base_prefix}:
        text = text.replace(folder, "")
    return text


class Errors(logging.Handler):
    """Collect errors, exceptions and complaints about how we use Home Assistant."""

    def __init__(self, *announced: str) -> None:
        """Start without any; patterns tell those that are to come."""
        super().__init__(logging.WARNING)
        self.announced = list(announced)
        self.found: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record that must not be."""
        text = record.getMessage()
        if record.name.startswith(_OF_THE_MACHINE) or _SLOW.match(text):
            return
        about_us = DOMAIN in without_paths(text)
        if (
            record.levelno >= logging.ERROR
            or record.exc_info
            or record.name.startswith(_OF_THE_USER)
            or (about_us and any(words in text.lower() for words in _COMPLAINTS))
        ):
            self.found.append(f"{record.name}: {text}")

    def wrong(self) -> list[str]:
        """Return what came unannounced, and what was announced and did not come."""
        return [
            *(
                text
                for text in self.found
                if not any(re.search(pattern, text) for pattern in self.announced)
            ),
            *(
                f"announced, but not logged: {pattern}"
                for pattern in self.announced
                if not any(re.search(pattern, text) for text in self.found)
            ),
        ]


_ERRORS = pytest.StashKey[Errors]()


def pytest_configure(config: pytest.Config) -> None:
    """Tell the mark; write the log once only.

    Pytest collects it. The harness writes all of it to stderr too, statements of the
    recorder's database included, which are megabytes where nobody collects that.
    """
    config.addinivalue_line(
        "markers", "logs(*patterns): errors that this test provokes, each of them"
    )
    root = logging.getLogger()
    for handler in list(root.handlers):
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Listen during the whole of a test, which hides nothing from those after it.

    What a command of ours runs within a test may switch the whole log off.
    """
    mark = item.get_closest_marker("logs")
    handler = item.stash[_ERRORS] = Errors(*(mark.args if mark else ()))
    root = logging.getLogger()
    level, disabled = root.level, root.manager.disable
    root.addHandler(handler)
    try:
        return (yield)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        logging.disable(disabled)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail a test whose log has what it must not have."""
    yield
    if wrong := item.stash[_ERRORS].wrong():
        more = f"\nand {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        pytest.fail("logged:\n" + "\n".join(wrong[:_SHOWN]) + more, pytrace=False)


@pytest.fixture
def logged(request: pytest.FixtureRequest) -> Errors:
    """Return what is logged in this test, to announce what only some of its cases log."""
    errors: Errors = request.node.stash[_ERRORS]
    return errors
