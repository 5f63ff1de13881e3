"""The client against the served sandbox: what it sends, what it brings back, what it outlives."""

import asyncio
import gzip
import http.server
import json
import random
import socket
import threading
from typing import Any

import pytest

from importer.errors import ImportTicketsError, MissingScope, Unauthorized, Unavailable
from importer.portal import Clock, Missing, Portal, PortalSettings, Refused, Ticket
from schemas.property import read_schema

READ = "batch/read"


def ask(server, work, *, speed=200, events=None, **settings):
    """Return what `work(portal)` returns."""

    async def run():
        chosen = PortalSettings(server.base_url, settings.pop("token", None) or server.token, **settings)
        clock, rng = Clock(speed), random.Random(1)
        async with Portal(chosen, clock=clock, rng=rng, timeout_s=5, on_event=events) as portal:
            return await work(portal), portal

    return asyncio.run(run())


def find(server, keys, **more):
    found, _ = ask(server, lambda portal: portal.find_tickets(keys, **more))
    return found


@pytest.fixture
def live(server):
    return [key for key, one in server.tickets().items() if not one["archived"] and not one["merged_into"]]


def test_the_schema_is_whole(server):
    """Properties, pipelines, owners of all pages (deactivated ones too), rules, account: what `read_schema` takes."""
    bodies, portal = ask(server, lambda portal: portal.fetch_bodies())

    schema = read_schema(bodies)
    assert schema.properties["hs_ticket_priority"].options
    assert schema.pipelines
    assert schema.owners_known
    assert any(owner.archived for owner in schema.owners)
    assert any(one.rules for one in schema.properties.values())
    assert schema.time_zone == portal.time_zone != "UTC"
    assert portal.limits.max_requests > 0


@pytest.mark.parametrize("version", ["v3", "2025-09", "2026-03", "2026-09"])
def test_all_versions_are_spoken(server, version):
    async def work(portal):
        await portal.fetch_bodies()
        return await portal.find_tickets(["512"]), await portal.update([{"id": "512", "properties": {"subject": "x"}}])

    (found, answer), _ = ask(server, work, version=version)

    assert isinstance(found["512"], Ticket)
    assert [record.id for record in answer.results] == ["512"]


def test_sensitive_properties_are_listed_with_the_scope_alone(server):
    definition = {"name": "passport_no", "label": "Passport", "type": "string", "fieldType": "text", "options": []}
    more = {
        "groupName": "ticketinformation",
        "dataSensitivity": "sensitive",
        "modificationMetadata": {"readOnlyValue": False},
    }
    server.define("property", definition | more)
    server.add_token("pat-na1-tickets-alone", scopes=["tickets"])

    with_scope, _ = ask(server, lambda portal: portal.fetch_bodies())
    without, _ = ask(server, lambda portal: portal.fetch_bodies(), token="pat-na1-tickets-alone")

    assert "passport_no" in read_schema(with_scope).properties
    assert "passport_no" not in read_schema(without).properties
    assert without["owners"] is None
    assert not read_schema(without).owners_known


def test_without_the_scope_for_tickets_nothing_can_be_done(server):
    server.add_token("pat-na1-owners-alone", scopes=["crm.objects.owners.read"])

    with pytest.raises(MissingScope, match="tickets"):
        ask(server, lambda portal: portal.fetch_bodies(), token="pat-na1-owners-alone")


def test_a_portal_without_the_endpoints_for_the_rest(server):
    """What is missing is told, and whether asking again is of use; a list of no owners says nothing."""
    server.fault("status", status=404, html=True, path="pipelines", times=None)
    server.fault("status", status=500, path="property-validations", times=None)
    server.fault("status", status=200, body={"results": []}, path="owners", times=None)

    bodies, portal = ask(server, lambda portal: portal.fetch_bodies())

    assert {name: gap.is_lasting for name, gap in portal.gaps.items()} == {"pipelines": True, "validations": False}
    assert set(bodies) == {"properties", "owners", "account"}
    assert not read_schema(bodies).owners_known


def test_a_wrong_token(server):
    with pytest.raises(Unauthorized) as raised:
        ask(server, lambda portal: portal.fetch_bodies(), token="pat-na1-wrong-token")

    assert "wrong-token" not in str(raised.value)


