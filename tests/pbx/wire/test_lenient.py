"""JSON as telephone systems write it: what a strict reader refuses is read as far as it goes."""

from contextlib import suppress
import math
import time
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.vodia.pbx.wire.lenient import loads

pytestmark = pytest.mark.filterwarnings("ignore:.*`register_random`")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":"Bob\tB"}', {"a": "Bob\tB"}),
        (b'{"a":"one\ntwo\x00\x1b"}', {"a": "one\ntwo\x00\x1b"}),
        (b'{"a":"J\xfcrgen","b":1}', {"a": "J\ufffdrgen", "b": 1}),
        (b'{"a":"\xc3"}', {"a": "\ufffd"}),
        (r'{"a":"\ud83d"}', {"a": "\ufffd"}),
        (r'{"a":"\ud83dx\udc00"}', {"a": "\ufffdx\ufffd"}),
        (r'{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
        (r'{"a":"\\ud800\u00fc", "b":NaN}', {"a": "\\ud800\u00fc", "b": None}),
        (b'{"a":1,"b":Infinity,"c":-Infinity}', {"a": 1, "b": None, "c": None}),
        (b'{"a":1e999,"b":[1,2,],}', {"a": None, "b": [1, 2]}),
        (b'{"a":"x,]","b":[1, ]}', {"a": "x,]", "b": [1]}),
        (r'{"a":"it\'s \x41 \u12"}', {"a": "it's x41 u12"}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'\x00\r\n{"a":1}\x00', {"a": 1}),
        (b'{"a":1} trailing {"b":2}', {"a": 1}),
        (b"[1,2]]", [1, 2]),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": None}),
        (b'{"a":1,"a":2,}', {"a": 2}),
    ],
)
def test_read_in_spite_of(text: bytes | str, value: Any) -> None:
    """One bad character, number or comma costs itself only."""
    assert loads(text) == value


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        *(
            (text, 1)
            for text in ("", " ", "hello", "{", "[", '{"a"', '{"a":', "<html>")
        ),
        *(
            (text, 1)
            for text in ("{'a':1}", "{a:1}", '"', "\\", "\x00", '{"a":,"b":1}')
        ),
        *((text, 100_000) for text in ("[", '{"a":')),
    ],
)
def test_not_json(piece: str, times: int) -> None:
    """What is cut off, nested without end or something else is refused."""
    with pytest.raises(ValueError):
        loads(piece * times)


def test_no_more_levels_than_a_strict_reader_takes() -> None:
    """What is nested deeper is refused, closed or not."""
    assert loads("[" * 200 + "]" * 200 + ",")
    with pytest.raises(ValueError):
        loads("[" * 2000 + "]" * 2000)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from(("", "}", "\x00", " {}", ",")),
)
def test_what_is_json_stays_what_it_is(value: Any, behind: str) -> None:
    """However the text is read, strictly or leniently, it says the same."""
    text = orjson.dumps(value)
    assert loads(text) == loads(b"\xef\xbb\xbf" + text + behind.encode())


@given(st.binary(max_size=80) | st.text(st.characters(codec=None), max_size=80))
def test_anything_is_read_or_refused(text: bytes | str) -> None:
    """What comes out can be stored anywhere; nothing but ValueError comes else."""
    try:
        value = loads(text)
    except ValueError:
        return
    assert orjson.loads(orjson.dumps(value)) == value
    assert not (isinstance(value, float) and not math.isfinite(value))


@pytest.mark.parametrize(
    "piece", ['"\\"', '"', "\\", ",]", '{"a":"\\u', ", ", ",", "\\ud800", " ", "[1,"]
)
def test_long_texts_cost_their_length(piece: str) -> None:
    """No text makes the lenient reader slow."""
    text = '{"a":1,' + piece * (4_000_000 // len(piece))
    began = time.process_time()
    with suppress(ValueError):
        loads(text)
    assert time.process_time() - began < 8
