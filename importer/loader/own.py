"""Which columns and sheets a run wrote: known by what they hold, never by their names alone.

In:  a table, and the headers that the user took for properties; a source and one of its sheets.
Out: `OwnColumns`: where ours stand, and what ours are to be called this time; rows into which a report was shifted;
     whether a sheet is ours.

A spreadsheet program that opens a row with too few fields and saves it moves a report into the row's data. Such a row
holds a status of ours with a message of ours right of it, which nobody types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from importer.findings import CHANGES_SHEET, REPORT_COLUMNS, REPORT_SHEET, REPORT_SHEETS, Finding, column_letter
from importer.i18n import LANGUAGES, catalogue_texts, translations
from importer.loader.fingerprint import MARK
from importer.loader.header_text import bare, plain
from importer.loader.table import (
    CHUNK_SIZE,
    LISTS_SHEET,
    Chunk,
    OwnColumns,
    SheetInfo,
    Source,
    Table,
)
from importer.model import Status
from schemas.message import message

STATUS_WORDS = frozenset(map(str, Status))
_STATUS, _MESSAGE = REPORT_COLUMNS
_NUMBERED = re.compile(r"(?P<name>.+?)(?: (?P<number>[2-9]|[1-9][0-9]+))?")
_FIELD = re.compile(r"\{[^}]*\}")
_TELLING = 12
"""Characters of one of our sentences that nobody else writes by chance behind a status word."""


def own_columns(table: Table, claimed: Collection[str] = ()) -> OwnColumns:
    """Tell which columns of a table are ours; reads it where a header bears a name of ours.

    claimed: headers that the user took for properties, with --map: these are never ours.
    """
    taken = {plain(one) for one in claimed}
    named = {
        place: name
        for place, header in enumerate(table.headers)
        if (name := _own_name(header)) and plain(header) not in taken
    }
    statuses = _holding(table, [place for place, name in named.items() if name == _STATUS], _is_ours)
    messages = tuple(place for place, name in named.items() if name == _MESSAGE and place - 1 in statuses)
    moved = [place for place, name in named.items() if name == _MESSAGE and place not in messages]
    if not messages and statuses:
        messages = _moved_messages(table, statuses, moved)[:1]
    users = {plain(header) for place, header in enumerate(table.headers) if place not in {*statuses, *messages}}
    number = 1
    while any(plain(_numbered(name, number)) in users for name in REPORT_COLUMNS):
        number += 1
    return OwnColumns(statuses, messages, (_numbered(_STATUS, number), _numbered(_MESSAGE, number)))


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"


def _own_name(header: str) -> str | None:
    """Return which of our names a header is, its number aside."""
    found = _NUMBERED.fullmatch(bare(header))
    return found["name"] if found and found["name"] in REPORT_COLUMNS else None


def _holding(table: Table, candidates: Collection[int], is_ours: Callable[[str], bool]) -> tuple[int, ...]:
    """Return the columns in which every filled cell is ours."""
    left = set(candidates)
    for chunk in table.chunks(sorted(left)) if left else ():
        left = {place for place in left if all(map(is_ours, set(chunk.columns[place])))}
        if not left:
            break
    return tuple(sorted(left))


def _moved_messages(table: Table, statuses: Sequence[int], candidates: Collection[int]) -> tuple[int, ...]:
    """Return the columns that hold messages of ours, though somebody moved them away from their status.

    Some text in them is one of ours, and all of them stand in rows with a status; or they are empty.
    """
    left, known, filled = set(candidates), set[int](), set[int]()
    for chunk in table.chunks([*statuses, *sorted(left)]) if left else ():
        for place in sorted(left):
            for text, *noted in zip(chunk.columns[place], *(chunk.columns[one] for one in statuses), strict=True):
                if text.strip():
                    filled.add(place)
                    if not any(map(str.strip, noted)):
                        left.discard(place)
                    elif place not in known and is_own_message(text):
                        known.add(place)
    return tuple(sorted(left & known or left - filled))


def _is_ours(text: str) -> bool:
    """Whether a text is a status of ours, or a message that was shifted among them."""
    shown = text.strip()
    return not shown or shown in STATUS_WORDS or is_own_message(shown)


def is_own_message(text: str) -> bool:
    """Whether a text holds a sentence that this program writes, in any of its languages."""
    return any(one in text for one in _sentences())


@cache
def _sentences() -> frozenset[str]:
    """Return the longest part of each of our texts that is the same whatever it is about."""
    longest = (max(_FIELD.split(text), key=len) for text in catalogue_texts())
    return frozenset(one for one in longest if len(one) >= _TELLING and " " in one)


def data_chunks(table: Table, positions: Sequence[int], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
    """Read the columns at `positions`; rows into which an earlier report was shifted have a finding instead."""
    beside = [place for place in table.own.positions if place not in positions]
    for chunk in table.chunks([*positions, *beside], size):
        if beside:
            chunk.findings[:] = [one for one in chunk.findings if one.position not in beside]
        yield _without_shifted(chunk, table)


def _without_shifted(chunk: Chunk, table: Table) -> Chunk:
    shifted: dict[int, int] = {}
    """Place of a row in the chunk -> position of the status in it."""
    for position, texts in chunk.columns.items():
        following = chunk.columns.get(position + 1)
        if following is None or " " not in chunk.joined(position + 1) or STATUS_WORDS.isdisjoint(texts):
            continue  # a message of ours has several words
        for place, (text, beside) in enumerate(zip(texts, following, strict=True)):
            if text in STATUS_WORDS and beside and position not in table.own.statuses and is_own_message(beside):
                shifted.setdefault(place, position)
    if not shifted:
        return chunk
    kept = [place for place in range(len(chunk.rows)) if place not in shifted]
    findings = [_shifted(chunk.rows[place], position, table) for place, position in sorted(shifted.items())]
    refused = {one.row for one in findings}
    return replace(
        chunk,
        rows=[chunk.rows[place] for place in kept],
        columns={position: [texts[place] for place in kept] for position, texts in chunk.columns.items()},
        kinds={position: kinds[kept] for position, kinds in chunk.kinds.items()},
        lines=[chunk.lines[place] for place in kept] if chunk.lines is not None else None,
        findings=[*(one for one in chunk.findings if one.row not in refused), *findings],
    )


def _shifted(row: int, position: int, table: Table) -> Finding:
    return Finding(
        "ragged_row",
        message(
            "The row holds results of an earlier run ({status} and {message}) among its own cells: they were shifted "
            "there when the file was saved, because the row was too short. Delete them, and check the row's cells.",
            status=column_letter(position),
            message=column_letter(position + 1),
        ),
        row=row,
        position=position,
        header=table.headers[position] if position < len(table.headers) else None,
    )


_RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
CHANGE_TITLES = (
    message("Row"),
    message("Ticket"),
    message("Column"),
    message("Before"),
    message("After"),
    message("When"),
    message("Run"),
)
_TITLES_ALWAYS = 5
"""Titles that the sheet had before it kept what earlier runs did."""


def is_report(texts: Mapping[str, str]) -> bool:
    """Return whether a sheet's first cells, {reference: text}, are those of an `Import report` of ours."""
    return texts.get("A1") == REPORT_SHEET and _RUN_ID.fullmatch(texts.get("B2", "")) is not None


def is_changes(texts: Mapping[str, str]) -> bool:
    """Return whether a sheet's first cells, {reference: text}, are those of an `Import changes` of ours."""
    titles = [texts.get(f"{letter}2") for letter in "ABCDE"]
    languages = (translations(language) for language in LANGUAGES)
    return texts.get("A1") == CHANGES_SHEET and any(
        titles == [title.render(words) for title in CHANGE_TITLES[:_TITLES_ALWAYS]] for words in languages
    )


def is_own_sheet(source: Source, info: SheetInfo) -> bool:
    """Whether a run or a template wrote this sheet: judged by its first cells, whatever it is called."""
    first = info.headers[0] if info.headers else ""
    if first == MARK:
        return True
    if first not in REPORT_SHEETS or info.header_row is None:
        return info.name == LISTS_SHEET and any(one.headers[:1] == (MARK,) for one in source.sheets)
    chunk = next(source.table(info.name).chunks(range(len(CHANGE_TITLES)), 1), None)
    if chunk is None or not chunk.rows:
        return False
    texts = {"A1": first}
    if chunk.rows[0] == info.header_row + 1:
        texts |= {f"{column_letter(place)}2": column[0] for place, column in chunk.columns.items()}
    return is_report(texts) or is_changes(texts)
