"""Faults on demand, over a real connection: when they strike, what arrives, and what was written."""

import itertools
import json
import time
from collections.abc import Iterator

import httpx
import pytest

from importer.sandbox import faults
from importer.sandbox.fault_kinds import KINDS
from importer.sandbox.faults import Fault, Faults
from tests.sandbox_server import SandboxServer

UPDATE = "/crm/v3/objects/tickets/batch/update"
counter = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def sandbox(server) -> SandboxServer:
    server.calm()
    server.forget_requests()
    server.limits(latency_ms=0)
    return server


@pytest.fixture
def client(sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, headers={"Authorization": f"Bearer {sandbox.token}"}) as made:
        yield made


def update(client, *traces, **properties) -> httpx.Response:
    """Update ticket 512 (and the two after it) with a subject that was never there before."""
    numbers = ["512", "25012345678", "25012345701"]
    inputs = [
        {"id": number, "objectWriteTraceId": trace, "properties": {"subject": f"try {next(counter)}", **properties}}
        for number, trace in zip(numbers, traces or ("r1",), strict=False)
    ]
    return client.post(UPDATE, json={"inputs": inputs})


def subject(sandbox) -> str:
    return sandbox.ticket(512)["properties"]["subject"]


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 521, 522, 523, 524])
def test_statuses(sandbox, client, status):
    """Pages from 500 on, JSON below; nothing is written, and the next call is answered as always."""
    before = subject(sandbox)
    sandbox.fault("status", status=status)

    answer = update(client)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html" if status >= 500 else "application/json")
    assert ("retry-after" in answer.headers) == (status == 477)
    assert subject(sandbox) == before
    assert update(client).status_code == 200


@pytest.mark.parametrize("policy", ["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"])
def test_429(sandbox, client, policy):
    sandbox.fault("status", status=429, policy=policy)

    answer = update(client)

    assert answer.status_code == 429
    assert answer.json()["policyName"] == policy
    assert "retry-after" not in answer.headers


def test_429_that_names_no_policy_and_one_with_retry_after(sandbox, client):
    sandbox.fault("status", status=429, bare=True)
    assert update(client).json().keys() == {"status", "message", "correlationId", "category"}

    sandbox.fault("status", status=429, retry_after=7)
    assert update(client).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("kind", "status", "category"),
    [
        ("unauthorized", 401, "INVALID_AUTHENTICATION"),
        ("expired", 401, "EXPIRED_AUTHENTICATION"),
        ("expired_1970", 401, "EXPIRED_AUTHENTICATION"),
        ("missing_scopes", 403, "MISSING_SCOPES"),
        ("forbidden", 403, "FORBIDDEN"),
        ("conflict", 409, "CONFLICT"),
        ("not_found", 404, "OBJECT_NOT_FOUND"),
        ("too_large", 413, "VALIDATION_ERROR"),
        ("whole_batch", 400, "VALIDATION_ERROR"),
    ],
)
def test_refusals(sandbox, client, kind, status, category):
    before = subject(sandbox)
    sandbox.fault(kind)

    answer = update(client)

    assert (answer.status_code, answer.json()["category"]) == (status, category)
    assert subject(sandbox) == before


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("kind", "written"), [("cut_before", False), ("cut_after", True)])
def test_cut_connections(sandbox, client, kind, written, reset):
    before = subject(sandbox)
    sandbox.fault(kind, reset=reset)

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        update(client)

    assert (subject(sandbox) != before) == written
    assert sandbox.requests("batch/update")[-1]["status"] == 0
    assert update(client).status_code == 200


def test_cut_in_the_middle_of_the_answer(sandbox, client):
    before = subject(sandbox)
    sandbox.fault("cut_midway")

    with pytest.raises(httpx.RemoteProtocolError):
        update(client)

    assert subject(sandbox) != before


@pytest.mark.parametrize("status", [504, 524])
def test_written_then_a_page(sandbox, client, status):
    before = subject(sandbox)
    sandbox.fault("status_after", status=status)

    assert update(client).status_code == status
    assert subject(sandbox) != before


def test_answers_that_are_no_json(sandbox, client):
    for kind in ("truncated", "not_json"):
        before = subject(sandbox)
        sandbox.fault(kind)
        answer = update(client)
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()
        assert subject(sandbox) != before

    sandbox.fault("empty")
    answer = update(client)
    assert (answer.status_code, answer.content) == (204, b"")
    sandbox.fault("not_an_object", body="fine")
    assert update(client).json() == "fine"


def test_nothing_in_it(sandbox, client):
    sandbox.fault("nothing")

    answer = update(client)

    assert answer.status_code == 207
    assert answer.json()["results"] == []
    assert "errors" not in answer.json()


def test_errors_inside_a_200(sandbox, client):
    sandbox.fault("errors_in_200")

    answer = update(client, hs_ticket_priority="x")

    assert answer.status_code == 200
    assert answer.json()["numErrors"] == 1


@pytest.mark.parametrize("state", ["CANCELED", "PENDING", "PROCESSING"])
def test_states_with_missing_results(sandbox, client, state):
    sandbox.fault("state", state=state, drop=2)

    body = update(client, "r1", "r2", "r3").json()

    assert body["status"] == state
    assert len(body["results"]) == 1


def test_dropped_results_were_written_lost_inputs_were_not(sandbox, client):
    before = subject(sandbox)
    sandbox.fault("drop_results", drop=3)
    body = update(client, "r1", "r2", "r3").json()
    assert (body["status"], body["results"]) == ("COMPLETE", [])
    assert subject(sandbox) != before

    before = subject(sandbox)
    sandbox.fault("not_written", drop=1)
    body = update(client, "r1", "r2", "r3").json()
    assert sorted(result["id"] for result in body["results"]) == ["25012345678", "25012345701"]
    assert subject(sandbox) == before

    sandbox.fault("not_written", drop=3, state="PENDING")
    assert update(client, "r1", "r2", "r3").status_code == 400  # nothing is left to do


