"""What a job is asked to do, and what it may ask back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from importer.errors import ImportTicketsError
from importer.jobs.portal_names import KeptPortal
from importer.model import Status
from schemas.message import Message
from schemas.ticket_object import API_ADDRESS

if TYPE_CHECKING:
    from importer.journal import FindingGroup
    from importer.journal.run_record import Correction
    from importer.reports.plan_view import PlanView

SANDBOX_OPTION, PORTAL_OPTION = " --sandbox", " --portal "
"""How a command names the portal, to be followed by nothing, or by the portal's name."""
OnInvalid = Literal["stop", "skip", "ask"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A limit of a guard rail: a number, or a per cent of the sheet's cells (closes: of the rows to update)."""

    number: float
    percent: bool = False

    @classmethod
    def read(cls, text: str) -> Amount | None:
        """Return the limit that is typed, `50` or `10%`; None for any other text."""
        found = re.fullmatch(r"(\d+)|(\d+(?:\.\d+)?)\s*%", text.strip(), re.ASCII)
        return cls(float(found[1] or found[2]), percent=found[1] is None) if found else None

    def allows(self, cells: int, *, of: int) -> bool:
        """Return whether `cells` out of `of` are within the limit."""
        return cells <= (self.number * of / 100 if self.percent else self.number)

    def __str__(self) -> str:
        return f"{self.number:g}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class RowRanges:
    """Numbers of rows as the sheet shows them: (first, last) of each stretch."""

    stretches: tuple[tuple[int, int], ...]

    def __contains__(self, row: int) -> bool:
        return any(first <= row <= last for first, last in self.stretches)

    def __str__(self) -> str:
        return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in self.stretches)


@dataclass(frozen=True, slots=True)
class PortalAccess:
    """How to reach the portal. `sandbox`: the embedded one, in this process."""

    base_url: str = API_ADDRESS
    token: str = field(default="", repr=False)
    version: str = "v3"
    sandbox: bool = False
    max_rate: int | None = None
    daily_reserve: float = 5.0
    portal: KeptPortal | None = None
    """The portal's entry among those kept by name, where it was reached by one."""
    languages: tuple[str, ...] = ()
    """Languages whose labels of properties and options fit besides the English ones; people see those of the first."""

    @property
    def option(self) -> str:
        """What names it on the command line, with a blank before it; empty where the environment does."""
        if self.sandbox:
            return SANDBOX_OPTION
        return f"{PORTAL_OPTION}{self.portal.name}" if self.portal else ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> PortalAccess:
        """Return how the environment says to reach it. The token comes from nowhere else but the keyring."""
        return cls(
            base_url=(environ.get("HUBSPOT_BASE_URL") or API_ADDRESS).rstrip("/"),
            token=(environ.get("HUBSPOT_ACCESS_TOKEN") or "").strip(),
            version=environ.get("HUBSPOT_API_VERSION") or "v3",
        )


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How FILE is read and judged."""

    sheet: str | None = None
    id_property: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    skip_columns: Sequence[str] = ()
    skip_unknown: bool = False
    skip_read_only: bool = False
    policies: Sequence[tuple[str, str]] = ()
    """(header or property, policy); the last one for a column counts."""
    clear_word: str = ""
    blank: Literal["clear", "keep"] = "clear"
    options: Literal["labels", "values"] | None = None
    allow_spoiled: bool = False
    schema: Path | None = None
    locale: str | None = None
    date_format: str | None = None
    time_zone: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run does with FILE."""

    file: Path
    read: ReadOptions = field(default_factory=ReadOptions)
    rows: RowRanges | None = None
    """Only these rows of the sheet."""
    first: int | None = None
    """Only the first N rows that would change."""
    dry_run: bool = False
    yes: bool = False
    on_invalid: OnInvalid = "ask"
    diff: bool = True
    max_changes: Amount | None = None
    max_clears: Amount | None = None
    max_closes: Amount | None = None
    max_failures: int | None = None
    allow_empty_column: bool = False
    output: Path | None = None
    html: Path | None = None
    failed_to: Path | None = None
    """Where the rows go that ended badly."""
    overwrite: bool = False
    """Whether `output` and `html` may replace files that are not this program's own."""
    on_conflict: Literal["skip", "overwrite"] = "skip"
    settings: str | None = None
    """The settings files that options came from, parted as in PATH."""
    corrections: Sequence[Correction] = ()
    """Cells of FILE that were corrected beforehand; the report lists them."""
    offers_corrections: bool = False
    """Whether a person is asked about corrections that findings suggest, before the plan is made."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: its exit code, and the summary that `--json` prints."""

    exit_code: int
    summary: Mapping[str, Any]
    report: Path | None = None
    error: ImportTicketsError | None = None
    """Why it stopped early."""
    next_commands: tuple[str, ...] = ()
    """What to run next."""
    page: Path | None = None
    """The HTML page written."""
    undo_command: str = ""
    """What puts back what the run changed; empty where it changed nothing, or cannot be undone."""
    was_undo: bool = False


class Ui(Protocol):
    """What a job shows and asks. The library can be used with a silent one."""

    @property
    def can_ask(self) -> bool:
        """Whether a person can answer."""
        ...

    def say(self, text: Message) -> None: ...

    def show_findings(self, groups: Sequence[FindingGroup], *, total: int, file: str, sheet: str | None) -> None:
        """Show the first groups of findings of a file, and how many findings there are."""
        ...

    def show_plan(self, plan: PlanView) -> None: ...

    def ask(self, question: Message) -> bool:
        """Ask a question that yes or no answers; no is what silence means."""
        ...

    def ask_rows(self, question: Message, rows: int, name: str = "") -> int:
        """Ask a question that yes, no or a number answers; return how many of the rows are to be sent.

        name: what has to be typed for a yes.
        """
        ...

    def show_outcomes(self, outcomes: Sequence[tuple[int, str, Status | None, Message | None]]) -> None:
        """Show what became of some rows: (row, key, status, why it was refused)."""
        ...

    def ask_name(self, question: Message, name: str) -> bool:
        """Ask a question to which only `name`, typed whole, is a yes."""
        ...

    def progress(self, event: Any) -> None:
        """Show how far the work is."""
        ...


@runtime_checkable
class OffersErrors(Protocol):
    """A Ui whose question may have a third answer: write the errors into the sheet, and send nothing."""

    def offer_errors(self, file: str) -> None:
        """Let the next question be answered so: `ask` and `ask_rows` raise ErrorsOnly then."""
        ...


@runtime_checkable
class OffersCorrections(Protocol):
    """A Ui that can ask several questions of which the rest may be skipped."""

    def ask_each(self, questions: Sequence[Message]) -> list[bool]:
        """Ask one question after the other; return whether each was answered with yes."""
        ...


class Silent:
    """A Ui without a person: shows nothing, and answers no."""

    can_ask = False

    def say(self, text: Message) -> None:
        """Do nothing."""

    def show_findings(self, groups: Sequence[FindingGroup], *, total: int, file: str, sheet: str | None) -> None:
        """Do nothing."""

    def show_plan(self, plan: PlanView) -> None:
        """Do nothing."""

    def ask(self, question: Message) -> bool:
        del question
        return False

    def ask_rows(self, question: Message, rows: int, name: str = "") -> int:
        del question, rows, name
        return 0

    def show_outcomes(self, outcomes: Sequence[tuple[int, str, Status | None, Message | None]]) -> None:
        """Do nothing."""

    def ask_name(self, question: Message, name: str) -> bool:
        del question, name
        return False

    def progress(self, event: Any) -> None:
        """Do nothing."""
