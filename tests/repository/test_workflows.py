"""The files that GitHub reads: workflows that may do little, forms that ask enough."""

import json
from pathlib import Path
import re
from typing import Any, Final

import pytest

from homeassistant.util.yaml import load_yaml_dict
from tests.support.repository import ROOT

GITHUB: Final = ROOT / ".github"
WORKFLOWS: Final = sorted((GITHUB / "workflows").iterdir())
FORMS: Final = sorted(
    path for path in (GITHUB / "ISSUE_TEMPLATE").iterdir() if path.name != "config.yml"
)

# An action is named with its release; only hassfest has none.
PINNED: Final = re.compile(
    r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v?\d+(\.\d+)+"
    r"|home-assistant/actions/hassfest@[0-9a-f]{40} # master"
)
ELEMENTS: Final = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}

RELEASE: Final = GITHUB / "workflows" / "release.yml"
# What runs by itself; a release is made by hand.
CHECKS: Final = [path for path in WORKFLOWS if path != RELEASE]

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
each_check = pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.name)
each_form = pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)


def load(path: Path) -> dict[Any, Any]:
    """Return the contents of a YAML file."""
    return load_yaml_dict(path)


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def asked(form: dict[Any, Any]) -> dict[str, dict[str, Any]]:
    """Return the elements of a form that are filled in, by their id."""
    return {item["id"]: item for item in form["body"] if item["type"] != "markdown"}


@each_workflow
def test_actions_are_pinned(path: Path) -> None:
    """An action is the commit that it is, and a reader sees which release that is."""
    used = re.findall(r"^[ -]*uses: *(.+)$", path.read_text(), re.MULTILINE)
    assert len(used) == sum("uses" in step for step in steps(load(path)))
    assert not [action for action in used if not PINNED.fullmatch(action)]


@each_workflow
def test_permissions(path: Path) -> None:
    """A workflow may do nothing, and its jobs may read; only a release is written."""
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        allowed = "write" if (path, name) == (RELEASE, "release") else "read"
        assert job["permissions"] == {"contents": allowed}


@each_check
def test_triggers(path: Path) -> None:
    """The code of a stranger never runs with the rights of this repository."""
    triggers = set(load(path)[True])  # YAML 1.1 takes the key `on` for true
    assert {"push", "pull_request"} <= triggers
    assert triggers <= {"push", "pull_request", "schedule", "workflow_dispatch"}


