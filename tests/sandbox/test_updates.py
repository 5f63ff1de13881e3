"""batch/update and PATCH: what is written, what is answered, what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples

EXAMPLE = {
    "property_checkbox": "false",
    "property_date": "1572480000000",
    "property_dropdown": "choice_b",
    "property_multiple_checkboxes": "chocolate;strawberry",
    "property_number": "17",
    "property_radio": "option_1",
    "property_string": "value",
}
"""Properties of ticket 512 in HubSpot's reference of batch/update, as its answer shows them."""


@pytest.mark.parametrize("version", ["v3", "2026-03"])
@pytest.mark.parametrize("key", [{"id": "512"}, {"id": "my-unique-value", "idProperty": "my_unique_property_name"}])
def test_documented_example_word_for_word(desk, version, key):
    """The reference's request and its answer: ticket 512 with these values and these two moments."""
    answer = desk.update({**key, "properties": EXAMPLE, "objectWriteTraceId": "string"}, version=version)

    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "COMPLETE"
    assert {"startedAt", "completedAt"} <= body.keys()
    [result] = body["results"]
    assert result["id"] == "512"
    assert result["createdAt"] == "2019-10-30T03:30:17.883Z"
    assert result["updatedAt"] == "2019-12-07T16:50:06.678Z"
    assert result["archived"] is False
    assert {name: result["properties"][name] for name in EXAMPLE} == EXAMPLE


def test_results_bear_ids_traces_and_the_portals_own_properties(desk, one):
    ids = desk.some(3)

    answer = desk.update(*(one(number, f"r{n}", subject=f"new {n}") for n, number in enumerate(ids)))

    results = {result["objectWriteTraceId"]: result for result in answer.json()["results"]}
    for n, number in enumerate(ids):
        result = results[f"r{n}"]
        assert result["id"] == number == result["properties"]["hs_object_id"]
        assert result["properties"]["subject"] == f"new {n}"
        assert result["properties"]["hs_lastmodifieddate"] == result["updatedAt"]
        assert list(result["properties"]) == sorted(result["properties"])
        assert result["url"] == f"https://app.hubspot.com/contacts/4242/record/0-5/{number}"
    assert desk.raw(ids[1])["properties"]["subject"] == "new 1"


def test_results_in_another_order(desk, one):
    ids = desk.some(60)

    answers = [desk.update(*(one(number, subject="same") for number in ids)).json() for _ in range(2)]

    orders = [[result["id"] for result in body["results"]] for body in answers]
    assert orders[0] != ids
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(ids)


def test_one_bad_row_without_trace_ids_refuses_all(desk, one):
    good, bad = desk.some(2)
    before = desk.raw(good)

    answer = desk.update(one(good, subject="never"), one(bad, hs_ticket_priority="Urgentt"))

    body = answer.json()
    assert answer.status_code == 400
    assert body["category"] == "VALIDATION_ERROR"
    message = body["message"]
    assert message.startswith("Property values were not valid: [")
    [item] = json.loads(message[message.index("[") :])
    assert item == {
        "isValid": False,
        "message": "Urgentt was not one of the allowed options: [LOW, MEDIUM, HIGH, URGENT]",
        "error": "INVALID_OPTION",
        "name": "hs_ticket_priority",
    }
    assert bad not in answer.text
    assert desk.raw(good) == before


def test_with_trace_ids_each_row_stands_for_itself(desk, one):
    good, bad = desk.some(2)

    answer = desk.update(
        one(good, "r2", subject="yes"),
        one(bad, "r3", hs_ticket_priority="Urgentt"),
        one("25099999999", "r4", subject="x"),
    )

    body = answer.json()
    assert answer.status_code == 207
    assert [result["objectWriteTraceId"] for result in body["results"]] == ["r2"]
    assert body["numErrors"] == 2
    missing, refused = body["errors"]
    assert missing["category"] == "OBJECT_NOT_FOUND"
    assert missing["context"] == {"ids": ["25099999999"], "objectWriteTraceId": ["r4"]}
    assert refused["category"] == "VALIDATION_ERROR"
    assert refused["context"]["objectWriteTraceId"] == ["r3"]
    assert desk.raw(good)["properties"]["subject"] == "yes"


