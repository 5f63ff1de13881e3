"""The portal's own form of a text says what was sent; a text cut short, or another one, does not."""

import pytest

from schemas.forms import is_own_form
from schemas.property import Property

TEXT = Property("subject", "Ticket name", "string", "text")
RICH = Property("letter", "Letter", "string", "html")
PHONE = Property("phone", "Phone", "string", "phonenumber")


@pytest.mark.parametrize(
    ("definition", "sent", "returned"),
    [
        (TEXT, "  spaced ", "spaced"),
        (TEXT, "ACME Ltd", "acme ltd"),
        (TEXT, "a\u200bb", "ab"),
        (TEXT, "Sa\u0303o", "S\u00e3o"),
        (TEXT, "one\r\ntwo", "one two"),
        (RICH, "<P>Hello<script>x()</script></P>", "<p>Hello</p>"),
        (RICH, "<p onclick='x()'>5 &lt; 6</p><!-- note -->", "<p>5 < 6</p>"),
        (PHONE, "+55 (11) 98765-4321", "+5511987654321"),
        (None, "Any Thing", "any thing"),
    ],
)
def test_the_same_text_in_another_form(definition, sent, returned):
    assert is_own_form(definition, sent, returned)


@pytest.mark.parametrize(
    ("definition", "sent", "returned"),
    [
        (TEXT, "a long subject", "a long"),
        (TEXT, "a long subject", "a long sub\u2026"),
        (TEXT, "C++", "C"),
        (RICH, "<p>Hello world</p>", "<p>Hello</p>"),
        (RICH, "<script>x()</script>", ""),
        (TEXT, "text", ""),
        (TEXT, "", "text"),
        (TEXT, "new", "something else"),
        (PHONE, "+5511987654321", "+551198765"),
        (Property("n", "N", "number", "number"), "1 000", "1000"),
        (Property("o", "O", "enumeration", "select"), "HIGH", "high"),
        (Property("d", "D", "date", "date"), "2026-03-04", "2026-03-04 "),
        (Property("w", "W", "string", "text", referenced_object="OWNER"), "12 ", "12"),
    ],
)
def test_another_value(definition, sent, returned):
    assert not is_own_form(definition, sent, returned)
