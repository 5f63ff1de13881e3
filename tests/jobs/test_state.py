"""The state folder: private, one run a file, and journals that can be found again."""

import errno
import os
import re
import stat
import subprocess
import sys

import pytest

from importer.errors import FileError, UsageError
from importer.jobs.state import StateFolder
from importer.journal import RunRecord


@pytest.fixture
def state(tmp_path):
    return StateFolder(tmp_path / "home")


def test_home_is_what_the_setting_names(tmp_path):
    assert StateFolder.from_environment({"IMPORT_TICKETS_HOME": str(tmp_path)}).home == tmp_path
    assert StateFolder.from_environment({}).home.is_absolute()


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps user folders private itself")
def test_journals_are_private(state, tmp_path):
    """Whatever is kept first, the folder is its user's alone."""
    with state.lock_file(tmp_path / "edits.csv"):
        assert stat.S_IMODE(state.home.stat().st_mode) == 0o700
    with state.create_journal(RunRecord()) as journal:
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_runs_are_listed_newest_first_and_found_again(state, tmp_path):
    with state.create_journal(RunRecord(state="finished", file="a")) as first:
        pass
    with state.create_journal(RunRecord(state="sending", file=str(tmp_path / "b"))) as second:
        run = second.record.id

    assert set(state.run_ids()) == {first.path.stem, run}
    assert state.unfinished_run() == run
    assert state.unfinished_run(tmp_path / "b") == run
    assert state.unfinished_run(tmp_path / "a") is None


def test_a_run_that_is_not_there_is_named(state):
    with pytest.raises(UsageError, match="no run"):
        state.open_journal("../../etc/passwd")


def test_one_run_a_file_and_the_lock_dies_with_its_process(state, tmp_path):
    """While another process works on the file, it is busy; once that is killed, it is free."""
    file = tmp_path / "edits.csv"
    code = (
        "import sys, time; from pathlib import Path; from importer.jobs.state import StateFolder\n"
        "with StateFolder(Path(sys.argv[1])).lock_file(Path(sys.argv[2])):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(state.home), str(file)], stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(FileError) as refused, state.lock_file(file):
            pass
        other.kill()

    assert refused.value.code == "file_busy"
    with state.lock_file(file), state.lock_file(tmp_path / "another.csv"):
        pass


def test_a_state_folder_that_cannot_be_made_is_an_error_with_advice(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    state = StateFolder(blocked / "home")

    with pytest.raises(FileError, match="IMPORT_TICKETS_HOME"), state.lock_file(tmp_path / "edits.csv"):
        pass
    with pytest.raises(FileError, match="IMPORT_TICKETS_HOME"):
        state.create_journal(RunRecord())


def test_runs_of_one_second_are_in_the_order_they_were_made(state):
    made = []
    for _ in range(30):
        with state.create_journal(RunRecord(state="finished")) as journal:
            made.append(journal.record.id)

    assert state.run_ids() == made[::-1]
    assert all(len(run) == len("20261123-141503-7f3a") for run in made)


@pytest.mark.parametrize("held", ["edits.csv", "plan.xlsx"])
def test_who_holds_a_file_is_named(state, tmp_path, held):
    """Its sheet, and the plan that it applies."""
    file, plan = tmp_path / "edits.csv", tmp_path / "plan.xlsx"
    file.touch()
    plan.touch()
    with (
        state.lock_file(plan),
        state.lock_file(file),
        state.create_journal(RunRecord(file=str(file), plan={"path": str(plan)})) as journal,
        pytest.raises(FileError) as refused,
        state.lock_file(tmp_path / held),
    ):
        pass

    named = rf"Run {journal.path.stem} has been working on {held} since \d{{4}}-\d\d-\d\d \d\d:\d\d;"
    assert re.match(named, str(refused.value))


def test_two_names_of_one_file_are_one_file(state, tmp_path):
    file, other = tmp_path / "edits.csv", tmp_path / "linked.csv"
    file.write_text("x")
    other.hardlink_to(file)

    with state.lock_file(file):
        with pytest.raises(FileError) as refused, state.lock_file(other):
            pass
        file.with_name("new").write_text("y")
        file.with_name("new").replace(file)
        with pytest.raises(FileError), state.lock_file(file):
            pass

    assert refused.value.code == "file_busy"


@pytest.mark.skipif(os.name != "posix", reason="flock is POSIX")
def test_a_file_system_without_locks_is_not_called_another_run(state, tmp_path, monkeypatch):
    import fcntl

    def unsupported(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(FileError, match="without locks") as refused, state.lock_file(tmp_path / "edits.csv"):
        pass

    assert refused.value.code != "file_busy"
