"""One job: what its steps share, and what it holds open."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from importer.errors import ImportTicketsError
from importer.jobs import connect
from importer.jobs.context import Context
from importer.jobs.options import Result, RunOptions, Ui
from importer.jobs.portal_names import portal_name
from importer.journal import Journal, RunRecord
from importer.journal.run_record import now
from importer.model import Columns
from importer.writeback.outputs import Outputs
from schemas.message import Message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.loader.fingerprint import Fingerprint
    from importer.portal import Portal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A job whose journal has begun: its options, the journal, and what was found out of file and portal."""

    options: RunOptions
    context: Context
    journal: Journal
    columns: Columns
    schema: PortalSchema
    portal: Portal | None
    earlier_requests: Mapping[str, int] = field(default_factory=dict)
    """Requests of the run before it was resumed."""
    cleared_by_word: set[str] = field(default_factory=set)
    """Properties of columns in which a cell holds the clear word: such a column is not an empty one."""
    fingerprint: Fingerprint | None = None
    """What the file was made from, where it is a template: then only edited cells count."""

    @property
    def ui(self) -> Ui:
        return self.context.ui

    @property
    def outputs(self) -> Outputs:
        """Which files are this program's own earlier output."""
        return self.context.state.outputs

    @property
    def portal_name(self) -> Message | None:
        """What the portal is called before people; None where none is known."""
        kept = self.context.access.portal
        return portal_name(self.schema, self.portal.settings.base_url if self.portal else "", kept.name if kept else "")

    @property
    def must_choose(self) -> bool:
        """Whether a person has to say what becomes of valid rows beside invalid ones."""
        return self.options.on_invalid == "ask" and self.journal.plan.count_blocking_rows() > 0

    @property
    def will_ask(self) -> bool:
        """Whether a person is asked before anything is sent: the plan grows old meanwhile."""
        return not self.options.dry_run and (not self.options.yes or self.must_choose)

    def note_requests(self) -> None:
        """Note how many requests the run has cost until now."""
        if self.portal is not None:
            stats = self.portal.stats.as_dict()
            self.journal.note(requests={name: n + self.earlier_requests.get(name, 0) for name, n in stats.items()})


@dataclass(slots=True)
class Opening:
    """What a job holds open until its end, and its result.

    `file`, `sheet` and `dry_run` are for the report of a job that ends before it has a journal.
    """

    context: Context
    file: Path | None = None
    sheet: str | None = None
    dry_run: bool = False
    started_at: str = field(default_factory=now)
    job: Job | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _result: Result | None = None

    @property
    def result(self) -> Result:
        """How the job ended."""
        assert self._result is not None
        return self._result

    @result.setter
    def result(self, result: Result) -> None:
        self._result = result

    @property
    def error(self) -> ImportTicketsError:
        """What ended the job early."""
        assert self.result.error is not None
        return self.result.error

    def hold(self, resource: AbstractContextManager[T]) -> T:
        """Enter a context manager until the end of the job."""
        return self.stack.enter_context(resource)

    def lock(self, file: Path, *, run: str = "") -> None:
        """Take the one right to run on a file. Raises FileError `file_busy` while another run has it."""
        self.hold(self.context.state.lock_file(file.resolve(), run=run))

    async def connect(self) -> Portal:
        """Connect to the portal until the end of the job."""
        context = self.context
        return await self.stack.enter_async_context(connect.connect(context.access, context.state, context.ui.progress))

    def create_journal(self, record: RunRecord) -> Journal:
        """Begin the journal of a new run."""
        portal = replace(record.portal, option=self.context.access.option)
        return self.hold(self.context.state.create_journal(replace(record, portal=portal)))

    def begin(self, job: Job) -> Job:
        """From now on, an error ends the job with a report of its rows."""
        self.job = job
        return job
