"""How many requests may still leave: one count for all runs on this machine that use one token of one portal.

Each request that leaves is noted with its moment in a small SQLite file, named for a hash of address and token.
A request may leave while fewer than the allowed number were noted within the last window. SQLite serves as a lock
and a list that survive killed processes on every platform; nothing here belongs to a run, so a file that cannot be
used is replaced by one in memory, and the run then counts for itself.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

KEPT_S = 300.0
"""How long requests are remembered beyond the longest window: answers that come late are judged by them."""

TIDY_EVERY = 100
"""Requests between two looks for notes that are too old."""
FUTURE_S = 1.0
"""A note later than now by more than this was made before the clock was set back, and says nothing."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `requests` within any `seconds`. `own`: of this run alone, else of all that share the quota."""

    requests: int
    seconds: float
    own: bool = False


NO_LIMIT = Window(2**40, 0.001)


class Quota:
    """The requests of the last seconds. Times are seconds since 1970, given by the caller."""

    def __init__(self, path: Path | None = None) -> None:
        self._run = uuid4().hex
        self._taken = 0
        self._db = _connect(path)

    def close(self) -> None:
        self._db.close()

    def take(self, now: float, windows: tuple[Window, ...]) -> tuple[int, float]:
        """Note that a request leaves now, and return (its number, 0.0), if every window has room.

        Otherwise note nothing and return (0, seconds until there may be room).
        """
        try:
            return self._take(now, windows)
        except sqlite3.Error:
            self._db.close()
            self._db = _connect(None)
            return self._take(now, windows)

    def _take(self, now: float, windows: tuple[Window, ...]) -> tuple[int, float]:
        self._taken += 1
        if self._taken % TIDY_EVERY == 1:
            self._tidy(now, windows)
        number = self._note_if_room(now, windows)
        if not number:
            self._tidy(now, windows)  # what fills the window may be notes that say nothing
            number = self._note_if_room(now, windows)
        return number, 0.0 if number else max(self._wait(now, one) for one in windows)

    def _tidy(self, now: float, windows: tuple[Window, ...]) -> None:
        longest = max(one.seconds for one in windows)
        self._db.execute("DELETE FROM requests WHERE at <= ? OR at > ?", (now - longest - KEPT_S, now + FUTURE_S))

    def _note_if_room(self, now: float, windows: tuple[Window, ...]) -> int:
        """Note a request and return its number, or return 0; one statement, so that no other process comes between."""
        shared = min((one for one in windows if not one.own), key=lambda one: one.requests, default=NO_LIMIT)
        own = min((one for one in windows if one.own), key=lambda one: one.requests, default=NO_LIMIT)
        noted = self._db.execute(
            "INSERT INTO requests (at, run) SELECT :now, :run "
            "WHERE (SELECT count(*) FROM requests WHERE at > :shared_from) < :shared "
            "AND (:own = :no_limit OR (SELECT count(*) FROM requests WHERE at > :own_from AND run = :run) < :own)",
            {
                "now": now,
                "run": self._run,
                "shared_from": now - shared.seconds,
                "shared": shared.requests,
                "own_from": now - own.seconds,
                "own": own.requests,
                "no_limit": NO_LIMIT.requests,
            },
        )
        return int(noted.lastrowid or 0) if noted.rowcount else 0

    def _wait(self, now: float, window: Window) -> float:
        """Return how long until this window has room for one more."""
        start, run = now - window.seconds, self._run if window.own else "%"
        found = self._db.execute(
            "SELECT at FROM requests WHERE at > ? AND run LIKE ? ORDER BY at DESC LIMIT 1 OFFSET ?",
            (start, run, window.requests - 1),
        ).fetchone()
        return max(0.0, float(found[0]) + window.seconds - now) if found else 0.0

    def move(self, number: int, now: float) -> None:
        """Note that a request left later than it was noted: the connection had to be made first."""
        try:
            self._db.execute("UPDATE requests SET at = ? WHERE number = ?", (now, number))
        except sqlite3.Error:
            return  # the earlier note stands, and the margin of the window covers what it lacks

    def remember(self, requests: int, seconds: float, now: float) -> None:
        """Note what the portal allows: `requests` in any `seconds`. The next run begins with it."""
        with suppress(sqlite3.Error):  # without it, the next run begins with the least that portals allow
            self._db.execute("INSERT OR REPLACE INTO allowed VALUES (1, ?, ?, ?)", (requests, seconds, now))

    def remembered(self, now: float) -> tuple[int, float] | None:
        """Return what the portal allowed a few minutes ago, if it said so then: requests, seconds."""
        try:
            found = self._db.execute("SELECT requests, seconds, at FROM allowed").fetchone()
        except sqlite3.Error:
            return None
        return (int(found[0]), float(found[1])) if found and 0 <= now - found[2] <= KEPT_S else None

    def count(self, since: float, until: float) -> int:
        """Return how many requests left after `since`, not later than `until`, by all runs."""
        try:
            found = self._db.execute("SELECT count(*) FROM requests WHERE at > ? AND at <= ?", (since, until))
            return int(found.fetchone()[0])
        except sqlite3.Error:
            return 0


def quota_path(home: Path, base_url: str, token: str) -> Path:
    """Return the file that all runs with this token on this portal share. The token cannot be derived from it."""
    digest = hashlib.sha256(f"{base_url}\0{token}".encode()).hexdigest()
    return home / "limits" / f"{digest[:20]}.sqlite3"


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _prepare(sqlite3.connect(":memory:", isolation_level=None))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return _prepare(sqlite3.connect(path, timeout=2, isolation_level=None))
    except (OSError, sqlite3.Error):
        return _connect(None)


def _prepare(connection: sqlite3.Connection) -> sqlite3.Connection:
    # Nothing here needs to outlive a power cut, so no write waits for the disk.
    connection.execute("PRAGMA journal_mode = MEMORY").fetchall()
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY, at REAL NOT NULL, run TEXT)")
    connection.execute("CREATE INDEX IF NOT EXISTS requests_at ON requests (at)")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS allowed"
        " (one INTEGER PRIMARY KEY, requests INTEGER NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL)"
    )
    return connection
