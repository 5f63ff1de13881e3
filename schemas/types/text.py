"""Text: what a cell holds, with HubSpot's line breaks and without white space that nobody meant."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.cells import Converter, Kind
from schemas.property import Property

MAX_LENGTH = 65_536
"""Characters of one value. Source: HubSpot Properties API guide."""

_MANY_LINES = {"textarea", "html"}


def has_lines(definition: Property) -> bool:
    """Return whether texts of a string property may have several lines, whose outer white space is meant."""
    return definition.field_type in _MANY_LINES or definition.text_hint == "multi_line"


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
        """Return the text."""
        del kind
        text = line_breaks(text)
        return text.strip() if self._trims else text


def line_breaks(text: str) -> str:
    """Return a text whose line breaks are all single line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
