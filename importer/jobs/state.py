"""The state folder: where runs, the cached schema, locks and the sandbox's database are kept."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from importer.errors import FileError, UsageError, cannot_write_state
from importer.jobs.locks import hold, name_run
from importer.journal import Journal, RunRecord
from importer.journal.run_record import now
from importer.writeback.outputs import Outputs
from schemas.message import message


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The folder that `IMPORT_TICKETS_HOME` names, or the platform's user state folder."""

    home: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> StateFolder:
        """Return the folder of this user."""
        if named := environ.get("IMPORT_TICKETS_HOME"):
            return cls(Path(named).expanduser())
        from platformdirs import user_state_path

        return cls(user_state_path("import-tickets", appauthor=False))

    @property
    def runs(self) -> Path:
        """Where the journals are."""
        return self.home / "runs"

    @property
    def outputs(self) -> Outputs:
        """Which files are this program's own earlier output."""
        return Outputs(self.home)

    def make_home(self) -> None:
        """Make the folder where it is missing, for its user alone. Raises OSError where it cannot be made."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(mode=0o700, exist_ok=True)

    def create_journal(self, record: RunRecord) -> Journal:
        """Make the journal of a new run; its ID is the local time and four digits, higher than those of that second.

        Raises FileError where the folder cannot be written.
        """
        while True:
            run_id = self._new_run_id()
            try:
                journal = Journal.create(self.runs, replace(record, id=run_id, started_at=now()))
            except FileExistsError:
                continue
            for file in (record.file, (record.plan or {}).get("path")):
                if file:
                    name_run(self._locks, Path(file).resolve(), run_id)
            return journal

    def _new_run_id(self) -> str:
        second = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
        taken = max((path.stem for path in self.runs.glob(f"{second}-*.sqlite3")), default=f"{second}-0000")
        first = int(taken.rpartition("-")[2], 16) + 1
        return f"{second}-{first + secrets.randbelow(max(1, (0x10000 - first) // 16)):04x}"

    def open_journal(self, run_id: str) -> Journal:
        """Open the journal of a run. Raises UsageError where there is none of that name."""
        path = self.runs / f"{run_id}.sqlite3"
        if "/" in run_id or "\\" in run_id or not path.is_file():
            raise UsageError(
                message('There is no run "{run}" on this machine; `import-tickets runs` lists those kept.', run=run_id),
                code="no_such_run",
            )
        return Journal.open(path)

    def read_record(self, run_id: str) -> RunRecord:
        """Return the facts of a run. Raises what `open_journal` raises."""
        with self.open_journal(run_id) as journal:
            return journal.record

    def find_run(self, typed: str) -> str:
        """Return the ID of the one run that has `typed` in it. Raises UsageError where there is none, or several."""
        kept = self.run_ids()
        found = [typed] if typed in kept else [one for one in kept if typed and typed in one]
        if len(found) == 1:
            return found[0]
        from schemas.cells import Nearest, quoted

        if found:
            raise UsageError(
                message(
                    'Several runs have "{run}" in their ID: {runs}. Type more of it.', run=typed, runs=quoted(found)
                ),
                code="no_such_run",
            )
        if near := Nearest(kept)(typed):
            raise UsageError(
                message('There is no run "{run}" on this machine; did you mean {near}?', run=typed, near=quoted(near)),
                code="no_such_run",
            )
        raise UsageError(
            message('There is no run "{run}" on this machine; `import-tickets runs` lists those kept.', run=typed),
            code="no_such_run",
        )

    def run_ids(self) -> list[str]:
        """Return the runs kept, newest first."""
        return sorted((path.stem for path in self.runs.glob("*.sqlite3") if path.is_file()), reverse=True)

    def unfinished_run(self, file: Path | None = None) -> str | None:
        """Return the latest run that can be resumed, of `file` alone where one is named; None where there is none."""
        for run_id in self.run_ids():
            try:
                record = self.read_record(run_id)
            except FileError:
                continue
            if record.can_resume and (file is None or record.file == str(file)):
                return run_id
        return None

    def schema_cache(self, base_url: str) -> Path:
        """Return where the schema last fetched from this address is kept."""
        return self.home / f"schema-{_short_hash(base_url)}.json"

    @contextmanager
    def lock_file(self, file: Path, *, run: str = "") -> Iterator[None]:
        """Hold the one right to run on `file`; it dies with the process. `run`: the run's ID, where there is one yet.

        Raises FileError `file_busy` while another run holds it.
        """
        with ExitStack() as stack:
            try:
                self.make_home()
                self._locks.mkdir(mode=0o700, exist_ok=True)
                stack.enter_context(hold(self._locks, file, run=run, since=now()))
            except OSError as error:
                raise FileError(cannot_write_state(self.home, error)) from error
            yield

    @property
    def _locks(self) -> Path:
        return self.home / "locks"


def _short_hash(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