def test_missing_ticket_without_trace_ids_is_207(desk, one):
    [good] = desk.some(1)

    answer = desk.update(one(good, subject="yes"), one("25099999999", subject="x"))

    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"] == {"ids": ["25099999999"]}
    assert desk.raw(good)["properties"]["subject"] == "yes"


def test_2026_09_has_its_errors_in_a_200(desk, one):
    answer = desk.update(one("25099999999", "r1", subject="x"), version="2026-09")

    assert answer.status_code == 200
    assert answer.json()["numErrors"] == 1


@pytest.mark.parametrize("trace", ["", "r"])
def test_duplicates_refuse_all(desk, one, trace):
    first, second = desk.some(2)

    answer = desk.update(
        one(first, trace and "r1", subject="a"), one(second, trace and "r2", subject="b"), one(first, trace and "r3")
    )

    assert answer.status_code == 400
    assert answer.json()["message"] == f"Duplicate IDs found in batch input: [{first}]. IDs must be unique"
    assert answer.json()["context"] == {"ids": [first]}
    assert desk.raw(second)["properties"]["subject"] != "b"


def test_two_keys_of_one_ticket_refuse_all_unless_switched(desk, one):
    by_ref = one("MY-UNIQUE-VALUE", "r2", subject="second") | {"idProperty": "my_unique_property_name"}

    assert desk.update(one("512", "r1", subject="first"), by_ref).status_code == 400

    desk.order("switches", {"same_ticket_twice": "last_wins"})
    assert desk.update(one("512", "r1", subject="first"), by_ref).status_code == 200
    assert desk.raw(512)["properties"]["subject"] == "second"


def test_101_inputs_are_too_many(desk, one):
    ids = desk.some(101)

    answer = desk.update(*(one(number, f"r{number}", subject="x") for number in ids))

    assert answer.status_code == 400
    assert "100" in answer.json()["message"]
    assert desk.raw(ids[0])["properties"]["subject"] != "x"


def test_no_inputs_and_no_properties(desk, one):
    [number] = desk.some(1)

    assert desk.update().json()["message"] == "Batch input provided should have at least one object."
    empty = desk.update(one(number))
    assert empty.status_code == 400
    assert empty.json()["message"] == "No properties found to update, please provide at least one."
    assert empty.json()["context"] == {"properties": ["{}"]}


@pytest.mark.parametrize("name", ["hs_object_id", "subject", "no_such_property"])
def test_id_property_must_be_unique(desk, one, name):
    answer = desk.update(one("512", subject="x") | {"idProperty": name})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"Unable to perform update/upsert by non-unique 0-5 property {name}")


def test_unknown_unique_value(desk, one):
    unknown = one("REF-999999", "r1", subject="x") | {"idProperty": "external_ref"}

    assert desk.update(unknown).json()["errors"][0]["context"]["ids"] == ["REF-999999"]

    desk.order("switches", {"unknown_unique_value": "batch"})
    answer = desk.update(unknown)
    assert answer.status_code == 400
    assert answer.json()["context"]["missingObjectPropertyValueCoordinates"] == ["external_ref:REF-999999"]


def test_unique_value_of_another_ticket(desk, one):
    """The refusal is a sentence, not the JSON list, and names the other ticket at its end."""
    first, second = desk.some(2)
    taken = desk.raw(first)["properties"]["external_ref"]

    answer = desk.update(one(second, external_ref=taken.lower()))

    message = answer.json()["message"]
    assert answer.status_code == 400
    assert message.startswith("Cannot set PropertyValueCoordinates{portalId=4242, ")
    assert message.endswith(f"on {second}. {first} already has that value.")


