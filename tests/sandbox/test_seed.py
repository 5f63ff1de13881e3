"""The first state of the portal: what is in it, and that it is always the same."""

import re
from collections import Counter

from importer.sandbox import open_app


def test_same_portal_each_time(tmp_path):
    states = []
    for name in ("a", "b"):
        store = open_app(tmp_path / name)[0].state.portal.store
        states.append(([*store.all_tickets()], store.changes([t.id for t in store.all_tickets()])))
        store.close()

    assert states[0] == states[1]


def test_tickets_enough_and_of_every_fate(desk):
    tickets = list(desk.portal.store.all_tickets())
    live = [t for t in tickets if t.archived is None and t.merged_into is None]

    assert len(live) >= 500
    assert sum(len(str(t.id)) == 11 for t in live) == len(live) - 1
    assert sum(t.archived is not None for t in tickets) == 12
    survivors = [t for t in tickets if "hs_merged_object_ids" in t.properties and t.merged_into is None]
    gone = {str(t.id): str(t.merged_into) for t in tickets if t.merged_into is not None}
    assert len(gone) == 2 * len(survivors) == 20
    for ticket in survivors:
        assert {gone[old] for old in ticket.properties["hs_merged_object_ids"].split(";")} == {str(ticket.id)}


def test_history_explains_every_value(desk):
    """Replaying a ticket's history from its beginning gives the values it holds."""
    tickets = {t.id: t for t in desk.portal.store.all_tickets()}
    changes = desk.portal.store.changes(list(tickets))

    for number, told in changes.items():
        values = {}
        for change in reversed(told):
            values |= change.properties
            assert change.source_type
        assert {n: v for n, v in values.items() if v} == tickets[number].properties
        assert max(change.at for change in told) == tickets[number].updated


def test_every_seeded_value_is_one_the_portal_would_take(desk):
    known = desk.portal.definitions
    for ticket in desk.portal.store.every_ticket():
        for name, value in ticket.properties.items():
            assert known.acceptors[name](value) == value, (ticket.id, name)
        assert known.stages[ticket.properties["hs_pipeline_stage"]] == ticket.properties["hs_pipeline"]


def test_definitions_of_every_kind(desk):
    known = desk.portal.definitions
    pairs = {(body["type"], body["fieldType"]) for body in known.properties.values()}
    custom = {name: body for name, body in known.properties.items() if not body.get("hubspotDefined")}

    assert sum(bool(body.get("hubspotDefined")) for body in known.properties.values()) == 198 + 7 * 7
    assert {
        ("string", "text"), ("string", "textarea"), ("string", "html"), ("string", "phonenumber"), ("string", "file"),
        ("number", "number"), ("bool", "booleancheckbox"), ("enumeration", "select"), ("enumeration", "radio"),
        ("enumeration", "checkbox"), ("enumeration", "booleancheckbox"), ("date", "date"), ("datetime", "date"),
        ("phone_number", "phonenumber"),
    } <= pairs  # fmt: skip
    numbers = [body for body in custom.values() if body["type"] == "number" and not body["calculated"]]
    hints = {"unformatted", "formatted", "percentage", "currency", "duration"}
    assert {body["numberDisplayHint"] for body in numbers} == hints
    tier = custom["support_tier"]["options"]
    assert [o["label"] for o in tier].count("Gold") == 2
    assert [o["value"] for o in tier if o["hidden"]] == ["platinum_trial"]
    assert {name for name, body in custom.items() if body["hasUniqueValue"]} == {
        "external_ref", "my_unique_property_name"
    }  # fmt: skip
    labels = Counter(body["label"].lower() for body in known.properties.values())
    assert max(labels.values()) == 1


def test_pipelines_and_owners(desk):
    known = desk.portal.definitions
    stage_labels = Counter(s["label"] for p in known.pipelines for s in p["stages"])
    names = Counter((o["firstName"], o["lastName"]) for o in known.owners)

    assert {p["id"] for p in known.pipelines} > {"0"}
    assert len(known.pipelines) == 3
    assert all(re.fullmatch(r"\d{8,}", p["id"]) for p in known.pipelines[1:])
    assert stage_labels["New"] == stage_labels["Closed"] == 2
    assert len(known.owners) == 12
    assert sum(o["archived"] for o in known.owners) == 1
    assert max(names.values()) == 2
    assert len({o["email"] for o in known.owners}) == 12
