"""The sandbox portal's first state, the same each time.

521 tickets that can be worked with: number 512 of the update endpoint's documentation example, and 520 invented
ones. Besides them ten tickets that two others were merged into each, those twenty, and twelve archived ones. On
request any number of plain tickets more, whose IDs are PLAIN_FIRST, PLAIN_FIRST + 1, ...
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import orjson

from importer.sandbox.answers import Json
from importer.sandbox.store import Change, Store, Ticket
from importer.sandbox.values import DAY_MS, iso, parse_ms
from schemas import default_portal

TICKETS = 520
MERGES = 10
ARCHIVED = 12
PLAIN_FIRST = 30_000_000_001
"""ID of the first of the plain tickets."""

_START_MS = parse_ms("2026-01-05T11:00:00Z") or 0
_SPAN_DAYS = 300
_FIRST_ID = 25_012_345_001
_NAMED_IDS = (25_012_345_678, 25_012_345_701)
"""IDs that examples use."""

_SUBJECTS = (
    "Router loses connection",
    "Invoice shows the wrong address",
    "Camera does not start",
    "Please add a second user",
    "Delivery arrived damaged",
    "Password reset mail missing",
    "Slow network in the evening",
    "Question about the warranty",
    "Wrong item delivered",
    "Atualização do firmware falhou",
    "Cobrança em duplicidade",
    "Access point out of reach",
)
_TEXTS = (
    "It began yesterday after the update.\nRestarting did not help.",
    "The customer called twice; please answer by e-mail.",
    "See the attached photo.\n\n-- \nSent from my phone",
    "Cliente pede retorno até sexta-feira.",
    'He wrote: "nothing works since Monday", and asks for a refund.',
)


@dataclass(slots=True)
class _Seeded:
    """What is about to be written."""

    tickets: list[Ticket] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def seed(store: Store, *, tickets: int = 0) -> bool:
    """Fill an empty portal; False where it has been filled before. `tickets`: plain tickets to add."""
    with store.writing():
        if store.meta("seeded"):
            return False
        _fill(store, tickets)
    return True


def reseed(store: Store, *, tickets: int = 0) -> None:
    """Back to the first state."""
    with store.writing():
        store.wipe()
        _fill(store, tickets)


def _fill(store: Store, plain: int) -> None:
    own, pipelines = definitions(), _pipelines()
    properties: list[Json] = [
        *default_portal.body("properties")["results"],
        *own["properties"],
        *_stage_properties(own["pipelines"]),
    ]
    store.define("property", ((body["name"], body) for body in properties))
    store.define("pipeline", ((body["id"], body) for body in pipelines))
    store.define("owner", ((body["id"], body) for body in own["owners"]))
    store.define("rule", ((body["propertyName"], body) for body in own["rules"]))
    store.define("condition", ((str(n), body) for n, body in enumerate(own["conditions"])))
    store.define("account", (("account", body) for body in own["account"]))
    seeded = _first_tickets()
    store.add_tickets(seeded.tickets)
    store.add_changes(seeded.changes)
    unique = [body["name"] for body in properties if body.get("hasUniqueValue")]
    store.hold_unique(_held(seeded.tickets, unique))
    if plain:
        store.add_plain_tickets(PLAIN_FIRST, plain, _START_MS, orjson.dumps(_plain_values()).decode())
    store.set_meta("seeded", 1)


@cache
def definitions() -> dict[str, list[Json]]:
    """What the portal has besides HubSpot's own properties, all invented: bodies in the API's own shapes, by kind.

    Custom properties of every type (those of the update endpoint's documentation example included), two pipelines that
    share stage labels with the built-in one, a dozen owners (two of one name, one deactivated), validation rules,
    properties that others require (enforced from 2026-09 on), the account.
    """
    text = resources.files("importer.sandbox").joinpath("data/portal.json").read_bytes()
    found: dict[str, list[Json]] = orjson.loads(text)
    return found


def _pipelines() -> list[Json]:
    return [*default_portal.body("pipelines")["results"], *definitions()["pipelines"]]


def _stage_properties(pipelines: Iterable[Json]) -> list[Json]:
    """The dates and times that HubSpot keeps for each stage of these pipelines, patterned on the built-in stage `1`."""
    every: list[Json] = default_portal.body("properties")["results"]
    patterns = [body for body in every if body["name"].startswith(("hs_v2_", "hs_date_", "hs_time_in_"))]
    made = []
    for pipeline in pipelines:
        for stage in pipeline["stages"]:
            for body in patterns:
                head, _, number = body["name"].rpartition("_")
                if number == "1":
                    label = body["label"].replace("New (Support Pipeline)", f"{stage['label']} ({pipeline['label']})")
                    made.append(body | {"name": f"{head}_{stage['id']}", "label": label})
    return made


@cache
def _first_tickets() -> _Seeded:
    """Draw them once a process: many tests ask for the first state again and again."""
    seeded = _Seeded()
    _add_example(seeded)
    _add_invented(seeded, _pipelines())
    return seeded


def _held(tickets: Iterable[Ticket], unique: list[str]) -> Iterable[tuple[str, str, int]]:
    return (
        (name, ticket.properties[name], ticket.id)
        for ticket in tickets
        if ticket.merged_into is None
        for name in unique
        if name in ticket.properties
    )


def _plain_values() -> dict[str, str]:
    return {
        "subject": "Plain ticket #",
        "content": "One of many.",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
        "hs_ticket_priority": "LOW",
        "hs_ticket_category": "GENERAL_INQUIRY",
        "createdate": iso(_START_MS),
        "effort_hours": "1",
        "due_on": "2026-12-01",
    }


def _add_example(seeded: _Seeded) -> None:
    """Ticket 512 as the update endpoint's documentation shows it after the update."""
    created, updated = parse_ms("2019-10-30T03:30:17.883Z") or 0, parse_ms("2019-12-07T16:50:06.678Z") or 0
    values = {
        "createdate": iso(created),
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
        "my_unique_property_name": "my-unique-value",
        "property_checkbox": "false",
        "property_date": "2019-10-31",
        "property_dropdown": "choice_b",
        "property_multiple_checkboxes": "chocolate;strawberry",
        "property_number": "17",
        "property_radio": "option_1",
        "property_string": "value",
        "subject": "The documentation's own example",
    }
    seeded.tickets.append(Ticket(512, created, updated, None, None, 0, values))


def _add_invented(seeded: _Seeded, pipelines: list[Json]) -> None:
    rng = random.Random(512)  # noqa: S311 - the same tickets each time
    spare = TICKETS + 2 * MERGES + ARCHIVED
    numbers, number = list(_NAMED_IDS), _FIRST_ID
    while len(numbers) < spare:
        if number not in numbers:
            numbers.append(number)
        number += rng.randint(1, 7)
    numbers.sort()
    # What two were merged into has a higher number than both; the named tickets stay as they are.
    ordinary = [n for n in numbers if n not in _NAMED_IDS]
    gone = rng.sample(ordinary, 2 * MERGES + ARCHIVED)
    archived, merged = set(gone[:ARCHIVED]), gone[ARCHIVED:]
    owners = [owner["id"] for owner in definitions()["owners"] if not owner["archived"]]
    by_number = {}
    for count, one in enumerate(numbers, 1):
        ticket = _invent(rng, one, count, pipelines=pipelines, owners=owners, seeded=seeded)
        by_number[one] = ticket
        if one in archived:
            ticket.archived = ticket.updated + DAY_MS
    for n in range(MERGES):
        pair = by_number[merged[2 * n]], by_number[merged[2 * n + 1]]
        _merge(seeded, pair, number + 11 * (n + 1))


def _invent(
    rng: random.Random, number: int, count: int, *, pipelines: list[Json], owners: list[str], seeded: _Seeded
) -> Ticket:
    created = _START_MS + rng.randrange(_SPAN_DAYS) * DAY_MS // 3 + rng.randrange(0, 36_000_000, 10)
    pipeline = rng.choices(pipelines, weights=(6, 2, 2))[0]
    stages = [stage["id"] for stage in pipeline["stages"]]
    first = {
        "subject": f"{rng.choice(_SUBJECTS)} ({count})",
        "content": rng.choice(_TEXTS),
        "createdate": iso(created),
        "hs_pipeline": pipeline["id"],
        "hs_pipeline_stage": stages[0],
        "hs_ticket_priority": rng.choice(("LOW", "MEDIUM", "HIGH", "URGENT")),
        "hs_ticket_category": rng.choice(("PRODUCT_ISSUE", "BILLING_ISSUE", "PRODUCT_ISSUE;GENERAL_INQUIRY")),
        "source_type": rng.choice(("CHAT", "EMAIL", "FORM", "PHONE")),
        "external_ref": f"{'Ref' if count % 40 == 0 else 'REF'}-{count:06d}",
        "region": rng.choice(("north", "northeast", "midwest", "southeast", "south")),
        "hs_object_source": "INTEGRATION",
        "hs_object_source_label": "INTEGRATION",
        f"hs_v2_date_entered_{stages[0]}": iso(created),
    }
    first |= _sometimes(rng, count)
    values = dict(first)
    seeded.changes.append(Change(number, created, first, "INTEGRATION", "2467501"))
    moment = created
    for change, user in _later(rng, stages, owners):
        moment += rng.randrange(3_600_000, 5 * DAY_MS, 10)
        if change.get("hubspot_owner_id"):
            change["hubspot_owner_assigneddate"] = iso(moment)
        if change.get("hs_pipeline_stage"):
            change[f"hs_v2_date_entered_{change['hs_pipeline_stage']}"] = iso(moment)
            if change["hs_pipeline_stage"] == stages[-1]:
                change |= {"closed_date": iso(moment), "time_to_close": str(moment - created)}
        values |= change
        seeded.changes.append(Change(number, moment, change, "CRM_UI", f"userId:{user}", user))
    ticket = Ticket(number, created, moment, None, None, 1, values)
    seeded.tickets.append(ticket)
    return ticket


def _sometimes(rng: random.Random, count: int) -> dict[str, str]:
    """Properties that only some tickets have."""
    drawn = {
        "effort_hours": f"{rng.randrange(1, 80) / 4:g}",
        "discount_rate": f"{rng.randrange(0, 30) / 100:g}",
        "refund_amount": f"{rng.randrange(100, 250_000) / 100:.2f}",
        "escalated": rng.choice(("true", "false")),
        "due_on": iso(_START_MS + rng.randrange(400) * DAY_MS)[:10],
        "next_contact_at": iso(_START_MS + rng.randrange(400) * DAY_MS + rng.randrange(0, 36_000_000, 60_000)),
        "affected_products": ";".join(rng.sample(["router", "switch", "access_point", "camera"], rng.randint(1, 3))),
        "support_tier": rng.choice(("bronze", "silver", "gold_2024", "gold_2025")),
        "preferred_channel": rng.choice(("email", "phone", "whatsapp")),
        "internal_notes": f"Customer number {count:05d}\nsecond line",
        "satisfaction": str(rng.randint(1, 10)),
        "callback_phone": f"+55 11 9{rng.randrange(10_000_000, 99_999_999)}",
    }
    return {name: value for name, value in drawn.items() if rng.random() < 0.6}


def _later(rng: random.Random, stages: list[str], owners: list[str]) -> Iterable[tuple[dict[str, str], int]]:
    """Changes that colleagues made since, with their user numbers: an owner, then stage after stage."""
    user = 9_100_001 + rng.randrange(11)
    if rng.random() < 0.85:
        yield {"hubspot_owner_id": rng.choice(owners)}, user
    for stage in stages[1 : 1 + rng.randrange(len(stages))]:
        yield {"hs_pipeline_stage": stage}, 9_100_001 + rng.randrange(11)


def _merge(seeded: _Seeded, pair: tuple[Ticket, Ticket], number: int) -> None:
    primary, other = pair
    moment = max(primary.updated, other.updated) + DAY_MS
    values = other.properties | primary.properties
    values["hs_merged_object_ids"] = f"{primary.id};{other.id}"
    for ticket in pair:
        ticket.merged_into = number
    seeded.tickets.append(Ticket(number, primary.created, moment, None, None, 1, values))
    seeded.changes.append(Change(number, moment, dict(values), "MERGE_OBJECTS"))
