"""What users write into the forms, as it is read."""

import pytest

from custom_components.vodia.flows.parse import (
    InvalidInput,
    parse_extension,
    parse_host,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pbx.example.com", ("pbx.example.com", 443, True)),
        ("  PBX.Example.com  ", ("pbx.example.com", 443, True)),
        ("https://pbx.example.com", ("pbx.example.com", 443, True)),
        ("http://192.168.1.11", ("192.168.1.11", 80, False)),
        ("HTTP://192.168.1.11/", ("192.168.1.11", 80, False)),
        (
            "wss://pbx.example.com/websocket?domain=a&user=1",
            ("pbx.example.com", 443, True),
        ),
        ("192.168.1.11:8443", ("192.168.1.11", 8443, True)),
        (
            "https://pbx.example.com:8443/usr_index.htm#x",
            ("pbx.example.com", 8443, True),
        ),
        ("[2001:db8::1]:8443", ("2001:db8::1", 8443, True)),
        ("2001:db8::1", ("2001:db8::1", 443, True)),
        ("http://[2001:db8::1]", ("2001:db8::1", 80, False)),
        ("pbx_1.local", ("pbx_1.local", 443, True)),
        # As people write it, and as DNS and certificates have it.
        ("pbx.müller.de", ("pbx.xn--mller-kva.de", 443, True)),
        ("https://PBX.MÜLLER.de:8443/x", ("pbx.xn--mller-kva.de", 8443, True)),
        ("pbx.xn--mller-kva.de", ("pbx.xn--mller-kva.de", 443, True)),
        ("pbx.mu\u0308ller.de", ("pbx.xn--mller-kva.de", 443, True)),
        ("http://центр.example", ("xn--e1aqjhr.example", 80, False)),
        ("電話。example", ("xn--722ax0w.example", 443, True)),
        ("pbx.example.", ("pbx.example", 443, True)),
        ("https://pbx.example.:8443/", ("pbx.example", 8443, True)),
        ("pbx.müller.de.", ("pbx.xn--mller-kva.de", 443, True)),
        ("fe80::1%eth0", ("fe80::1%eth0", 443, True)),
    ],
)
def test_parse_host(text: str, expected: tuple[str, int, bool]) -> None:
    """Scheme, port, path and spaces are understood."""
    assert tuple(parse_host(text).values()) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "//",
            "https://",
            ":8443",
            "a..b/\\",
            "http://[::1",
            "-x",
            "]@[:@",
            "https:/x",
        ),
        *("pbx..", "müller..de", "mül ler", "ü" * 70, "."),
        *("pbx\nx", "fe80::1%e\0", "fe80::1%", "1:2:3", "https://https", "ht tp://pbx"),
    ],
)
def test_parse_host_refuses(text: str) -> None:
    """What is no host is refused."""
    with pytest.raises(InvalidInput):
        parse_host(text)


def test_parse_extension() -> None:
    """The tenant is optional."""
    assert parse_extension(" 45 ") == {"extension": "45", "tenant": None}
    for typed, tenant in (
        ("A.example", "a.example"),
        ("a.example.", "a.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("a_b", "a_b"),
    ):
        found = parse_extension(f"45@{typed}")
        assert found == {"extension": "45", "tenant": tenant}
