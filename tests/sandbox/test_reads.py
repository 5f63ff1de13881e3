"""Reading tickets: by batch, one, pages, search; merged and archived ones; merging and archiving."""

import pytest

OBJECTS = "/crm/v3/objects/tickets"


def test_unknown_properties_are_left_out_unset_ones_are_null(desk):
    [result] = desk.read("512", properties=("subject", "no_such", "due_on")).json()["results"]

    assert result["properties"] == {"due_on": None, "subject": "The documentation's own example"}


def test_default_properties(desk):
    [result] = desk.read("512").json()["results"]

    assert set(result["properties"]) == {
        "content", "createdate", "hs_lastmodifieddate", "hs_object_id", "hs_pipeline", "hs_pipeline_stage",
        "hs_ticket_category", "hs_ticket_priority", "subject",
    }  # fmt: skip


def test_properties_of_the_record_itself(desk):
    names = ("hs_object_id", "hs_ticket_id", "hs_createdate", "createdate", "hs_lastmodifieddate")
    [result] = desk.read("512", properties=names).json()["results"]

    assert result["properties"] == {
        "createdate": "2019-10-30T03:30:17.883Z",
        "hs_createdate": "2019-10-30T03:30:17.883Z",
        "hs_lastmodifieddate": "2019-12-07T16:50:06.678Z",
        "hs_object_id": "512",
        "hs_ticket_id": "512",
    }


def test_missing_tickets_are_errors_of_a_207(desk):
    answer = desk.read("512", "25099999998", "25099999999", "abc")

    body = answer.json()
    assert answer.status_code == 207
    assert [result["id"] for result in body["results"]] == ["512"]
    assert [error["context"]["ids"] for error in body["errors"]] == [["25099999998", "25099999999", "abc"]]

    desk.order("switches", {"group_errors": False})
    each = desk.read("512", "25099999998", "25099999999").json()
    assert each["numErrors"] == 2
    assert [error["context"]["ids"] for error in each["errors"]] == [["25099999998"], ["25099999999"]]


@pytest.mark.parametrize(
    ("switch", "keys", "status", "ids"),
    [
        ("all", ["512", "99999999999"], 207, None),
        ("all", ["99999999999"], 404, ["99999999999"]),
        ("any", ["512", "99999999999"], 404, ["99999999999"]),
        ("nameless", ["512", "99999999999"], 404, None),
    ],
)
def test_a_batch_may_be_refused_for_missing_tickets(desk, one, switch, keys, status, ids):
    desk.order("switches", {"missing_batch": switch})

    for answer in (desk.read(*keys), desk.update(*(one(key, key, subject="other") for key in keys))):
        assert answer.status_code == status
        if status == 404:
            assert answer.json()["category"] == "OBJECT_NOT_FOUND"
            assert answer.json().get("context", {}).get("ids") == ids
    if status == 404 and "512" in keys:
        assert desk.raw("512")["properties"]["subject"] != "other"


def test_archived_tickets_may_be_shown_singly_alone(desk):
    desk.order("switches", {"archived_read": "singly"})
    number = desk.some(1)[0]
    desk.order(f"tickets/{number}/archive", {})

    assert desk.read(number, query="?archived=true").json()["results"] == []
    assert desk.get(f"{OBJECTS}/{number}?archived=true").json()["archived"]


def test_limits_of_batch_read(desk):
    ids = desk.some(101)

    assert len(desk.read(*ids[:100]).json()["results"]) == 100
    assert desk.read(*ids).status_code == 400
    history = {"propertiesWithHistory": ["subject"]}
    assert desk.read(*ids[:50], **history).status_code == 200
    refused = desk.read(*ids[:51], **history)
    assert refused.status_code == 400
    assert "property histories is 50" in refused.json()["message"]