def test_tickets_are_found_in_batches(server, live):
    found = find(server, live[:250], properties=["subject", "hs_resolution", "no_such_property"])

    tickets = server.tickets()
    assert set(found) == set(live[:250])
    assert all(found[key].properties["subject"] == tickets[key]["properties"].get("subject", "") for key in found)
    assert found[live[0]].properties["hs_resolution"] == tickets[live[0]]["properties"].get("hs_resolution", "")
    assert "no_such_property" not in found[live[0]].properties
    assert [len(found), len(server.requests(READ))] == [250, 3]


@pytest.mark.parametrize("merged_read", ["left_out", "new_id", "not_found"])
@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"group_errors": False},
        {"archived_read": "singly"},
        {"missing_batch": "all"},
        {"missing_batch": "any"},
        {"missing_batch": "nameless", "archived_read": "singly"},
    ],
    ids=str,
)
def test_why_a_ticket_is_missing(server, live, merged_read, switches):
    """Archived, merged into another, or never there: each is told, however the portal leaves it out."""
    server.switch(merged_read=merged_read, **switches)
    new = server.merge(live[1], live[2])
    server.archive(live[3])

    found = find(server, [live[0], live[1], live[2], live[3], "99999999999"])

    assert isinstance(found[live[0]], Ticket)
    assert found[live[1]] == found[live[2]] == Missing("merged", new)
    assert found[live[3]] == Missing("archived")
    assert found["99999999999"] == Missing("not_found")


def test_tickets_by_a_unique_property(server):
    """Without regard to case; the record ID comes with the ticket."""
    held = {one["properties"]["external_ref"]: one["id"] for one in server.tickets().values()
            if one["properties"].get("external_ref") and not one["archived"] and not one["merged_into"]}  # fmt: skip
    keys = list(held)[:5]
    asked = [*(key.swapcase() for key in keys), keys[0], "nobody-has-this"]

    found = find(server, asked, id_property="external_ref", properties=["subject"])

    assert [found[key.swapcase()].id for key in keys] == [held[key] for key in keys]
    assert found[keys[0]].id == held[keys[0]]
    assert found["nobody-has-this"] == Missing("not_found")


def test_histories_are_read_by_fifty(server, live):
    server.change(live[0], {"subject": "by a colleague"}, at="2030-01-01T00:00:00Z")

    found = find(server, live[:120], history=["subject"])

    assert found[live[0]].history["subject"][0].value == "by a colleague"
    assert found[live[0]].history["subject"][0].timestamp.startswith("2030-01-01")
    assert sorted(entry["inputs"] for entry in server.requests(READ)) == [20, 50, 50]


@pytest.mark.parametrize("kind", ["nothing", "drop_results", "not_json", "truncated", "cut_midway", "empty"])
def test_reads_outlive_faults(server, live, kind):
    """A read that leaves out what is there is asked again, before anything is said of the ticket."""
    server.fault(kind, path=READ)

    found = find(server, live[:30], properties=["subject"])

    tickets = server.tickets()
    assert {key: one.properties["subject"] for key, one in found.items()} == {
        key: tickets[key]["properties"].get("subject", "") for key in live[:30]
    }


def test_a_ticket_that_reads_leave_out_for_good_is_looked_up_alone(server, live):
    """Values of any number of properties come with it, though they stand in the address."""
    server.fault("nothing", path=READ, times=None)
    names = [f"no_such_property_{n}" for n in range(250)]

    found = find(server, live[:2], properties=[*names, "subject"])

    assert [found[key].properties["subject"] for key in live[:2]] == [
        server.ticket(key)["properties"].get("subject", "") for key in live[:2]
    ]


def test_a_wrong_file_does_not_cost_a_request_a_row(server):
    """IDs that the portal says do not exist are looked up alone for the first hundred only."""
    found = find(server, [str(99_000_000_000 + n) for n in range(450)])

    assert set(found.values()) == {Missing("not_found")}
    assert len(server.requests()) == 5 + 5 + 100


