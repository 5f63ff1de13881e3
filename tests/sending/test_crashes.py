"""The process may die at any write of the journal: a resume ends where an undisturbed run ends."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests import preloaded
from tests.laws import IS_NIGHTLY
from tests.sending.staging import Stage

pytestmark = pytest.mark.fresh
"""What was in flight is looked at again by every resume."""

KILLED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else 9
SCRIPT = Path(__file__).with_name("crash_run.py")
BAD = {15, 120, 121}


def wanted(n):
    return {"subject": f"after the crash {n}", "hs_ticket_priority": "Hoch" if n + 2 in BAD else "LOW"}


def run_apart(stage, *, kill_at=0, before_commit=False):
    """Send in another process; return how it ended, and what it said."""
    order = {
        "journal": str(stage.journal.path),
        "url": stage.server.base_url,
        "token": stage.server.token,
        "names": stage.names,
        "kill_at": kill_at,
        "before_commit": before_commit,
    }
    process = preloaded.start(SCRIPT, [json.dumps(order)], env=os.environ)
    out, err = process.communicate(timeout=100)
    return process.returncode, out.strip(), err


def rows_sent(server):
    """Return the rows of each update that was sent, oldest first."""
    return [
        [int(one["objectWriteTraceId"].removeprefix("row-")) for one in json.loads(entry["body"])["inputs"]]
        for entry in server.requests("batch/update")
    ]


@pytest.fixture(params=[None, "whole_batch", "cut_after"], ids=["calm", "refused", "cut-off"])
def troubled(request, stage):
    """A stage of a dozen batches, one request of which has trouble."""
    stage.server.switch(log_bodies=True)
    if request.param:
        stage.server.fault(request.param, path="batch/update", after=1)
    return stage.plan(230, after=wanted, size=20)


@pytest.mark.parametrize("before_commit", [True, False], ids=["unwritten", "written"])
@pytest.mark.parametrize("kill_at", [1, 2, 3, 5, 8] if IS_NIGHTLY else [1, 3, 8])
def test_a_run_killed_at_a_write_is_resumed(troubled, kill_at, before_commit):
    """No row is lost or wrongly updated; what was noted before the kill is not sent again."""
    stage = troubled

    code, said, problem = run_apart(stage, kill_at=kill_at, before_commit=before_commit)

    assert code == KILLED or (code == 0 and 0 < int(said) < kill_at), (code, said, problem)
    assert stage.disagreements_of_updated() == []
    noted = {row for row, status in stage.statuses.items() if status}
    stage.server.forget_requests()
    stage.resume()
    assert stage.counts == {"updated": 230 - len(BAD), "failed": len(BAD)}
    assert {row for row, status in stage.statuses.items() if status == "failed"} == BAD
    assert stage.codes == {"rejected": len(BAD)}
    assert stage.disagreements() == []
    assert noted.isdisjoint(row for rows in rows_sent(stage.server) for row in rows)


def test_killed_again_and_again(server, tmp_path):
    """Each life of the run gets a little further, and none undoes what another did."""
    stage = Stage(server, tmp_path).plan(130, after=wanted, size=10)
    decided, kills, bad = 0, 0, BAD & set(range(132))

    for life in range(40):
        code, _, problem = run_apart(stage, kill_at=2, before_commit=life % 3 == 0)
        assert stage.disagreements_of_updated() == []
        now_decided = 130 - stage.counts.get("", 0)
        assert now_decided >= decided
        decided = now_decided
        if code == 0:
            break
        assert code == KILLED, problem
        kills += 1

    assert kills > 1
    assert stage.counts == {"updated": 130 - len(bad), "failed": len(bad)}
    assert stage.disagreements() == []
