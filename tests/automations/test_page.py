"""The page of automations has all that people build."""

from pathlib import Path
import re

from tests.support.automations_page import BLOCKS, IMPOSSIBLE, SECTIONS, TEXT, USES

# What people build, and where it is on the page: a heading, or a blueprint.
WISHES = {
    "mute or lower TV and music": "pause-media-during-calls",
    "busy or on-air light": "busy-light",
    "flash lights": "flash-lights-when-the-phone-rings",
    "speak the name of the caller": "announce-the-caller",
    "caller on TV": "show-the-caller-on-a-screen",
    "push with answer and decline": "incoming-call-notification",
    "door station": "Show who's at the door, and unlock it",
    "PIN by DTMF": IMPOSSIBLE,
    "gate opens for a known number": "Open the gate for known numbers",
    "house calls me": "Let the house call you",
    "missed call with call-back": "missed-call-notification",
    "call log on a dashboard": "A call list for a dashboard",
    "DND by schedule or alarm": "do-not-disturb-by-schedule-or-alarm",
    "DND for a while": "Do not disturb for a while",
    "nobody home or out of hours": "Send calls on when nobody's here",
    "not answered in 20 s": "Send a call on when nobody answers",
    "short code runs a scene": "Dial a code for a scene",
    "pause vacuum or mower": "Pause the vacuum during calls",
    "talk to Assist": IMPOSSIBLE,
    "reject spam": "Reject spam",
    "reaction for each line": "A color for each phone",
    "queue lamp": "A lamp for callers in a queue",
    "phone or PBX gone": "Tell me when a phone or the PBX is offline",
    "DND lamp and phone in step": "A do not disturb lamp",
    "no chime while in a call": "No chime during a call",
}


def test_page() -> None:
    """All that people build is there, in the index, without a template, and tested."""
    assert len(WISHES) == 25
    blueprints = {place for place in WISHES.values() if place.islower()}
    assert set(SECTIONS) == set(WISHES.values()) - blueprints
    index, _, _ = TEXT.partition("\n## ")
    for name in blueprints:
        assert f"](blueprints.md#{name})" in index
    assert not SECTIONS[IMPOSSIBLE]
    assert all(blocks for heading, blocks in SECTIONS.items() if heading != IMPOSSIBLE)
    assert len(BLOCKS) == sum(map(len, SECTIONS.values())) == TEXT.count("```yaml")
    for block in BLOCKS.values():
        assert not re.search(r"\{\{|\{%|\{#", block)
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in SECTIONS
    }
    assert set(re.findall(r"\(#(.*?)\)", index)) == anchors - {"what-isnt-possible"}
    assert set(re.findall(r"\(#(.*?)\)", TEXT)) <= anchors
    tested = [
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"^@plays\(\"(.*?)\"", path.read_text(), re.MULTILINE)
    ]
    assert set(BLOCKS) | set(USES) == set(tested)
