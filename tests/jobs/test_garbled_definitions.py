"""A definition that is not as the API gives it: its property is refused by name, and the others work as ever."""

import pytest

GARBLED = [
    ("type", ["enumeration"]),
    ("type", None),
    ("fieldType", {"of": "text"}),
    ("options", "LOW;HIGH"),
    ("options", {"LOW": "Low"}),
    ("options", ["LOW", "HIGH"]),
    ("options", [{"label": "Low", "value": None}]),
]


@pytest.fixture
def garble(portal):
    """Return a function that spoils a field of the priority's definition, or its rules."""

    def garble(field, content):
        if field == "propertyValidationRules":
            portal.define("rule", {"propertyName": "hs_ticket_priority", field: content})
            return
        _, body = portal.call("GET", "/crm/v3/properties/tickets")
        for one in body["results"]:
            if one["name"] == "hs_ticket_priority":
                one[field] = content
        portal.fault("status", status=200, body=body, path="/properties/tickets", times=None)

    return garble


@pytest.mark.parametrize(("field", "content"), [*GARBLED, ("propertyValidationRules", [["FORMAT"]])])
def test_the_column_is_refused_by_name(portal, garble, sheet, program, field, content):
    garble(field, content)
    edits = sheet(["Record ID", "subject", "Priority"], ["25012345001", "New", "Urgentt"])

    ended = program(edits, "--yes", "--json", portal=portal)

    assert ended.code == 2, ended.err
    (error,) = ended.summary["errors"]
    assert (error["code"], error["cell"], error["property"]) == ("unreadable_property", "C1", "hs_ticket_priority")
    assert f'"{field}"' in error["message"]
    assert portal.requests("batch/update") == []


@pytest.mark.parametrize(("field", "content"), GARBLED)
def test_the_other_columns_work(portal, garble, sheet, program, field, content, tmp_path):
    garble(field, content)
    edits = sheet(["Record ID", "subject", "Priority", "due_on"], ["25012345001", "New", "HIGH", "2027-01-02"])

    ended = program(edits, "--yes", "--skip-column", "Priority", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 1), ended.err
    held = portal.ticket("25012345001")["properties"]
    assert (held["subject"], held["due_on"]) == ("New", "2027-01-02")
    assert program("undo", ended.summary["run_id"], "--yes", portal=portal).code == 0
    assert program("template", tmp_path / "some.xlsx", "--limit", "3", portal=portal).code == 0
    named = program("template", tmp_path / "named.xlsx", "--properties", "Priority", "--limit", "3", portal=portal)
    assert (named.code, "can't be read" in named.err) == (2, True)
