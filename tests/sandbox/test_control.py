"""Orders under /sandbox, as other packages' tests give them."""

import http.client
from collections.abc import Iterator

import pytest

from tests.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def test_a_colleagues_edit(sandbox):
    sandbox.change(25012345678, {"hs_ticket_priority": "URGENT", "region": ""}, at="2026-11-20T10:00:00Z", user=9100002)

    ticket = sandbox.ticket(25012345678)
    assert ticket["properties"]["hs_ticket_priority"] == "URGENT"
    assert "region" not in ticket["properties"]
    [entry] = [e for e in ticket["history"] if e["at"] == "2026-11-20T10:00:00Z"]
    assert (entry["source_type"], entry["user"]) == ("CRM_UI", 9100002)
    assert entry["properties"] == {"hs_ticket_priority": "URGENT", "region": ""}


def test_an_automatic_change_moves_the_stamp_and_no_persons_property(sandbox):
    before = sandbox.ticket(25012345701)

    sandbox.change(25012345701, {"hs_num_times_contacted": "3"}, automatic=True)

    after = sandbox.ticket(25012345701)
    assert after["updated"] > before["updated"]
    assert after["history"][0]["source_type"] == "CALCULATED"
    assert after["history"][0]["user"] is None


def test_unique_values_follow_a_background_change(sandbox):
    sandbox.change(25012345678, {"external_ref": "MOVED-1"})

    body = {"inputs": [{"id": "moved-1"}], "idProperty": "external_ref", "properties": []}
    _, answer = sandbox.call("POST", "/crm/v3/objects/tickets/batch/read", body)
    assert [result["id"] for result in answer["results"]] == ["25012345678"]


def test_new_ticket_archive_merge(sandbox):
    first = sandbox.control("tickets", {"properties": {"subject": "made"}})["id"]
    second = sandbox.control("tickets", {"id": 26_000_000_000, "properties": {"external_ref": "made-2"}})["id"]

    new = sandbox.merge(first, second)
    assert sandbox.ticket(first)["merged_into"] == new
    sandbox.archive(new)
    assert sandbox.tickets()[new]["archived"]
    assert [t["id"] for t in sandbox.control(f"tickets?ids={new},{first}")] == [new, first]


def test_request_log(sandbox):
    sandbox.forget_requests()
    sandbox.switch(log_bodies=True)
    inputs = [{"id": "512", "properties": {"subject": "a"}}, {"id": "25012345678", "properties": {"subject": "b"}}]
    sandbox.call("POST", "/crm/v3/objects/tickets/batch/update", {"inputs": inputs})
    sandbox.call("GET", "/crm/v3/owners", token="wrong")

    first, second = sandbox.requests()
    assert (first["method"], first["inputs"], first["status"]) == ("POST", 2, 200)
    assert first["path"] == "/crm/v3/objects/tickets/batch/update"
    assert '"subject"' in first["body"]
    assert first["ms"] >= 0
    assert second["status"] == 401
    assert len(sandbox.requests("owners")) == 1
    sandbox.switch(log_bodies=False)


def test_definitions_change_while_it_runs(sandbox):
    sandbox.define("property", sandbox.call("GET", "/crm/v3/properties/tickets/region")[1] | {"name": "second_region"})
    body = {"inputs": [{"id": "512", "properties": {"second_region": "south"}}]}
    assert sandbox.call("POST", "/crm/v3/objects/tickets/batch/update", body)[0] == 200

    sandbox.control("definitions/property/second_region", method="DELETE")
    assert sandbox.call("POST", "/crm/v3/objects/tickets/batch/update", body)[0] == 400


def test_two_processes_on_one_file(tmp_path):
    """Tickets and definitions that one changes, the other sees at its next call."""
    with SandboxServer(tmp_path) as first, SandboxServer(tmp_path) as second:
        region = first.call("GET", "/crm/v3/properties/tickets/region")[1]
        first.define("property", region | {"name": "third_region"})
        body = {"inputs": [{"id": "512", "properties": {"third_region": "south"}}]}

        assert second.call("POST", "/crm/v3/objects/tickets/batch/update", body)[0] == 200
        assert first.ticket(512)["properties"]["third_region"] == "south"


def test_reset_gives_the_seeded_portal(sandbox):
    with SandboxServer() as fresh:
        expected = fresh.tickets()
    sandbox.change(512, {"subject": "changed"})
    sandbox.fault("status", times=None)

    sandbox.reset()

    assert sandbox.tickets() == expected
    assert sandbox.call("GET", "/crm/v3/owners")[0] == 200
    sandbox.reset(tickets=5)
    assert len(sandbox.tickets()) == len(expected) + 5


def test_state_without_history(tmp_path):
    with SandboxServer(tmp_path, options=("--no-history",)) as sandbox:
        body = {"inputs": [{"id": "512", "properties": {"subject": "x"}}]}
        sandbox.call("POST", "/crm/v3/objects/tickets/batch/update", body)

        assert len(sandbox.ticket(512)["history"]) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "x.localhost"}, 200),
        ({"Host": "attacker.example"}, 403),
        ({"Host": "localhost.attacker.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "Application/JSON; charset=utf-8"}, 200),
    ],
)
def test_a_page_of_the_web_can_give_no_orders(sandbox, headers, status):
    """A browser would send its orders under another name, or as a form or a text."""
    sent = {"Content-Type": "application/json"} | headers
    address = sandbox.base_url.removeprefix("http://")
    connection = http.client.HTTPConnection(address)
    connection.request("POST", "/sandbox/clock", b"{}", sent)
    assert connection.getresponse().status == status
    connection.close()


def test_nothing_is_read_under_another_name(sandbox):
    connection = http.client.HTTPConnection(sandbox.base_url.removeprefix("http://"))
    connection.request("GET", "/sandbox/tickets", headers={"Host": "attacker.example"})
    assert connection.getresponse().status == 403
    connection.close()
