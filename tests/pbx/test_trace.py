"""Test what the trace keeps, and that it is bounded."""

import orjson

from custom_components.vodia.pbx.trace import Ledger, count
from custom_components.vodia.pbx.wire.messages import decode


def test_count_tells_new_words_and_stays_small() -> None:
    """A PBX that makes up words does not fill the memory."""
    ledger = Ledger()
    assert count(ledger.dropped, "not JSON")
    assert not count(ledger.dropped, "not JSON")
    for index in range(1000):
        count(ledger.dropped, f"{index}" + "x" * 10_000)
    assert len(ledger.dropped) <= 100
    assert max(map(len, ledger.dropped)) <= 64
    assert ledger.dropped["not JSON"] == 2
    assert not count(ledger.dropped, "not JSON"), "a known word counts on"
    assert ledger.dropped["not JSON"] == 3


def test_last_frames_are_bounded() -> None:
    """The last frames are kept; of a large one only its size."""
    ledger = Ledger()
    for index in range(200):
        ledger.record("socket", str(index).encode() + b"x" * 8_000)
    ledger.record("socket", b"x" * 1_000_000)
    assert len(ledger.last) <= 100
    assert ledger.last[-2].text.startswith(b"199x")
    assert (ledger.last[-1].text, ledger.last[-1].size) == (b"", 1_000_000)
    assert sum(len(entry.text) for entry in ledger.last) < 1_000_000


def test_repeated_frames_are_recorded_once() -> None:
    """What is said again and again does not push out the rest."""
    ledger = Ledger()
    for _ in range(5):
        ledger.record("received", b"[]")
    assert len(ledger.last) == 1


def test_samples_are_shortened() -> None:
    """The first frames of each kind stay, their lists cut; later ones do not count."""
    ledger = Ledger()
    accounts = [{"account": str(number)} for number in range(1000)]
    for _ in range(5):
        decode(orjson.dumps({"action": "domain-state", "accounts": accounts}), ledger)
    assert [len(frame["accounts"]) for frame in ledger.samples["domain-state"]] == [
        3,
        3,
    ]
