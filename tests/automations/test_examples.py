"""Each YAML block of each page: what Home Assistant takes, by what kind of block it is."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
import re
from typing import Any

from hassil.intents import Intents
from hassil.recognize import recognize
from hassil.sample import sample_intents
import pytest
import voluptuous as vol

from custom_components.vodia import PLATFORMS
from custom_components.vodia.const import DOMAIN
from custom_components.vodia.voice.commands import COMMANDS
from homeassistant import components
from homeassistant.components.automation.config import (
    ValidationStatus,
    async_validate_config_item,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.script import async_validate_actions_config
from homeassistant.loader import async_get_integration
from homeassistant.util import slugify
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from simulator import Simulator
from tests.support.automations_page import chosen
from tests.support.entry import Phones
from tests.support.lines import has_line
from tests.support.repository import ROOT, SENTENCES, SERVICES, fields_of, tracked

FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+) *ya?ml.*?\n(?P<yaml>.*?)^(?P=indent)(?P=fence)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
# A phone with the app has a service of its own, described as this one is.
APP = re.compile(r"^notify\.mobile_app_\w+$")


def blocks() -> Iterator[Any]:
    """Return each block of each page, called by the line that it begins in."""
    for path in tracked():
        if path.suffix == ".md":
            text = path.read_text()
            for match in FENCE.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                name = f"{path.relative_to(ROOT)}:{line}"
                yield pytest.param(match["yaml"], id=name)


BLOCKS = list(blocks())


# What a block may be


async def automation(hass: HomeAssistant, config: Any) -> None:
    """Take it as the automation editor does; of a blueprint it has each input."""
    valid = await async_validate_config_item(hass, "docs", config)
    assert valid
    assert valid.validation_status is ValidationStatus.OK, valid.validation_error


async def actions(hass: HomeAssistant, config: Any) -> None:
    """Take it as a script does."""
    await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA(config))


async def card(hass: HomeAssistant, config: Any) -> None:
    """Take it as a card: the browser checks no more than what it needs."""
    assert set(config) == {"type", "title", "hours_to_show", "target"}
    assert config["type"] == "logbook"
    cv.positive_int(config["hours_to_show"])
    assert cv.entity_ids(config["target"]["entity_id"])


async def dashboard(hass: HomeAssistant, config: Any) -> None:
    """Take it as a dashboard, which Home Assistant stores whatever is in it."""
    assert set(config) == {"views"}


async def sentences(hass: HomeAssistant, config: Any) -> None:
    """Take it beside our sentence file: an intent of ours hears what it is to hear."""
    assert set(config["intents"]) <= {
        command.intent_type for command in COMMANDS.values()
    }
    path = SENTENCES / f"{config['language']}.yaml"
    heard = Intents.from_dict({**load_yaml_dict(str(path)), **config})
    samples = list(sample_intents(heard, exclude_sentences_with_wildcards=False))
    assert {name for name, _ in samples} == set(config["intents"])
    for name, sample in samples:
        text = re.sub(r"{\w+}", "Bruno", sample)
        found = recognize(text, heard)
        assert found, text
        assert found.intent.name == name


async def configuration(hass: HomeAssistant, config: Any) -> None:
    """Take it as configuration.yaml, where each key is an integration."""
    for domain in config:
        integration = await async_get_integration(hass, domain)
        component = await integration.async_get_component()
        component.CONFIG_SCHEMA({domain: config[domain]})


async def target(hass: HomeAssistant, config: Any) -> None:
    """Take it as a target, and what it excludes as another: 2026.10 knows no exclusions."""
    chosen = dict(config["target"])
    for part in (chosen.pop("exclude", {}), chosen):
        vol.Schema(cv.TARGET_FIELDS)(part)


KINDS: dict[str, Callable[[HomeAssistant, Any], Awaitable[None]]] = {
    "triggers": automation,
    "use_blueprint": automation,
    "action": actions,
    "type": card,
    "views": dashboard,
    "target": target,
    "intents": sentences,
}


def acting(config: Any) -> Iterator[dict[str, Any]]:
    """Return each step that calls an action, however deep it is."""
    if isinstance(config, list):
        for item in config:
            yield from acting(item)
    elif isinstance(config, dict):
        action = config.get("action")
        if isinstance(action, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", action):
            yield config
        for value in config.values():
            yield from acting(value)


def taken(action: str) -> set[str]:
    """Return the fields of an action, as its integration describes them."""
    domain, _, name = APP.sub("notify.notify", action).partition(".")
    if domain == DOMAIN:
        described = SERVICES
    else:
        folder = Path(components.__path__[0]) / domain
        described = load_yaml_dict(str(folder / "services.yaml"))
    fields = fields_of(described)[name]
    return {
        field
        for key, text in fields.items()
        for field in (text["fields"] if "fields" in (text or {}) else [key])
    }


async def check(phones: Phones, pbx: Simulator, block: str) -> None:
    """Fail unless a block is valid, and names actions, fields and entities there are."""
    hass = phones.hass
    config = parse_yaml(chosen(hass, block))
    first, *_ = config if isinstance(config, list) else [config]
    kind = next((kind for key, kind in KINDS.items() if key in first), configuration)
    await kind(hass, config)
    for step in acting(config):
        assert set(step.get("data", {})) <= taken(step["action"]), step
    if "switch.bruno" in block:
        await has_line(phones)
    accounts = pbx.engine.tenant("localhost").accounts.values()
    names = "|".join(slugify(account.name) for account in accounts)
    ours = rf"\b(?:{'|'.join(PLATFORMS)})\.(?:{names}|vodia_pbx)_\w+"
    for entity_id in re.findall(ours, block):
        assert er.async_get(hass).async_get(entity_id), entity_id


def test_fences() -> None:
    """Each block says what it is, so that none is overlooked."""
    fences = [
        line.strip(" >")
        for path in tracked()
        if path.suffix == ".md"
        for line in path.read_text().splitlines()
        if line.strip(" >").startswith(("```", "~~~"))
    ]
    opening = fences[::2]
    assert set(fences[1::2]) == {"```"}
    assert set(opening) == {"```yaml", "```bash", "```text"}
    assert len(BLOCKS) == opening.count("```yaml") > 30


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("block", BLOCKS)
async def test_block(
    phones: Phones, pbx: Simulator, messages: list[Any], block: str
) -> None:
    """It does what its kind has to do."""
    await check(phones, pbx, block)


AREA = "{trigger: vodia.%s, target: {area_id: office}%s}"
BROKEN = {
    "trigger": (f"{{triggers: [{AREA % ('rings', '')}], actions: []}}", "vodia.rings"),
    "option": (
        f"{{triggers: [{AREA % ('call_ringing', ', options: {nummer: 1}')}], actions: []}}",
        "not a valid option",
    ),
    "input": (
        "{alias: Light, use_blueprint: {path: vodia/busy_light.yaml, input: {}}}",
        "Missing input light",
    ),
    "action": ("{action: vodia.call}", "'call'"),
    "field": ("{action: vodia.dial, data: {nummer: 1}}", "nummer"),
    "field of another": (
        "{triggers: [], actions: [{if: [], then: [{action: light.turn_on, data: {colour: red}}]}]}",
        "colour",
    ),
    "entity": (
        "{action: vodia.hang_up, target: {entity_id: sensor.freya_nilsen_calls}}",
        "sensor.freya_nilsen_calls",
    ),
    "card": (
        "{type: logbok, title: Calls, hours_to_show: 1, target: {entity_id: a.b}}",
        "logbok",
    ),
    "intent": (
        "{language: en, intents: {VodiaRing: {data: [{sentences: [ring]}]}}}",
        "VodiaRing",
    ),
    "list": (
        "{language: en, intents: {VodiaCall: {data: [{sentences: ['ring {who}']}]}}}",
        "Missing slot list",
    ),
    "setting": ("{recorder: {exclude: {event_type: []}}}", "not a valid option"),
    "kind": ("{something: else}", "'something' not found"),
}


@pytest.mark.parametrize(("block", "why"), BROKEN.values(), ids=BROKEN)
async def test_broken(
    phones: Phones, pbx: Simulator, messages: list[Any], block: str, why: str
) -> None:
    """A block that is wrong does not get through."""
    with pytest.raises(Exception, match=why):
        await check(phones, pbx, block)
