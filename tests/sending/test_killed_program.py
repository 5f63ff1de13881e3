"""The whole program, killed: at commits of its journal in turn, and at any moment. `make soak` tries many more."""

import json
import random
import subprocess
import sys

import pytest

from tests.sending.killed_runs import Trial


@pytest.mark.parametrize(("kill_at", "before"), [(14, False), (18, True), (20, False)])
def test_killed_at_a_commit(server, tmp_path, kill_at, before):
    trial = Trial(server, tmp_path, f"killed at {kill_at}")

    trial.run(*trial.main_job, kill_at=kill_at, trouble="before" if before else "after")

    assert trial.finish() == []


def test_killed_at_some_moment(server, tmp_path):
    server.limits(latency_ms=200)
    trial = Trial(server, tmp_path, "killed at some moment")

    trial.die_after(random.Random().uniform(0.2, 2.0))

    assert trial.finish() == []


WRITE_BACK = ["after-fsync 4", "before-replace 4", "after-replace 4"]
"""The temporary file is whole; its digest is noted; it has taken the place of FILE, and the folder is not flushed."""


@pytest.mark.parametrize("place", WRITE_BACK)
def test_killed_while_the_results_are_written(server, tmp_path, place):
    """FILE is the old one or the new one, whole; a resume knows it again, and writes into it."""
    trouble, kill_at = place.split()
    trial = Trial(server, tmp_path, "killed at the end")
    original = trial.file.read_bytes()

    code, _, _ = trial.run(*trial.main_job, kill_at=int(kill_at), trouble=trouble)

    assert code < 0
    is_new = b"Import status" in trial.file.read_bytes()
    assert is_new is (trouble == "after-replace")
    assert is_new or trial.file.read_bytes() == original
    assert trial.finish() == []
    assert [one.name for one in tmp_path.glob("edits*")] == ["edits.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="its limits count what others do not")
@pytest.mark.parametrize(
    ("limit", "size", "remedy"), [("files", 12, "ulimit -n"), ("files", 8, "ulimit -n"), ("memory", 120, "ulimit -v")]
)
def test_a_limit_of_the_machine_ends_in_a_sentence(server, tmp_path, limit, size, remedy):
    """Before anything is sent, with JSON, and never as a fault of ours."""
    trial = Trial(server, tmp_path, limit)

    command = [sys.executable, "-m", "tests.sending.killed_main", str(size), limit, *map(str, trial.main_job)]
    ended = subprocess.run(command, env=trial.environment, capture_output=True, text=True, check=False)

    assert (ended.returncode, json.loads(ended.stdout)["rows"]["updated"]) == (2, 0)
    assert remedy in ended.stderr
    assert "fault" not in ended.stderr
    assert server.requests("batch/update") == []
