"""When two values mean the same, and how text becomes a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.cells import Kind, Problem, Reading, shows_nothing
from schemas.property import PortalSchema, Property, Rule
from schemas.values import make_converter, same_value

TEXT = Property("subject", "Name", "string", "text")
NUMBER = Property("amount", "Amount", "number", "number")
DAY = Property("due", "Due", "date", "date")
MOMENT = Property("closed", "Closed", "datetime", "date")
SEVERAL = Property("category", "Category", "enumeration", "checkbox")
ONE = Property("priority", "Priority", "enumeration", "select")
UNIQUE = Property("ref", "Ref", "string", "text", unique=True)
BOOL = Property("vip", "VIP", "bool", "booleancheckbox")
TRIMMED = Property("city", "City", "string", "text", rules=(Rule("WHITESPACE", ("TRIM",), normalizes=True),))


@pytest.mark.parametrize(
    ("definition", "left", "right", "same"),
    [
        (TEXT, "a", "a", True),
        (TEXT, "a", "A", False),
        (TEXT, "", None, True),
        (TEXT, None, None, True),
        (TEXT, "a", None, False),
        (NUMBER, "12.50", "12.5", True),
        (NUMBER, "1.25E+3", "1250", True),
        (NUMBER, "0", "", False),
        (NUMBER, "12", "13", False),
        (NUMBER, "twelve", "12", False),
        (NUMBER, "9007199254740993", "9007199254740992", False),
        (DAY, "2026-03-04", "1772582400000", True),
        (DAY, "2026-03-04", "2026-03-04T00:00:00Z", True),
        (DAY, "2026-03-04", "2026-03-05", False),
        (DAY, "x", "y", False),
        (MOMENT, "2026-03-04T12:30:00.000Z", "2026-03-04T12:30:00Z", True),
        (MOMENT, "2026-03-04T12:30:00.000Z", "1772627400000", True),
        (MOMENT, "2026-03-04T12:30:00.000Z", "2026-03-04T09:30:00-03:00", True),
        (MOMENT, "2026-03-04T12:30:00.000Z", "2026-03-04T12:30:00.001Z", False),
        (MOMENT, "x", "y", False),
        (SEVERAL, "A;B", "B;A", True),
        (SEVERAL, "A;B", "A", False),
        (SEVERAL, "A;;B", ";B;A", True),
        (ONE, "A", "a", False),
        (UNIQUE, "ORD-1", "ord-1", True),
        (UNIQUE, "ORD-1", "ord-2", False),
        (BOOL, "true", "True", True),
        (TEXT, "a\r\nb\rc", "a\nb\nc", True),
        (TEXT, "a\r\nb", "a b", False),
        (BOOL, "true", "false", False),
        (TRIMMED, "Rio", " Rio ", True),
        (TRIMMED, "Rio", "Rio!", False),
        (None, "1.0", "1", False),
        (None, "1", "1", True),
    ],
)
def test_same_value(definition, left, right, same):
    """By meaning, in whatever form the portal answers."""
    assert same_value(definition, left, right) is same
    assert same_value(definition, right, left) is same


@pytest.mark.parametrize(
    ("field_type", "text", "value"),
    [
        ("text", "  a  b ", "a  b"),
        ("text", "a\r\nb\rc", "a\nb\nc"),
        ("phonenumber", " +1 555 ", "+1 555"),
        ("textarea", "  a \r\n", "  a \n"),
        ("html", " <b>x</b> ", " <b>x</b> "),
        ("text", "007", "007"),
        ("text", "NA", "NA"),
        ("text", "\u00a0x\u00a0", "x"),
    ],
)
def test_text(field_type, text, value):
    """Outer white space of one line is nobody's wish; that of many lines may be."""
    converter = make_converter(Property("p", "P", "string", field_type), PortalSchema({}), Reading())

    assert converter(text, Kind.TEXT) == value
    assert converter.convert_all([text, " ", ""], Kind.TEXT) == [value, "", ""]


@pytest.mark.parametrize("kind", ["phone_number", "json", "object_coordinates", "a_type_of_tomorrow"])
def test_a_type_that_nobody_knows_is_text(kind):
    converter = make_converter(Property("p", "P", kind, "text"), PortalSchema({}), Reading())

    assert converter(" 12 ", Kind.TEXT) == "12"


@given(text=st.text(max_size=30), kind=st.sampled_from(["string", "number", "bool", "date", "datetime", "enumeration"]))
def test_converting_a_converted_value_changes_nothing(text, kind):
    """What was converted means itself; only numbers may look ambiguous once the cells around them are gone."""
    converter = make_converter(Property("p", "P", kind, "text"), PortalSchema({}), Reading())

    value = converter(text, Kind.TEXT) if text.strip() else ""

    if isinstance(value, str) and value:
        again = converter(value, Kind.TEXT)
        assert again == value or (isinstance(again, Problem) and again.code == "ambiguous_number")


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", True),
        (" \xa0", True),
        ("\u200b\ufeff", True),
        ("\u2800", True),
        ("\U000e0100", True),
        ("\x0b", True),
        ("\U000719d2", False),
        ("\u0378", False),
        ("\U0001f44d", False),
        ("-", False),
    ],
)
def test_what_shows_nothing(text, nothing):
    """A character that this version of Unicode does not know, next year's emoji, is one that is seen."""
    assert shows_nothing(text) == nothing