def test_unique_values_can_change_hands(desk, one):
    first, second = desk.some(2)
    refs = [desk.raw(number)["properties"]["external_ref"] for number in (first, second)]

    assert (
        desk.update(one(first, "r1", external_ref="free-1"), one(second, "r2", external_ref=refs[0])).status_code == 200
    )
    assert desk.update(one(first, external_ref=refs[1])).status_code == 200

    found = desk.update(one(refs[0], subject="by ref") | {"idProperty": "external_ref"})
    assert found.json()["results"][0]["id"] == second
    assert desk.update(one("free-1", subject="gone") | {"idProperty": "external_ref"}).status_code == 207


def test_merged_away_id_is_left_out_of_a_200(desk, one):
    gone = next(str(t.id) for t in desk.portal.store.all_tickets() if t.merged_into)
    [good] = desk.some(1)

    answer = desk.update(one(gone, "r1", subject="x"), one(good, "r2", subject="y"))

    assert answer.status_code == 200
    assert "errors" not in answer.json()
    assert [result["id"] for result in answer.json()["results"]] == [good]


def test_archived_ticket_is_not_found(desk, one):
    number = str(desk.portal.store.page(0, 1, archived=True)[0].id)

    answer = desk.update(one(number, "r1", subject="x"))

    assert answer.status_code == 207
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"


def test_nothing_to_change_leaves_updated_at(desk, one):
    [number] = desk.some(1)
    before = desk.raw(number)

    answer = desk.update(one(number, subject=before["properties"]["subject"]))

    assert answer.status_code == 200
    assert answer.json()["results"][0]["updatedAt"] == before["updated"]
    assert desk.raw(number) == before


def test_clearing(desk, one):
    """An empty text in the answer of the update, null in reads; its history says so too."""
    number = desk.first(lambda t: "due_on" in t.properties)

    answer = desk.update(one(number, due_on=""))

    assert answer.json()["results"][0]["properties"]["due_on"] == ""
    assert desk.read(number, properties=("due_on",)).json()["results"][0]["properties"] == {"due_on": None}
    assert desk.raw(number)["history"][0]["properties"] == {"due_on": ""}
    desk.order("switches", {"cleared_in_answer": "null"})
    assert desk.update(one(number, due_on="")).json()["results"][0]["properties"]["due_on"] is None


@pytest.mark.parametrize("name", ["hs_pipeline", "hs_pipeline_stage"])
def test_pipeline_and_stage_cannot_be_cleared(desk, one, name):
    assert "MISSING_REQUIRED_PROPERTY" in desk.update(one("512", **{name: ""})).json()["message"]


def test_stage_must_be_one_of_the_pipeline(desk, one):
    message = desk.update(one("512", hs_pipeline_stage="149215502")).json()["message"]
    assert "149215502 is not a valid pipeline stage ID. Valid options are: pipelineId=0 : [1, 2, 3, 4]" in message
    assert desk.update(one("512", hs_pipeline="75283641")).status_code == 400
    assert desk.update(one("512", hs_pipeline="New")).status_code == 400

    assert desk.update(one("512", hs_pipeline="75283641", hs_pipeline_stage="149215502")).status_code == 200
    assert desk.update(one("512", hs_pipeline="75283641")).status_code == 200  # where it is already

    desk.order("switches", {"foreign_stage": "move", "pipeline_alone": "reset"})
    assert desk.update(one("512", hs_pipeline_stage="2")).status_code == 200
    assert desk.raw(512)["properties"]["hs_pipeline"] == "0"
    assert desk.update(one("512", hs_pipeline="81930257")).status_code == 200
    assert desk.raw(512)["properties"]["hs_pipeline_stage"] == "162700811"


def test_closing_and_reopening(desk, one):
    desk.order("clock", {"now": "2026-11-23T14:15:03Z"})

    desk.update(one("512", hs_pipeline_stage="4"))
    closed = desk.raw(512)["properties"]
    assert closed["closed_date"] == closed["hs_last_closed_date"] == "2026-11-23T14:15:03Z"
    assert closed["hs_v2_date_entered_4"] == closed["hs_v2_date_exited_1"] == "2026-11-23T14:15:03Z"
    assert int(closed["time_to_close"]) > 0

    desk.update(one("512", hs_pipeline_stage="1"))
    opened = desk.raw(512)["properties"]
    assert "closed_date" not in opened
    assert opened["hs_ticket_reopened_at"] == "2026-11-23T14:15:03Z"


