"""The whole program, killed: at commits of its journal in turn, and at any moment. `make soak` tries many more."""

import random

import pytest

from tests.sending.mortality import Trial


@pytest.mark.parametrize(("kill_at", "before"), [(14, False), (18, True), (18, False), (20, True), (23, False)])
def test_killed_at_a_commit(server, tmp_path, kill_at, before):
    trial = Trial(server, tmp_path, f"killed at {kill_at}")

    trial.run(*trial.main_job, kill_at=kill_at, trouble="before" if before else "after")

    assert trial.finish() == []


def test_killed_at_some_moment(server, tmp_path):
    server.limits(latency_ms=200)
    trial = Trial(server, tmp_path, "killed at some moment")

    trial.die_after(random.Random().uniform(0.5, 3.0))

    assert trial.finish() == []
