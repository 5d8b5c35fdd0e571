"""The form that writes sentence files: what it shows, what it writes, what it leaves."""

from pathlib import Path
from typing import Any

import pytest

from homeassistant.components import conversation
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from tests.support.dialects import modern
from tests.support.entry import Phones
from tests.support.repository import ENGLISH, INTEGRATION, load
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

pytestmark = [modern]
NOTHING = "–"
# The answer of our intent, by language.
NOBODY = {
    language: load(INTEGRATION / "translations" / f"{language}.json")["common"][
        "say_nobody_calls"
    ]
    for language in ("en", "de")
}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Use a folder of our own."""
    (Path(hass_tmp_config_dir) / "configuration.yaml").touch()
    return hass_tmp_config_dir


@pytest.fixture
async def agent(hass: HomeAssistant) -> None:
    """Have Home Assistant's own agent, which has read its files before we come."""
    for domain in ("homeassistant", "conversation", "intent"):
        assert await async_setup_component(hass, domain, {})
    for language in ("en", "de"):
        await conversation.async_prepare_agent(hass, None, language)


async def open_form(phones: Phones, **options: Any) -> ConfigFlowResult:
    """Tick the box in the options; return the form that this leads to."""
    flows = phones.hass.config_entries.options
    form = await flows.async_init(phones.entry.entry_id)
    form = await flows.async_configure(
        form["flow_id"], {**options, "write_sentences": True}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "sentences"
    texts = ENGLISH["options"]["step"]["sentences"]
    assert texts["title"]
    assert form["data_schema"]
    for field in form["data_schema"].schema:
        assert texts["data"][field]
        assert texts["data_description"][field]
    return form


async def submit(
    phones: Phones, form: ConfigFlowResult, *languages: str, **fields: Any
) -> ConfigFlowResult:
    """Send the form with some languages; return what comes of it."""
    result = await phones.hass.config_entries.options.async_configure(
        form["flow_id"], {"languages": list(languages), **fields}
    )
    await phones.hass.async_block_till_done()
    return result


def fields(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the fields of the form, each with what is suggested."""
    assert form["data_schema"]
    return {
        str(marker): (marker.description or {}).get("suggested_value")
        for marker in form["data_schema"].schema
    }


def shown(form: ConfigFlowResult) -> dict[str, str]:
    """Return what the form tells, each as a sentence of its text has room for."""
    words = dict(form["description_placeholders"] or {})
    text = ENGLISH["options"]["step"]["sentences"]["description"]
    assert "{" not in text.format(**words)
    return words


def told(form: ConfigFlowResult) -> str:
    """Return the error of a form as the user reads it."""
    assert form["type"] is FlowResultType.FORM
    assert form["errors"]
    text: str = ENGLISH["options"]["error"][form["errors"]["base"]]
    return text.format(**form["description_placeholders"] or {})


@pytest.mark.usefixtures("agent")
async def test_one_click(hass: HomeAssistant, phones: Phones) -> None:
    """What is shown is written, and what is said is understood at once."""
    room = Room(hass)
    expose(phones, "45")
    # It is the agent's own "who is", which looks for somebody in a place.
    assert await room.say("who is calling") == "Not any"
    before = phones.entry.options
    form = await open_form(phones, door_stations=["46"])
    paths = {language: path_of(hass, language) for language in ("de", "de-CH", "en")}
    assert shown(form) == {
        "new": ", ".join(f"`{path}`" for path in paths.values()),
        **dict.fromkeys(("current", "outdated", "edited"), NOTHING),
    }
    assert fields(form) == {"languages": ["en"]}
    # To look is to change nothing.
    assert not any(path.exists() for path in paths.values())
    assert phones.entry.options == before
    result = await submit(phones, form, "de", "en")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert phones.entry.options == {**before, "door_stations": ["46"]}
    assert is_shipped(paths["en"], "en")
    assert is_shipped(paths["de"], "de")
    assert not paths["de-CH"].exists()
    assert [path.name for path in paths["en"].parent.iterdir()] == ["vodia.yaml"]
    await phones.wait("", "connected", "on")
    assert await room.say("who is calling") == NOBODY["en"]
    assert await room.say("wer ruft an", "de") == NOBODY["de"]

    form = await open_form(phones)
    assert shown(form)["new"] == f"`{paths['de-CH']}`"
    assert shown(form)["current"] == f"`{paths['de']}`, `{paths['en']}`"
    # Without a box for what nobody has changed, and what is right stays as it is.
    assert set(fields(form)) == {"languages"}
    written = paths["en"].stat().st_mtime_ns
    await submit(phones, form, "en")
    assert paths["en"].stat().st_mtime_ns == written


@pytest.mark.usefixtures("agent")
async def test_no_click(hass: HomeAssistant, phones: Phones) -> None:
    """Nothing is written where the box is not ticked, or nothing is chosen."""
    flows = hass.config_entries.options
    form = await flows.async_init(phones.entry.entry_id)
    result = await flows.async_configure(form["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await submit(phones, await open_form(phones))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "write_sentences" not in phones.entry.options
    assert not Path(hass.config.path("custom_sentences")).exists()


@pytest.mark.usefixtures("agent")
async def test_what_is_there(hass: HomeAssistant, phones: Phones) -> None:
    """What another version wrote is replaced; what the user changed is not, or is kept."""
    old, own = leave(hass, "en", of_ours(OLD)), leave(hass, "de", of_ours(OLD) + "# ")
    by_hand = leave(hass, "de-CH", shipped("de"))
    form = await open_form(phones)
    assert shown(form) == {
        "new": NOTHING,
        "current": f"`{by_hand}`",
        "outdated": f"`{old}`",
        "edited": f"`{own}`",
    }
    assert set(fields(form)) == {"languages", "replace_edited"}
    changed = own.read_text()
    await submit(phones, form, "de", "en", replace_edited=False)
    assert is_shipped(old, "en")
    assert own.read_text() == changed
    kept = []
    for name, text in (("vodia.yaml.bak", changed), ("vodia.yaml.bak1", "mine")):
        form = await open_form(phones)
        await submit(phones, form, "de", replace_edited=True)
        assert is_shipped(own, "de")
        kept.append(own.with_name(name))
        assert kept[-1].read_text() == text
        leave(hass, "de", "mine")
    # Each copy stays, and none is a file that Home Assistant would read.
    assert [path.read_text() for path in kept] == [changed, "mine"]
    assert {path.name for path in own.parent.glob("*.yaml")} == {"vodia.yaml"}
    # What is no text is nothing of ours.
    own.write_bytes(b"\xff\xfe")
    form = await open_form(phones)
    assert shown(form)["edited"] == f"`{own}`"
    # Changed meanwhile: that is seen before it is written.
    leave(hass, "en", "mine")
    await submit(phones, form, "en")
    assert path_of(hass, "en").read_text() == "mine"


@pytest.mark.logs("Saving file failed")
@pytest.mark.usefixtures("agent")
async def test_full_disk(hass: HomeAssistant, phones: Phones) -> None:
    """A disk that is full is told; what was there is there, and half of nothing."""
    for language in ("de", "en"):
        leave(hass, language, "mine")
    folder = path_of(hass, "en").parent
    form = await open_form(phones, door_stations=["46"])
    with full_disk():
        form = await submit(phones, form, "en", replace_edited=True)
    assert told(form).startswith(f"{folder}/vodia.yaml could not be written: File too")
    assert [path.name for path in folder.iterdir()] == ["vodia.yaml"]
    assert path_of(hass, "en").read_text() == "mine"
    # What was filled in stays, and goes on from there.
    assert fields(form) == {"languages": ["en"], "replace_edited": True}
    result = await submit(phones, form, "en", replace_edited=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert is_shipped(path_of(hass, "en"), "en")
    assert phones.entry.options["door_stations"] == ["46"]


@pytest.mark.usefixtures("agent")
async def test_no_folder(hass: HomeAssistant, phones: Phones) -> None:
    """A folder that cannot be made, and a file that is none, are told."""
    in_the_way = Path(hass.config.path("custom_sentences"))
    in_the_way.write_text("mine")
    form = await open_form(phones)
    form = await submit(phones, form, "en", replace_edited=True)
    assert "could not be written: " in told(form)
    assert in_the_way.read_text() == "mine"
    in_the_way.unlink()
    path_of(hass, "en").mkdir(parents=True)
    form = await submit(phones, form, "en", replace_edited=True)
    assert "could not be written: Is a directory" in told(form)
    assert [path.name for path in in_the_way.rglob("*")] == ["en", "vodia.yaml"]


@pytest.mark.logs("expected the node content")
@pytest.mark.usefixtures("agent")
async def test_not_loaded(hass: HomeAssistant, phones: Phones) -> None:
    """A configuration that Home Assistant cannot read is told; the files are there."""
    expose(phones, "45")
    configuration = Path(hass.config.path("configuration.yaml"))
    configuration.write_text("a: [")
    form = await submit(phones, await open_form(phones), "en")
    assert "can't load them, because" in told(form)
    assert str(configuration) in told(form)
    assert is_shipped(path_of(hass, "en"), "en")
    configuration.write_text("")
    result = await submit(phones, form, "en")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert await Room(hass).say("who is calling") == NOBODY["en"]


async def test_without_an_agent(hass: HomeAssistant, phones: Phones) -> None:
    """Where nobody listens yet, the files can be written for later."""
    form = await open_form(phones)
    assert shown(form)["new"].count("`") == 4
    result = await submit(phones, form, "en")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert is_shipped(path_of(hass, "en"), "en")


async def test_spoken_languages(hass: HomeAssistant, phones: Phones) -> None:
    """Chosen are the languages of the assistants: a Swiss one reads a folder of its own."""
    hass.config.language, hass.config.country = "de", "CH"
    for domain in ("homeassistant", "intent", "assist_pipeline"):
        assert await async_setup_component(hass, domain, {})
    form = await open_form(phones)
    assert fields(form) == {"languages": ["de", "de-CH"]}
    await submit(phones, form, *fields(form)["languages"])
    assert is_shipped(path_of(hass, "de-CH"), "de")
    expose(phones, "45")
    for language in ("de", "de-CH"):
        assert await Room(hass).say("wer ruft an", language) == NOBODY["de"]
    # Where nothing that we have is spoken, nothing is chosen.
    hass.config.language = "fr"
    form = await open_form(phones)
    assert "de" not in fields(form)["languages"]
