"""The one person's work: which portal, which file, how it is read, and the job under way.

In:  what is said on the page.
Out: the jobs of the command line, run with it. The token is in memory or the keyring alone.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from importer.errors import ImportTicketsError, PortalError
from importer.findings import Finding
from importer.i18n import translations
from importer.jobs import connect
from importer.jobs.corrections import copy_name, write_corrections
from importer.jobs.doctor import Check, examine
from importer.jobs.main import import_tickets
from importer.jobs.options import PortalAccess, ReadOptions, RunOptions, Silent
from importer.jobs.portal_names import KeptPortal, portal_name
from importer.jobs.portals import Portals, kept_portal
from importer.jobs.reconcile import reconcile
from importer.jobs.resume import resume_run
from importer.jobs.state import StateFolder
from importer.jobs.template import TemplateOptions, make_template
from importer.jobs.undo import undo_run
from importer.journal.run_record import Correction, RunRecord
from importer.template.ticket_query import Choice
from importer.web.columns import FileLook, look_at
from importer.web.runs import Explain, Run
from importer.web.uploads import Uploads, remove
from schemas.message import Message, Translations, message
from schemas.property import PortalSchema

T = TypeVar("T")
AccountKind = Literal["practice", "sandbox", "production"]
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is worked on: what it is called, and of which kind, for its colour."""

    name: Message
    kind: AccountKind


