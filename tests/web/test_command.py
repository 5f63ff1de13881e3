"""The real command: its first line, who is let in, how it ends; and what it says without its libraries."""

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest


@pytest.fixture
def server(tmp_path):
    """`import-tickets web` in a process of its own; returns the process and the first line of standard output."""
    environment = {**os.environ, "IMPORT_TICKETS_HOME": str(tmp_path / "home")}
    environment.pop("HUBSPOT_ACCESS_TOKEN", None)
    command = [sys.executable, "-m", "importer", "web", "--no-open", "--sandbox"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().rstrip("\n")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()


def test_the_holder_of_the_key_alone_is_let_in(server):
    """The key in the address becomes a cookie; without it, or from elsewhere, every path is refused."""
    process, line = server
    found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?key=([\w-]{40,})", line)
    assert found, line
    base = found[1]

    for path in ("/", "/connect", "/history", "/cells", "/_nicegui/auto/static/x.js", "/?key=wrong"):
        assert httpx.get(base + path).status_code == 403, path
    assert httpx.post(f"{base}/upload", files={"file": ("a.csv", b"x")}).status_code == 403

    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    socket = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    assert httpx.get(base + socket, headers=upgrade).status_code == 403

    with httpx.Client(base_url=base) as client:
        entered = client.get(line)
        assert entered.status_code == 303
        assert found[2] not in entered.headers["location"]
        assert client.get("/history").status_code == 200
        assert [one.name for one in client.cookies.jar] == [f"import-tickets-{base.rpartition(':')[2]}"]
        for path in ("/history", "/cells"):
            assert client.get(path).headers["cache-control"] == "no-store"
        assert found[2] not in client.get("/history").text
        assert client.get("/history", headers={"Host": "evil.example"}).status_code == 403
        assert client.get("/history", headers={"Origin": "http://evil.example"}).status_code == 403
        foreign = {"Origin": "null"}
        assert client.get(socket, headers=upgrade | foreign).status_code == 403
        assert client.post("/upload", files={"file": ("a.csv", b"x")}, headers=foreign).status_code == 403

    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, capsys):
    """A sentence and exit code 2, nothing served."""
    from importer.cli.commands import web
    from importer.cli.main import main

    monkeypatch.setattr(web, "find_spec", lambda name: None)

    assert main(["web", "--no-open"]) == 2
    said = capsys.readouterr()
    assert 'pip install "import-tickets[web]"' in " ".join(said.err.split())
    assert said.out == ""


def test_a_port_that_is_taken_is_named(capsys):
    import socket

    from importer.cli.main import main

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["web", "--no-open", "--sandbox", "--port", str(port)]) == 2
    assert f"port {port}" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("name", "words"), [("edts.csv", "did you mean"), (".", "is a folder"), ("no.csv", "is empty")]
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_served(tmp_path, capsys, name, words):
    from importer.cli.main import main

    (tmp_path / "edits.csv").write_text("id,subject\n", "utf-8")
    (tmp_path / "no.csv").touch()

    assert main(["web", str(tmp_path / name), "--no-open", "--sandbox"]) == 2
    said = capsys.readouterr()
    assert words in " ".join(said.err.split())
    assert said.out == ""
