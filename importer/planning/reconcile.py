"""How a cell of the sheet and the portal came to differ: three values compared, put into words.

In:  a cell's value in the sheet and in the portal, the property's last change, and what an earlier run knows of it.
Out: a `Difference`, or nothing where the portal holds what it made of the sheet's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from importer.labels import Labels, Told
from importer.model import Change, Columns, Difference, Status
from importer.planning.property_history import ChangeAttribution
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.values import same_value

if TYPE_CHECKING:
    from importer.portal import HistoryEntry


@dataclass(frozen=True, slots=True)
class Known:
    """What the latest run that had to do with a cell knows of it.

    how: it `wrote` the value, `held` says that it found the value in the portal, `tried` that it meant to write it.
    """

    run: str
    is_undo: bool
    how: Literal["wrote", "held", "tried"]
    value: str
    status: Status


class DifferenceText:
    """Puts the differences of one reconciliation into words."""

    def __init__(self, columns: Columns, schema: PortalSchema) -> None:
        self._columns = columns
        self._schema = schema
        self._labels = Labels(schema)
        self._attribution = ChangeAttribution(schema)

    def explain(
        self, name: str, cell: str, change: Change, *, entry: HistoryEntry | None, known: Known | None
    ) -> Difference:
        """Return one cell that differs. `change`: from the portal's value to the sheet's; `cell`: what it asks for."""
        held, wanted = self._shown(name, change)
        is_changed, how = self._reason(name, cell, change.before[name], entry, known)
        column = self._columns.column_of(name)
        return Difference(
            row=change.row,
            position=column.position if column else None,
            header=column.header if column else None,
            property_name=name,
            key=change.key,
            sheet=change.after[name],
            portal=change.before[name],
            reason="changed_since" if is_changed else "never_written",
            changed_at=entry.timestamp if entry else None,
            changed_by=self._attribution.source(entry) or None,
            run=known.run if known else None,
            text=message(
                'the sheet says "{wanted}", the portal holds "{held}": {how}', wanted=wanted, held=held, how=how
            ),
        )

    def _reason(
        self, name: str, cell: str, held: str, entry: HistoryEntry | None, known: Known | None
    ) -> tuple[bool, Message]:
        """Return whether the portal was changed since a run had it as the sheet says, and how it came about."""
        facts = {"who": self._attribution.who(entry), "when": self._attribution.when(entry)}
        run = known.run if known else ""
        if known and known.how == "tried":
            return False, message("run {run} did not write it ({status})", run=run, status=str(known.status))
        if known and self._asks_for(name, cell, known.value):
            if known.how == "wrote":
                return True, message("{who} changed it at {when}, after run {run} wrote it", run=run, **facts)
            return True, message("{who} changed it at {when}, after run {run} had found it so", run=run, **facts)
        if known and known.how == "wrote" and self._same(name, known.value, held):
            if known.is_undo:
                return True, message("undo {run} put it back", run=run)
            return False, message("run {run} wrote what the portal holds, and the sheet was edited since", run=run)
        if entry is None:
            return False, message("never written from this sheet, and never set in the portal")
        return False, message("never written from this sheet; {who} set it at {when}", **facts)

    def _shown(self, name: str, change: Change) -> tuple[Told, Told]:
        return self._labels.told_change(name, change.before[name], change.after[name])

    def _asks_for(self, name: str, cell: str, value: str) -> bool:
        from schemas.forms import holds

        return holds(self._schema.properties.get(name), cell, value)

    def _same(self, name: str, left: str, right: str) -> bool:
        return same_value(self._schema.properties.get(name), left, right)
