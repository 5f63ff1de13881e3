"""The facts of a run as a whole: which file, which portal, how it was asked, how far it is.

Everyone who asks what a run was reads them here; the table `meta` of its journal is one way to keep them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Self, TypedDict

from importer.findings import REPORT_COLUMNS
from importer.model import Policy
from schemas.message import Message

Kind = Literal["run", "undo", "reconcile"]
State = Literal["reading", "planned", "refused", "sending", "stopped", "interrupted", "reporting", "finished", "undone"]

REPORTING: State = "reporting"
"""The state of a run whose rows all have their outcome, while its reports are written."""
UNDONE: State = "undone"
"""The state of a run that stopped early and was taken back: `resume` has nothing to go on with."""
UNFINISHED: frozenset[State] = frozenset({"sending", "stopped", "interrupted", REPORTING})
"""States of runs that were confirmed and have rows, or their reports, left: `resume` goes on with them."""


def now() -> str:
    """Return this moment as ISO 8601 in UTC with milliseconds, as a journal holds it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class RecordedPortal:
    """Which portal a run was made in. `fingerprint` identifies it where the account's ID is refused."""

    base_url: str | None = None
    portal_id: str = ""
    ui_domain: str = ""
    fingerprint: Mapping[str, Any] | None = None
    option: str = ""
    """What names it on the command line, with a blank before it; empty where the environment did."""


@dataclass(frozen=True, slots=True)
class RecordedKey:
    """The column by which rows name their tickets. `property`: "id" or the name of a unique property."""

    header: str = ""
    property: str = "id"
    position: int = 0


class RecordedColumn(NamedTuple):
    """A column of values: where it stands, its header, the property that it is for, what its cells do there."""

    position: int
    header: str
    property_name: str
    policy: str = str(Policy.OVERWRITE)


class Correction(NamedTuple):
    """A cell of FILE that was corrected before the run, as the user asked."""

    row: int
    position: int
    header: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """All facts of one run."""

    id: str = ""
    """Empty until the journal is made."""
    kind: Kind = "run"
    state: State = "reading"
    parent: str | None = None
    """The run that this one undoes."""
    started_at: str = ""
    confirmed_at: str | None = None
    confirmed_to: int | None = None
    """The last row that was confirmed, where the rest is to be asked about; None where all rows were."""
    compared_at: str | None = None
    """When the values were read that the plan was made from; None where they were not."""
    resumed_at: str | None = None
    finished_at: str | None = None

    file: str = ""
    sheet: str | None = None
    digest: str = ""
    """SHA-256 of the file as it was read, or as it was when the results had been written into it."""
    coming: str | None = None
    """That of the file as it is about to be written."""
    dialect: Mapping[str, Any] | None = None
    """How a delimited file is written; None for a workbook."""
    headers: tuple[str, ...] = ()
    header_row: int = 1
    own: tuple[int | None, int | None] = (None, None)
    """Where our own columns stand: status, message."""
    own_names: tuple[str, str] = REPORT_COLUMNS
    key: RecordedKey = field(default_factory=RecordedKey)
    columns: tuple[RecordedColumn, ...] = ()
    corrections: tuple[Correction, ...] = ()

    portal: RecordedPortal = field(default_factory=RecordedPortal)
    schema: Mapping[str, Any] = field(default_factory=dict)
    """The bodies of the portal's answers, with the properties of this file alone."""

    dry_run: bool = False
    on_conflict: Literal["skip", "overwrite"] = "skip"
    """What becomes of tickets that changed in the portal since the plan was made."""
    diff: bool = True
    """Whether the values before were read, so that the run can be undone."""
    output: str | None = None
    html: str | None = None
    failed_to: str | None = None
    overwrite: bool = False
    settings: str | None = None
    """The settings files that options came from, parted as in PATH."""

    plan: Mapping[str, Any] | None = None
    """The plan file that it wrote or applies: its path and digest, who planned, approved and applied it."""

    requests: Mapping[str, int] = field(default_factory=dict)
    exit_code: int | None = None
    stop: Message | None = None
    """Why it ended early."""
    report: str | None = None
    """The spreadsheet that the results were written into."""

    @property
    def can_resume(self) -> bool:
        """Whether `resume` would go on with it."""
        return self.state in UNFINISHED

    @property
    def can_undo(self) -> bool:
        """Whether what it changed, if anything, can be put back."""
        return self.kind != "reconcile" and not self.dry_run and self.diff

    def command(self, verb: str) -> str:
        """Return the command that does `verb` with the run, in the portal that it was made in."""
        return f"import-tickets {verb} {self.id}{self.portal.option}"

    def to_json(self) -> dict[str, Any]:
        """Return the facts by name, as JSON has them."""
        values = {name: getattr(self, name) for name in _NAMES}
        return values | {
            "columns": [list(one) for one in self.columns],
            "corrections": [list(one) for one in self.corrections],
            "stop": self.stop.to_json() if self.stop else None,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return the record of what `to_json` returned. Raises KeyError, TypeError or ValueError where it is not."""
        facts = {"corrections": [], **facts}  # journals made before there were any have none
        values = {name: facts[name] for name in _NAMES}
        return cls(
            **values
            | {
                "headers": tuple(values["headers"]),
                "own": tuple(values["own"]),
                "own_names": tuple(values["own_names"]),
                "key": RecordedKey(**values["key"]),
                "columns": tuple(RecordedColumn(*one) for one in values["columns"]),
                "corrections": tuple(Correction(*one) for one in values["corrections"]),
                "portal": RecordedPortal(**values["portal"]),
                "stop": Message.from_json(values["stop"]) if values["stop"] else None,
            }
        )


_NAMES = tuple(one.name for one in fields(RunRecord))


class RecordChanges(TypedDict, total=False):
    """The facts that change while a run goes on."""

    state: State
    started_at: str
    confirmed_at: str | None
    confirmed_to: int | None
    compared_at: str | None
    resumed_at: str | None
    finished_at: str | None
    digest: str
    coming: str | None
    headers: tuple[str, ...]
    own: tuple[int | None, int | None]
    own_names: tuple[str, str]
    dry_run: bool
    plan: Mapping[str, Any] | None
    requests: Mapping[str, int]
    exit_code: int | None
    stop: Message | None
    report: str | None
