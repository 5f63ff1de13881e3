"""The journal fails while rows are being sent: what was sent is told all the same, on the screen and in JSON."""

import json
import os
from pathlib import Path

import pytest

from tests import preloaded

SCRIPT = Path(__file__).parents[1] / "sending" / "killed_main.py"
ROWS = 60
SENDING = 18
"""A commit among those of the sending."""


@pytest.fixture
def edits(sandbox, sheet):
    """Return a sheet of sixty changes, and the tickets by which they are known."""
    keys = [key for key, one in sandbox.tickets().items() if not one["archived"] and not one["merged_into"]][:ROWS]
    return sheet(["Record ID", "subject"], *([key, f"a new subject {n}"] for n, key in enumerate(keys)))


def run(sandbox, home, *arguments, at=0, trouble="full"):
    """Run the program with trouble at a commit; return (exit code, summary, standard error)."""
    environment = {**os.environ, **sandbox.environment, "IMPORT_TICKETS_HOME": str(home)}
    process = preloaded.start(SCRIPT, [at, trouble, *arguments], env=environment)
    out, err = process.communicate(timeout=100)
    return process.returncode, json.loads(out or "null"), err


def count_commits(sandbox, home, *arguments):
    return int(run(sandbox, home, *arguments)[2].rpartition("commits: ")[2])


def rows_changed(sandbox):
    return sum(one["properties"].get("subject", "").startswith("a new subject") for one in sandbox.tickets().values())


def test_no_room_at_some_commits(sandbox, home, edits, tmp_path):
    """The last one, and one of the sending: no row is told as not sent, or updated, that was otherwise.

    `make soak` tries each of them.
    """
    original = edits.read_bytes()
    commits = count_commits(sandbox, home, edits, "--yes", "--json")
    for at in (commits, commits - 8):
        sandbox.as_seeded()
        edits.write_bytes(original)
        folder = tmp_path / f"state {at}"

        code, summary, err = run(sandbox, folder, edits, "--yes", "--json", at=at)

        rows = summary["rows"]
        assert rows_changed(sandbox) == ROWS
        assert code == summary["exit_code"] == 3, (at, err)
        assert (rows["not_sent"], rows["updated"] + rows["failed"]) == (0, ROWS), (at, rows)
        assert {one["code"] for one in summary["errors"]} <= {"unconfirmed", "journal_lost"}
        assert f"import-tickets resume {summary['run_id']}" in err
    assert rows["failed"] == ROWS, commits

    code, resumed, err = run(sandbox, folder, "resume", "--json")

    assert (code, resumed["rows"]["updated"], resumed["run_id"]) == (0, ROWS, summary["run_id"]), err


def test_no_room_before_anything_is_sent(sandbox, home, edits):
    code, summary, err = run(sandbox, home, edits, "--yes", "--json", at=4)

    assert (code, summary["rows"]["updated"], rows_changed(sandbox)) == (2, 0, 0)
    assert "Nothing was sent" in err


def test_no_room_for_a_moment(sandbox, home, edits):
    """The commit that failed is made up for at the end: nothing is in doubt."""
    code, summary, err = run(sandbox, home, edits, "--yes", "--json", at=SENDING + 1, trouble="once")

    assert code in {0, 3}, err
    assert summary["rows"]["updated"] == rows_changed(sandbox)


def test_the_state_folder_vanishes_while_rows_are_sent(sandbox, home, edits):
    code, summary, err = run(sandbox, home, edits, "--yes", "--json", at=SENDING, trouble="gone")

    assert code == 3
    assert "was removed or replaced during the run" in err
    assert "import-tickets resume" not in err
    rows = summary["rows"]
    assert rows["updated"] + rows["failed"] == rows_changed(sandbox)