@dataclass(slots=True)
class Work:
    """What one person does on the page; one at a time, for one person alone."""

    state: StateFolder
    environ: Mapping[str, str] = field(repr=False)
    lang: str
    explain: Explain
    options_of: Callable[[Path], RunOptions] = RunOptions
    """What the settings files say of a run on a file, as for the command line. Raises UsageError for a bad one."""
    file: Path | None = None
    is_upload: bool = False
    access: PortalAccess | None = None
    wish: PortalAccess | None = None
    """Where the person last wanted to connect to."""
    account: Account | None = None
    schema: PortalSchema | None = None
    checks: Sequence[Check] = ()
    read: ReadOptions = field(default_factory=ReadOptions)
    look: FileLook | None = None
    corrections: dict[tuple[int, int], Correction] = field(default_factory=dict)
    """Cells of the file that were corrected here, by row and position."""
    into_file: bool = False
    """Whether corrections go into the file itself, and not into a copy beside it."""
    options: RunOptions = field(default_factory=lambda: RunOptions(Path()))
    """What the settings files say of a run on the file; how it is read is `read`, which the page changes."""
    uploads: Uploads = field(init=False)
    run: Run | None = None
    error: ImportTicketsError | None = None
    """Why the last step did not come to its end."""

    def __post_init__(self) -> None:
        """Make FILE's path absolute, and tidy up after earlier pages."""
        self.uploads = Uploads(self.state)
        self.uploads.clean()
        if self.file is not None:
            self._take(self.file.absolute(), is_upload=False)

    @property
    def words(self) -> Translations:
        """The catalogue of the person's language."""
        return translations(self.lang)

    # --- connect -------------------------------------------------------------------------------------------------

    def reach_at_start(self, *, sandbox: bool, portal: str | None) -> None:
        """Set the portal that the command line, or the environment, names. Raises UsageError for an unknown name."""
        access = self._with_languages(replace(PortalAccess.from_environment(self.environ), sandbox=sandbox))
        access = access if sandbox else Portals(self.state).reach(access, portal)
        if access.sandbox or access.token:
            self.access = access

    def _with_languages(self, access: PortalAccess) -> PortalAccess:
        return replace(access, languages=(self.lang,))

    def portals(self) -> list[KeptPortal]:
        """Return the portals kept by name."""
        return Portals(self.state).all()

    def practise(self) -> PortalAccess:
        """Return how to reach the sandbox in this process."""
        return self._with_languages(PortalAccess(sandbox=True))

    def by_token(self, token: str) -> PortalAccess:
        """Return how to reach the portal that a token opens."""
        return self._with_languages(replace(PortalAccess.from_environment(self.environ), token=token.strip()))

    def by_name(self, name: str) -> PortalAccess:
        """Return how to reach a portal kept by name. Raises UsageError where its token is gone."""
        return Portals(self.state).reach(self._with_languages(PortalAccess()), name)

    async def connect(self, access: PortalAccess, *, keep_as: str = "") -> bool:
        """Look at everything a run depends on; `account` is set where the portal can be worked with.

        Return whether it is still wished: an answer that comes after another wish counts for nothing.
        """
        self.leave_run()
        self.access, self.account, self.look, self.checks, self.wish = None, None, None, (), access
        found, error = await _tried(partial(self._examine, access, keep_as), self.explain)
        if self.wish is not access:
            return False
        self.error = error
        if found is not None:
            self.checks, self.schema = found
            self.account = _account(self.schema, access) if self.schema else None
            self.access = access if self.account else None
        return True

    async def _examine(self, access: PortalAccess, keep_as: str) -> tuple[list[Check], PortalSchema | None]:
        checks = await examine(access, self.state, self.environ)
        if any(one.state == "problem" and one.ours for one in checks):
            return checks, None
        try:
            async with connect.connect(access, self.state) as portal:
                schema = await connect.fetch_schema(portal, self.state)
        except PortalError:
            if any(one.state == "problem" for one in checks):
                return checks, None
            raise
        body: Mapping[str, Any] = schema.bodies.get("account") or {}
        if keep_as:
            kept = kept_portal(keep_as, access.base_url, body, production=body.get("accountType") == "STANDARD")
            Portals(self.state).keep(kept, access.token)
        return checks, schema

    # --- the file ------------------------------------------------------------------------------------------------

    def use_file(self, file: Path) -> None:
        """Work on a file of this machine, in place."""
        self.drop_upload()
        self._take(file, is_upload=False)

    def use_upload(self, name: str, content: bytes) -> None:
        """Work on a file that came through the page."""
        self.drop_upload()
        self._take(self.uploads.keep(name, content), is_upload=True)

    def _take(self, file: Path, *, is_upload: bool) -> None:
        self.file, self.is_upload, self.look = file, is_upload, None
        self.corrections, self.into_file = {}, is_upload  # an upload is a copy already
        self.options = RunOptions(file)
        try:
            # where results go, and whether to ask, is said on the page
            self.options = replace(
                self.options_of(file), file=file, yes=False, dry_run=False, on_invalid="ask", output=None, html=None
            )
        except ImportTicketsError as error:
            self.error = error
            self.drop_upload()
        self.read = self.options.read

    def drop_upload(self) -> None:
        """End the run on the file, and remove the file if it is an upload of which no run is unfinished."""
        self.leave_run()
        if self.is_upload and self.file is not None and self.state.unfinished_run(self.file) is None:
            remove(self.file.parent)
        self.file, self.is_upload = None, False

    async def look_at_file(self) -> bool:
        """Find out what each column is; return whether that could be done."""
        assert self.file is not None
        assert self.access is not None
        self.look = await self.attempt(partial(look_at, self.file, self.read, self.access, self.state))
        return self.look is not None

    async def make_sheet(self, properties: Sequence[str], choice: Choice) -> bytes | None:
        """Return a workbook of tickets to edit; None where `error` says why there is none."""
        return await self.attempt(partial(_make_sheet, self, properties, choice))

    def findings(self) -> Sequence[Finding]:
        """Return what stands against the file as a whole."""
        return self.look.findings if self.look else ()

    # --- jobs ----------------------------------------------------------------------------------------------------

    def start_run(self) -> None:
        """Begin the main job on the file: it asks before anything is sent."""
        assert self.file is not None
        corrections = tuple(self.corrections.values())
        options = replace(self.options, file=self.file, read=self.read, corrections=corrections)
        self._begin("run", partial(import_tickets, options), file=self.file)

    async def correct(self, corrections: Sequence[Correction]) -> None:
        """Write corrections into the file, or a copy, and judge it anew; `error` says why that could not be."""
        assert self.run is not None
        record = self.state.read_record(self.run.run_id)
        self.leave_run()
        written = await self.attempt(partial(self._write, corrections, record))
        if written is not None:
            self.file, self.into_file = written, True
            for one in corrections:
                earlier = self.corrections.get((one.row, one.position))
                self.corrections[one.row, one.position] = one._replace(before=earlier.before) if earlier else one
        self.start_run()

    async def _write(self, corrections: Sequence[Correction], record: RunRecord) -> Path:
        target = None if self.into_file else copy_name(Path(record.file))
        return write_corrections(corrections, record, self.state, target=target)

    def start_reconcile(self) -> None:
        """Compare the file with the portal; nothing is sent."""
        assert self.file is not None
        options = RunOptions(self.file, read=self.read, dry_run=True, settings=self.options.settings)
        self._begin("reconcile", partial(reconcile, options), file=self.file)

    def start_undo(self, run_id: str) -> None:
        """Begin to undo a run: it asks before anything is sent."""
        self._begin("undo", partial(undo_run, run_id), run_id=run_id)

    def unfinished(self) -> RunRecord | None:
        """Return the latest run that stopped early and can go on; None where there is none, or it is under way."""
        found = self.state.unfinished_run()
        if found is None or (self.run is not None and self.run.run_id == found and self.run.phase != "done"):
            return None
        return self.state.read_record(found)

    def start_resume(self, run_id: str) -> None:
        """Go on with a run that was confirmed."""
        self._begin("resume", partial(resume_run, run_id), run_id=run_id)

    def _begin(
        self,
        kind: Literal["run", "resume", "undo", "reconcile"],
        job: Callable[..., Coroutine[Any, Any, Any]],
        *,
        file: Path | None = None,
        run_id: str = "",
    ) -> None:
        assert self.access is not None
        self.leave_run()
        if run_id:
            self.uploads.hold_file_of(run_id)
        self.run = Run(kind, self.access, self.state, self.lang, self.explain, file=file, run_id=run_id)
        self.run.begin(job)

    def leave_run(self) -> None:
        """Answer no where a job waits for an answer, so that its file is free for the next one."""
        if self.run is not None and self.run.phase == "asking":
            self.run.answer(0)
            self.run.wait(timeout_s=30)

    @property
    def is_sending(self) -> bool:
        """Whether a job is under way that nobody should start another beside."""
        return self.run is not None and self.run.phase == "working"

    async def attempt(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Do what waits for the portal; note why it failed, and return None then."""
        found, self.error = await _tried(work, self.explain)
        return found

    # --- the end -------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask the job under way to stop once what is in flight is finished."""
        if self.run is not None:
            self.run.leave()

    def close(self) -> int:
        """Wait for what is in flight, remove the upload; return 130 where a job was cut short, else 0."""
        run, was_cut = self.run, False
        if run is not None and run.phase != "done":
            was_cut = run.was_agreed or run.kind == "resume"
            run.leave()
            run.wait(None if run.stop.graceful else 5)
        self.drop_upload()
        self.uploads.close()
        return INTERRUPTED if was_cut else 0


def overwrite_conflicts(work: Work) -> None:
    """Plan anew, with the cells that the portal changed meanwhile among those to be sent."""
    work.options = replace(work.options, on_conflict="overwrite")
    work.start_run()


async def _tried(
    work: Callable[[], Coroutine[Any, Any, T]], explain: Explain
) -> tuple[T | None, ImportTicketsError | None]:
    """Do something in a thread with a loop of its own; return what it returned, or why it failed."""
    try:
        return await asyncio.to_thread(lambda: asyncio.run(work())), None
    except ImportTicketsError as error:
        return None, error
    except Exception as error:  # noqa: BLE001 - a traceback is kept in a file, not shown
        return None, explain(error)


async def _make_sheet(work: Work, properties: Sequence[str], choice: Choice) -> bytes:
    assert work.access is not None
    work.state.make_home()
    with tempfile.TemporaryDirectory(dir=work.state.home) as folder:
        options = TemplateOptions(Path(folder) / "tickets.xlsx", properties, choice, lang=work.lang)
        await make_template(options, work.access, work.state, Silent())
        return options.out.read_bytes()


def _account(schema: PortalSchema, access: PortalAccess) -> Account:
    if access.sandbox:
        return Account(message("Practice account on this machine"), "practice")
    body: Mapping[str, Any] = schema.bodies.get("account") or {}
    name = portal_name(schema, access.base_url) or message("the portal")
    return Account(name, "sandbox" if body.get("accountType") in {"SANDBOX", "DEVELOPER_TEST"} else "production")