def test_own_closed_date_beside_a_closing_stage(desk, one):
    sent = one("512", hs_pipeline_stage="4", closed_date="2020-01-01T00:00:00Z")

    desk.update(sent)
    assert desk.raw(512)["properties"]["closed_date"] == "2020-01-01T00:00:00Z"

    desk.update(one("512", hs_pipeline_stage="1"))
    desk.order("switches", {"closed_date_sent": "loses"})
    desk.update(sent)
    assert desk.raw(512)["properties"]["closed_date"] != "2020-01-01T00:00:00Z"


def test_dates_of_creation_and_closing_can_be_written(desk, one):
    desk.update(one("512", createdate="2018-01-02T03:04:05.006Z", closed_date="1572480000000"))

    held = desk.read("512", properties=("createdate", "closed_date")).json()["results"][0]
    assert held["properties"] == {"createdate": "2018-01-02T03:04:05.006Z", "closed_date": "2019-10-31T00:00:00Z"}


def test_new_owner_moves_date_and_team(desk, one):
    desk.order("clock", {"now": "2026-11-23T14:15:03Z"})

    desk.update(one("512", hubspot_owner_id="51230014"))
    held = desk.raw(512)["properties"]
    assert held["hubspot_owner_assigneddate"] == "2026-11-23T14:15:03Z"
    assert held["hubspot_team_id"] == "2100402"

    desk.update(one("512", hubspot_owner_id=""))
    assert desk.raw(512)["properties"].keys().isdisjoint({"hubspot_owner_id", "hubspot_team_id"})


def test_adding_options(desk, one):
    desk.update(one("512", affected_products="camera;router"))

    desk.update(one("512", affected_products=";router;nobreak"))

    assert desk.raw(512)["properties"]["affected_products"] == "camera;router;nobreak"


def test_repeated_trace_ids(desk, one):
    first, second = desk.some(2)
    twice = one(first, "r1", subject="a"), one(second, "r1", subject="b")

    assert desk.update(*twice).status_code == 400
    desk.order("switches", {"repeated_trace_ids": "ignore"})
    assert desk.update(*twice).status_code == 200


def test_numbers_and_booleans_of_json_are_taken_null_is_not(desk):
    def send(value):
        return desk.update({"id": 512, "properties": {"property_string": value}})

    assert send(17).json()["results"][0]["properties"]["property_string"] == "17"
    assert send(True).json()["results"][0]["properties"]["property_string"] == "true"
    assert send(None).status_code == 400
    assert send(["a"]).status_code == 400
    desk.order("switches", {"null_values": "ignore"})
    assert desk.update({"id": "512", "properties": {"subject": "s", "property_string": None}}).status_code == 200
    assert desk.raw(512)["properties"]["property_string"] == "true"


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"inputs": 1}', b'{"inputs": [{"id": "1"}]}', b'{"inputs": [3]}'])
def test_malformed_requests(desk, content):
    answer = desk.call("POST", "/crm/v3/objects/tickets/batch/update", content=content)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON")
    assert "category" not in answer.json()


def test_conditional_properties_only_from_2026_09(desk, one):
    sent = one("512", escalated="true")

    refused = desk.update(sent, version="2026-09")
    assert refused.status_code == 400
    assert "MISSING_CONDITIONAL_REQUIRED_PROPERTY" in refused.json()["message"]
    assert refused.json()["errors"][0]["context"]["propertyName"] == ["escalation_reason"]

    assert desk.update(sent).status_code == 200
    assert desk.update(one("512", escalation_reason="late", escalated="true"), version="2026-09").status_code == 200


