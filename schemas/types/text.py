"""Text: what a cell holds, with HubSpot's line breaks and without outer white space."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from schemas.cells import Converter, Kind
from schemas.property import Property, Rule
from schemas.property_type import PropertyType, Same
from schemas.rules import normalise

MAX_LENGTH = 65_536
"""Characters of one value. Source: HubSpot Properties API guide."""

_MANY_LINES = {"textarea", "html"}


def has_lines(definition: Property) -> bool:
    """Return whether texts of a string property may have several lines, whose outer white space is meant."""
    return definition.field_type in _MANY_LINES or definition.text_hint == "multi_line"


def has_parts(definition: Property) -> bool:
    """Return whether lines can be added to texts of a property; what a type that is not known holds may be JSON."""
    return definition.type == "string" and has_lines(definition)


def is_html(definition: Property) -> bool:
    """Return whether HubSpot reads texts of a property as HTML."""
    return definition.field_type == "html"


def is_phone(definition: Property) -> bool:
    """Return whether texts of a property are phone numbers, which the portal writes in its own form."""
    return definition.field_type == "phonenumber"


class TextConverter(Converter):
    """Reads the cells of a string property, and of properties whose type is not known."""

    code = "too_long"

    def __init__(self, definition: Property) -> None:
        self._trims = not has_lines(definition)

    def convert_all(self, texts: Sequence[str], kind: Kind) -> list[str | None]:
        """Return the texts of many cells; long ones are left to be judged."""
        if max(map(len, texts), default=0) > MAX_LENGTH or "\r" in "".join(texts):
            return [self._short(text, kind) for text in texts]
        if self._trims:
            return list(map(str.strip, texts))
        if any(map(str.isspace, texts)):
            return ["" if text.isspace() else text for text in texts]
        return list(texts)

    def _short(self, text: str, kind: Kind) -> str | None:
        value = self(text, kind) if text.strip() else ""
        return value if len(value) <= MAX_LENGTH else None

    def __call__(self, text: str, kind: Kind) -> str:
        del kind
        text = line_breaks(text)
        return text.strip() if self._trims else text


def line_breaks(text: str) -> str:
    """Return a text whose line breaks are all single line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def same_word(left: str, right: str) -> bool:
    """Return whether two words are the same, without case."""
    return left.casefold() == right.casefold()


def _same_text(left: str, right: str) -> bool:
    """Return whether two texts are the same, whatever their line breaks are."""
    return line_breaks(left) == line_breaks(right)


def _same_unique(left: str, right: str) -> bool:
    return line_breaks(left).casefold() == line_breaks(right).casefold()


def _same_normalised(rules: Sequence[Rule], unique: bool, left: str, right: str) -> bool:  # noqa: FBT001
    left, right = line_breaks(left), line_breaks(right)
    return (unique and same_word(left, right)) or normalise(rules, left) == normalise(rules, right)


def _comparer(definition: Property) -> Same:
    rules = definition.rules if any(rule.normalizes for rule in definition.rules) else ()
    if rules:
        return partial(_same_normalised, rules, definition.unique)
    return _same_unique if definition.unique else _same_text


TEXT = PropertyType(
    converter=lambda definition, _, __: TextConverter(definition),
    comparer=_comparer,
    is_text=True,
    keeps_zeros=True,
    has_parts=has_parts,
)
"""Free text. The portal's rules may normalise it; unique values are compared without case."""
