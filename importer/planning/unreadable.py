"""What the portal does not show is not empty: columns whose values it leaves out of its answers.

HubSpot leaves out what a token may not see, and gives null for what is not set. Source: HubSpot, sensitive data in the
CRM API.
"""

from __future__ import annotations

from collections.abc import Iterable

from importer.errors import ColumnsError
from importer.findings import Finding
from importer.model import CheckedRow, Columns
from importer.portal import Missing, Ticket
from schemas.message import message
from schemas.property import Property
from schemas.ticket_object import TICKET


def check_shown(rows: Iterable[tuple[CheckedRow, Ticket | Missing]], columns: Columns) -> None:
    """Raise ColumnsError where a ticket does not show a property that its row has a value for, each column once."""
    hidden: set[str] = set()
    for row, ticket in rows:
        if isinstance(ticket, tuple) and not (
            row.wanted.keys() <= ticket.properties.keys() and row.pending.keys() <= ticket.properties.keys()
        ):
            hidden |= (row.wanted.keys() | row.pending.keys()) - ticket.properties.keys()
    found = [_unreadable(columns, one.position, one.header, one.definition) for one in columns.values]
    if findings := [one for one in found if one.property_name in hidden]:
        raise ColumnsError(findings)


def scope_for(definition: Property | None) -> str:
    """Return the scope that shows a property's values, as far as its definition says."""
    known = TICKET.sensitive_scopes.get(definition.sensitivity if definition else "")
    return known or " / ".join(TICKET.sensitive_scopes.values())


def _unreadable(columns: Columns, position: int, header: str, definition: Property) -> Finding:
    text = message(
        'the portal does not show the values of "{label}" to this token, which is not the same as empty; give the '
        "token the scope {scope}, leave the column out with --skip-column, or write without comparing with --no-diff",
        label=definition.label,
        scope=scope_for(definition),
    )
    return Finding("unreadable_property", text, columns.header_row, position, header, definition.name)
