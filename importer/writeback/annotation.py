"""What is to be written beside the rows, as plain records: the one thing the rest of the program hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from gettext import NullTranslations
from pathlib import Path
from typing import NamedTuple, Protocol

from importer.findings import REPORT_COLUMNS
from schemas.message import Message, Translations

Note = tuple[int, str, str, str]
"""What became of one row: (row, status, message, key).

`key` is only shown where the row itself cannot be (the file changed meanwhile, or is gone). A plain tuple: to make a
million of a class takes as long as to write them.
"""


class RowNote(NamedTuple):
    """A note with names, for where they are few."""

    row: int
    status: str
    message: str = ""
    key: str = ""


class ErrorLine(NamedTuple):
    """Equal findings, for the table of errors. `position` counts columns from 0; None where no cell is meant."""

    row: int | None
    position: int | None
    header: str
    value: str
    code: str
    message: str
    cells: int = 1
    others: Sequence[int] = ()
    """Further rows of which the same is said: as many of them as are to be named."""


class NoticeLine(NamedTuple):
    """What is said of some rows that are not wrong: the first of them, and how many there are."""

    row: int
    message: str
    rows: int = 1


class ChangeLine(NamedTuple):
    """One cell that changed (or would). `ticket_url` is None where the record ID is not known.

    `before` is None where it was not read. `when` and `run` tell it from what other runs did.
    """

    row: int
    key: str
    ticket_url: str | None
    header: str
    before: str | None
    after: str
    position: int | None = None
    when: str = ""
    run: str = ""


class Dialect(Protocol):
    """How a delimited file is written. The loader's own record of it fits."""

    @property
    def encoding(self) -> str:
        """A name Python knows."""

    @property
    def delimiter(self) -> str:
        """One character."""

    @property
    def separator_line(self) -> bool:
        """Whether the first line is `sep=;` and not a row."""


@dataclass(frozen=True)
class Annotation:
    """Everything the spreadsheet is given.

    `notes`, `errors` and `changes` may be called several times; each call starts again. Notes come in row order, each
    row once, rows as the spreadsheet numbers them. `headers` is the header row as the loader read it, by position,
    with our own columns of an earlier run where they stand. Texts are in the language of the people already, but for
    the words of the report sheets themselves, which go through `translations`.
    """

    sheet: str | None
    header_row: int
    headers: Sequence[str]
    notes: Callable[[], Iterator[Note]]
    faulty: Sequence[tuple[int, int]] = ()
    """(row, position) of cells to highlight."""
    totals: Sequence[tuple[str, int]] = ()
    """(status, rows)."""
    facts: Sequence[tuple[str, str]] = ()
    """(label, value): the run, the portal, the plan."""
    errors: Callable[[], Iterator[ErrorLine]] = lambda: iter(())
    notices: Sequence[NoticeLine] = ()
    changes: Callable[[], Iterator[ChangeLine]] = lambda: iter(())
    changes_note: str = ""
    """What the lines of this run are, where they are no changes that were made."""
    translations: Translations = field(default_factory=NullTranslations)
    own: tuple[int | None, int | None] = (None, None)
    """Positions of the status and the message column of an earlier run, known by what they hold; None where none is."""
    names: tuple[str, str] = REPORT_COLUMNS
    """What the headers of ours say: with a number where a column of the user's bears the name."""
    key_position: int | None = None
    """The column that names the rows; None: the rows' keys are not compared after writing."""
    dialect: Dialect | None = None
    """How a delimited file is written, as the loader found; None: it is looked at again."""

    def say(self, text: Message) -> str:
        """Return a text of ours in the language of the report."""
        return text.render(self.translations)

    def last_header(self) -> int:
        """Return the position of the last header that is not ours; -1 where there is none."""
        filled = (n for n, header in enumerate(self.headers) if header.strip() and n not in self.own)
        return max(filled, default=-1)

    def with_keys(self) -> Annotation:
        """Return the same with each message behind its row's key, for a sheet whose rows may be sorted without ours."""
        return replace(self, notes=lambda: map(_with_key, self.notes()))


def _with_key(note: Note) -> Note:
    row, status, text, key = note
    return (row, status, f"{key}: {text}", key) if text and key else note


@dataclass(frozen=True)
class Written:
    """Where the results are. `path` is None where they could not be written anywhere; `notices` say why."""

    path: Path | None
    beside: bool
    notices: tuple[Message, ...] = ()