def test_a_read_that_is_refused(server):
    with pytest.raises(Refused, match="non-unique") as raised:
        find(server, ["x"], id_property="subject")

    assert (raised.value.exit_code, raised.value.code) == (3, "rejected")


@pytest.mark.parametrize(("count", "more"), [(0, {}), (101, {}), (51, {"history": ["subject"]})])
def test_a_read_takes_what_fits_one_request(server, count, more):
    with pytest.raises(ValueError, match="can be read at once"):
        ask(server, lambda portal: portal.read([str(n) for n in range(count)], **more))


def test_requests_are_counted_with_their_repeats(server, live):
    server.fault("status", status=503, path=READ, times=2)
    server.fault("status", status=429, path="batch/update")

    async def work(portal):
        await portal.find_tickets(live[:5])
        await portal.update([{"id": live[0], "properties": {"subject": "x"}, "objectWriteTraceId": "t"}])
        await portal.account()

    _, portal = ask(server, work)

    assert portal.stats.as_dict() == {"read": 3, "update": 2, "retried": 3, "rate_limited": 1}


def test_waits_are_told(server):
    events = []
    server.fault("status", status=503, path="details")

    ask(server, lambda portal: portal.account(), events=events.append)

    (event,) = [one for one in events if one.kind == "waiting"]
    assert event.until is not None
    assert "HTTP 503" in str(event.reason)


def test_searches_go_a_page_at_a_time(server):
    page, _ = ask(server, lambda portal: portal.search({"limit": 5, "properties": ["subject"]}))

    assert len(page["results"]) == 5


def test_searches_wait_a_second_where_they_are_too_many(server):
    server.fault("status", status=429, policy="SECONDLY", path="search", times=2)

    page, portal = ask(server, lambda portal: portal.search({"limit": 1}))

    assert len(page["results"]) == 1
    assert portal.stats.rate_limited == 2


def test_an_address_that_is_no_api(server):
    async def work(portal):
        return await portal.get("/no/such/path")

    with pytest.raises(Unavailable, match="HUBSPOT_BASE_URL"):
        ask(server, work)


def test_a_portal_out_of_reach():
    class Nobody:
        base_url, token = "http://127.0.0.1:9", "pat-na1-invented"

    with pytest.raises(Unavailable, match="out of reach"):
        ask(Nobody, lambda portal: portal.account(), speed=5000)