def test_2026_09_tidies_dates_with_a_warning(desk, one):
    sent = one("512", due_on="1764597903000")

    assert "is at 14:05:03.000 UTC, not midnight!" in desk.update(sent).json()["message"]
    assert desk.update(sent, version="2026-03").status_code == 400

    [result] = desk.update(sent, version="2026-09").json()["results"]
    assert result["properties"]["due_on"] == "2025-12-01"
    [warning] = result["warnings"]
    assert warning["category"] == "PROPERTY_VALUE_NORMALIZED"
    assert warning["context"]["rawValue"] == ["1764597903000"]


def test_patch_one(desk):
    path = "/crm/v3/objects/tickets/512"

    assert desk.call("PATCH", path, {"properties": {"subject": "patched"}}).json()["id"] == "512"
    by_ref = "/crm/v3/objects/tickets/my-unique-value?idProperty=my_unique_property_name"
    assert desk.call("PATCH", by_ref, {"properties": {"subject": "again"}}).json()["id"] == "512"
    assert desk.raw(512)["properties"]["subject"] == "again"
    assert desk.call("PATCH", path, {"properties": {"hs_object_id": "1"}}).status_code == 400
    missing = desk.call("PATCH", "/crm/v3/objects/tickets/25099999999", {"properties": {"subject": "x"}})
    assert missing.status_code == 404
    assert missing.json()["category"] == "OBJECT_NOT_FOUND"


def test_history_names_moment_source_and_user(desk, one):
    [number] = desk.some(1)
    path = f"/crm/v3/objects/tickets/{number}?propertiesWithHistory=subject,due_on"
    before = desk.get(path).json()["propertiesWithHistory"]["subject"]

    desk.update(one(number, subject="first"))
    desk.order(f"tickets/{number}", {"properties": {"subject": "second"}, "user": 9100005})

    told = desk.get(path).json()["propertiesWithHistory"]
    assert [entry["value"] for entry in told["subject"]] == ["second", "first", before[0]["value"]]
    assert told["subject"][0]["updatedByUserId"] == 9100005
    assert told["subject"][0]["sourceType"] == "CRM_UI"
    assert told["subject"][1]["sourceType"] == "INTEGRATION"


def test_history_of_a_ticket_that_was_never_changed(desk):
    told = desk.get("/crm/v3/objects/tickets/512?propertiesWithHistory=property_string").json()

    [entry] = told["propertiesWithHistory"]["property_string"]
    assert (entry["value"], entry["timestamp"]) == ("value", "2019-10-30T03:30:17.883Z")


@examples(25)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["good", "bad", "missing", "merged", "archived"]), st.text(max_size=5)),
        min_size=1,
        max_size=12,
    )
)
def test_every_input_is_accounted_for(law_desk, rows):
    """With trace IDs, each input is in the results, among the errors, or merged away; and only the good are written."""
    pools = law_desk.pools()
    inputs, fates = [], {}
    for n, (fate, text) in enumerate(rows):
        properties = {"subject": text or "x", **({"hs_ticket_priority": "Nope"} if fate == "bad" else {})}
        inputs.append({"id": next(pools[fate]), "objectWriteTraceId": f"r{n}", "properties": properties})
        fates[f"r{n}"] = fate
    before = {t.id: t.properties for t in law_desk.portal.store.all_tickets()}

    body = law_desk.update(*inputs).json()

    written = {result["objectWriteTraceId"] for result in body["results"]}
    failed = {trace for error in body.get("errors", []) for trace in error["context"]["objectWriteTraceId"]}
    assert written == {trace for trace, fate in fates.items() if fate == "good"}
    assert failed == {trace for trace, fate in fates.items() if fate in ("bad", "missing", "archived")}
    sent = {int(one["id"]): one["properties"]["subject"] for one in inputs if one["objectWriteTraceId"] in written}
    for ticket in law_desk.portal.store.all_tickets():
        expected = before[ticket.id] | ({"subject": sent[ticket.id]} if ticket.id in sent else {})
        assert ticket.properties == expected
