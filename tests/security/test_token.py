"""The token is nowhere: not in what is said, not in any file, whatever goes wrong and whatever is asked to be told."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import openpyxl
import pytest

from tests.security.leaks import TOKEN, find_token

FAULTS = {
    "nothing": [],
    "401": [{"kind": "unauthorized"}],
    "401 while updating": [{"kind": "expired", "path": "batch/update"}],
    "403": [{"kind": "missing_scopes"}],
    "403 while updating": [{"kind": "forbidden", "path": "batch/update"}],
    "400 that repeats the token": [{"kind": "echo_token", "path": "batch/update", "times": None}],
    "a read that repeats the token": [{"kind": "echo_token", "path": "batch/read", "times": None}],
    "definitions that repeat the token": [{"kind": "echo_token", "path": "properties/tickets", "times": None}],
    "500": [{"kind": "status", "status": 500, "path": "batch/update", "times": None}],
    "502 as a page with the token": [
        {"kind": "status", "status": 502, "path": "batch/update", "times": None, "body": f"<html>Bearer {TOKEN}</html>"}
    ],
    "429 for the day": [{"kind": "status", "status": 429, "policy": "DAILY", "path": "batch/update"}],
    "connections that break": [{"kind": "cut_before", "path": "batch/update", "times": None}],
    "a redirect with the token in it": [
        {"kind": "redirect", "path": "batch/update", "location": f"https://elsewhere.invalid/{TOKEN}?to={TOKEN}"}
    ],
    "an answer that is no JSON": [{"kind": "not_json", "path": "batch/update", "times": None}],
    "a message that holds the token": [
        {
            "kind": "whole_batch",
            "message": f"Property values were not valid: [{TOKEN}",
            "path": "batch/update",
            "times": None,
        }
    ],
}


@pytest.fixture
def edits(tmp_path):
    path = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    for row in (["Record ID", "subject"], ["25012345001", "New"], ["25012345009", "Other"]):
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_no_fault_brings_the_token_out(faults, portal, quick, program, edits, tmp_path, assert_no_token):
    """A verbose run with every report there is, and what can be asked afterwards."""
    for fault in faults:
        portal.fault(**fault)
    page = tmp_path / "edits.html"

    ran = program(edits, "--yes", "--verbose", "--json", "--html", page, portal=portal)
    shown = program("runs", "--json", portal=portal)
    asked = program("doctor", "--verbose", "--json", portal=portal)

    assert ran.summary["exit_code"] == ran.code
    assert_no_token(ran, shown, asked)


def test_the_look_for_the_token_would_find_it(tmp_path, edits):
    """In output, in a file, in a member of a workbook."""
    (tmp_path / "log.txt").write_text(f"Authorization: Bearer {TOKEN}")
    book = openpyxl.load_workbook(edits)
    book.active["B2"] = TOKEN
    book.save(edits)

    found = find_token([Ended(0, TOKEN, ""), Ended(0, "", "")], tmp_path)

    assert len(found) == 3
    assert [place for place in found if "edits.xlsx: xl/" in place]


def test_commands_around_the_main_job(portal, program, edits, tmp_path, assert_no_token):
    portal.fault("echo_token", times=1, path="search")

    ends = [
        program("schema", "pull", "--output", tmp_path / "schema.json", "--verbose", portal=portal),
        program("template", tmp_path / "one.xlsx", "--filter", "hs_ticket_priority=HIGH", "--verbose", portal=portal),
        program("template", tmp_path / "two.xlsx", "--limit", "3", "--verbose", portal=portal),
        program("reconcile", edits, "--verbose", "--json", portal=portal),
    ]

    assert_no_token(*ends)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        f"https://user:{TOKEN}@example.com",
        f"https://example.com/?token={TOKEN}",
        f"ftp://{TOKEN}",
        f"https://example.com/{TOKEN}#{TOKEN} ",
    ],
)
def test_an_unsafe_address_is_refused_and_not_repeated(address, program, edits, assert_no_token, monkeypatch):
    """Nothing is sent there."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("HUBSPOT_BASE_URL", address)

    ended = program(edits, "--yes", "--verbose", "--json")

    assert (ended.code, [code for _, code in ended.codes]) == (2, ["unsafe_address"])
    assert_no_token(ended)


