"""The served sandbox as a process: its first words, its end, its state."""

import asyncio
import os
import signal
import stat
from contextlib import closing

import httpx
import pytest

from importer.sandbox import DATABASE, open_app
from tests.sandbox_server import SandboxServer


def test_first_lines_lead_a_client_there():
    with SandboxServer() as sandbox:
        answer = httpx.get(
            f"{sandbox.base_url}/account-info/v3/details", headers={"Authorization": f"Bearer {sandbox.token}"}
        )

    assert sandbox.base_url.startswith("http://127.0.0.1:")
    assert answer.json()["timeZone"] == "America/Sao_Paulo"


def test_state_is_kept_between_runs_and_private(tmp_path):
    with SandboxServer(tmp_path) as sandbox:
        body = {"inputs": [{"id": "512", "properties": {"subject": "kept"}}]}
        assert sandbox.call("POST", "/crm/v3/objects/tickets/batch/update", body)[0] == 200

    with SandboxServer(tmp_path) as sandbox:
        assert sandbox.ticket(512)["properties"]["subject"] == "kept"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / DATABASE).stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_cleanly_when_told(number):
    sandbox = SandboxServer()

    sandbox.process.send_signal(number)

    assert sandbox.process.wait(10) == 0
    sandbox.stop()


def test_in_process_it_is_the_same_portal(tmp_path):
    """Two openings of one folder see each other's writes."""

    async def update() -> httpx.Response:
        app, base_url, token = open_app(tmp_path)
        with closing(app.state.portal.store):
            transport = httpx.ASGITransport(app)
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as client:
                return await client.patch("/crm/v3/objects/tickets/512", json={"properties": {"subject": "here"}})

    answer = asyncio.run(update())

    assert answer.status_code == 200
    with SandboxServer(tmp_path) as sandbox:
        assert sandbox.ticket(512)["properties"]["subject"] == "here"


def test_plain_tickets_on_request():
    with SandboxServer(tickets=1000) as sandbox:
        _, body = sandbox.call("GET", "/crm/v3/objects/tickets/30000001000")

    assert body["properties"]["subject"] == "Plain ticket 1000"


def test_port_in_use_is_an_error():
    with SandboxServer() as sandbox, pytest.raises(RuntimeError):
        SandboxServer(options=("--port", sandbox.base_url.rpartition(":")[2]))