@each_workflow
def test_checkout_keeps_no_credentials(path: Path) -> None:
    """No later step finds a token in the checkout."""
    checkouts = [
        step
        for step in steps(load(path))
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts
    for step in checkouts:
        assert step["with"]["persist-credentials"] is False


@each_workflow
def test_commands_are_fixed(path: Path) -> None:
    """No command is made of what an event brings along."""
    assert not [step for step in steps(load(path)) if "${{" in step.get("run", "")]


@each_workflow
def test_jobs_end(path: Path) -> None:
    """A job that hangs or is superseded is ended, long before GitHub would."""
    workflow = load(path)
    # A release is never left half done.
    assert workflow["concurrency"]["cancel-in-progress"] is (path != RELEASE)
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60


def test_ci() -> None:
    """GitHub runs what a contributor runs, with a Python that fits."""
    workflow = load(GITHUB / "workflows" / "test.yml")
    always, weekly = workflow["jobs"]["test"], workflow["jobs"]["weekly"]
    assert [step["run"] for step in always["steps"] if "run" in step] == [".ci/run"]
    assert "if" not in always
    # What proves that the tests do not depend on where they run.
    assert "schedule" in workflow[True]
    assert weekly["steps"][-1]["run"] == "scripts/test $ARGUMENTS"
    arguments = {way["arguments"] for way in weekly["strategy"]["matrix"]["include"]}
    assert "--anywhere" in arguments
    # The newest release is the one that CI checks the demo with.
    (newest,) = re.findall(
        r"^newest=(\S+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE
    )
    assert f"--home-assistant {newest}" in arguments
    (version,) = {
        step["with"]["python-version"]
        for step in steps(workflow)
        if step.get("uses", "").startswith("actions/setup-python@")
    }
    project = (ROOT / "pyproject.toml").read_text()
    assert f'requires-python = ">={version}.' in project


def test_release_workflow() -> None:
    """A release is made by hand, after all checks, and by the script that tests run."""
    workflow = load(RELEASE)
    assert set(workflow[True]) == {"workflow_dispatch"}
    assert [
        step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step
    ] == [".ci/run"]
    release = workflow["jobs"]["release"]
    assert release["needs"] == "test"
    (make, publish) = [step for step in release["steps"] if "run" in step]
    assert make["run"] == 'scripts/release "$VERSION"'
    assert (
        make["env"]["VERSION"] == publish["env"]["VERSION"] == "${{ inputs.version }}"
    )
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert f" dist/{hacs['filename']} " in publish["run"]


def test_validators() -> None:
    """Home Assistant and HACS judge the repository themselves, also while it rests."""
    workflow = load(GITHUB / "workflows" / "validate.yml")
    used = {
        step["uses"].partition("@")[0]: step.get("with", {}) for step in steps(workflow)
    }
    assert "home-assistant/actions/hassfest" in used
    assert used["hacs/action"] == {"category": "integration"}
    assert workflow[True]["schedule"]


def test_dependabot() -> None:
    """The pins of the actions stay fresh; those of the test pair are left alone."""
    (update,) = load(GITHUB / "dependabot.yml")["updates"]
    assert update["package-ecosystem"] == "github-actions"
    assert update["schedule"] == {"interval": "weekly"}
    assert [group["patterns"] for group in update["groups"].values()] == [["*"]]


@each_form
def test_form(path: Path) -> None:
    """GitHub takes a form as it is; it shows none that has a mistake."""
    form = load(path)
    assert {"name", "description", "body"} <= set(form)
    assert set(form) <= {"name", "description", "title", "labels", "body"}
    assert form["name"]
    assert form["description"]
    for item in form["body"]:
        assert set(item) <= {"type", "id", "attributes", "validations"}
        known = ELEMENTS[item["type"]]
        required = known & {"label", "options"} or known
        assert required <= set(item["attributes"]) <= known
        assert set(item.get("validations", {})) <= {"required"}
    assert asked(form)


@each_form
def test_form_can_be_told_apart(path: Path) -> None:
    """Ids and labels are there once, and so is each choice."""
    form = load(path)
    fields = [item for item in form["body"] if item["type"] != "markdown"]
    assert len(asked(form)) == len(fields)
    assert all(re.fullmatch(r"[\w-]+", item["id"]) for item in fields)
    assert len({item["attributes"]["label"] for item in fields}) == len(fields)
    for item in fields:
        if item["type"] == "dropdown":
            options = item["attributes"]["options"]
            assert all(isinstance(option, str) for option in options)
            assert len(set(options)) == len(options) > 1


def test_forms_have_their_own_names() -> None:
    """The list of forms shows each once, and nothing gets around them."""
    assert len({load(path)["name"] for path in FORMS}) == len(FORMS)
    config = load(GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    assert config["blank_issues_enabled"] is False
    for link in config["contact_links"]:
        assert set(link) == {"name", "url", "about"}


@pytest.mark.parametrize("name", ["bug.yml", "pbx_behaves_differently.yml"])
def test_diagnostics_are_asked_for(name: str) -> None:
    """Who reports sends the diagnostics, knows how to get them, and gives no secret away."""
    fields = asked(load(GITHUB / "ISSUE_TEMPLATE" / name))
    diagnostics = fields["diagnostics"]
    assert diagnostics["type"] == "textarea"
    assert diagnostics["validations"]["required"] is True
    assert "render" not in diagnostics["attributes"]  # it would take no file then
    assert "Download diagnostics" in diagnostics["attributes"]["description"]
    assert fields["pbx_version"]["validations"]["required"] is True
    (promise,) = fields["secrets"]["attributes"]["options"]
    assert "password" in promise["label"]
    assert promise["required"] is True


def test_addresses_lead_somewhere() -> None:
    """What we link to in this repository by its public address is there."""
    manifest = ROOT / "custom_components" / "vodia" / "manifest.json"
    address = re.escape(json.loads(manifest.read_text())["documentation"])
    text = "\n".join(
        path.read_text()
        for path in (
            *FORMS,
            GITHUB / "ISSUE_TEMPLATE" / "config.yml",
            ROOT / "CONTRIBUTING.md",
        )
    )
    headings = {
        heading.lower().replace(" ", "-")
        for heading in re.findall(
            r"^#+ (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE
        )
    }
    for path in re.findall(rf"{address}/blob/main/([\w./-]+)", text):
        assert (ROOT / path).is_file(), path
    for form in re.findall(rf"{address}/issues/new\?template=([\w.]+)", text):
        assert (GITHUB / "ISSUE_TEMPLATE" / form) in FORMS
    assert set(re.findall(rf"{address}#([\w-]+)", text)) <= headings | {"readme"}
