"""What cells show besides their values: the language of a column, and how finely it shows moments.

In:  a table whose workbook names number formats, columns, converters.
Out: by column, the language of its filled cells; by cell, the last moment that looks the same as the one it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from importer.findings import cell_name
from importer.loader.table import Chunk, Table
from importer.model import Columns, ValueColumn
from importer.ooxml.number_format import Format
from importer.ooxml.xml import CELL_LIMIT, cell_length
from schemas.cells import Kind, Refused, shows_nothing
from schemas.locales import find_locale
from schemas.message import Message, count_message
from schemas.types.datetime import DatetimeConverter
from schemas.values import type_of


def languages(table: Table, columns: Columns) -> dict[int, str]:
    """Return by position the language that filled cells of a column are formatted with, where it is one alone.

    American English is no sign: Excel puts it into formats of every other edition too.
    """
    asked: list[ValueColumn] = [*columns.values, *filter(None, [columns.modified])]
    found = {}
    for one in asked:
        if not type_of(one.definition).by_locale:
            continue
        named = {form.language for form in table.formats.get(one.position, ())} - {"", "en-US"}
        if len(named) == 1 and _is_known(language := named.pop()):
            found[one.position] = language
    return found


def _is_known(language: str) -> bool:
    try:
        find_locale(language)
    except ValueError:
        return False
    return True


def without_unseen(chunk: Chunk) -> Chunk:
    """Return a chunk whose cells that show nothing are blank."""
    changed = {}
    for position, texts in chunk.columns.items():
        if _is_plain(chunk.joined(position)):
            continue
        # White space alone is blank wherever it stands; it is reported as it was typed.
        odd = [
            place
            for place, text in enumerate(texts)
            if text and not text[0].isalnum() and not text.isspace() and shows_nothing(text)
        ]
        if odd:
            changed[position] = list(texts)
            for place in odd:
                changed[position][place] = ""
    return replace(chunk, columns={**chunk.columns, **changed}) if changed else chunk


def _is_plain(text: str) -> bool:
    """Return whether a text is of blanks and of ASCII's visible characters alone."""
    codes = np.frombuffer(text.encode(errors="surrogatepass"), dtype=np.uint8)
    return not codes.size or bool(codes.min() >= ord(" ") and codes.max() <= ord("~"))


class Precision:
    """Tells how finely the cells of a datetime column show their moments.

    formats: the number formats of its filled cells; none where they are not known.
    """

    def __init__(self, converter: DatetimeConverter, formats: frozenset[Format]) -> None:
        self._converter = converter
        clocks = {one.clock for one in formats}
        self._clock = next((one for one in ("seconds", "minutes", "") if one in clocks), None)
        self._known: dict[tuple[Kind, str], str] = {}

    def last_alike(self, texts: Sequence[str], kinds: npt.NDArray[np.uint8] | None, values: Sequence[str]) -> list[str]:
        """Return by place the last moment that a cell would show alike; "" where it shows all of it, or holds none."""
        found = []
        known = self._known
        if len(known) > 100_000:
            known.clear()
        for place, (text, value) in enumerate(zip(texts, values, strict=True)):
            if not value or type(value) is Refused:
                found.append("")
                continue
            kind = Kind.TEXT if kinds is None else Kind(int(kinds[place]))
            if kind is Kind.TEXT or kind is Kind.NUMBER:
                if (kind, text) not in known:
                    known[kind, text] = self._converter.last_alike(text, kind, value)
                found.append(known[kind, text])
            else:
                found.append(self._of_date_cell(text, kind, value))
        return found

    def _of_date_cell(self, text: str, kind: Kind, value: str) -> str:
        """Return the same for a date cell: what is stored beyond what is shown is meant as well."""
        if kind is Kind.DATE and not self._clock:
            return self._converter.last_alike(text, kind, value)
        if not value.endswith("000Z"):
            return ""
        shows_seconds = self._clock == "seconds" or not value.endswith(":00.000Z")
        return value[:20] + "999Z" if shows_seconds else value[:17] + "59.999Z"


class LongTexts:
    """Texts that are exactly as long as a cell can be: their end may be cut off."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def note(self, chunk: Chunk, position: int) -> None:
        """Look through a column."""
        if chunk.longest(position) > CELL_LIMIT // 2:
            for row, text in zip(chunk.rows, chunk.columns[position], strict=True):
                if len(text) > CELL_LIMIT // 2 and cell_length(text) == CELL_LIMIT:
                    self._found[cell_name(row, position) or ""] = None

    def notices(self) -> list[Message]:
        """Return what is said of them."""
        if not self._found:
            return []
        names = list(self._found)
        return [
            count_message(
                "{cells} holds exactly 32,767 characters, as many as a cell can: its text may be cut off.",
                "{cells} hold exactly 32,767 characters, as many as a cell can: their texts may be cut off.",
                len(names),
                cells=", ".join(names[:5]) + (", …" if len(names) > 5 else ""),
            )
        ]
