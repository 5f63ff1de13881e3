"""Words for what happens in an office: tickets, what people set on them, and what a file says beside its rows."""

import csv

A, B, C = "25012345001", "25012345701", "25012345009"
"""Tickets that people work with."""
SUPPORT_TICKETS = ["25012345001", "25012345013", "25012345022", "25012345025"]
"""Some of the Support Pipeline, whose stages are 1 to 4."""

_SET_BY_PORTAL = (
    "hubspot_owner_assigneddate",
    "hubspot_team_id",
    "hs_all_owner_ids",
    "hs_v2_date_",
    "hs_date_",
    "closed_date",
    "time_to_close",
    "hs_last_closed_date",
    "hs_ticket_reopened_at",
)
"""What the portal sets by itself when a stage or an owner changes; an undo leaves it to the portal again."""
_SETS = ("affected_products", "hs_ticket_category")
"""Properties that hold several options, of which the portal promises no order."""


def people_set(properties):
    """Return what people set on a ticket: its properties without those that the portal sets by itself."""
    return {
        name: sorted(value.split(";")) if name in _SETS else value
        for name, value in properties.items()
        if value and not name.startswith(_SET_BY_PORTAL)
    }


def values(portal, ticket):
    """Return what people set on one ticket."""
    return people_set(portal.ticket(ticket)["properties"])


def all_values(portal, tickets=()):
    """Return what people set, ticket by ticket; of some tickets, where they are named."""
    query = f"?ids={','.join(tickets)}" if tickets else ""
    return {ticket["id"]: people_set(ticket["properties"]) for ticket in portal.control(f"tickets{query}")}


def own_writes(portal, ticket):
    """Return what came over the API to one ticket, oldest first, without what the portal set by itself."""
    history = portal.ticket(ticket)["history"]
    changes = [
        people_set(one["properties"]) | cleared(one["properties"]) for one in history if one["source_id"] == "2467501"
    ]
    return changes[::-1]


def cleared(properties):
    """Return the properties that a change emptied."""
    return {name: "" for name, value in properties.items() if not value and not name.startswith(_SET_BY_PORTAL)}


def read_rows(path):
    """Return the rows of a CSV file by header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def statuses(path):
    """Return the statuses beside the rows of a CSV file."""
    return [row["Import status"] for row in read_rows(path)]
