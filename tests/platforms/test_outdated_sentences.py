"""The repair for sentence files of another version: when it comes, and what it does."""

from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.components import conversation
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.dialects import modern
from tests.support.entry import create_branch_entry, set_up
from tests.support.repository import ENGLISH
from tests.support.sentences import (
    OLD,
    full_disk,
    is_shipped,
    leave,
    of_ours,
    path_of,
    shipped,
)
from tests.support.voice import Room, expose

pytestmark = [modern, pytest.mark.usefixtures("agent")]
TEXTS = ENGLISH["issues"]["sentences_outdated"]


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Use a folder of our own."""
    (Path(hass_tmp_config_dir) / "configuration.yaml").touch()
    return hass_tmp_config_dir


@pytest.fixture
async def agent(hass: HomeAssistant) -> None:
    """Have Home Assistant's own agent, and its repairs."""
    for domain in ("homeassistant", "conversation", "intent", "repairs"):
        assert await async_setup_component(hass, domain, {})


def is_shown(hass: HomeAssistant) -> bool:
    """Return whether the repair is shown."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, "sentences_outdated")
    if not issue or not issue.active or issue.dismissed_version:
        return False
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.learn_more_url
    assert TEXTS["title"]
    return True


async def open_repair(hass: HomeAssistant) -> Any:
    """Open the repair; return its form, whose text has room for what is shown."""
    flows = hass.data["repairs"]["flow_manager"]
    form = await flows.async_init(DOMAIN, data={"issue_id": "sentences_outdated"})
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "confirm"
    assert not form["data_schema"].schema
    text = TEXTS["fix_flow"]["step"]["confirm"]["description"]
    assert "{" not in text.format(**form["description_placeholders"])
    return form


async def submit(hass: HomeAssistant, form: Any) -> Any:
    """Send the form."""
    flows = hass.data["repairs"]["flow_manager"]
    result = await flows.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()
    return result


async def test_after_an_update(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """What an older version wrote is shown and replaced; what was changed is left alone."""
    old, own = leave(hass, "en", of_ours(OLD)), leave(hass, "de", of_ours(OLD) + "# ")
    changed = own.read_text()
    await conversation.async_prepare_agent(hass, None, "en")
    phones = await set_up(hass, entry)
    expose(phones, "45")
    assert is_shown(hass)
    # Until somebody clicks, nothing is written, and the old ones are in use.
    assert old.read_text() == of_ours(OLD)
    assert await Room(hass).say("who is calling") == "Not any"
    form = await open_repair(hass)
    assert form["description_placeholders"]["outdated"] == f"`{old}`"
    assert form["description_placeholders"]["edited"] == f"`{own}`"
    assert old.read_text() == of_ours(OLD)
    result = await submit(hass, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert is_shipped(old, "en")
    assert own.read_text() == changed
    assert not is_shown(hass)
    assert await Room(hass).say("who is calling") == "Nobody is calling."
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not is_shown(hass)


@pytest.mark.parametrize("text", [None, "mine", of_ours(OLD) + "# ", of_ours("")[:60]])
async def test_what_is_no_concern_of_ours(
    hass: HomeAssistant, entry: MockConfigEntry, text: str | None
) -> None:
    """Files that are not there, and those of the user, are not reported."""
    if text:
        leave(hass, "en", text)
    leave(hass, "de", of_ours(shipped("de")))
    await set_up(hass, entry)
    assert not is_shown(hass)


async def test_ignored(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Who ignores it is not told again."""
    leave(hass, "en", of_ours(OLD))
    await set_up(hass, entry)
    ir.async_ignore_issue(hass, DOMAIN, "sentences_outdated", True)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not is_shown(hass)


async def test_solved_by_hand(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Who removes the file, or makes it their own, is told no more."""
    path = leave(hass, "en", of_ours(OLD))
    await set_up(hass, entry)
    assert is_shown(hass)
    form = await open_repair(hass)
    path.unlink()
    # What is not there any more, a form that is still open does not bring back.
    await submit(hass, form)
    assert not path.exists()
    assert not is_shown(hass)


@pytest.mark.logs("Saving file failed")
async def test_that_fails(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A file that cannot be written is told, and the repair stays."""
    path = leave(hass, "en", of_ours(OLD))
    await set_up(hass, entry)
    form = await open_repair(hass)
    with full_disk():
        form = await submit(hass, form)
    assert form["type"] is FlowResultType.FORM
    text = TEXTS["fix_flow"]["error"][form["errors"]["base"]]
    assert str(path) in text.format(**form["description_placeholders"])
    assert path.read_text() == of_ours(OLD)
    assert is_shown(hass)
    result = await submit(hass, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert is_shipped(path, "en")


async def test_last_entry(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """The repair goes with the last PBX; the files are the user's."""
    leave(hass, "en", of_ours(OLD))
    await set_up(hass, entry)
    branch = create_branch_entry(hass, pbx)
    await set_up(hass, branch)
    await hass.config_entries.async_remove(entry.entry_id)
    assert is_shown(hass)
    await hass.config_entries.async_set_disabled_by(
        branch.entry_id, ConfigEntryDisabler.USER
    )
    assert not is_shown(hass)
    await hass.config_entries.async_set_disabled_by(branch.entry_id, None)
    assert is_shown(hass)
    await hass.config_entries.async_remove(branch.entry_id)
    assert not is_shown(hass)
    assert path_of(hass, "en").read_text() == of_ours(OLD)
