"""The file of a journal: how it is made, opened and written, and what is done where the disk fails."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import orjson

from importer.errors import FileError, ImportTicketsError, JournalGone, JournalLost, MachineLimit, too_many_files
from importer.files import no_more_files
from importer.journal.run_record import RunRecord
from importer.model import Values
from schemas.message import Message, message

_FORMAT = 3
"""Number of the tables below: another one is another version's, and refused."""

_SCHEMA = f"""
PRAGMA user_version = {_FORMAT};
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, seal TEXT);
CREATE TABLE rows (               -- narrow: what sending changes of a hundred rows lies in two or three pages
    row INTEGER PRIMARY KEY,      -- as the spreadsheet shows it
    line INTEGER,                 -- of a delimited file, where it is another number
    key TEXT NOT NULL,            -- as it is sent
    folded TEXT,                  -- the key without case, where that is another text
    ticket TEXT,                  -- record ID, where an answer named another one than the plan has
    status TEXT,                  -- NULL: undecided
    same_as INTEGER,              -- the row whose fate it shares
    left_out INTEGER,             -- 1: the user chose other rows
    returned TEXT,                -- {{property: value}}: what the portal made of it, where that differs
    notices TEXT,                 -- messages
    seal TEXT                     -- of `ticket` and `returned`, where they are given
);
CREATE INDEX rows_by_twin ON rows (same_as) WHERE same_as IS NOT NULL;
CREATE TABLE sheet (              -- of rows that passed validation
    row INTEGER PRIMARY KEY,
    wanted TEXT NOT NULL,         -- {{property: value}}: what the sheet says
    pending TEXT,                 -- {{property: {{pipeline: value}}}}
    typed TEXT,                   -- the pending cell, as typed
    modified TEXT,                -- when the sheet was made, as far as the row says
    alike TEXT                    -- {{property: the last moment that its cell would show alike}}
);
CREATE TABLE plan (               -- of rows to be sent
    row INTEGER PRIMARY KEY,
    ticket TEXT,                  -- record ID, where a read returned it
    before TEXT,                  -- {{property: value}}: the portal's values of what changes
    changes TEXT                  -- {{property: value}}: what is sent; NULL: all that the sheet says
);
CREATE VIEW planned AS
    SELECT plan.row AS row, key, coalesce(rows.ticket, plan.ticket) AS ticket, before,
        coalesce(changes, wanted) AS changes, status, same_as, returned
    FROM plan JOIN rows ON rows.row = plan.row LEFT JOIN sheet ON sheet.row = plan.row;
CREATE TABLE findings (
    number INTEGER PRIMARY KEY,
    row INTEGER, position INTEGER, header TEXT, property TEXT, key TEXT, value TEXT,
    code TEXT NOT NULL, message TEXT NOT NULL
);
CREATE INDEX findings_by_row ON findings (row);
CREATE TABLE differences (
    number INTEGER PRIMARY KEY,
    row INTEGER NOT NULL, position INTEGER, header TEXT, property TEXT NOT NULL, key TEXT NOT NULL,
    sheet TEXT NOT NULL, portal TEXT NOT NULL, reason TEXT NOT NULL,
    changed_at TEXT, changed_by TEXT, run TEXT, message TEXT NOT NULL
);
CREATE TABLE batches (            -- of the planned rows from `first` to `last`
    number INTEGER PRIMARY KEY,
    first INTEGER NOT NULL UNIQUE, last INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'planned',   -- planned, sent, answered
    sent_at TEXT, answered_at TEXT,
    digest TEXT NOT NULL                     -- of its place and of what was planned of its rows
);
CREATE TABLE answers (
    number INTEGER PRIMARY KEY,
    batch INTEGER, at TEXT NOT NULL, inputs INTEGER NOT NULL, status INTEGER, correlation TEXT, problem TEXT,
    told TEXT                     -- what it says of the batch, by the portal's own names
);
"""


def dump(value: object) -> str:
    """Return JSON as text: SQLite's JSON functions do not take it as bytes."""
    return orjson.dumps(value).decode()


def dump_messages(messages: Sequence[Message]) -> str | None:
    """Return messages as JSON; None for no messages."""
    return dump([one.to_json() for one in messages]) if messages else None


def load_messages(stored: str | None) -> tuple[Message, ...]:
    """Return the messages that `dump_messages` stored."""
    return tuple(Message.from_json(one) for one in orjson.loads(stored)) if stored else ()


def load_values(stored: str | None) -> Values:
    """Return stored values; none where nothing is stored."""
    values: Values = orjson.loads(stored) if stored else {}
    return values


def seal_of(*values: object) -> str:
    """Return a digest of stored values, by which one that was altered on the disk is recognised."""
    return hashlib.blake2b(orjson.dumps(values), digest_size=16).hexdigest()


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    connection.create_function("seal_of", -1, seal_of, deterministic=True)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what file bears this name: device and number; None where none does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_damage(error: BaseException | None) -> bool:
    """Whether an error says that the file cannot be read or written as it should, and not that we asked wrongly."""
    if isinstance(error, sqlite3.DatabaseError):
        return not isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError | sqlite3.NotSupportedError)
    return isinstance(error, orjson.JSONDecodeError)


