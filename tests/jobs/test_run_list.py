"""The runs kept on this machine, made by real runs against the sandbox."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from importer.jobs.run_list import plan_purge
from importer.jobs.state import StateFolder
from importer.journal import Journal
from tests.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def _server():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(_server):
    _server.calm()
    _server.reset()
    return _server


@pytest.fixture
def edits(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,subject,Priority\n25012345001,Name A,HIGH\n25012345009,Name B,\n")
    return path


def age(home, run_id, *, days):
    """Let a run have begun so many days ago."""
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    with Journal.open(home / "runs" / f"{run_id}.sqlite3") as journal:
        journal.note(started_at=began.isoformat())


def unfinished(program, edits, sandbox):
    """Return the ID of a run that the portal stopped."""
    sandbox.fault("status", status=401, path="batch/update", times=100)
    ended = program(edits, "--yes", "--json", portal=sandbox)
    sandbox.calm()
    assert ended.code == 3, ended.err
    return ended.summary["run_id"]


def kept(home):
    return sorted(path.name for path in (home / "runs").iterdir())


def test_there_are_none_yet(program):
    ended = program("runs")

    assert (ended.code, ended.out) == (0, "")
    assert "no runs" in ended.err


def test_each_run_says_how_to_go_on_or_back(program, edits, sandbox):
    dry = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    stopped = unfinished(program, edits, sandbox)
    done = program(edits, "--yes", "--json", portal=sandbox).summary["run_id"]

    runs = program("runs", "--json").summary["runs"]

    assert [one["run_id"] for one in runs] == sorted([dry, stopped, done], reverse=True)
    by_id = {one["run_id"]: one for one in runs}
    assert by_id[dry]["next"] is None
    assert by_id[dry]["dry_run"]
    assert by_id[stopped]["next"] == f"import-tickets resume {stopped}"
    assert by_id[done]["next"] == f"import-tickets undo {done}"
    assert by_id[done]["rows"]["updated"] == 2
    assert by_id[done]["file"] == str(edits)
    listed = program("runs", "list")
    lines = {line.split()[0]: line for line in listed.out.splitlines()}
    assert lines[stopped].rstrip().endswith("resume")
    assert lines[done].rstrip().endswith("undo")
    assert "2 updated" in lines[done]
    assert "import-tickets undo RUN" in listed.err


def test_what_was_undone_can_be_done_again(program, edits, sandbox):
    done = program(edits, "--yes", "--json", portal=sandbox).summary["run_id"]
    undo = program("undo", done, "--yes", "--json", portal=sandbox).summary["run_id"]

    shown = program("runs", "show", undo, "--json").summary

    assert (shown["kind"], shown["undo_of"]) == ("undo", done)
    assert shown["next"] == f"import-tickets undo {undo}"


def test_one_run_in_full(program, edits, sandbox):
    with edits.open("a") as file:
        file.write("25012345013,Name C,Urgentt\n")
    run_id = program(edits, "--yes", "--on-invalid", "skip", "--json", portal=sandbox).summary["run_id"]

    shown = program("runs", "--json", "show", run_id).summary
    table = program("runs", "show", run_id).out

    assert shown["rows"]["invalid"] == 1
    assert {one["property"] for one in shown["columns"]} == {"subject", "hs_ticket_priority"}
    assert shown["errors"][0]["code"] == "invalid_option"
    assert shown["error_count"] == 1
    assert shown["requests"]["update"] == 1
    for words in (run_id, str(edits), "2 updated", "hs_ticket_priority", "Urgentt", f"import-tickets undo {run_id}"):
        assert words in table


def test_a_run_that_is_not_there(program):
    ended = program("runs", "show", "20260101-000000-abcd", "--json")

    assert ended.code == 2
    assert ended.summary["exit_code"] == 2
    assert "20260101-000000-abcd" in ended.err


def test_a_journal_that_is_damaged_is_listed_and_does_no_harm(program, edits, sandbox, home):
    run_id = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    (home / "runs" / "20200101-000000-0000.sqlite3").write_bytes(b"not a database at all, and long enough" * 200)
    (home / "runs" / "20990101-000000-0000.sqlite3").mkdir()  # no file is no journal, and hides none

    runs = program("runs", "--json").summary["runs"]

    assert [(one["run_id"], one["state"]) for one in runs] == [
        (run_id, "finished"),
        ("20200101-000000-0000", "damaged"),
    ]
    assert program("undo", "--yes", portal=sandbox).err.startswith("There is no run to undo")


def test_purge_removes_what_is_old_with_its_side_files(program, edits, sandbox, home):
    old = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    new = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    age(home, old, days=91)
    (home / "runs" / f"{old}.sqlite3-wal").touch()
    (home / "runs" / f"{old}.sqlite3-shm").touch()

    ended = program("runs", "purge", "--older-than", "90d", "--yes", "--json")

    assert (ended.code, ended.summary["removed"]) == (0, [old])
    assert [name for name in kept(home) if name.startswith(old)] == []
    assert f"{new}.sqlite3" in kept(home)


def test_purge_asks_and_takes_silence_for_no(program, edits, sandbox, home):
    old = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    age(home, old, days=91)

    ended = program("runs", "purge", "--older-than", "90d")

    assert ended.code == 2
    assert f"{old}.sqlite3" in kept(home)


def test_purge_spares_unfinished_runs_until_forced(program, edits, sandbox, home):
    run_id = unfinished(program, edits, sandbox)
    age(home, run_id, days=200)

    spared = program("runs", "purge", "--older-than", "90d", "--yes", "--json")
    forced = program("runs", "purge", "--older-than", "90d", "--yes", "--force", "--json")

    assert (spared.summary["removed"], spared.summary["kept"]) == ([], [run_id])
    assert "--force" in spared.err
    assert forced.summary["removed"] == [run_id]


def test_purge_spares_a_run_that_is_being_written(program, edits, sandbox, home):
    """The lock that a run holds on its file keeps its journal."""
    run_id = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    age(home, run_id, days=91)
    code = (
        "import sys, pathlib; from importer.jobs.state import StateFolder\n"
        "with StateFolder(pathlib.Path(sys.argv[1])).lock_file(pathlib.Path(sys.argv[2])):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home), str(edits.resolve())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": root},
    ) as holder:  # fmt: skip
        assert holder.stdout.readline() == "held\n"
        ended = program("runs", "purge", "--older-than", "90d", "--yes", "--json")
        holder.stdin.close()

    assert (ended.summary["removed"], ended.summary["kept"]) == ([], [run_id])
    assert run_id in ended.err


def test_a_purge_goes_by_the_day_the_run_began(program, edits, sandbox, home):
    run_id = program(edits, "--dry-run", "--json", portal=sandbox).summary["run_id"]
    began = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
    with Journal.open(home / "runs" / f"{run_id}.sqlite3") as journal:
        journal.note(started_at=began.isoformat())

    def old(days_later):
        now = began + dt.timedelta(days=days_later)
        return [one.id for one in plan_purge(StateFolder(home), older_than_days=90, now=now).old]

    assert old(90) == []
    assert old(91) == [run_id]
