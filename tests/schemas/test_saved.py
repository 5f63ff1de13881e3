"""Saved schemas, and the one of a fresh portal."""

import json

import pytest

from schemas.default_portal import body
from schemas.saved import (
    FORMAT,
    NotASchema,
    load_default_portal,
    parse_saved_schema,
    read_saved_schema,
    schema_bytes,
)

PROPERTIES = {
    "results": [{"name": "subject", "label": "Ticket name", "type": "string", "fieldType": "text", "options": []}]
}
BODIES = {
    "properties": PROPERTIES,
    "pipelines": {"results": [{"id": "9", "label": "Nine", "stages": [{"id": "91", "label": "Ninety-one"}]}]},
    "owners": {"results": [{"id": "11", "email": "ana@example.com", "firstName": "Ána", "lastName": "Souza"}]},
    "validations": {
        "results": [
            {"propertyName": "subject", "propertyValidationRules": [{"ruleType": "MIN_LENGTH", "ruleArguments": ["5"]}]}
        ]
    },
    "account": {"portalId": 42, "timeZone": "America/Sao_Paulo"},
}


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "schema.json"

    path.write_bytes(schema_bytes(BODIES))
    schema = read_saved_schema(path)

    assert schema.bodies["properties"] == PROPERTIES
    assert schema.pipelines[0].stages[0].label == "Ninety-one"
    assert schema.owners[0].name == "Ána Souza"
    assert schema.properties["subject"].rules[0].type == "MIN_LENGTH"
    assert schema.time_zone == "America/Sao_Paulo"
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == FORMAT
    assert list(tmp_path.iterdir()) == [path]


def test_owners_that_the_token_may_not_read_stay_unknown(tmp_path):
    path = tmp_path / "schema.json"

    path.write_bytes(schema_bytes({**BODIES, "owners": None}))

    assert not read_saved_schema(path).owners_known


def test_a_bare_body_of_the_properties_endpoint(tmp_path):
    """It lacks the rest: the default pipelines, owners by ID alone, UTC."""
    path = tmp_path / "properties.json"
    path.write_text(json.dumps(PROPERTIES), encoding="utf-8-sig")

    schema = read_saved_schema(path)

    assert "pipelines" not in schema.bodies
    assert [one.label for one in schema.pipelines] == ["Support Pipeline"]
    assert not schema.owners_known
    assert schema.time_zone == "UTC"


@pytest.mark.parametrize(
    "saved",
    [[], "text", {}, {"properties": []}, {"properties": {}}, {"results": [{"label": "nameless"}]}, {"results": ["x"]}],
)
def test_what_is_no_schema(saved):
    with pytest.raises(NotASchema):
        parse_saved_schema(saved)


@pytest.mark.parametrize("content", [b"\xff{", b"[" * 10_000], ids=["bytes", "lists-in-lists"])
def test_what_is_no_json(content, tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(content)

    with pytest.raises(NotASchema, match="JSON"):
        read_saved_schema(path)


def test_a_fresh_portal_has_the_default_properties_and_nobody():
    schema = load_default_portal()

    assert len(schema.properties) == len(body("properties")["results"])
    assert schema.pipeline("0") is not None
    assert not schema.owners_known
