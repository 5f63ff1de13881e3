"""What the doctor finds, by breaking one thing at a time."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from importer.jobs.doctor import Check, exit_code_of
from schemas.message import message
from tests.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def _server():
    with SandboxServer(rate=190) as server:
        yield server


@pytest.fixture
def sandbox(_server):
    _server.calm()
    _server.reset()
    return _server


def portal_at(url, token="pat-na1-0123"):
    return SimpleNamespace(environment={"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": token})


def found(ended):
    return {one["check"]: one["status"] for one in ended.summary["checks"]}


def texts(ended, name):
    return " ".join(f"{one['message']} {one['remedy']}" for one in ended.summary["checks"] if one["check"] == name)


def test_all_is_well(program, sandbox):
    ended = program("doctor", "--json", portal=sandbox)

    assert ended.code == 0
    assert set(found(ended).values()) == {"ok"}
    assert {"token", "tickets", "owners", "sensitive", "clock", "limits", "state_folder", "versions"} <= set(
        found(ended)
    )
    assert "4242" in texts(ended, "accepted")
    assert "190 requests in 10 s" in texts(ended, "limits")


def test_the_table_goes_to_standard_output(program, sandbox):
    ended = program("doctor", portal=sandbox)

    assert "Tickets can be read." in ended.out
    assert ended.err == ""


def test_no_token(program, monkeypatch):
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "")

    ended = program("doctor", "--json")

    assert (ended.code, found(ended)["no_token"]) == (2, "problem")
    assert "HUBSPOT_ACCESS_TOKEN" in texts(ended, "no_token")


def test_the_embedded_sandbox_needs_no_token(program):
    assert program("doctor", "--sandbox", "--json").code == 0


def test_a_token_that_is_not_accepted_is_named_but_never_shown(program, sandbox):
    ended = program("doctor", "--json", portal=portal_at(sandbox.base_url, "pat-na1-wrong"))

    assert (ended.code, found(ended)["token"]) == (3, "problem")
    assert "pat-na1-wrong" not in ended.out + ended.err
    assert "tickets" not in found(ended), "nothing more can be asked"


@pytest.mark.parametrize(
    ("scopes", "check", "status", "code"),
    [
        (["crm.objects.owners.read"], "tickets", "problem", 3),
        (["tickets"], "owners", "warning", 0),
        (["tickets", "crm.objects.owners.read"], "sensitive", "ok", 0),
    ],
)
def test_scopes_that_are_missing(program, sandbox, scopes, check, status, code):
    sandbox.add_token("pat-na1-lacking", scopes=scopes)

    ended = program("doctor", "--json", portal=portal_at(sandbox.base_url, "pat-na1-lacking"))

    assert (ended.code, found(ended)[check]) == (code, status)
    if check == "owners":
        assert "crm.objects.owners.read" in texts(ended, "owners")
    if check == "sensitive":
        assert "unknown" in texts(ended, "sensitive")


def test_nobody_listens(program):
    ended = program("doctor", "--json", portal=portal_at("http://127.0.0.1:9"))

    assert (ended.code, found(ended)["address"]) == (3, "problem")
    assert "http://127.0.0.1:9" in texts(ended, "address")


def test_a_version_that_the_address_does_not_have(program, sandbox, monkeypatch):
    monkeypatch.setenv("HUBSPOT_API_VERSION", "2019-01")

    ended = program("doctor", "--json", portal=sandbox)

    assert (ended.code, found(ended)["version"]) == (3, "problem")
    assert "2019-01" in texts(ended, "version")


def test_a_version_that_is_none(program, sandbox, monkeypatch):
    monkeypatch.setenv("HUBSPOT_API_VERSION", "newest")

    ended = program("doctor", "--json", portal=sandbox)

    assert ended.code == 2
    assert "newest" in texts(ended, "version")


def test_an_address_that_would_show_the_token(program):
    ended = program("doctor", "--json", portal=portal_at("http://example.com"))

    assert (ended.code, found(ended)["unsafe_address"]) == (2, "problem")


@pytest.mark.parametrize(
    ("date", "word"), [("Mon, 05 Jan 2015 00:00:00 GMT", "ahead"), ("Sat, 05 Jan 2115 00:00:00 GMT", "behind")]
)
def test_clocks_that_disagree(program, date, word):
    """The portal's clock shows in the Date of its answers."""

    class Answers(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp=None):
            del timestamp
            return date

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"portalId": 1, "timeZone": "UTC", "results": []}')

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        ended = program("doctor", "--json", portal=portal_at(f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()

    assert found(ended)["clock"] == "warning"
    assert word in texts(ended, "clock")
    assert ended.code == 0


def test_the_days_calls_are_used_up(program, sandbox):
    sandbox.limits(daily=1000, used_today=960)
    try:
        ended = program("doctor", "--json", portal=sandbox)
    finally:
        sandbox.limits(daily=625_000, used_today=0)

    assert (ended.code, found(ended)["limits"]) == (3, "problem")
    assert "of 1,000 calls" in texts(ended, "limits")


def test_a_proxy_is_noticed_and_its_password_is_not_shown(program, sandbox, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:geheim@proxy.example:3128")

    ended = program("doctor", "--json", portal=sandbox)

    assert found(ended)["proxy"] == "warning"
    assert "proxy.example:3128" in texts(ended, "proxy")
    assert "geheim" not in ended.out


def test_certificates_that_are_not_there(program, sandbox, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")

    ended = program("doctor", "--json", portal=sandbox)

    assert (ended.code, found(ended)["certificates"]) == (2, "problem")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_that_others_may_read(program, home):
    home.mkdir(mode=0o755)

    ended = program("doctor", "--sandbox", "--json")

    assert ended.code == 0
    assert f"chmod 700 {home}" in texts(ended, "state_folder")


def test_a_folder_that_cannot_be_written(program, home):
    home.write_text("a file where the folder should be")

    ended = program("doctor", "--json", portal=portal_at("http://127.0.0.1:9"))

    assert (ended.code, found(ended)["state_folder"]) == (2, "problem")
    assert "IMPORT_TICKETS_HOME" in texts(ended, "state_folder")


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([("warning", True)], 0),
        ([("problem", False)], 3),
        ([("problem", False), ("problem", True)], 2),
        ([("ok", True), ("problem", True)], 2),
    ],
)
def test_exit_codes_say_whose_trouble_it_is(checks, code):
    assert exit_code_of([Check("x", state, message("x"), ours=ours) for state, ours in checks]) == code


def test_its_json_is_one_object(program, sandbox):
    ended = program("doctor", "--json", portal=sandbox)

    assert set(json.loads(ended.out)) == {"checks", "exit_code"}
