"""What Home Assistant, HACS and readers expect of the files of this repository."""

import ast
from itertools import chain
import json
from pathlib import Path
import re
from string import Formatter
import subprocess
from typing import Any
from zipfile import ZipFile

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest

from custom_components.vodia.condition import CONDITIONS
from custom_components.vodia.const import DOMAIN
from custom_components.vodia.flows.options import ACCOUNT_TYPES, ACCOUNTS, WATCH
from custom_components.vodia.hub.call_errors import line_error
from custom_components.vodia.hub.issues import ISSUES, LINE_ISSUES, SENTENCES_OUTDATED
from custom_components.vodia.hub.privacy import Privacy
from custom_components.vodia.pbx import errors
from custom_components.vodia.trigger import _FILTERS, TRIGGERS, CallTrigger
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition, service
from homeassistant.helpers.trigger import descriptions
from homeassistant.loader import Manifest
from homeassistant.util.yaml import load_yaml_dict
from tests.support.call_errors import call_errors
from tests.support.repository import (
    CONDITION_TEXTS,
    ENGLISH,
    INTEGRATION,
    ROOT,
    SERVICES,
    TRIGGER_TEXTS,
    fields_of,
    flat,
    load,
    tracked,
)

MANIFEST = load(INTEGRATION / "manifest.json")
ICONS = load(INTEGRATION / "icons.json")


def test_manifest() -> None:
    """The manifest is what hassfest takes for a custom integration."""
    assert set(MANIFEST) <= set(Manifest.__annotations__)
    assert list(MANIFEST)[:2] == ["domain", "name"]
    assert list(MANIFEST)[2:] == sorted(list(MANIFEST)[2:])
    assert MANIFEST["domain"] == DOMAIN == INTEGRATION.name
    assert MANIFEST["config_flow"] is True
    assert MANIFEST["integration_type"] == "hub"
    assert MANIFEST["iot_class"] == "local_push"
    # What users get is what is tested.
    pinned = (ROOT / "requirements_test.txt").read_text().splitlines()
    assert MANIFEST["requirements"]
    assert set(MANIFEST["requirements"]) <= set(pinned)
    assert AwesomeVersion(
        MANIFEST["version"], ensure_strategy=AwesomeVersionStrategy.SEMVER
    )
    assert MANIFEST["codeowners"]


