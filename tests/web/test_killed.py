"""A page that is killed while it sends: after a restart the run is offered by name, and no row is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from importer.jobs.state import StateFolder
from importer.web.work import Work
from tests.sandbox_server import SandboxServer
from tests.web.test_work import fail, wait_for

ROWS = 1_500
PROPERTY = "refund_amount"


@pytest.fixture(scope="module")
def portal():
    with SandboxServer(tickets=ROWS) as server:
        yield server


@pytest.fixture
def file(portal, tmp_path):
    """A sheet that gives each ticket another number."""
    path = tmp_path / "refunds.csv"
    there = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]]
    wanted = {key: str(10_000 + place) for place, key in enumerate(there[-ROWS:])}
    lines = ["Record ID,Refund amount", *(f"{key},{value}" for key, value in wanted.items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path, wanted


def test_a_killed_page_goes_on_after_a_restart(portal, file, tmp_path):
    path, wanted = file
    portal.fault("latency", ms=10_000, path="batch/update", after=3, times=100)
    home = tmp_path / "home"
    environment = {**os.environ, **portal.environment, "IMPORT_TICKETS_HOME": str(home)}
    command = [sys.executable, str(Path(__file__).with_name("killed_page.py")), str(path)]
    with subprocess.Popen(command, env=environment | {"PYTHONPATH": "."}, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout.readline() == "sending\n"
        page.kill()
        page.wait(30)
    portal.calm()
    assert any(one["properties"].get(PROPERTY) != wanted[key] for key, one in tickets(portal, wanted))  # midway

    other = Work(StateFolder(home), portal.environment, "en", fail)  # a page that only looks does not remove the file
    other.close()
    work = Work(StateFolder(home), portal.environment, "en", fail)
    work.reach_at_start(sandbox=False, portal=None)
    unfinished = work.unfinished()
    assert unfinished is not None
    assert Path(unfinished.file).name == "refunds.csv"
    work.start_resume(unfinished.id)
    wait_for(work.run, "done")

    assert work.run.result.summary["rows"]["updated"] == ROWS, work.run.result.summary["rows"]
    assert [key for key, one in tickets(portal, wanted) if one["properties"].get(PROPERTY) != wanted[key]] == []
    assert Path(unfinished.file).read_text("utf-8").count(",updated,") == ROWS
    assert work.unfinished() is None
    Work(StateFolder(home), portal.environment, "en", fail).close()
    assert Path(unfinished.file).exists()  # this page has it now
    assert work.close() == 0
    assert list((home / "uploads").iterdir()) == []


def tickets(portal, wanted):
    found = portal.tickets()
    return [(key, found[key]) for key in wanted]
