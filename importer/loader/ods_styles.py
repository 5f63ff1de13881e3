"""What the cell styles of an OpenDocument spreadsheet say of values: zeros before whole numbers, a language.

In:  the elements of styles.xml and content.xml in document order. LibreOffice keeps number formats that came from an
     XLSX file in the former, those that a person chose in the latter.
Out: by cell style, how many digits its numbers are padded to, and the language of its dates and numbers.
     Source: OpenDocument 1.3 part 3, data styles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from importer.ooxml.number_format import Format

_GENERAL = "N0"
"""LibreOffice's name of the format that a new cell has."""

_WITH_LANGUAGE = frozenset({"number-style", "date-style", "time-style"})
_LANGUAGE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")


def _language(attributes: Mapping[str, str]) -> str:
    return f"{attributes.get('language', '')}-{attributes.get('country', '')}"


class CellStyles:
    """The styles noted so far."""

    def __init__(self) -> None:
        self._digits: dict[str, int] = {}
        """Number format -> how many digits its whole numbers are padded to."""
        self._formats: dict[str, str] = {}
        """Cell style -> number format."""
        self._languages: dict[str, str] = {}
        """Date or number format -> the language that was chosen for it."""
        self._parents: dict[str, str] = {}
        """Cell style -> the style it takes over what it does not say itself."""
        self._open = ""
        """The number format whose parts are being read."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Note an element, by its local name and attributes."""
        name = attributes.get("name", "")
        if tag == "style" and attributes.get("family") == "table-cell":
            if "data-style-name" in attributes:
                self._formats[name] = attributes["data-style-name"]
            if "parent-style-name" in attributes:
                self._parents[name] = attributes["parent-style-name"]
        elif tag in _WITH_LANGUAGE and _LANGUAGE.fullmatch(language := _language(attributes)):
            self._languages[name] = language
        if tag == "number-style":
            self._open = name
        elif tag.endswith("-style"):
            self._open = ""  # dates, currencies and the like have parts of these names too
        elif tag == "number" and self._open and attributes.get("decimal-places", "0") == "0":
            self._digits[self._open] = int(attributes.get("min-integer-digits", "0"))

    def has_format(self, style: str) -> bool:
        """Whether a style says how numbers are shown, other than in the general way."""
        return self._format_name(style) not in {"", _GENERAL}

    def format(self, style: str) -> Format:
        """Return the format of a style, as far as zeros before numbers go."""
        return Format(digits=self._digits.get(self._format_name(style), 0)) if self._digits else Format()

    def language(self, style: str) -> str:
        """Return the language of a style's format, such as `pt-BR`; "" where nobody chose one."""
        return self._languages.get(self._format_name(style), "") if self._languages else ""

    def _format_name(self, style: str) -> str:
        passed: set[str] = set()
        while style and style not in self._formats and style not in passed:
            passed.add(style)
            style = self._parents.get(style, "")
        return self._formats.get(style, "")
