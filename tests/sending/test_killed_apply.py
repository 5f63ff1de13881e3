"""A plan's application, killed: applied again or resumed, nothing is sent twice and nothing is lost."""

import json
import random
from collections import Counter

import pytest

from tests.sending.killed_runs import NOTHING_TO_RESUME, Trial


class Application(Trial):
    """The main job in two steps: a plan of the file, then its application, which may die."""

    def make_plan(self):
        """Make the plan; nothing is in the portal yet."""
        self.plan = self.folder / "plan.jsonl"
        code, _, err = self.run("plan", self.file, "-o", self.plan, "--on-invalid", "skip", "--json")
        assert code == 1, err
        return self

    @property
    def main_job(self):
        return ("apply", self.plan, "--yes", "--json")

    def finish(self):
        """Apply again, and resume where that is refused; return what is wrong in the end, which is nothing."""
        code, out, err = self.run(*self.main_job)
        resumed = code == 2 and json.loads(out)["errors"][0]["code"] == "plan_applied"
        if resumed:
            code, out, err = self.run("resume", "--json")
        wrong = [*self._wrong_portal(), *self._wrong_file()]
        was_whole = resumed and code == NOTHING_TO_RESUME  # it died after its last word was kept
        if not was_whole:
            wrong += self._wrong_summary(code, out, err, resumed=resumed)
        again, out, _ = self.run(*self.main_job)
        if (again, json.loads(out)["errors"][0]["code"]) != (2, "plan_applied"):
            wrong.append(f"applied once more: exit {again}")
        return [*wrong, *self._written_twice()]

    def _written_twice(self):
        written = Counter()
        for key, subject in self.wanted.items():
            history = self.server.ticket(key)["history"]
            written[key] = sum(one["properties"].get("subject") == subject for one in history)
        return [f"{key} was written {times} times" for key, times in written.items() if times != 1]


@pytest.fixture
def application(server, tmp_path):
    """Return a plan that is ready to be applied."""
    return Application(server, tmp_path, "applied").make_plan()


@pytest.mark.parametrize("kill_at", [4, 13])
def test_killed_at_a_commit(kill_at, application):
    """While the plan becomes a run, and while batches are in flight."""
    _, out, err = application.run(*application.main_job, kill_at=kill_at)

    assert out == "", err
    assert application.finish() == []


def test_killed_at_some_moment(application, server):
    server.limits(latency_ms=200)

    application.die_after(random.Random().uniform(1.0, 3.0))

    assert application.finish() == []
