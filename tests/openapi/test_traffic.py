"""Client and sandbox are held to one description: what the one sends, and what the other answers.

The program's commands run against a served sandbox, with a recorder between them.
"""

import pytest

from tests.laws import IS_NIGHTLY
from tests.openapi.recorder import Recorder, call
from tests.sandbox_server import SandboxServer

EDITS = (
    "Record ID,subject,Priority,Ticket owner,due_on,property_number\n"
    "25012345001,First,HIGH,ana.souza@example.com,2027-01-02,\n25012345013,Second,LOW,,,7\n512,Third,,,,\n99999999999,Nobody,LOW,,,\n"
)


@pytest.fixture
def recorder(sandbox):
    with Recorder(sandbox) as recorder:
        yield recorder


def assert_described(description, exchanges):
    """Everything that went over the wire is as described."""
    assert exchanges
    for one in exchanges:
        assert description.faults_of_request(one) == [], str(one)
        assert description.faults_of_answer(one) == [], str(one)


VERSIONS = ["v3", "2025-09", "2026-03", "2026-09"] if IS_NIGHTLY else ["v3", "2026-09"]
"""By day the oldest and the newest; the main job runs in each of them by day too (`tests/jobs/test_switches.py`)."""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_command_keeps_to_the_description(
    version, description, sandbox, recorder, program, monkeypatch, tmp_path
):
    """Run, reconcile, undo, template, doctor, schema: nothing undescribed goes out or comes back, and all is used."""
    monkeypatch.setenv("HUBSPOT_API_VERSION", version)
    edits = tmp_path / "edits.csv"
    edits.write_text(EDITS + "25012345002,Merged,LOW,,,\n")
    others = tmp_path / "modified.csv"
    others.write_text("Record ID,subject,Last modified date\n25012345009,New name,2026-11-01 10:00\n")

    run = program(edits, "--yes", "--on-invalid", "skip", "--json", portal=recorder)
    assert run.code == 1, run.err
    assert run.summary["rows"]["updated"] == 3
    program(others, "--yes", portal=recorder)
    assert program("reconcile", edits, portal=recorder).code in {0, 1}
    assert program("undo", run.summary["run_id"], "--yes", portal=recorder).code == 0
    assert program("template", tmp_path / "some.xlsx", "--filter", "hs_ticket_priority=HIGH", portal=recorder).code == 0
    assert program("template", tmp_path / "all.xlsx", "--limit", "120", portal=recorder).code == 0
    assert program("schema", "pull", "--output", tmp_path / "schema.json", portal=recorder).code == 0
    assert program("doctor", portal=recorder).code == 0

    assert_described(description, recorder.exchanges)
    used = {(one.method, description.operation(one.method, one.path)[0]) for one in recorder.exchanges}
    assert used == {(method, path) for method, path, _ in description.operations() if version in path}


FAULTS = [
    {"kind": "unauthorized"},
    {"kind": "expired"},
    {"kind": "expired_1970"},
    {"kind": "missing_scopes"},
    {"kind": "forbidden"},
    {"kind": "whole_batch"},
    {"kind": "conflict"},
    {"kind": "not_found"},
    {"kind": "too_large"},
    {"kind": "status", "status": 423},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 429, "policy": "DAILY"},
    {"kind": "status", "status": 477, "retry_after": 1},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status_after", "status": 524},
    {"kind": "empty"},
    {"kind": "nothing"},
    {"kind": "errors_in_200"},
    {"kind": "state", "state": "CANCELED"},
    {"kind": "drop_results"},
    {"kind": "group_errors"},
    {"kind": "no_context"},
    {"kind": "no_ids"},
    {"kind": "blank_id"},
    {"kind": "no_trace"},
    {"kind": "no_name"},
    {"kind": "short_errors"},
    {"kind": "cut_message"},
    {"kind": "echo_token"},
    {"kind": "not_written"},
]


@pytest.fixture(scope="module")
def shared_sandbox():
    with SandboxServer() as server:
        yield server


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: " ".join(map(str, fault.values())))
def test_answers_in_trouble_keep_to_the_description(fault, description, shared_sandbox):
    """What only breaks a body (cut, truncated, a page in its place) is left out."""
    shared_sandbox.calm()
    shared_sandbox.fault(**fault, path="batch/update", times=4)
    good = {"id": "512", "properties": {"subject": "x"}, "objectWriteTraceId": "row-2"}
    bad = {"id": "25012345001", "properties": {"hs_ticket_priority": "Urgentt"}, "objectWriteTraceId": "row-3"}
    missing = {"id": "25099999999", "properties": {"subject": "x"}, "objectWriteTraceId": "row-4"}
    bare = {"id": "25012345001", "properties": {"hs_ticket_priority": "Urgentt"}}
    batches = [[good], [good, bad], [good, missing], [bare]]

    exchanges = [
        call(shared_sandbox, "POST", "/crm/v3/objects/tickets/batch/update", {"inputs": inputs}) for inputs in batches
    ]

    assert [one["struck"] for one in shared_sandbox.faults()] == [4]
    assert_described(description, exchanges)


REFUSED = {
    "one ID twice": {"inputs": [{"id": "512", "properties": {"subject": "x"}}] * 2},
    "too many inputs": {"inputs": [{"id": str(n), "properties": {"subject": "x"}} for n in range(101)]},
    "a property that is not unique": {"inputs": [{"id": "x", "idProperty": "subject", "properties": {"subject": "x"}}]},
    "no inputs": {"inputs": []},
    "no properties": {"inputs": [{"id": "512", "properties": {}}]},
    "no ID": {"inputs": [{"properties": {"subject": "x"}}]},
    "another shape": {"inputs": {"id": "512"}},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals_keep_to_the_description(body, description, shared_sandbox):
    """What a client should never send is refused in the described way."""
    shared_sandbox.calm()

    exchange = call(shared_sandbox, "POST", "/crm/v3/objects/tickets/batch/update", body)

    assert exchange.status == 400
    assert description.faults_of_answer(exchange) == []