# --- what a server sees, and what it may try ---------------------------------------------------------------------


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what it was sent; answers as told."""

    protocol_version = "HTTP/1.1"
    seen: list = []  # noqa: RUF012 - emptied by the fixture
    answer = (200, {}, b"{}")
    answer_batches: Any = None
    base_url = token = ""

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        content = self.rfile.read(length)
        type(self).seen.append((self.command, self.path, dict(self.headers), content))
        status, headers, body = type(self).answer
        if type(self).answer_batches is not None and self.path.endswith(READ):
            status, told = type(self).answer_batches(content)
            body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - named by the base class

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def recorder():
    Recorder.seen, Recorder.answer, Recorder.answer_batches = [], (200, {}, b"{}"), None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Recorder.base_url, Recorder.token = f"http://127.0.0.1:{server.server_port}", "pat-na1-very-secret"
    yield Recorder
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_a_request_says_of_itself(recorder):
    ask(recorder, lambda portal: portal.read(["1"]))

    ((method, path, headers, body),) = recorder.seen
    assert (method, path) == ("POST", "/crm/v3/objects/tickets/batch/read")
    assert headers["Authorization"] == "Bearer pat-na1-very-secret"
    assert headers["User-Agent"].startswith("import-tickets/")
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"inputs": [{"id": "1"}], "properties": [], "propertiesWithHistory": []}
    assert "very-secret" not in path
    assert b"very-secret" not in body


def test_gzip_is_unpacked(recorder):
    recorder.answer = (200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"results": [{"id": "7"}]}'))

    answer, _ = ask(recorder, lambda portal: portal.read(["7"]))

    assert [record.id for record in answer.results] == ["7"]


def test_what_only_claims_to_be_gzip_is_a_broken_body(recorder):
    recorder.answer = (200, {"Content-Encoding": "gzip"}, b"no gzip at all")

    with pytest.raises(Unavailable, match="cannot be unpacked"):
        ask(recorder, lambda portal: portal.read(["7"]), speed=5000)


def test_an_answer_that_unpacks_to_an_absurd_size_is_not_kept(recorder, monkeypatch):
    monkeypatch.setattr("importer.portal.http.MAX_BODY", 1_000_000)
    recorder.answer = (200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 50_000_000))

    with pytest.raises(Unavailable, match="too large"):
        ask(recorder, lambda portal: portal.read(["7"]), speed=5000)


@pytest.mark.parametrize("status", [304, 407])
def test_what_no_api_answers_is_not_called_a_redirect(recorder, status):
    recorder.answer = (status, {}, b"")

    with pytest.raises(Unavailable, match=rf"\(HTTP {status}\)\. Check HUBSPOT_BASE_URL\.$"):
        ask(recorder, lambda portal: portal.read(["7"]))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(recorder, status):
    """The token would go along."""
    recorder.answer = (status, {"Location": f"{recorder.base_url}/elsewhere?x=1"}, b"")

    with pytest.raises(Unavailable, match="Redirects are not followed"):
        ask(recorder, lambda portal: portal.read(["7"]))

    assert [path for _, path, _, _ in recorder.seen] == ["/crm/v3/objects/tickets/batch/read"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422, 500, 302])
def test_a_token_that_is_echoed_is_in_no_message(recorder, status):
    """Neither from a body, nor from a header, nor escaped inside JSON."""
    token = recorder.token
    escaped = token.replace("s", "\\u0073")
    body = f'{{"message": "Bearer {token} {escaped}", "correlationId": "{token}", "context": {{"ids": ["{token}"]}}}}'
    recorder.answer = (
        status,
        {"Location": f"https://x.example/{token}", "X-Hubspot-Correlation-Id": token},
        body.encode(),
    )

    async def work(portal):
        try:
            answer = await portal.update([{"id": "1", "properties": {"a": "b"}}])
        except ImportTicketsError as error:
            return str(error) + repr(error)
        return repr(answer)

    said, portal = ask(recorder, work, speed=5000)

    assert "very-secret" not in said
    assert "very-secret" not in repr(portal.settings)


def test_proxies_of_the_environment_do_not_see_loopback(recorder, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    answer, _ = ask(recorder, lambda portal: portal.read(["1"]))

    assert answer.accepted


def test_proxies_of_the_environment_are_used_for_others(recorder, monkeypatch):
    """A CONNECT goes to the proxy; it knows no such verb, so the portal is out of reach, and no token was shown."""
    monkeypatch.setenv("HTTPS_PROXY", recorder.base_url)

    class Elsewhere:
        base_url, token = "https://api.hubapi.invalid", "pat-na1-very-secret"

    with pytest.raises(Unavailable, match="the proxy refused"):
        ask(Elsewhere, lambda portal: portal.account(), speed=5000)

    assert all("very-secret" not in str(entry) for entry in recorder.seen)


def test_a_portal_that_cannot_tell_why_a_ticket_is_missing(server, live):
    """It said that there is no such ticket: that an archived one, or a merged one, cannot be asked for is no matter."""
    server.fault("status", status=400, path=READ, after=1)  # the read of archived ones
    server.fault("status", status=500, path="tickets/99999999999", times=None)

    found = find(server, [live[0], "99999999999"])

    assert isinstance(found[live[0]], Ticket)
    assert found["99999999999"] == Missing("not_found")
    assert len(server.requests("tickets/99999999999")) == 3


def test_a_portal_without_reads_of_one_ticket(server, live):
    server.switch(merged_read="left_out")
    server.fault("status", status=404, html=True, path="tickets/99999999999", times=None)

    found = find(server, [live[0], "99999999999"])

    assert found["99999999999"] == Missing("not_found")


def test_a_read_that_is_refused_for_one_key(recorder):
    """The key is found by halves, unless the refusal names it; the others are read."""

    def answer(body):
        asked = [one["id"] for one in json.loads(body)["inputs"]]
        if "1066" in asked:
            return 400, {"category": "VALIDATION_ERROR", "message": "no"}
        if "1070" in asked:
            context = {"missingObjectPropertyValueCoordinates": ["portal:4242 hs_object_id:1070"]}
            return 400, {"category": "VALIDATION_ERROR", "message": "no", "context": context}
        return 200, {"status": "COMPLETE", "results": [{"id": one, "properties": {}} for one in asked]}

    recorder.answer_batches = staticmethod(answer)

    found = find(recorder, [str(key) for key in range(1001, 1101)])

    assert [key for key, one in found.items() if one == Missing("not_found")] == ["1070"]
    assert [key for key, one in found.items() if isinstance(one, Missing) and one.kind == "unreadable"] == ["1066"]
    assert str(found["1066"].error) == "The portal refused a request: no"


def test_a_read_that_is_refused_for_what_it_asks(server, live):
    """No key is to blame, so none is called missing."""
    server.fault("whole_batch", path=READ, property="subject", times=None)

    with pytest.raises(Refused):
        find(server, live[:4])

    assert len(server.requests(READ)) == 1


def test_a_batch_that_is_always_turned_away_is_given_up(server):
    """Five repeats, as with any other fault."""
    server.fault("status", status=429, path="batch/update", times=None)

    answer, portal = ask(server, lambda portal: portal.update([{"id": "512", "properties": {"subject": "x"}}]))

    assert not answer.accepted
    assert (portal.stats.update, portal.stats.rate_limited) == (6, 6)


def test_a_batch_that_is_turned_away_while_others_are_served_goes_on(server):
    """It stands in a queue."""
    server.fault("status", status=429, retry_after=1, path="batch/update", times=8)

    async def work(portal):
        mine = asyncio.ensure_future(portal.update([{"id": "512", "properties": {"subject": "x"}}]))

        async def read_on():
            while not mine.done():
                await portal.account()

        await asyncio.gather(*(read_on() for _ in range(3)))
        return await mine

    answer, portal = ask(server, work, speed=20)

    assert answer.accepted
    assert portal.stats.update == 9


def test_a_wrong_file_costs_no_request_a_row(server):
    """However many batches ask: the portal said that there are no such tickets, and only some are looked up singly."""

    async def work(portal):
        batches = [[str(99_000_000_000 + 60 * batch + n) for n in range(60)] for batch in range(3)]
        return [await portal.find_tickets(keys) for keys in batches]

    found, _ = ask(server, work)

    assert {one.kind for part in found for one in part.values()} == {"not_found"}
    assert len(server.requests("tickets/99")) == 100


@pytest.mark.parametrize("steps", range(9, 20))
def test_a_cancelled_request_takes_no_connection_away(server, steps):
    """One question fails while its twin is under way, and that one is given up: the next finds a connection free."""

    async def work(portal):
        given_up = asyncio.ensure_future(portal.account())
        for _ in range(steps):  # to some moment while it connects
            await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert await asyncio.wait_for(portal.account(), timeout=10)

    ask(server, work)


def test_an_application_in_this_process(tmp_path):
    """The embedded sandbox needs no port."""
    from importer.sandbox import open_app

    app, base_url, token = open_app(tmp_path)

    async def run():
        async with Portal(PortalSettings(base_url, token), app=app) as portal:
            return await portal.fetch_bodies(), await portal.find_tickets(["512"])

    bodies, found = asyncio.run(run())

    assert read_schema(bodies).properties
    assert isinstance(found["512"], Ticket)


@pytest.mark.parametrize("name", ["localhost", "x.localhost"])
def test_a_name_of_this_machine_leads_nowhere_else(server, live, name, monkeypatch):
    """Whatever a name server says: plain http would show the token to whoever it names."""
    asked = []
    real = socket.getaddrinfo

    def look_up(host, *rest, **more):
        asked.append(host)
        return real("192.0.2.1" if "localhost" in str(host) else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    settings = PortalSettings(server.base_url.replace("127.0.0.1", name), server.token)

    async def work():
        async with Portal(settings, timeout_s=5) as portal:
            return await portal.find_tickets(live[:1])

    assert isinstance(asyncio.run(work())[live[0]], Ticket)
    assert set(asked) <= {"127.0.0.1", "::1"}  # an address needs no look-up
