"""The default portal's files: counts and traits of HubSpot's own ticket properties, in the API's shapes."""

from collections import Counter

import pytest

from schemas import default_portal

PROPERTIES = {body["name"]: body for body in default_portal.body("properties")["results"]}


def writable(body):
    return not (body["modificationMetadata"]["readOnlyValue"] or body["calculated"])


def test_every_default_property_once():
    bodies = default_portal.body("properties")["results"]

    assert len(bodies) == len(PROPERTIES) == 198
    assert list(PROPERTIES) == sorted(PROPERTIES)
    assert len({body["label"].lower() for body in bodies}) == 198
    assert all(body["hubspotDefined"] for body in bodies)


def test_who_may_write_them():
    kinds = Counter((writable(body), body["hidden"]) for body in PROPERTIES.values())

    assert kinds[True, False] == 20
    assert kinds[True, True] == 22
    assert kinds[False, False] + kinds[False, True] == 156


def test_groups_and_forms():
    groups = Counter(body["groupName"] for body in PROPERTIES.values())

    assert groups == {
        "ticketinformation": 145, "ticket_activity": 30, "ticketstages": 16, "ticket_ai_enrichment": 7
    }  # fmt: skip
    assert sum(body["formField"] for body in PROPERTIES.values()) == 10


def test_no_property_is_a_date_and_four_are_unique():
    assert "date" not in {body["type"] for body in PROPERTIES.values()}
    assert all(body["type"] == "datetime" for body in PROPERTIES.values() if body["fieldType"] == "date")
    assert {name for name, body in PROPERTIES.items() if body["hasUniqueValue"]} == {
        "hs_auto_generated_from_thread_id",
        "hs_external_object_ids",
        "hs_msteams_message_id",
        "hs_unique_creation_key",
    }


def test_options():
    def options(name):
        return [(option["value"], option["label"]) for option in PROPERTIES[name]["options"]]

    assert options("hs_ticket_priority") == [
        ("LOW", "Low"),
        ("MEDIUM", "Medium"),
        ("HIGH", "High"),
        ("URGENT", "Urgent"),
    ]
    assert [value for value, _ in options("hs_ticket_language_ai_tag")][:3] == ["af", "als", "am"]
    assert len(options("hs_ticket_language_ai_tag")) == 171
    assert len(options("nps_score")) == 11
    assert options("hs_in_helpdesk") == [("true", "True"), ("false", "False")]
    for name, body in PROPERTIES.items():
        values = [option["value"] for option in body["options"]]
        assert len(set(values)) == len(values), name
        assert not (body["externalOptions"] and values), name


def test_every_stage_of_the_built_in_pipeline_has_its_seven():
    [pipeline] = default_portal.body("pipelines")["results"]

    assert (pipeline["id"], pipeline["label"]) == ("0", "Support Pipeline")
    assert [(s["id"], s["label"], s["metadata"]["ticketState"]) for s in pipeline["stages"]] == [
        ("1", "New", "OPEN"),
        ("2", "Waiting on contact", "OPEN"),
        ("3", "Waiting on us", "OPEN"),
        ("4", "Closed", "CLOSED"),
    ]
    for stage in pipeline["stages"]:
        assert sum(name.endswith(f"_{stage['id']}") for name in PROPERTIES if "_in_" in name or "date_e" in name) == 7


def test_a_fresh_portal_has_nobody_and_no_rules():
    assert default_portal.body("owners") == default_portal.body("validations") == {"results": []}
    assert default_portal.body("account")["timeZone"] == "UTC"


def test_other_names_are_refused():
    with pytest.raises(ValueError, match="no such part"):
        default_portal.body("../secrets")
