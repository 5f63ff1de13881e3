"""The portal's memory: tickets, their history and the definitions, in one SQLite file.

A ticket's properties are one JSON text, since every request reads and writes them whole. `change` holds what was
written when and by whom, in rowid order. A ticket with `told` = 0 has no row there for its first values: they are
those it still has, and a row for them is written together with its first change. So seeding a million tickets
needs no history.

Several processes may open one file: each request is one transaction, and definitions are read anew when another
process has changed them. `synchronous` is off: a sandbox may lose its last writes in a power cut.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from importer.sandbox.answers import Json

VERSION = 2
"""Version of the tables and of what is seeded into them; to be raised when either changes."""

_SCHEMA = """
CREATE TABLE ticket (
  id INTEGER PRIMARY KEY, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  archived INTEGER, merged_into INTEGER, told INTEGER NOT NULL DEFAULT 0, properties BLOB NOT NULL
);
CREATE TABLE unique_value (
  property TEXT NOT NULL, value TEXT NOT NULL, folded TEXT NOT NULL, ticket INTEGER NOT NULL,
  PRIMARY KEY (property, value)
) WITHOUT ROWID;
CREATE INDEX unique_folded ON unique_value (property, folded);
CREATE TABLE change (
  id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL, at INTEGER NOT NULL,
  source_type TEXT NOT NULL, source_id TEXT, user INTEGER, properties BLOB NOT NULL
);
CREATE INDEX change_ticket ON change (ticket);
CREATE TABLE definition (
  kind TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('definitions', 0), ('seeded', 0);
"""


@dataclass(slots=True)
class Ticket:
    """One ticket. `properties` holds only what is set; times are milliseconds since 1970."""

    id: int
    created: int
    updated: int
    archived: int | None
    merged_into: int | None
    told: int
    properties: dict[str, str]


@dataclass(slots=True)
class Change:
    """Values written to a ticket at one moment ("" = cleared), and where they came from."""

    ticket: int
    at: int
    properties: dict[str, str]
    source_type: str = "INTEGRATION"
    source_id: str | None = None
    user: int | None = None


def _ticket(row: Sequence[Any]) -> Ticket:
    number, created, updated, archived, merged_into, told, properties = row
    return Ticket(number, created, updated, archived, merged_into, told, orjson.loads(properties))


class Store:
    """The SQLite file of one sandbox portal. `path`: where; made with mode 0600 where it is missing."""

    def __init__(self, path: Path) -> None:
        fresh = not path.exists()
        if fresh:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        # One thread uses it at a time; which one may change (an event loop started in another thread).
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA cache_size=-65536")
        self._db.execute("PRAGMA wal_autocheckpoint=8000")
        with self.writing():
            if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                self._build()

    def _build(self) -> None:
        """Make the tables; what an older version of them held is forgotten, being invented anyhow."""
        for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
            self._db.execute(f"DROP TABLE {name}")
        for statement in _SCHEMA.strip().split(";\n"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version={VERSION}")

    def close(self) -> None:
        """Close the file; the object is of no use after it."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def meta(self, key: str) -> int:
        """A number kept under a name."""
        row = self._db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return int(row[0])

    def set_meta(self, key: str, value: int) -> None:
        """Keep a number under a name."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))

    def data_version(self) -> int:
        """A number that moves when another connection has written."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    # Definitions ------------------------------------------------------------------------------------------------

    def definitions(self, kind: str) -> list[Json]:
        """Bodies of that kind (`property`, `pipeline`, `owner`, `rule`, `account`, `condition`), in their order."""
        rows = self._db.execute("SELECT body FROM definition WHERE kind=? ORDER BY position, name", (kind,))
        return [orjson.loads(body) for (body,) in rows]

    def define(self, kind: str, bodies: Iterable[tuple[str, Json]]) -> None:
        """Add or replace definitions by name; new ones come after those there are."""
        start = self._db.execute("SELECT COALESCE(MAX(position), -1) FROM definition WHERE kind=?", (kind,)).fetchone()
        self._db.executemany(
            "INSERT INTO definition VALUES (?,?,?,?) ON CONFLICT (kind, name) DO UPDATE SET body=excluded.body",
            [(kind, name, start[0] + n, orjson.dumps(body)) for n, (name, body) in enumerate(bodies, 1)],
        )
        self._db.execute("UPDATE meta SET value=value+1 WHERE key='definitions'")

    def undefine(self, kind: str, name: str) -> None:
        self._db.execute("DELETE FROM definition WHERE kind=? AND name=?", (kind, name))
        self._db.execute("UPDATE meta SET value=value+1 WHERE key='definitions'")

    # Tickets ----------------------------------------------------------------------------------------------------

    def tickets(self, ids: Sequence[int]) -> dict[int, Ticket]:
        """Those of the tickets that exist, archived and merged ones included."""
        rows = self._db.execute(
            "SELECT * FROM ticket WHERE id IN (SELECT value FROM json_each(?))", (orjson.dumps(list(ids)).decode(),)
        )
        return {row[0]: _ticket(row) for row in rows}

    def page(self, after: int, limit: int, *, archived: bool) -> list[Ticket]:
        """Tickets with an ID over `after`, by ID; merged-away ones are no tickets any more."""
        rows = self._db.execute(
            "SELECT * FROM ticket WHERE id > ? AND merged_into IS NULL AND (archived IS NOT NULL) = ?"
            " ORDER BY id LIMIT ?",
            (after, archived, limit),
        )
        return [_ticket(row) for row in rows]

    def every_ticket(self) -> Iterator[Ticket]:
        """All tickets that are neither archived nor merged away, by ID."""
        rows = self._db.execute("SELECT * FROM ticket WHERE merged_into IS NULL AND archived IS NULL ORDER BY id")
        return (_ticket(row) for row in rows)

    def all_tickets(self) -> Iterator[Ticket]:
        """Every ticket, archived and merged-away ones included, by ID."""
        return (_ticket(row) for row in self._db.execute("SELECT * FROM ticket ORDER BY id"))

    def count(self) -> int:
        """Number of tickets, archived and merged-away ones included."""
        return int(self._db.execute("SELECT COUNT(*) FROM ticket").fetchone()[0])

    def highest_id(self) -> int:
        """The highest ticket ID so far."""
        return int(self._db.execute("SELECT COALESCE(MAX(id), 0) FROM ticket").fetchone()[0])

    def by_unique(self, name: str, values: Sequence[str], *, exact: bool) -> dict[str, int]:
        """Ticket ID by value, of those that are held. Unless `exact`, `values` are folded already."""
        column = "value" if exact else "folded"
        rows = self._db.execute(
            f"SELECT {column}, ticket FROM unique_value WHERE property=?"
            f" AND {column} IN (SELECT each.value FROM json_each(?) AS each)",
            (name, orjson.dumps(list(values)).decode()),
        )
        return dict(rows.fetchall())

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        self._db.executemany(
            "INSERT INTO ticket VALUES (?,?,?,?,?,?,?)",
            (
                (t.id, t.created, t.updated, t.archived, t.merged_into, t.told, orjson.dumps(t.properties))
                for t in tickets
            ),
        )

    def save_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write back tickets that exist."""
        self._db.executemany(
            "UPDATE ticket SET created=?, updated=?, archived=?, merged_into=?, told=?, properties=? WHERE id=?",
            [
                (t.created, t.updated, t.archived, t.merged_into, t.told, orjson.dumps(t.properties), t.id)
                for t in tickets
            ],
        )

    def hold_unique(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Note that tickets hold unique values: (property, value, ticket)."""
        self._db.executemany(
            "INSERT OR REPLACE INTO unique_value VALUES (?,?,?,?)",
            ((name, value, value.casefold(), ticket) for name, value, ticket in rows),
        )

    def drop_unique(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Note that tickets hold those unique values no more."""
        self._db.executemany("DELETE FROM unique_value WHERE property=? AND value=? AND ticket=?", rows)

    def add_plain_tickets(self, first_id: int, count: int, created_ms: int, properties: str) -> None:
        """Insert `count` tickets with IDs from `first_id` on; `#` in the JSON text stands for the ticket's number.

        All in SQLite, since a million of them take seconds this way.
        """
        self._db.execute(
            "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < ? - 1)"
            " INSERT INTO ticket SELECT ? + n, ? + n, ? + n, NULL, NULL, 0, CAST(replace(?, '#', n + 1) AS BLOB)"
            " FROM number",
            (count, first_id, created_ms, created_ms, properties),
        )

    def wipe(self) -> None:
        for statement in ("DELETE FROM ticket", "DELETE FROM unique_value", "DELETE FROM change"):
            self._db.execute(statement)
        self._db.execute("DELETE FROM definition")
        self._db.execute("UPDATE meta SET value=0 WHERE key='seeded'")

    # History ----------------------------------------------------------------------------------------------------

    def add_changes(self, changes: Iterable[Change]) -> None:
        """Append to the history."""
        self._db.executemany(
            "INSERT INTO change (ticket, at, source_type, source_id, user, properties) VALUES (?,?,?,?,?,?)",
            [(c.ticket, c.at, c.source_type, c.source_id, c.user, orjson.dumps(c.properties)) for c in changes],
        )

    def tell(self, tickets: Iterable[Ticket]) -> None:
        """Begin the history of tickets that have none with the values the file holds; before they are saved."""
        untold = [ticket for ticket in tickets if not ticket.told]
        if untold:
            self._db.execute(
                "INSERT INTO change (ticket, at, source_type, source_id, properties)"
                " SELECT id, created, 'IMPORT', '1', properties FROM ticket"
                " WHERE told = 0 AND id IN (SELECT value FROM json_each(?))",
                (orjson.dumps([ticket.id for ticket in untold]).decode(),),
            )
        for ticket in untold:
            ticket.told = 1

    def changes(self, ids: Sequence[int]) -> dict[int, list[Change]]:
        """The history of tickets, newest first. A ticket without any has no entry."""
        rows = self._db.execute(
            "SELECT ticket, at, properties, source_type, source_id, user FROM change"
            " WHERE ticket IN (SELECT value FROM json_each(?)) ORDER BY at DESC, id DESC",
            (orjson.dumps(list(ids)).decode(),),
        )
        found: dict[int, list[Change]] = {}
        for ticket, at, properties, source_type, source_id, user in rows:
            change = Change(ticket, at, orjson.loads(properties), source_type, source_id, user)
            found.setdefault(ticket, []).append(change)
        return found