def bad(client, *traces):
    return update(client, *(traces or ("r1", "r2")), hs_ticket_priority="Urgentt").json()


def test_shapes_of_errors(sandbox, client):
    sandbox.fault("group_errors")
    body = bad(client)
    assert body["numErrors"] == len(body["errors"]) == 1
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["r1", "r2"]

    sandbox.fault("no_context")
    assert all("context" not in error for error in bad(client)["errors"])

    sandbox.fault("no_ids")
    assert all("ids" not in error["context"] for error in missing(client)["errors"])
    sandbox.fault("blank_id")
    assert missing(client)["errors"][0]["context"]["ids"] == [""]

    sandbox.fault("no_trace")
    body = bad(client)
    assert "objectWriteTraceId" not in json.dumps(body)

    sandbox.fault("no_name")
    message = bad(client)["errors"][0]["message"]
    [item] = json.loads(message[message.index("[") :])
    assert item.keys() == {"isValid", "message", "error"}

    sandbox.fault("cut_message")
    message = bad(client)["errors"][0]["message"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(message[message.index("[") :])


def missing(client):
    inputs = [{"id": "25099999999", "objectWriteTraceId": "r1", "properties": {"subject": "x"}}]
    return client.post(UPDATE, json={"inputs": inputs}).json()


def test_errors_shorter_than_the_message(sandbox, client):
    sandbox.fault("short_errors")
    properties = {"hs_ticket_priority": "x", "due_on": "y"}

    body = client.post(UPDATE, json={"inputs": [{"id": "512", "properties": properties}]}).json()

    assert len(json.loads(body["message"][body["message"].index("[") :])) == 2
    assert len(body["errors"]) == 1


def test_echoed_token_and_redirect(sandbox, client):
    sandbox.fault("echo_token")
    assert sandbox.token in update(client).json()["message"]

    sandbox.fault("redirect", location="https://elsewhere.invalid/x")
    answer = update(client)
    assert (answer.status_code, answer.headers["location"]) == (307, "https://elsewhere.invalid/x")


def test_latency_and_hanging(sandbox, client):
    sandbox.fault("latency", ms=80, times=2)
    sandbox.limits(latency_ms=40)
    started = time.perf_counter()
    update(client)
    assert time.perf_counter() - started >= 0.12
    sandbox.fault("hang", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        client.post(UPDATE, json={"inputs": []}, timeout=0.2)


def test_when_they_strike(sandbox, client):
    sandbox.fault("status", status=503, path="batch/update", after=1, times=2)
    sandbox.fault("status", status=502, method="GET", times=None)

    assert [update(client).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert [client.get("/crm/v3/owners").status_code for _ in range(2)] == [502, 502]
    reports = sandbox.faults()
    assert [(fault["seen"], fault["struck"]) for fault in reports] == [(3, 2), (2, 2)]
    assert [entry.get("fault") for entry in sandbox.requests("batch/update")] == [None, "status", "status", None]
    sandbox.calm()
    assert client.get("/crm/v3/owners").status_code == 200


def test_a_fault_that_lasts():
    """It strikes every call from the first one on, until its time is over."""

    class Call:
        path, method = "/x", "POST"

    lasting = Fault("status", lasts_s=3600)
    assert [lasting.strikes(Call()) for _ in range(5)] == [True] * 5
    over = Fault("status", lasts_s=-1)
    assert [over.strikes(Call()) for _ in range(3)] == [True, False, False]


def test_mixed_faults_of_chosen_kinds():
    asked = Fault("mixed", more={"kinds": ["cut_before", "truncated"]})

    assert {asked.drawn().kind for _ in range(50)} == {"cut_before", "truncated"}


def test_unknown_orders_are_refused(sandbox):
    with pytest.raises(ValueError, match="no such fault"):
        sandbox.fault("earthquake")
    with pytest.raises(ValueError, match="no such option"):
        sandbox.switch(weather="fine")
    with pytest.raises(ValueError, match="no such ticket"):
        sandbox.ticket(1)


def test_drawn_faults_are_drawn_alike_each_time():
    class Call:
        path, method = "/x", "POST"

    draws = []
    for _ in range(2):
        asked = Faults()
        asked.ask({"kind": "mixed", "times": None, "probability": 0.3, "seed": 7})
        struck = [asked.strike(Call())[0] for _ in range(200)]
        draws.append([fault and (fault.kind, fault.more) for fault in struck])

    assert draws[0] == draws[1]
    hits = [draw for draw in draws[0] if draw]
    assert 30 < len(hits) < 90
    assert len({kind for kind, _ in hits}) > 6


def test_every_kind_is_described():
    for kind in KINDS:
        assert kind in faults.__doc__
        assert Fault(kind).report()["kind"] == kind


def test_what_a_result_says_was_written_under_any_fault(sandbox, client):
    """Results never lie: what an answer shows as written is in the store; an answer may leave out what is there."""
    sandbox.fault("mixed", times=None, probability=0.5, seed=3, path="batch/update")
    for _ in range(60):
        try:
            body = update(client, "r1", "r2", "r3").json()
        except (httpx.TransportError, json.JSONDecodeError):
            continue
        for result in body.get("results", []):
            held = sandbox.ticket(result["id"])["properties"]["subject"]
            assert held == result["properties"]["subject"]
