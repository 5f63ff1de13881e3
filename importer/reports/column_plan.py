"""What a plan or a run does to each column: which changes most often, or from which range to which.

The same facts stand on the terminal, the HTML page and the page of `web`. Values are kept as what they are, and get
the form of the reader's language where they are shown: see `importer.reports.text.value_text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from importer.journal import ColumnTotals, Journal, Span
from importer.labels import Labels, zone_of
from importer.model import Change, Status
from schemas.property import PortalSchema
from schemas.property_type import Scaled
from schemas.types.datetime import parse_moment
from schemas.values import type_of

FLOWS_SHOWN = 3
"""Changes of a column that are named; a column of numbers or dates with more of them shows its range."""

Shown = str | Scaled
"""A value as it is shown: a label or text, a number, a day, a moment by the clocks of the reader's zone."""


class ColumnFlow(NamedTuple):
    """One change, and how many cells make it; `before` is None where it was not read."""

    before: Shown | None
    after: Shown
    cells: int


class Range(NamedTuple):
    """The least and the greatest of the values of a column."""

    first: Shown
    last: Shown


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What is done to one property."""

    name: str
    """The property's."""
    header: str
    changed: int
    cleared: int
    flows: tuple[ColumnFlow, ...] = ()
    """The most frequent changes."""
    others: int = 0
    """Cells that change in another way than those."""
    before: Range | None = None
    """Of numbers, days and moments that change in many ways. None where they were not read, or were all empty."""
    after: Range | None = None
    cleared_everywhere: bool = False
    """The column is empty on every valid row, so that the plan clears the property wherever it holds something."""
    has_moments: bool = False


class ValueForms:
    """Makes of values in HubSpot's form what is shown: labels, numbers, days, and moments in a zone."""

    def __init__(self, schema: PortalSchema | None, time_zone: str) -> None:
        self._labels = Labels(schema)
        self._zone = zone_of(time_zone)
        self.scales: dict[str, Callable[[str], Scaled | None]] = {
            name: scale
            for name, definition in (schema.properties.items() if schema else ())
            if (scale := type_of(definition).scale) is not None
        }
        """Of properties whose values have an order."""

    def header(self, name: str) -> str:
        """Return a property's label."""
        return self._labels.header(name)

    def is_moment(self, name: str) -> bool:
        """Whether a property's values are moments, which are shown by the clocks of the zone."""
        return self.scales.get(name) is parse_moment

    def scaled(self, value: Scaled) -> Scaled:
        """Return a moment by the clocks of the zone, all else as it is."""
        return value.astimezone(self._zone) if isinstance(value, datetime) else value

    def value(self, name: str, value: str) -> Shown:
        """Return what is shown of a value."""
        scale = self.scales.get(name)
        found = scale(value) if scale and value else None
        return self._labels.value(name, value) if found is None else self.scaled(found)

    def change(self, name: str, before: str, after: str) -> tuple[Shown, Shown]:
        """Return what is shown of a change: two texts that differ."""
        if name not in self.scales:
            return self._labels.change(name, before, after)
        old, new = self.value(name, before), self.value(name, after)
        if _clock(old) == _clock(new):  # the clocks were put back between
            return before, after
        return old, new


def _clock(value: Shown) -> Shown:
    return value.replace(tzinfo=None, fold=0) if isinstance(value, datetime) else value


def column_plans(
    journal: Journal,
    forms: ValueForms,
    headers: Mapping[str, str],
    *,
    most: int = FLOWS_SHOWN,
    status: Status | None = None,
) -> tuple[ColumnPlan, ...]:
    """Return what the plan (or what was done, with a status) does to each column, most cells first.

    headers: what the sheet calls the properties.
    """
    compared = journal.record.diff
    totals = journal.plan.column_totals(most=most, status=status, scales=forms.scales)
    return tuple(
        _view(one, headers.get(one.property_name) or forms.header(one.property_name), forms, compared=compared)
        for one in totals
    )


def _view(totals: ColumnTotals, header: str, forms: ValueForms, *, compared: bool) -> ColumnPlan:
    name = totals.property_name
    has_range = totals.after is not None and totals.kinds > FLOWS_SHOWN
    flows: list[ColumnFlow] = []
    for before, after, count in () if has_range else totals.flows:
        if compared:
            flows.append(ColumnFlow(*forms.change(name, before, after), count))
        else:
            flows.append(ColumnFlow(None, forms.value(name, after), count))
    cells = totals.changed + totals.cleared
    return ColumnPlan(
        name=name,
        header=header,
        changed=totals.changed,
        cleared=totals.cleared,
        flows=tuple(flows),
        others=0 if has_range else cells - sum(one.cells for one in flows),
        before=_range(totals.before, forms) if has_range and compared else None,
        after=_range(totals.after, forms) if has_range else None,
        has_moments=forms.is_moment(name),
    )


def _range(span: Span | None, forms: ValueForms) -> Range | None:
    return Range(forms.scaled(span.first), forms.scaled(span.last)) if span else None


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """One ticket of the plan, with what changes on it."""

    row: int
    key: str
    name: str
    """What the ticket is called; empty where the sheet does not say it."""
    changes: tuple[tuple[str, Shown | None, Shown], ...]
    """(header, before, after)."""


def example_row(
    change: Change, name: str, headers: Mapping[str, str], forms: ValueForms, *, compared: bool
) -> ExampleRow:
    """Return a row as an example of the plan."""
    changes = []
    for one, after in change.after.items():
        old, new = forms.change(one, change.before.get(one) or "", after)
        shown = (old, new) if compared else (None, forms.value(one, after))
        changes.append((headers.get(one) or forms.header(one), *shown))
    return ExampleRow(change.row, change.key, name, tuple(changes))