class JournalFile:
    """The file. `db` is another connection from the moment on that notes are kept in memory: ask for it each time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.db = connection
        self._identity: tuple[int, int] | None = _identity(path)
        """What file it is, by which a journal that was removed or replaced is recognised; None: it is in memory."""
        self.may_have_sent = False
        """Whether something of this run may be with the portal: then `resume` is the way on, whatever goes wrong."""
        self.lost: JournalLost | None = None
        """Why the journal is in memory, where it is."""

    @classmethod
    def create(cls, folder: Path, record: RunRecord) -> Self:
        """Make the journal `folder/ID.sqlite3` of a run, mode 0600 in a folder 0700, and note its record.

        Raises FileError where the folder cannot be written, and FileExistsError where the run exists.
        """
        path = folder / f"{record.id}.sqlite3"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.name == "posix":
                folder.chmod(0o700)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            made = cls(path, _connect(path))
            made.db.executescript(_SCHEMA)
            made.save(record.to_json())
        except FileExistsError:
            raise
        except (OSError, sqlite3.Error) as error:
            if no_more_files():
                raise MachineLimit(too_many_files()) from error
            raise FileError(
                message(
                    "The journal {path} cannot be written ({reason}). Make room, or set IMPORT_TICKETS_HOME to a "
                    "folder that can be written.",
                    path=str(path),
                    reason=str(error),
                )
            ) from error
        return made

    @classmethod
    def open(cls, path: Path) -> tuple[Self, RunRecord]:
        """Open an existing journal; return it with the record of its run.

        Raises FileError where there is none, or it is no journal.
        """
        if not path.is_file():
            raise FileError(message("There is no journal {path}.", path=str(path)))
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(path)
            opened = cls(path, connection)
            return opened, RunRecord.from_json(opened._load())
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            if connection is not None:
                connection.close()
            raise FileError(
                message("{path} is not a journal of a run ({reason}).", path=str(path), reason=str(error))
            ) from error

    def _load(self) -> dict[str, Any]:
        """Return the facts of the run by name. Raises ValueError for another format, and where one was altered."""
        found = self.db.execute("PRAGMA user_version").fetchone()[0]
        if found != _FORMAT:
            raise ValueError(f"format {found}")
        altered = self.db.execute("SELECT name FROM meta WHERE seal IS NOT seal_of(name, value)").fetchone()
        if altered:
            raise ValueError(f"{altered[0]!r} was altered")
        stored = self.db.execute("SELECT name, value FROM meta")
        return {name: orjson.loads(value) for name, value in stored}

    def save(self, facts: Mapping[str, Any]) -> None:
        """Keep facts of the run by name."""
        with self.writing():
            self.db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?1, ?2, seal_of(?1, ?2))",
                [(name, dump(value)) for name, value in facts.items()],
            )

    def check_pages(self) -> str:
        """Return what is wrong with the pages of the file; "" where nothing is.

        Source: https://www.sqlite.org/pragma.html#pragma_quick_check
        """
        found = str(self.db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found

    def close(self) -> None:
        """Close the file; nothing is pending."""
        self.db.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise FileError where what is read turns out to be damaged.

        Where something may have been sent, that is JournalLost.
        """
        try:
            yield
        except (sqlite3.DatabaseError, orjson.JSONDecodeError) as error:
            if not is_damage(error):
                raise
            raise self.damaged(error) from error

    def damaged(self, error: BaseException | None) -> ImportTicketsError:
        """Return the error that says so of the file."""
        if self.may_have_sent:
            return self._unwritable(error)
        return FileError(
            message("{path} is not a journal of a run ({reason}).", path=str(self.path), reason=str(error))
        )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction. Raises JournalLost where it cannot be written, JournalGone where it was removed."""
        if self._identity is not None and _identity(self.path) != self._identity:
            raise JournalGone(
                message(
                    "The journal {path} is gone: the state folder was removed or replaced during the run, so that "
                    "what was sent cannot be undone. Nothing more was sent. Run again: rows that the portal holds "
                    "already are left as they are.",
                    path=str(self.path),
                ),
                has_sent=self.may_have_sent,
            )
        try:
            with self.db:
                yield
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            raise self._unwritable(error) from error

    def _unwritable(self, error: BaseException | None) -> JournalLost:
        if self.may_have_sent:
            text = message(
                "The journal {path} cannot be written or read ({reason}), so the run stopped. Rows may have been "
                "sent: free some disk space, then `import-tickets resume {run}` checks what happened to them, "
                "and sends the rest.",
                path=str(self.path),
                reason=str(error),
                run=self.path.stem,
            )
            return JournalLost(text, has_sent=True, run_id=self.path.stem)
        return JournalLost(
            message(
                "The journal {path} cannot be written ({reason}). Nothing was sent. Make room, or set "
                "IMPORT_TICKETS_HOME to a folder that can be written, then run again.",
                path=str(self.path),
                reason=str(error),
            ),
            has_sent=False,
        )

    def outlive(self, write: Callable[[], object]) -> None:
        """Write; where the disk refuses that, go on in memory, so that what is known can still be reported."""
        try:
            write()
        except JournalLost as lost:
            self.go_on_in_memory(lost)
            write()

    def go_on_in_memory(self, lost: JournalLost) -> None:
        """Keep all further notes in memory: what is on disk stays as it is, and a resume begins there.

        Raises JournalLost where the journal cannot even be read.
        """
        if self.lost is not None:
            return
        memory = _connect(":memory:")
        try:
            self.db.backup(memory)
        except sqlite3.Error as error:
            memory.close()
            raise self._unwritable(error) from error
        self.db.close()
        self.db, self._identity, self.lost = memory, None, lost
