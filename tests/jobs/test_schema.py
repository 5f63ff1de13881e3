"""The portal's ticket schema, saved and shown."""

import json

import pytest

from schemas.saved import read_saved_schema
from tests.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer() as server:
        yield server


def test_a_pulled_schema_validates_without_a_network(program, sandbox, tmp_path):
    file = tmp_path / "schema.json"
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,Priority,Ticket owner\n25012345001,high,ana.souza@example.com\n")

    assert program("schema", "pull", "--output", file, portal=sandbox).code == 0
    ended = program(edits, "--schema", file, "--dry-run", "--no-diff", "--json")

    assert read_saved_schema(file).time_zone == "America/Sao_Paulo"
    assert ended.summary["requests"] == {"read": 0, "update": 0, "retried": 0, "rate_limited": 0}
    assert ended.summary["rows"]["total"] == 1


@pytest.mark.parametrize(
    ("zone", "options", "code", "said"),
    [
        (None, [], 0, "s.json names no time zone: times without one are read in UTC"),
        ("Nowhere/Land", [], 2, "The time zone Nowhere/Land is not known here; name another one with --timezone."),
        ("Nowhere/Land", ["--timezone", "Europe/Berlin"], 0, "2026-03-04 12:30\n  Times are in Europe/Berlin."),
    ],
)
def test_a_saved_schema_with_no_time_zone_or_a_strange_one(program, tmp_path, zone, options, code, said):
    """A time must not be read in another zone than everybody thinks."""
    edits, file = tmp_path / "edits.csv", tmp_path / "s.json"
    edits.write_text("id,next_contact_at\n25012345001,2026-03-04 12:30\n", encoding="utf-8")
    program("schema", "pull", "--sandbox", "--output", file)
    saved = json.loads(file.read_text(encoding="utf-8"))
    saved["account"] = {"timeZone": zone} if zone else {}
    file.write_text(json.dumps(saved), encoding="utf-8")

    ended = program(edits, "--schema", file, "--dry-run", "--no-diff", *options)

    assert ended.code == code
    assert said in ended.err


def test_pulling_without_a_name_writes_beside_the_person(program, sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    ended = program("schema", "pull", "--json", portal=sandbox)

    assert ended.summary["schema"] == "ticket-schema.json"
    assert "results" in json.loads((tmp_path / "ticket-schema.json").read_text("utf-8"))["properties"]


def test_a_folder_that_is_not_there(program, sandbox, tmp_path):
    ended = program("schema", "pull", "--output", tmp_path / "none" / "s.json", portal=sandbox)

    assert ended.code == 2
    assert str(tmp_path / "none") in ended.err


def test_the_list_leaves_out_the_properties_of_single_stages(program, sandbox):
    short = program("schema", "show", portal=sandbox)
    long = program("schema", "show", "--all", portal=sandbox)

    assert "hs_ticket_priority" in short.out
    assert "hs_v2_date_entered_1 " not in short.out
    assert "--all" in short.err
    assert "hs_v2_date_entered_1 " in long.out
    lines = [line for line in short.out.splitlines() if "hs_object_id" in line]
    assert "read-only" in lines[0]


@pytest.mark.parametrize("name", ["hs_ticket_priority", "Priority", "priority "])
def test_one_property_with_its_options(program, sandbox, name):
    ended = program("schema", "show", name, portal=sandbox)

    assert "hs_ticket_priority" in ended.out
    assert "URGENT  Urgent" in ended.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hs_pipeline", ["Support Pipeline"]),
        ("hs_pipeline_stage", ["New (Support Pipeline)", "closed"]),
        ("hubspot_owner_id", ["Ana Souza (", "archived"]),
    ],
)
def test_choices_that_the_portal_keeps_elsewhere_are_shown(program, sandbox, name, words):
    ended = program("schema", "show", name, portal=sandbox)

    assert all(word in ended.out for word in words)


def test_one_property_as_json(program, sandbox):
    shown = program("schema", "show", "hs_ticket_priority", "--json", portal=sandbox).summary

    assert shown["type"] == "enumeration"
    assert {"value": "URGENT", "label": "Urgent", "remark": ""} in shown["options"]


def test_all_as_json(program, sandbox):
    shown = program("schema", "show", "--json", portal=sandbox).summary

    assert len(shown["properties"]) > 200
    assert shown["portal"]["time_zone"] == "America/Sao_Paulo"


def test_an_unknown_property_gets_suggestions(program, sandbox):
    ended = program("schema", "show", "prioriti", "--json", portal=sandbox)

    assert ended.code == 2
    assert ended.summary["error"]["code"] == "unknown_property"
    assert "Priority" in ended.err


def test_a_saved_schema_is_shown_without_a_token(program, sandbox, tmp_path):
    program("schema", "pull", "--output", tmp_path / "s.json", portal=sandbox)

    ended = program("schema", "show", "Priority", "--schema", tmp_path / "s.json")

    assert ended.code == 0
    assert "URGENT" in ended.out