def test_by_unique_property_without_case(desk):
    number = desk.first(lambda t: t.properties["external_ref"].startswith("REF-"))
    ref = desk.raw(number)["properties"]["external_ref"]

    body = desk.read(ref.lower(), "REF-999999", properties=("external_ref",), idProperty="external_ref").json()

    assert [(r["id"], r["properties"]["external_ref"]) for r in body["results"]] == [(number, ref)]
    assert body["errors"][0]["context"]["ids"] == ["REF-999999"]
    assert desk.read("x", idProperty="subject").status_code == 400


def test_archived_tickets_only_when_asked_for(desk):
    number = str(desk.portal.store.page(0, 1, archived=True)[0].id)

    assert desk.read(number).status_code == 207
    assert desk.get(f"{OBJECTS}/{number}").status_code == 404
    body = desk.read(number, "512", query="?archived=true").json()
    [result] = body["results"]
    assert result["archived"] is True
    assert result["archivedAt"]
    assert body["errors"][0]["context"]["ids"] == ["512"]
    assert desk.get(f"{OBJECTS}/{number}?archived=true").json()["id"] == number


def test_merged_away_ids(desk):
    gone = next(t for t in desk.portal.store.all_tickets() if t.merged_into)
    old, new = str(gone.id), str(gone.merged_into)

    one = desk.get(f"{OBJECTS}/{old}?properties=hs_merged_object_ids").json()
    assert one["id"] == new
    assert old in one["properties"]["hs_merged_object_ids"].split(";")

    assert desk.read(old).json()["results"] == []
    assert desk.read(old).status_code == 200
    desk.order("switches", {"merged_read": "new_id"})
    assert [r["id"] for r in desk.read(old).json()["results"]] == [new]
    desk.order("switches", {"merged_read": "not_found"})
    assert desk.read(old).status_code == 207


def test_merging(desk):
    first, second = desk.some(2)
    refs = [desk.raw(number)["properties"]["external_ref"] for number in (first, second)]

    answer = desk.call("POST", f"{OBJECTS}/merge", {"primaryObjectId": first, "objectIdToMerge": second})

    new = answer.json()["id"]
    assert new not in (first, second)
    for old in (first, second):
        assert desk.get(f"{OBJECTS}/{old}").json()["id"] == new
    assert desk.raw(new)["properties"]["hs_merged_object_ids"] == f"{first};{second}"
    for ref in refs:
        assert desk.read(ref, idProperty="external_ref").json()["results"][0]["id"] == new
    assert desk.call("POST", f"{OBJECTS}/merge", {"primaryObjectId": new, "objectIdToMerge": old}).status_code == 400
    assert (
        desk.call("POST", f"{OBJECTS}/merge", {"primaryObjectId": "25099999999", "objectIdToMerge": new}).status_code
        == 404
    )


def test_merge_that_keeps_the_primary(desk):
    first, second = desk.some(2)
    desk.order("switches", {"merge_keeps_primary": True})

    answer = desk.call("POST", f"{OBJECTS}/merge", {"primaryObjectId": first, "objectIdToMerge": second})

    assert answer.json()["id"] == first
    assert desk.get(f"{OBJECTS}/{second}").json()["id"] == first


def test_archiving(desk):
    first, second = desk.some(2)

    assert desk.call("DELETE", f"{OBJECTS}/{first}").status_code == 204
    assert desk.call("DELETE", f"{OBJECTS}/25099999999").status_code == 204
    assert desk.call("POST", f"{OBJECTS}/batch/archive", {"inputs": [{"id": second}]}).status_code == 204

    assert desk.read(first, second).json()["results"] == []
    desk.order(f"tickets/{first}/restore", {})
    assert [r["id"] for r in desk.read(first, second).json()["results"]] == [first]


def test_pages(desk):
    seen, path = [], f"{OBJECTS}?limit=100&properties=subject"
    while path:
        body = desk.get(path).json()
        seen += [result["id"] for result in body["results"]]
        following = body.get("paging", {}).get("next")
        path = following and f"{OBJECTS}?limit=100&after={following['after']}"

    live = [str(t.id) for t in desk.portal.store.every_ticket()]
    assert seen == live
    assert len(desk.get(OBJECTS).json()["results"]) == 10
    assert desk.get(f"{OBJECTS}?limit=101").status_code == 400
    assert desk.get(f"{OBJECTS}?limit=51&propertiesWithHistory=subject").status_code == 400


