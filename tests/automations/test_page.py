"""The page of automations has all that people build."""

from pathlib import Path
import re

from custom_components.vodia.const import DOMAIN
from tests.support.automations_page import BLOCKS, IMPOSSIBLE, SECTIONS, TEXT
from tests.support.repository import ROOT

# What people build, and where it is on the page.
WISHES = {
    "mute or lower TV and music": "Mute the TV while the phone is busy",
    "busy or on-air light": "A busy light at the door",
    "flash lights": "Flash the lights when it rings",
    "speak the name of the caller": "Say who calls on the speakers",
    "caller on TV": "Show who calls on the TV",
    "push with answer and decline": "Answer or decline from a message",
    "door station": "The door station rings: show it, and open",
    "PIN by DTMF": IMPOSSIBLE,
    "gate opens for a known number": "Open the gate when a known number calls",
    "house calls me": "The house calls me",
    "missed call with call-back": "Tell me of missed calls",
    "call log on a dashboard": "A list of calls on a dashboard",
    "DND by schedule or alarm": "Do not disturb by itself",
    "nobody home or out of hours": "Send calls on when nobody is here",
    "not answered in 20 s": "Send a call on when nobody answers",
    "short code runs a scene": "Dial a code to run a scene",
    "pause vacuum or mower": "Pause the vacuum cleaner during calls",
    "talk to Assist": IMPOSSIBLE,
    "reject spam": "Refuse spam",
    "reaction for each line": "Another colour for each phone",
    "queue lamp": "A lamp when callers wait in a queue",
    "phone or PBX gone": "Tell me when a phone or the PBX is gone",
    "DND lamp and phone in step": "A lamp in step with do not disturb",
    "no chime while in a call": "No chime while somebody is on the phone",
}


def test_page() -> None:
    """All that people build is there, in the index, without a template, and tested."""
    assert len(WISHES) == 24
    assert set(SECTIONS) == set(WISHES.values())
    assert not SECTIONS[IMPOSSIBLE]
    assert all(blocks for heading, blocks in SECTIONS.items() if heading != IMPOSSIBLE)
    assert len(BLOCKS) == sum(map(len, SECTIONS.values())) == TEXT.count("```yaml")
    for block in BLOCKS.values():
        assert not re.search(r"\{\{|\{%|\{#", block)
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in SECTIONS
    }
    index, _, _ = TEXT.partition("\n## ")
    assert set(re.findall(r"\(#(.*?)\)", index)) == anchors - {"what-is-not-possible"}
    assert set(re.findall(r"\(#(.*?)\)", TEXT)) <= anchors
    for name in re.findall(r"\b\w+\.yaml\b", TEXT):
        assert (ROOT / "blueprints" / "automation" / DOMAIN / name).exists(), name
    tested = [
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"^@plays\(\"(.*?)\"", path.read_text(), re.MULTILINE)
    ]
    assert set(BLOCKS) == set(tested)
