"""Certificates, proxies and limits of the machine: each ends in a sentence that says what to do."""

import asyncio
import errno
import ssl
from contextlib import asynccontextmanager

import httpx
import pytest

from importer.errors import MachineLimit, UsageError
from importer.loader.file_errors import file_errors
from importer.portal import Clock, PortalSettings
from importer.portal.http import HttpClient, proxy_for
from importer.portal.trust import lasting_problem, make_context

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR")


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_certificates_that_are_missing_or_broken_are_named(name, content, tmp_path):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(UsageError, match=f"{name} names .*ca.pem.*unset it") as refused:
        make_context({name: str(path)})

    assert (refused.value.exit_code, refused.value.code) == (2, "unavailable")


def test_the_program_says_which_variable_is_wrong(program, tmp_path, monkeypatch):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-na1-test")
    monkeypatch.setenv("HUBSPOT_BASE_URL", "https://localhost:1")

    ended = program(edits, "--yes", "--json")

    assert ended.code == 2
    assert "SSL_CERT_FILE names" in ended.err
    assert ended.codes == [(None, "unavailable")]


def test_the_systems_certificates_are_used_where_nothing_is_named():
    context = make_context({})

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@asynccontextmanager
async def answering(answer):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "USER:PASSWORD"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "NO_PROXY"),
    ],
)
def test_a_proxy_that_refuses_is_told_with_what_to_do(answer, remedy, monkeypatch):
    async def run():
        async with answering(answer) as port:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
            monkeypatch.setattr(PortalSettings, "is_loopback", False)
            settings = PortalSettings("https://localhost:1", "pat-na1-secret").check()
            async with HttpClient(settings, clock=Clock(), timeout_s=10) as connections:
                return await connections.send("GET", "/crm/v3/x")

    reply = asyncio.run(run())

    assert remedy in str(reply.lasting)
    assert not reply.may_have_arrived


def test_a_page_in_place_of_json_is_named_as_such():
    page = b"<html><head><title>x</title></head><body>Blocked by the web filter of ACME</body></html>"
    head = b"HTTP/1.1 503 No\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page)

    async def run():
        async with answering(head + page) as port:
            settings = PortalSettings(f"http://127.0.0.1:{port}", "pat-na1-secret").check()
            async with HttpClient(settings, clock=Clock(), timeout_s=10) as connections:
                return await connections.send("GET", "/crm/v3/x")

    problem = str(asyncio.run(run()).problem)

    assert "firewall or a proxy" in problem
    assert "Blocked by the web filter of ACME" in problem


def test_too_many_open_files_are_no_fault_of_the_portal():
    error = httpx.ConnectError("x")
    error.__cause__ = OSError(errno.EMFILE, "Too many open files")

    assert "ulimit -n" in str(lasting_problem(error))
    assert lasting_problem(httpx.ConnectError("refused")) is None


def test_a_proxy_whose_password_is_not_encoded_is_told_how(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:se#cret@proxy.example:3128")

    with pytest.raises(UsageError, match="%23") as refused:
        proxy_for("https://api.hubapi.com")

    assert "cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left"),
    ],
)
def test_a_limit_of_the_machine_is_no_fault_of_the_program(error, said, program, sandbox, tmp_path, monkeypatch):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("importer.jobs.main.validate", fail)
    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert ended.code == 2
    assert said in ended.err
    assert "bug in import-tickets" not in ended.err
    assert ended.summary["exit_code"] == 2
    assert ended.codes == [(None, "unavailable")]


def test_a_limit_met_while_sending_says_that_something_was_sent(program, sandbox, tmp_path, monkeypatch):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("importer.jobs.annotation.annotate_file", fail)
    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert (ended.code, ended.summary["exit_code"]) == (3, 3)
    assert ended.summary["rows"]["updated"] == 1
    assert "import-tickets resume" in ended.err


def test_a_file_that_cannot_be_opened_for_want_of_descriptors(tmp_path):
    with pytest.raises(MachineLimit, match="ulimit"), file_errors(tmp_path):
        raise OSError(errno.EMFILE, "Too many open files")