def search(desk, **body):
    return desk.call("POST", f"{OBJECTS}/search", body)


def found(desk, name, operator, **more):
    filters = [{"propertyName": name, "operator": operator, **more}]
    return search(desk, filterGroups=[{"filters": filters}], limit=200, properties=[name]).json()


@pytest.mark.parametrize(
    ("name", "operator", "more", "holds"),
    [
        ("hs_ticket_priority", "EQ", {"value": "HIGH"}, lambda v: v == "HIGH"),
        ("hs_ticket_priority", "NEQ", {"value": "HIGH"}, lambda v: v != "HIGH"),
        ("effort_hours", "GT", {"value": "10"}, lambda v: v is not None and float(v) > 10),
        ("effort_hours", "LTE", {"value": "10"}, lambda v: v is not None and float(v) <= 10),
        ("effort_hours", "LT", {"value": "2"}, lambda v: v is not None and float(v) < 2),
        ("effort_hours", "BETWEEN", {"value": "2", "highValue": "3"}, lambda v: v is not None and 2 <= float(v) <= 3),
        ("due_on", "GTE", {"value": "2026-06-01"}, lambda v: v is not None and v >= "2026-06-01"),
        ("hs_ticket_category", "IN", {"values": ["GENERAL_INQUIRY"]}, lambda v: v and "GENERAL_INQUIRY" in v),
        ("region", "NOT_IN", {"values": ["south", "north"]}, lambda v: v not in ("south", "north")),
        ("hubspot_owner_id", "HAS_PROPERTY", {}, lambda v: v is not None),
        ("hubspot_owner_id", "NOT_HAS_PROPERTY", {}, lambda v: v is None),
        ("subject", "CONTAINS_TOKEN", {"value": "*router*"}, lambda v: "router" in v.lower()),
        ("subject", "NOT_CONTAINS_TOKEN", {"value": "router"}, lambda v: "router" not in v.lower()),
    ],
)
def test_search_operators(desk, name, operator, more, holds):
    expected = {str(t.id) for t in desk.portal.store.every_ticket() if holds(t.properties.get(name))}

    body = found(desk, name, operator, **more)

    assert body["total"] == len(expected) > 0
    assert {result["id"] for result in body["results"]} <= expected


def test_search_sorts_and_pages(desk):
    sorts = [{"propertyName": "effort_hours", "direction": "DESCENDING"}]
    first = search(desk, sorts=sorts, limit=50, properties=["effort_hours"]).json()
    second = search(
        desk, sorts=sorts, limit=50, after=first["paging"]["next"]["after"], properties=["effort_hours"]
    ).json()

    hours = [float(r["properties"]["effort_hours"]) for r in first["results"] + second["results"]]
    assert hours == sorted(hours, reverse=True)
    assert search(desk, query="router").json()["total"] > 0
    assert search(desk, limit=201).status_code == 400
    assert search(desk, limit=200, after="9900").status_code == 400
    assert search(desk, sorts=["no_such"]).status_code == 400
    for bad in ({"propertyName": "no_such", "operator": "EQ"}, {"propertyName": "subject", "operator": "LIKE"}):
        assert search(desk, filterGroups=[{"filters": [bad]}]).status_code == 400


def test_search_lags_behind_writes(desk, one):
    desk.order("switches", {"search_lag_ms": 10_000})
    desk.order("clock", {"now": "2026-11-23T14:15:00Z"})
    desk.update(one("512", subject="just now"))

    assert found(desk, "subject", "EQ", value="just now")["total"] == 0

    desk.order("clock", {"now": "2026-11-23T14:15:11Z"})
    assert found(desk, "subject", "EQ", value="just now")["total"] == 1
