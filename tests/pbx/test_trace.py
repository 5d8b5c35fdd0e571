"""Test what the trace keeps, and that it is bounded."""

import orjson

from custom_components.vodia.pbx.trace import Trace, count
from custom_components.vodia.pbx.wire.messages import decode


def test_count_tells_new_words_and_stays_small() -> None:
    """A PBX that makes up words does not fill the memory."""
    trace = Trace()
    assert count(trace.dropped, "not JSON")
    assert not count(trace.dropped, "not JSON")
    for index in range(1000):
        count(trace.dropped, f"{index}" + "x" * 10_000)
    assert len(trace.dropped) <= 100
    assert max(map(len, trace.dropped)) <= 64
    assert trace.dropped["not JSON"] == 2
    assert not count(trace.dropped, "not JSON"), "a known word counts on"
    assert trace.dropped["not JSON"] == 3


def test_last_frames_are_bounded() -> None:
    """The last frames are kept; of a large one only its size."""
    trace = Trace()
    for index in range(200):
        trace.record("socket", str(index).encode() + b"x" * 8_000)
    trace.record("socket", b"x" * 1_000_000)
    assert len(trace.last) <= 100
    assert trace.last[-2].text.startswith(b"199x")
    assert (trace.last[-1].text, trace.last[-1].size) == (b"", 1_000_000)
    assert sum(len(entry.text) for entry in trace.last) < 1_000_000


def test_repeated_frames_are_recorded_once() -> None:
    """What is said again and again does not push out the rest."""
    trace = Trace()
    for _ in range(5):
        trace.record("received", b"[]")
    assert len(trace.last) == 1


def test_samples_are_shortened() -> None:
    """The first frames of each kind stay, their lists cut; later ones do not count."""
    trace = Trace()
    accounts = [{"account": str(number)} for number in range(1000)]
    for _ in range(5):
        decode(orjson.dumps({"action": "domain-state", "accounts": accounts}), trace)
    assert [len(frame["accounts"]) for frame in trace.samples["domain-state"]] == [
        3,
        3,
    ]
