"""Write to the journal in groups: all that comes up in one turn of the event loop is one commit.

A commit waits for the disk, and on slow disks two of them for every batch would take longer than the portal does. Who
notes something goes on only once it is on disk.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from importer.journal import Journal, Progress
from importer.portal import Answer
from importer.records import Outcome


class Notebook:
    """The journal of a run that is sending."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: list[tuple[Progress, asyncio.Future[None]]] = []

    async def note(
        self,
        batch: int,
        *,
        sent: bool = False,
        inputs: int = 0,
        answer: Answer | None = None,
        outcomes: tuple[Outcome, ...] = (),
    ) -> None:
        """Note that a batch is about to leave, what came back for `inputs` rows of it, or what became of rows."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._write)
        told = None
        if answer is not None:
            words = "; ".join(fault.text for fault in answer.faults[:3]) or answer.problem
            told = (inputs, answer.status, answer.correlation_id or None, words or None)
        self._waiting.append((Progress(batch, _now(), sent, told, outcomes), done))
        await done

    def _write(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            self._journal.note_progress(step for step, _ in group)
        except BaseException as error:
            for _, done in group:
                if not done.done():
                    done.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for _, done in group:
            if not done.done():
                done.set_result(None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
