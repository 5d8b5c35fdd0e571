"""Names as they are said: what must hold whoever says them, and how."""

from random import Random

from hypothesis import assume, example, given, settings, strategies as st
import pytest

from custom_components.vodia.pbx.errors import InvalidNumberError
from custom_components.vodia.voice.names import Named, match_names, spoken_number
from custom_components.vodia.voice.words import tokens

# Hypothesis warns of its own generator, once, with Python 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:.*`register_random`")


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


def known(*names: str) -> list[Named[str]]:
    """Return people who are called so."""
    return [Named(name, (name,)) for name in names]


PEOPLE = known(
    *("Anna Lindqvist", "Anna Meyer", "Dorothea Kühn", "Émile Garnier", "Joe", "Jo"),
    "Søren Włodarczyk",
    *("João Azevedo", "田中 美咲", "Quentin O'Hara", "Anna-Maria Strauß", "Sales", ""),
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Anna Lindqvist", ["Anna Lindqvist"]),
        ("lindqvist ANNA", ["Anna Lindqvist"]),
        ("Lindqvist", ["Anna Lindqvist"]),
        ("Frau Lindqvist", ["Anna Lindqvist"]),
        ("die Anna Lindqvist bitte", ["Anna Lindqvist"]),
        ("Anna", ["Anna Lindqvist", "Anna Meyer", "Anna-Maria Strauß"]),
        ("Dorothea Kuehn", ["Dorothea Kühn"]),
        ("kuhn", ["Dorothea Kühn"]),
        ("emile garnier", ["Émile Garnier"]),
        ("Joao", ["João Azevedo"]),
        ("田中 美咲", ["田中 美咲"]),
        ("O'Hara", ["Quentin O'Hara"]),
        ("Annamaria Strauss", ["Anna-Maria Strauß"]),
        ("the sales", ["Sales"]),
        ("Soren Wlodarczyk", ["Søren Włodarczyk"]),
        # Who is called so exactly is meant, though another sounds alike.
        ("Joe", ["Joe"]),
        ("Jo", ["Jo"]),
        ("Anna Smith", []),
        ("Ann", []),
        ("the", []),
        ("", []),
        ("?!", []),
    ],
)
def test_find(said: str, meant: list[str]) -> None:
    """A name is understood in any order and spelling; a part of one may be several's."""
    assert match_names(said, PEOPLE) == meant


def test_last_digits() -> None:
    """The last digits of a number tell the numbers of one person apart."""
    numbers = ("030123456", "01717654321")
    phones = [Named(number, ("Anna Meyer",), number) for number in numbers]
    assert match_names("Anna Meyer", phones) == [*numbers]
    assert match_names("Anna Meyer 21", phones) == ["01717654321"]
    assert match_names("Meyer 5 6", phones) == ["030123456"]
    assert match_names("Anna 99", phones) == []
    assert match_names("21", phones) == []


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("41", "41"),
        (" 4 1 ", "41"),
        ("+49 (0)30 / 12 34-56", "+4930123456"),
        ("*97", "*97"),
        ("030 12.34.56", "030123456"),
        ("01.23.45.67.89", "0123456789"),
        ("12.34.56", "123456"),
        ("212.555.0123", "2125550123"),
        ("1.800.555.0123", "18005550123"),
        ("+1.2125550123", "+12125550123"),
        ("555.1234", "5551234"),
        ("41.", "41"),
        ("Anna", None),
        ("4 Anna", None),
        ("", None),
        ("+", None),
    ],
)
def test_number(said: str, number: str | None) -> None:
    """A number is dialed as it is, with what people write between the digits left out."""
    assert spoken_number(said) == number


@pytest.mark.parametrize(
    "said",
    [
        *(
            "1.5",
            "1,5",
            "12.34",
            "0.5",
            "3.14159265",
            "1.234",
            "41.5",
            "\u0661\u066b\u0665",
        ),
        *(
            "030 1.5",
            "030 12345.6",
            "1.2.3",
            "12,34,56",
            "\uff11\uff0e\uff15",
            "tel:1.5",
        ),
        "please 1.5",
    ],
)
def test_amount(said: str) -> None:
    """A number with a decimal point or comma is not dialed, nor found without it."""
    if "please" not in said:
        with pytest.raises(InvalidNumberError):
            spoken_number(said)
    digits = "".join(str(int(char)) for char in said if char.isdecimal())
    phones = [Named(digits, (digits, ""), digits)]
    assert match_names(said, phones) == []
    room = [*phones, Named("room", (said,), "41")]
    assert match_names(said, room) == ["room"]


NAME = st.lists(
    st.text(st.characters(categories=("Ll", "Lu", "Lt", "Lo", "Nd")), min_size=1),
    min_size=1,
    max_size=4,
).map(" ".join)
NAMES = st.lists(NAME, max_size=8, unique=True)


@settings(max_examples=300, deadline=None)
@given(NAME, NAMES, st.randoms(use_true_random=False))
def test_any_order_and_case(name: str, others: list[str], random: Random) -> None:
    """Whoever is there is found by the name in any order, in any case."""
    parts = tokens(name)
    assume(parts)
    shuffled = [*parts]
    random.shuffle(shuffled)
    people = known(*others, name)
    alike = {one for one in (*others, name) if sorted(tokens(one)) == sorted(parts)}
    assert name in match_names(name, people)
    for said in (" ".join(shuffled), " ".join(shuffled).upper()):
        assume(sorted(tokens(said)) == sorted(parts))
        # Unless another one is called exactly so.
        exact = [
            one for one in alike if one.casefold().split() == said.casefold().split()
        ]
        assert name in match_names(said, people) or exact


@settings(max_examples=300, deadline=None)
@given(NAME, NAMES, st.randoms(use_true_random=False))
def test_order_of_people(said: str, names: list[str], random: Random) -> None:
    """Who is meant does not depend on the order in which people are listed."""
    shuffled = [*names]
    random.shuffle(shuffled)
    assert set(match_names(said, known(*names))) == set(
        match_names(said, known(*shuffled))
    )


@settings(max_examples=300, deadline=None)
@given(NAME, NAMES)
@example("O O", ["0 0"])
@example("0 O", ["00"])
def test_nobody_is_made_up(said: str, names: list[str]) -> None:
    """Whoever is found has a word of what was said, or all of it in one.

    What is said around a name may be left out, and letters O between digits are zeros.
    """
    wanted = tokens(said)
    essential = [word for word in wanted if word != "a"]
    for found in match_names(said, known(*names)):
        own = tokens(found)
        heard = ("".join(wanted), "".join(essential))
        assert (
            set(own) & set(wanted)
            or "".join(own) in (*heard, *(text.replace("o", "0") for text in heard))
            or found == said
        )


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_words_are_stable(text: str) -> None:
    """Words are the same when they are taken apart once more."""
    assert tokens(" ".join(tokens(text))) == tokens(text)
    try:
        number = spoken_number(text)
    except InvalidNumberError:
        return
    assert number is None or not set(number) & set(" ()")