def test_hacs() -> None:
    """HACS finds its file, the licence and the brand."""
    hacs = load(ROOT / "hacs.json")
    assert set(hacs) == {
        *("name", "filename", "homeassistant", "render_readme", "zip_release")
    }
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["zip_release"] is True
    assert hacs["filename"] == f"{DOMAIN}.zip"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    for name, size in (("icon.png", 256), ("icon@2x.png", 512)):
        data = (INTEGRATION / "brand" / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(data[16:20]) == int.from_bytes(data[20:24]) == size


def test_versions_agree() -> None:
    """The version stands in two places; the minimum fits the test pair."""
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{MANIFEST["version"]}"' in project
    pinned = re.search(
        r"^homeassistant==(\d+\.\d+)\.",
        (ROOT / "requirements_test.txt").read_text(),
        re.MULTILINE,
    )
    assert pinned
    assert load(ROOT / "hacs.json")["homeassistant"].startswith(f"{pinned[1]}.")


def test_address_agrees() -> None:
    """The public address of the repository is the same in all places."""
    address = MANIFEST["documentation"]
    owner = address.split("/")[3]
    assert MANIFEST["issue_tracker"] == f"{address}/issues"
    assert MANIFEST["codeowners"] == [f"@{owner}"]
    name = address.rsplit("/", 1)[1]
    found = set()
    for path in tracked():
        if path.suffix in (".md", ".json", ".toml", ".yaml", ".yml", ""):
            text = path.read_text(errors="ignore")
            found |= set(
                re.findall(rf"https://github\.com/[\w.-]+/{re.escape(name)}", text)
            )
    assert found == {address}
    assert address in (ROOT / "README.md").read_text()


# The rules of Home Assistant's Integration Quality Scale.
RULES = {
    # Bronze
    *("action-setup", "appropriate-polling", "brands", "common-modules", "config-flow"),
    *("config-flow-test-coverage", "dependency-transparency", "docs-actions"),
    *("docs-conditions", "docs-high-level-description", "docs-triggers"),
    *("docs-installation-instructions", "docs-removal-instructions"),
    *("entity-event-setup", "entity-unique-id", "has-entity-name", "runtime-data"),
    *("test-before-configure", "test-before-setup", "unique-config-entry"),
    # Silver
    *("action-exceptions", "config-entry-unloading", "docs-configuration-parameters"),
    *("docs-installation-parameters", "entity-unavailable", "integration-owner"),
    *("log-when-unavailable", "parallel-updates", "reauthentication-flow"),
    "test-coverage",
    # Gold
    *("devices", "diagnostics", "discovery", "discovery-update-info"),
    *("docs-data-update", "docs-examples", "docs-known-limitations"),
    *("docs-supported-devices", "docs-supported-functions", "docs-troubleshooting"),
    *("docs-use-cases", "dynamic-devices", "entity-category", "entity-device-class"),
    *("entity-disabled-by-default", "entity-translations", "exception-translations"),
    *("icon-translations", "reconfiguration-flow", "repair-issues", "stale-devices"),
    # Platinum
    *("async-dependency", "inject-websession", "strict-typing"),
}


def test_quality_scale() -> None:
    """Each rule is kept, or there is a reason; what proves it is there."""
    assert len(RULES) == 54
    rules = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
    assert set(rules) == RULES
    for rule, said in rules.items():
        assert set(said) == {"status", "comment"}
        assert said["status"] in ("done", "exempt"), rule
        evidence = re.findall(
            r"[\w./-]+/[\w.-]+\w(?:::\w+|#[\w-]+)?|README\.md(?:#[\w-]+)?",
            said["comment"],
        )
        assert evidence or said["status"] == "exempt", rule
        for place in evidence:
            path, name, anchor = re.fullmatch(
                r"([^:#]+)(?:::(\w+))?(?:#(.+))?", place
            ).groups()  # type: ignore[union-attr]
            assert (ROOT / path).exists(), place
            text = (ROOT / path).read_text() if name or anchor else ""
            assert not name or f"def {name}(" in text, place
            assert not anchor or anchor in anchors(text), place


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


def test_parallel_updates() -> None:
    """Each platform says how many of its updates or commands run at once."""
    for platform in Platform:
        path = INTEGRATION / f"{platform}.py"
        if path.exists():
            assert re.search(
                r"^PARALLEL_UPDATES = [01]$", path.read_text(), re.MULTILINE
            )


def test_fields_are_told() -> None:
    """Each field of a form has a name and a description."""
    for step in chain.from_iterable(
        flow["step"].values()
        for flow in (
            ENGLISH["config"],
            ENGLISH["options"],
            ENGLISH["config_subentries"]["line"],
        )
    ):
        for part in (step, *step.get("sections", {}).values()):
            assert set(part["data"]) == set(part["data_description"])


def test_services_are_described() -> None:
    """Every action and field is described, named and has an icon."""
    service._SERVICES_SCHEMA(SERVICES)
    described = fields_of(SERVICES)
    tree = ast.parse((INTEGRATION / "services.py").read_text())
    registered = next(
        {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Dict)
        and getattr(node.targets[0], "id", "") == "_ACTIONS"
    )
    assert (
        set(described)
        == registered
        == set(ENGLISH["services"])
        == set(ICONS["services"])
    )
    for name, fields in described.items():
        texts = ENGLISH["services"][name]
        assert texts["name"]
        assert texts["description"]
        assert set(fields) == set(texts.get("fields", {}))
        assert all(
            f["name"] and f["description"] for f in texts.get("fields", {}).values()
        )


@pytest.mark.parametrize(
    ("kind", "described", "offered"),
    [
        ("triggers", TRIGGER_TEXTS, TRIGGERS),
        ("conditions", CONDITION_TEXTS, CONDITIONS),
    ],
)
def test_triggers_and_conditions_are_described(
    kind: str, described: dict[str, Any], offered: dict[str, Any]
) -> None:
    """Every trigger, condition and field is described, named and has an icon."""
    fields = fields_of(described)
    assert set(fields) == set(offered) == set(ENGLISH[kind]) == set(ICONS[kind])
    for name, texts in ENGLISH[kind].items():
        assert described[name]["target"] == {"entity": {"integration": DOMAIN}}
        assert texts["name"]
        assert texts["description"]
        assert set(texts["fields"]) == set(fields[name])
        assert all(field["name"] for field in texts["fields"].values())
        # Those of a condition say it all in their names, as Home Assistant's own do.
        assert kind == "conditions" or all(
            field["description"] for field in texts["fields"].values()
        )


async def test_described_triggers_are_those_of_the_code(hass: HomeAssistant) -> None:
    """A trigger has the fields that are described, and takes what they offer."""
    descriptions._TRIGGERS_DESCRIPTION_SCHEMA(TRIGGER_TEXTS)
    for name, fields in fields_of(TRIGGER_TEXTS).items():
        trigger = TRIGGERS[name]
        assert issubclass(trigger, CallTrigger)
        assert set(fields) == {str(key) for key in {**_FILTERS, **trigger._fields}}
        for field, description in fields.items():
            if select := description["selector"].get("select"):
                for option in select["options"]:
                    value = [option] if select.get("multiple") else option
                    config = {"target": {}, "options": {field: value}}
                    valid = await trigger.async_validate_config(hass, config)
                    assert valid["options"][field] == value


async def test_described_conditions_are_those_of_the_code(hass: HomeAssistant) -> None:
    """A condition takes what is described."""
    condition._CONDITIONS_DESCRIPTION_SCHEMA(CONDITION_TEXTS)
    for name, fields in fields_of(CONDITION_TEXTS).items():
        config = {
            "target": {},
            "options": {field: fields[field]["default"] for field in fields},
        }
        valid = await CONDITIONS[name].async_validate_config(hass, config)
        assert set(valid["options"]) == set(fields) == {"behavior", "for"}


def test_selectors_are_translated() -> None:
    """Each choice has its text, and no text is left over."""
    chosen = {
        select["translation_key"]: set(select["options"])
        for described in (SERVICES, TRIGGER_TEXTS, CONDITION_TEXTS)
        for fields in fields_of(described).values()
        for field in fields.values()
        if (select := field["selector"].get("select"))
    } | {
        select.config["translation_key"]: set(select.config["options"])
        for select in (ACCOUNTS, ACCOUNT_TYPES, WATCH)
    }
    assert chosen == {
        key: set(texts["options"]) for key, texts in ENGLISH["selector"].items()
    }


def test_icons() -> None:
    """Icons are Material Design icons, and no state repeats its default."""
    assert all(icon.startswith("mdi:") for icon in flat(ICONS).values())
    for platform, entities in ICONS["entity"].items():
        assert set(entities) == set(ENGLISH["entity"][platform])
        for entity in entities.values():
            assert entity["default"] not in entity.get("state", {}).values()


def error_keys() -> set[str]:
    """Return the keys of the errors of the library; those about calls have several."""
    keys = {
        cls.key
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.PbxError)
    }
    return keys | {error.key for error in call_errors()}


