"""What runs on a file changed, as lines of the sheet `Import changes`; and what of it the rows of a later run show.

In:  the journals of the runs on the same file and portal.
Out: the changed cells of this run, then those of earlier ones, latest first; each with its moment and its run.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from importer.errors import FileError
from importer.jobs.run_history import earlier_runs
from importer.jobs.stored_run import stored_columns
from importer.journal import Journal, RunRecord
from importer.model import Status
from importer.reports.cell_texts import CellTexts
from importer.reports.text import local_moment, ticket_url
from importer.writeback import ChangeLine
from schemas.message import Message, message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.writeback.annotation import Note
    from schemas.message import Translations

MAX_CHANGE_LINES = 100_000
"""Lines of the sheet."""
MAX_KEYS = 100_000
"""Tickets of which it is remembered when an earlier run updated them."""

_SHOWN = (Status.UPDATED, Status.WOULD_UPDATE, Status.DIFFERS)


class _Moments:
    """When the rows of a run were changed: when the portal answered their batch, by the clock of this machine."""

    def __init__(self, journal: Journal, words: Translations) -> None:
        record = journal.record
        answers = {one.first: one.at for one in journal.batches.answers()}
        self._firsts = sorted(answers)
        self._told = [local_moment(answers[first]).render(words) for first in self._firsts]
        self._start = local_moment(record.confirmed_at or record.started_at).render(words)

    def __call__(self, row: int) -> str:
        place = bisect_right(self._firsts, row)
        return self._told[place - 1] if place else self._start


def change_lines(journal: Journal, schema: PortalSchema, words: Translations) -> Iterator[ChangeLine]:
    """Yield the lines of this run, then those of earlier runs on the file, the latest first."""
    return islice(_all_lines(journal, schema, words), MAX_CHANGE_LINES + 1)


def _all_lines(journal: Journal, schema: PortalSchema, words: Translations) -> Iterator[ChangeLine]:
    yield from _lines_of(journal, schema, words, *_SHOWN)
    for earlier, record in earlier_runs(journal, latest_first=True):
        if record.dry_run or record.kind == "reconcile":
            continue
        with contextlib.suppress(FileError), earlier.reading():
            yield from _lines_of(earlier, stored_columns(record)[0], words, Status.UPDATED)


def _lines_of(journal: Journal, schema: PortalSchema, words: Translations, *statuses: Status) -> Iterator[ChangeLine]:
    record, texts, moments = journal.record, CellTexts(schema, words), _Moments(journal, words)
    positions = {one.property_name: (one.position, one.header) for one in record.columns}
    portal = record.portal
    for change in journal.report.changes(*statuses):
        ticket = change.ticket or (change.key if record.key.property == "id" else None)
        url = ticket_url(portal.ui_domain, portal.portal_id, ticket)
        when = moments(change.row)
        for name, after in change.after.items():
            position, header = positions.get(name, (None, texts.header(name)))
            before = change.before.get(name)
            old, new = texts.change(name, before or "", after)
            told = None if before is None else old
            yield ChangeLine(change.row, change.key, url, header, told, new, position, when, record.id)


def what_lines_are(record: RunRecord) -> Message | None:
    """Return what the lines of a run say where they are no changes that it made."""
    if record.kind == "reconcile":
        return message("Differences found: before is what the portal holds, after is what the sheet says.")
    return message("Dry run: this is what a run would change.") if record.dry_run else None


class EarlierUpdates:
    """When earlier runs on the file updated a ticket that is unchanged in this one."""

    def __init__(self, journal: Journal, words: Translations) -> None:
        self._words = words
        counts = journal.rows.count_by_status()
        self._when = dict(_read_updates(journal, words)) if counts.get(Status.UNCHANGED) else {}

    def noted(self, notes: Iterator[Note], join: Callable[[list[str]], str]) -> Iterator[Note]:
        """Yield notes; those of unchanged rows say when an earlier run updated them."""
        if not self._when:
            yield from notes
            return
        unchanged = str(Status.UNCHANGED)
        for note in notes:
            row, status, text, key = note
            if status == unchanged and (when := self._when.get(key)):
                told = message("updated {when} by an earlier run", when=when).render(self._words)
                yield row, status, join([told, text]), key
            else:
                yield note


def _read_updates(journal: Journal, words: Translations) -> Mapping[str, str]:
    """Return, by key, when the latest run that changed a ticket did so; not those that an undo put back."""
    found: dict[str, str] = {}
    for earlier, record in earlier_runs(journal):
        if record.dry_run or record.kind == "reconcile" or record.key.property != journal.record.key.property:
            continue
        with contextlib.suppress(FileError), earlier.reading():
            moments = _Moments(earlier, words)
            for row, key, status, _, _ in earlier.report.statuses():
                if status != Status.UPDATED:
                    continue
                if record.kind == "undo":
                    found.pop(key, None)
                elif key in found or len(found) < MAX_KEYS:
                    found[key] = moments(row)
    return found


def run_to_undo(journal: Journal) -> RunRecord | None:
    """Return the latest run on the file, this one first, that changed something and is not undone; None if none."""
    if journal.record.kind != "run" or journal.record.dry_run:
        return None
    if _changed_something(journal):
        return journal.record
    undone = set()
    for earlier, record in earlier_runs(journal, latest_first=True):
        with contextlib.suppress(FileError), earlier.reading():
            if not _changed_something(earlier):
                continue
            if record.kind == "undo":
                undone.add(record.parent)
            elif record.id not in undone:
                return record
    return None


def _changed_something(journal: Journal) -> bool:
    return journal.record.can_undo and journal.rows.count_by_status().get(Status.UPDATED, 0) > 0
