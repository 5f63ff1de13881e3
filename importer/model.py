"""What the steps hand each other: columns, rows, changes, outcomes, and how keys are compared. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple
from unicodedata import normalize

from importer.findings import Finding
from schemas.message import Message, message
from schemas.property import Property

Values = Mapping[str, str]
"""Property name -> value in HubSpot's own form; "" clears."""


class Status(StrEnum):
    """What became of a row: the words of the status column, never translated.

    Their order is that in which totals are shown: what went well first.
    """

    UPDATED = "updated"
    WOULD_UPDATE = "would update"
    MATCHES = "matches"
    UNCHANGED = "unchanged"
    DIFFERS = "differs"
    INVALID = "invalid"
    FAILED = "failed"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """The column that names the ticket. `property_name` is `id`, or the unique property sent as `idProperty`."""

    position: int
    header: str
    property_name: str

    @property
    def id_property(self) -> str | None:
        """What goes out as `idProperty`: None for record IDs."""
        return None if self.property_name == "id" else self.property_name


class Policy(StrEnum):
    """What the cells of a column do to the portal's values. Empty ones do nothing under all but the first."""

    OVERWRITE = "overwrite"
    KEEP_BLANK = "keep-blank"
    FILL_EMPTY = "fill-empty"
    """They are written only where the portal has nothing."""
    APPEND = "append"
    """A new line below the text; several options: added."""
    REMOVE = "remove"
    """Their lines are taken out of the text; several options: taken away."""


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """A column whose cells are values of `definition`."""

    position: int
    header: str
    definition: Property
    policy: Policy = Policy.OVERWRITE


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what. Positions count from 0 as the sheet has them."""

    key: KeyColumn
    values: tuple[ValueColumn, ...]
    header_row: int
    modified: ValueColumn | None = None
    """The last-modified column, read for conflicts and never sent."""
    left_out: tuple[str, ...] = ()
    """Headers of columns that are not read, by the user's wish or ours."""
    notices: tuple[Message, ...] = ()

    def column_of(self, name: str) -> ValueColumn | None:
        """Return the column of a property; None where the sheet has none."""
        return next((column for column in self.values if column.definition.name == name), None)

    def finding(self, code: str, text: Message, *, row: int, key: str, name: str, value: str | None) -> Finding:
        """Return a finding at the cell of property `name` in a row."""
        column = self.column_of(name)
        position, header = (column.position, column.header) if column else (None, None)
        return Finding(code, text, row, position, header, name, key, value)

    def key_finding(self, code: str, text: Message, *, row: int, key: str) -> Finding:
        """Return a finding at the cell that names the row's ticket."""
        column = self.key
        return Finding(code, text, row, column.position, column.header, column.property_name, key, key)


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row that passed validation, in HubSpot's form."""

    row: int
    key: str
    wanted: Values
    pending: Mapping[str, Values] = field(default_factory=dict)
    """Where the value depends on the ticket's pipeline: {property: {pipeline: value}}; "" where several fit there."""
    modified: str | None = None
    """The row's last-modified moment as the sheet has it: ISO 8601 UTC, to the precision shown (see validator)."""
    typed: str = ""
    """The cell whose value is pending, as typed."""
    alike: Values = field(default_factory=dict)
    """Where a cell shows no whole moment: {property: the last moment that it would show alike}."""


class Change(NamedTuple):
    """What is to change on one ticket.

    `before` has the keys of `after`, or is empty where it is not known; with a pipeline alone, the stage's too.
    """

    row: int
    key: str
    """As it is sent: a record ID, or a value of the unique property."""
    ticket: str | None
    """The record ID, where a read returned it."""
    before: Values
    after: Values

    @property
    def trace_id(self) -> str:
        """The mark by which answers are matched to rows; unique in the run."""
        return f"row-{self.row}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row that was sent. `FAILED` ones bear findings; `notices` are for people."""

    row: int
    status: Status
    findings: tuple[Finding, ...] = ()
    notices: tuple[Message, ...] = ()
    ticket: str | None = None
    returned: Values = field(default_factory=dict)
    """Values the portal answered with where they differ in meaning from those sent."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that the portal holds otherwise than the sheet, as a reconciliation finds it. Values in HubSpot's form."""

    row: int
    position: int | None
    header: str | None
    property_name: str
    key: str
    sheet: str
    portal: str
    reason: Literal["never_written", "changed_since"]
    """`changed_since`: a run had written the sheet's value, or found it there, and it is another one now."""
    changed_at: str | None
    """When the portal's value was set, ISO 8601; None where its history does not say."""
    changed_by: str | None
    """Who set it: a name, a user ID, or by what way it came."""
    run: str | None
    """The latest run on the file that had to do with the cell."""
    text: Message
    """All of it in words."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run knows of one ticket: what the sheet said, what was sent, and what became of it."""

    ticket: str
    status: Status | None
    wanted: Values
    changes: Values
    returned: Values
    pending: Mapping[str, Values]
    """As in `CheckedRow`: it was settled by the ticket's pipeline then."""


def made_of(*, sent: str | Message, returned: str | Message, column: str) -> Message:
    """Return what is said of a text that the portal holds in a form of its own."""
    return message('the portal made "{returned}" of "{sent}" in {column}', returned=returned, sent=sent, column=column)


def fold_key(key: str, id_property: str | None) -> str:
    """Return a key as the most tolerant portal compares it: record IDs as numbers, unique texts without case.

    Keys that are the same so may be two tickets where the portal compares exactly: they only never share a request.
    """
    if id_property is not None:
        return key.strip().casefold() if key.isascii() else normalize("NFC", normalize("NFC", key.strip()).casefold())
    return (key.lstrip("0") or "0") if key[:1] == "0" and key.isascii() and key.isdigit() else key