def test_errors_are_translated() -> None:
    """Each error of the library has its text, for actions and for the config flow."""
    keys = error_keys()
    assert keys <= set(ENGLISH["exceptions"])
    in_flow = {
        cls.key
        for cls in vars(errors).values()
        if isinstance(cls, type)
        and issubclass(cls, errors.PbxError)
        and not issubclass(cls, errors.CommandError)
    }
    assert in_flow <= set(ENGLISH["config"]["error"])


def test_words_of_errors() -> None:
    """What is filled into the text of an error is what it has room for."""
    texts = {key: text["message"] for key, text in ENGLISH["exceptions"].items()}
    keys = {
        name: cls.key
        for name, cls in vars(errors).items()
        if isinstance(cls, type)
        and issubclass(cls, errors.PbxError)
        and not issubclass(cls, errors.CallError)
    }
    found = 0
    for path in INTEGRATION.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            key = given.pop("translation_key", None)
            if node.func.id == "invalid" and isinstance(key, ast.Constant):
                assert words_of(texts[key.value]) == given.keys(), key.value
            elif node.func.id in keys and path.stem != "errors":
                assert words_of(texts[keys[node.func.id]]) <= given.keys(), ast.unparse(
                    node
                )
            else:
                continue
            found += 1
    assert found > 30


def test_words_of_call_errors() -> None:
    """An error about calls fills in just what its text has room for."""
    for error in call_errors():
        raised = line_error(error, "45 Freya", Privacy(False, dict))
        text = ENGLISH["exceptions"][error.key]["message"]
        assert raised.translation_key == error.key
        words = raised.translation_placeholders or {}
        assert words_of(text) == words.keys(), error.key
        assert all(words.values()), error.key


def words_of(text: str) -> set[str]:
    """Return what has to be filled into a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_translation_keys_exist() -> None:
    """Each translation key of an error or issue has a text, and none is left over."""
    used = {
        keyword.value.value
        for path in INTEGRATION.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "translation_key" and isinstance(keyword.value, ast.Constant)
    } | error_keys()
    issues = {*ISSUES, *LINE_ISSUES.values(), SENTENCES_OUTDATED}
    assert used - issues <= set(ENGLISH["exceptions"])
    assert used | issues == set(ENGLISH["exceptions"]) | set(ENGLISH["issues"])
    assert issues == set(ENGLISH["issues"])


def test_english_is_plain() -> None:
    """Custom integrations ship flat texts: no references, no strings.json."""
    assert not (INTEGRATION / "strings.json").exists()
    assert not [key for key, text in flat(ENGLISH).items() if "[%key:" in text]


def test_commands() -> None:
    """The README has two commands; CI reads them there, as a person does, and runs them."""
    readme, contributing, ci = (
        (ROOT / name).read_text()
        for name in ("README.md", "CONTRIBUTING.md", ".ci/run")
    )
    assert "\n## Try it in two commands\n" in readme
    assert "```bash\nscripts/demo\nscripts/test\n```" in readme
    assert "/^## Try it/" in ci
    for command in (
        "${commands[0]} --port",
        "\n${commands[1]}\n",
        "scripts/demo --check",
    ):
        assert command in ci
    for command in ("scripts/setup", "scripts/demo --check", "scripts/test"):
        assert f"| `{command}` |" in contributing


@pytest.mark.parametrize(
    "path",
    [path for path in tracked() if path.suffix == ".md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links(path: Path) -> None:
    """Links to files of the repository, and to their headings, lead somewhere."""
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" in link:
            continue
        name, _, heading = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        if heading and target.suffix == ".md":
            assert heading in headings(target), link


def headings(page: Path) -> set[str]:
    """Return the headings of a page, as links name them."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    }