def test_a_token_that_cannot_be_sent_is_not_repeated(program, edits, assert_no_token, monkeypatch):
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", f"{TOKEN}\n{TOKEN}")

    ended = program(edits, "--yes", "--verbose", "--json")

    assert ended.codes == [(None, "no_token")]
    assert_no_token(ended)


def test_a_token_on_the_command_line_is_refused_and_not_repeated(program, edits, assert_no_token):
    """There is no option for it; who tries all the same does not find it in a log."""
    ends = [program(edits, "--token", TOKEN), program(edits, f"--token={TOKEN}"), program("schema", TOKEN)]

    assert {one.code for one in ends} == {2}
    assert_no_token(*ends)


def test_a_token_in_a_settings_file_is_refused_and_not_repeated(program, edits, tmp_path):
    (tmp_path / "import-tickets.toml").write_text(f'[options]\ntoken = "{TOKEN}"\n')

    ended = program(edits, "--dry-run")

    assert ended.code == 2
    assert 'no option "token"' in ended.err
    assert TOKEN not in ended.err


class Ended(NamedTuple):
    """How a command could have ended."""

    code: int
    out: str
    err: str


class Elsewhere:
    """A server that nobody should talk to; it keeps what it hears."""

    def __enter__(self):
        heard = self.heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_any(self):
                heard.append((self.requestline, str(self.headers)))
                self.send_error(502)

            do_GET = do_POST = do_CONNECT = do_any  # noqa: N815 - the names that the library asks for

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.mark.parametrize("path", ["batch/update", "batch/read", "properties"])
def test_no_redirect_is_followed(path, portal, quick, program, edits, assert_no_token):
    with Elsewhere() as other:
        portal.fault("redirect", path=path, location=f"{other.address}/crm", times=None)

        ended = program(edits, "--yes", "--verbose", "--json", portal=portal)

    assert ended.code == 3
    assert other.heard == []
    assert_no_token(ended)


def test_a_proxy_never_sees_what_is_meant_for_this_machine(portal, program, edits, assert_no_token, monkeypatch):
    """Plain http is for loopback alone, and a proxy of the environment is not asked for it."""
    with Elsewhere() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)

        ended = program(edits, "--yes", "--verbose", "--json", portal=portal)

    assert ended.code == 0
    assert proxy.heard == []
    assert_no_token(ended)


def test_a_proxy_on_the_way_is_asked_for_a_tunnel_alone(quick, program, edits, assert_no_token, monkeypatch):
    """What goes through it is encrypted; here it refuses, and has not seen the token."""
    with Elsewhere() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
        monkeypatch.setenv("HUBSPOT_BASE_URL", "https://api.hubapi.invalid")

        ended = program(edits, "--yes", "--verbose", "--json")

    assert ended.code == 3
    assert proxy.heard
    assert all(line.startswith("CONNECT ") and TOKEN not in headers for line, headers in proxy.heard)
    assert_no_token(ended)


def test_a_fault_of_our_own_is_kept_without_the_token(portal, program, edits, home, assert_no_token, monkeypatch):
    """The traceback goes into a file that only its owner reads; the token is taken out of it."""

    def break_down(*_args, **_more):
        raise RuntimeError(f"headers: Bearer {TOKEN}")

    monkeypatch.setattr("importer.planning.planner.Planner.plan", break_down)

    ended = program(edits, "--yes", "--verbose", "--json", portal=portal)

    assert ended.code == 3
    [fault] = home.glob("fault-*.txt")
    assert "headers: Bearer [token]" in fault.read_text("utf-8")
    assert "break_down" in fault.read_text("utf-8")
    if os.name == "posix":
        assert fault.stat().st_mode & 0o777 == 0o600
    assert_no_token(ended)
