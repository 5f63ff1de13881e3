"""Nothing waits for ever: an answer that trickles, and the end of a run that was asked to stop."""

import asyncio
import json
import os
import signal
import time

import pytest

from importer.errors import Interrupted
from importer.portal import StopSignal
from importer.sending import sender
from tests import preloaded
from tests.fuzz.raw_portal import RawPortal
from tests.sending.staging import Stage, portal_of


@pytest.fixture
def mute(server):
    """Return a portal that carries updates out, and answers them a byte at a time for minutes."""
    with RawPortal(server) as portal:
        portal.spoil = lambda answer: [b"HTTP/1.1 200 OK\r\nx: ", *[b"y", 0.05] * 3_000]
        yield portal


def test_a_run_that_was_asked_to_stop_leaves_answers_that_do_not_come(mute, tmp_path, monkeypatch):
    """What is in flight then is neither lost nor believed: a resume asks the portal."""
    monkeypatch.setattr(sender, "GRACE_S", 0.5)
    stage, stop = Stage(mute, tmp_path).plan(30, size=10), StopSignal()
    began = time.monotonic()

    async def ask_to_stop(_):
        asyncio.get_running_loop().call_later(0.5, stop.set)

    with pytest.raises(Interrupted):
        stage.send(stop=stop, before=ask_to_stop)

    assert time.monotonic() - began < 4
    assert [change.row for change in stage.journal.batches.in_doubt()] == list(range(2, 32))
    mute.times = 0
    stage.resume()
    assert stage.counts == {"updated": 30}
    assert stage.disagreements() == []


def test_an_answer_that_trickles_ends_at_the_deadline(mute, server):
    """However many bytes come: after its time it is none."""
    mute.path = "account-info"
    began = time.monotonic()

    async def ask():
        async with portal_of(mute) as portal:
            portal._http._timeout_s = 0.5
            return await portal._http.send("GET", "/account-info/2026-03/details")

    reply = asyncio.run(ask())

    assert (reply.status, str(reply.problem)) == (None, "no answer in time")
    assert 0.4 < time.monotonic() - began < 3


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows knows no SIGHUP")
def test_a_closed_window_counts_as_ctrl_c(server, tmp_path):
    server.limits(latency_ms=300)
    edits = tmp_path / "edits.csv"
    keys = [key for key, one in server.tickets().items() if not one["archived"] and not one["merged_into"]][:40]
    edits.write_text("Record ID,subject\n" + "".join(f"{key},window\n" for key in keys))
    environment = {**os.environ, **server.environment, "IMPORT_TICKETS_HOME": str(tmp_path / "state")}
    process = preloaded.start("importer", [edits, "--yes", "--json", "--no-diff"], env=environment)
    while not server.requests("batch/update") and process.poll() is None:
        time.sleep(0.02)

    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)

    assert process.returncode in {0, 130}, err
    assert json.loads(out)["rows"]["updated"] == 40
    assert "Import status" in edits.read_text()