def test_pictures() -> None:
    """Each picture is taken by the script, and there."""
    source = ROOT / "demo" / "pictures.py"
    taken = {
        call.args[0].value
        for call in ast.walk(ast.parse(source.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("take", "talk")
        and isinstance(call.args[0], ast.Constant)
    }
    assert {path.stem for path in (ROOT / "docs/images").glob("*.png")} == taken


def run(cwd: Path, *command: str) -> str:
    """Run a command that succeeds; return what it prints."""
    done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a repository with the files of this one."""
    for path in tracked():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        copy.chmod(path.stat().st_mode)
    run(tmp_path, "git", "init", "-q")
    run(tmp_path, "git", "config", "user.name", "Somebody")
    run(tmp_path, "git", "config", "user.email", "somebody@example.com")
    run(tmp_path, "git", "add", "-A")
    run(tmp_path, "git", "commit", "-q", "-m", "Copy")
    return tmp_path


def test_release(copied: Path) -> None:
    """A release has its version everywhere, dated notes, a tag, and a zip for HACS."""
    changelog = copied / "CHANGELOG.md"
    changes = "- A change.\n\n- Another one."
    changelog.write_text(
        f"# Changelog\n\n## Unreleased\n\n{changes}\n\n## 0.0.1 - 2026-01-01\n\nOld.\n"
    )
    run(copied, "git", "commit", "-qam", "Change")
    run(copied, "scripts/release", "7.8.9")
    assert load(copied / "custom_components/vodia/manifest.json")["version"] == "7.8.9"
    assert 'version = "7.8.9"' in (copied / "pyproject.toml").read_text()
    assert re.search(
        r"^## 7\.8\.9 - \d{4}-\d\d-\d\d$",
        changelog.read_text(),
        re.MULTILINE,
    )
    assert (copied / "dist/notes.md").read_text().strip() == changes
    assert run(copied, "git", "describe", "--tags", "--dirty") == "v7.8.9\n"
    with ZipFile(copied / "dist" / load(copied / "hacs.json")["filename"]) as archive:
        released = {
            info.filename: archive.read(info)
            for info in archive.infolist()
            if not info.is_dir()
        }
    folder = copied / "custom_components" / DOMAIN
    assert released == {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert json.loads(released["manifest.json"])["version"] == "7.8.9"


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("", "usage"),
        ("7.8", "usage"),
        ("v7.8.9", "usage"),
        ("7.8.9; true", "usage"),
        ("7.8.9", "is there already"),
        ("7.8.8", "older than 7.8.9"),
        ("7.10.0", "nothing that is unreleased"),
    ],
)
def test_release_refused(copied: Path, version: str, problem: str) -> None:
    """What cannot become a release changes nothing."""
    run(copied, "git", "tag", "v7.8.9")
    if "unreleased" in problem:
        (copied / "CHANGELOG.md").write_text("# Changelog\n\n## 7.8.9 - 2026-01-01\n")
        run(copied, "git", "commit", "-qam", "Change")
    done = subprocess.run(
        ["scripts/release", version],
        cwd=copied,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert problem in done.stderr
    assert run(copied, "git", "tag") == "v7.8.9\n"
    assert not run(copied, "git", "status", "--porcelain")


def test_release_of_changes(copied: Path) -> None:
    """What is not committed is in no release."""
    (copied / "README.md").write_text("Not yet")
    done = subprocess.run(
        ["scripts/release", "7.8.9"], cwd=copied, check=False, capture_output=True
    )
    assert done.returncode == 2
    assert not run(copied, "git", "tag")


def test_set_repository(copied: Path) -> None:
    """One script sets the address everywhere."""
    run(copied, "scripts/set-repository", "some-body/other.name")
    manifest = load(copied / "custom_components" / DOMAIN / "manifest.json")
    assert manifest["documentation"] == "https://github.com/some-body/other.name"
    assert manifest["codeowners"] == ["@some-body"]
    for path in copied.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            assert MANIFEST["documentation"] not in path.read_text(errors="ignore"), (
                path
            )
