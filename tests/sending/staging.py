"""A journal with a plan, a portal to send it to, and the question whether both tell the same story in the end."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.journal import Journal, RunRecord
from importer.model import Change, CheckedRow, Columns, KeyColumn, Status, ValueColumn
from importer.portal import Clock, Portal, PortalSettings, StopSignal
from importer.sending.sender import send
from schemas.property import PortalSchema, Property, read_schema

FAST = 200.0
"""How much faster than real the waits of these tests are."""

_SCHEMAS: dict[str, PortalSchema] = {}


def portal_of(server, *, home=None, speed=FAST, app=None, **more) -> Portal:
    settings = PortalSettings(server.base_url, server.token, home=home, **more)
    return Portal(settings, clock=Clock(speed), rng=random.Random(1), timeout_s=5, app=app)


def schema_of(server) -> PortalSchema:
    if server.base_url not in _SCHEMAS:

        async def fetch():
            async with portal_of(server) as portal:
                return read_schema(await portal.fetch_bodies())

        _SCHEMAS[server.base_url] = asyncio.run(fetch())
    return _SCHEMAS[server.base_url]


def columns_for(schema: PortalSchema, names, key: str = "id") -> Columns:
    values = tuple(
        ValueColumn(place, f"Column {name}", schema.properties.get(name) or Property(name, name, "string", "text"))
        for place, name in enumerate(names, 1)
    )
    return Columns(KeyColumn(0, "Ticket", key), values, header_row=1)


def make_journal(folder: Path, changes, *, name="run", size=100) -> Journal:
    journal = Journal.create(folder, RunRecord(id=name))
    journal.rows.add([CheckedRow(c.row, c.key, c.after) for c in changes], fold_keys=False)
    journal.plan.add(changes)
    journal.batches.make(size)
    return journal


@dataclass
class Stage:
    """One plan against one served sandbox. `intents` holds what each row wants, by row."""

    server: Any
    folder: Path
    names: tuple[str, ...] = ("subject", "hs_ticket_priority")
    id_property: str | None = None
    events: list = field(default_factory=list)
    looks_again: bool = False
    """Whether each batch is compared with the portal before it leaves, as after a question or at a resume."""

    def __post_init__(self):
        self.schema = schema_of(self.server)
        self.columns = columns_for(self.schema, self.names, self.id_property or "id")

    def live_ids(self) -> list[str]:
        return [key for key, one in self.server.tickets().items() if not one["archived"] and not one["merged_into"]]

    def plan(self, count=250, *, after=lambda n: {"subject": f"subject {n}"}, before=True, start=0, size=100):
        """Plan `count` changes of live tickets, from row 2 on."""
        tickets = self.server.tickets()
        keys = [key for key, one in tickets.items() if not one["archived"] and not one["merged_into"]]
        changes = []
        for n, key in enumerate(keys[start : start + count]):
            wanted = after(n)
            held = {name: tickets[key]["properties"].get(name, "") for name in wanted} if before else {}
            changes.append(Change(n + 2, key, key if before else None, held, wanted))
        return self.store(changes, size=size)

    def store(self, changes, *, size=100):
        self.changes = {change.row: change for change in changes}
        self.journal = make_journal(self.folder, changes, size=size)
        return self

    def send(self, *, stop: StopSignal | None = None, before=None, planned_at=None, max_failures=None, **settings):
        """Send the plan; `before(portal)` is awaited first."""

        async def run():
            async with portal_of(self.server, **settings) as open_portal:
                self.portal = open_portal
                if before is not None:
                    await before(open_portal)
                await send(
                    self.journal,
                    open_portal,
                    columns=self.columns,
                    schema=self.schema,
                    on_event=self.events.append,
                    stop=stop,
                    total=len(self.changes),
                    planned_at=planned_at or (datetime.now(UTC) if self.looks_again else None),
                    look_again=self.looks_again,
                    max_failures=max_failures,
                )

        asyncio.run(run())
        return self

    def resume(self, **settings):
        self.journal.batches.retry_unavailable()
        self.journal.rows.reopen(Status.NOT_SENT)
        return self.send(**settings)

    @property
    def statuses(self) -> dict[int, str]:
        return {one.row: str(one.status or "") for one in self.journal.report.outcomes()}

    @property
    def counts(self) -> dict[str, int]:
        return self.journal.rows.count_by_status()

    @property
    def codes(self) -> dict[str, int]:
        return self.journal.report.count_findings()

    def codes_of(self, row: int) -> list[str]:
        return [one.code for one in self.journal.report.findings() if one.row == row]

    def disagreements(self) -> list[tuple]:
        """Return rows of which journal and sandbox tell different stories.

        An updated row's ticket holds what was sent; no ticket of another row, but those in doubt, was written.
        """
        tickets = self.server.tickets()
        found = []
        for row, status in self.statuses.items():
            change = self.changes[row]
            held = tickets.get(change.ticket or change.key, {"properties": {}})["properties"]
            written = all(held.get(name, "") == value for name, value in change.after.items())
            if status == "updated" and not written:
                found.append((row, status, held))
            if status != "updated" and written and change.before and not self._may_be_in_doubt(row):
                found.append((row, status, held))
        return found

    def disagreements_of_updated(self) -> list[tuple]:
        """Return the rows said to be updated whose ticket does not hold what was sent: true at any moment of a run."""
        return [one for one in self.disagreements() if one[1] == "updated"]

    def _may_be_in_doubt(self, row: int) -> bool:
        return bool({"unavailable", "unconfirmed"} & set(self.codes_of(row)))
