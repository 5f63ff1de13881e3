"""Runs by a part of their ID, and by being the latest: undo and resume without looking anything up."""

import json

import pytest


@pytest.fixture
def edit(program, sandbox, tmp_path):
    """Return a function that gives a ticket a name, and returns the run."""

    def run(name, *more):
        path = tmp_path / "edits.csv"
        path.write_text(f"Record ID,Ticket name\n25012345001,{name}\n")
        return program(path, "--yes", "--json", *more, portal=sandbox).summary["run_id"]

    return run


def test_undo_alone_takes_back_the_latest_run_that_is_not_undone(program, sandbox, edit):
    first, second = edit("First"), edit("Second")
    edit("Third", "--dry-run")

    undone = []
    for _ in range(2):
        ended = program("undo", "--yes", "--json", portal=sandbox)
        assert ended.code == 0, ended.err
        undone.append(json.loads(program("runs", "show", ended.summary["run_id"], "--json").out)["undo_of"])

    assert undone == [second, first]
    ended = program("undo", "--yes", "--json", portal=sandbox)
    assert (ended.code, ended.codes) == (2, [(None, "nothing_to_do")])


def test_a_run_that_is_undone_says_by_which(program, sandbox, edit):
    run = edit("First")
    undo = program("undo", run, "--yes", "--json", portal=sandbox).summary["run_id"]

    ended = program("undo", run, "--yes", portal=sandbox)

    assert (ended.code, f"Run {run} was undone before, by run {undo}." in ended.err) == (0, True), ended.err
    program("undo", undo, "--yes", portal=sandbox)
    assert "was undone before" not in program("undo", run, "--yes", portal=sandbox).err


def test_a_run_is_known_by_a_part_that_it_alone_has(program, sandbox, edit):
    first, second = edit("First"), edit("Second")

    assert first in program("runs", "show", first[-7:]).out
    ended = program("undo", second[:8], "--yes", "--json", portal=sandbox)

    assert (ended.code, ended.codes) == (2, [(None, "no_such_run")])
    assert first in ended.err
    assert second in ended.err


def test_resume_says_what_the_last_run_was(program, sandbox, edit):
    run = edit("First")

    ended = program("resume", portal=sandbox)

    assert ended.code == 2
    assert "none on this machine has anything left to send" in ended.err  # a run that was left as it read is none
    assert f"{run} on edits.csv, is finished (1 updated)" in ended.err


def test_the_users_own_settings_count_for_undo_and_template(program, sandbox, edit, home):
    edit("First")
    folder = home.parent / "config/import-tickets"
    folder.mkdir(parents=True)
    settings = folder / "import-tickets.toml"
    settings.write_text('[options]\ndry-run = true\nyes = true\nlimit = 2\n[columns]\nskip = "Notes"\n')

    ended = program("undo", "--json", portal=sandbox)
    made = program("template", home.parent / "out.xlsx", "--json", portal=sandbox)

    assert (ended.code, ended.summary["dry_run"], ended.summary["settings"]) == (0, True, str(settings))
    assert (json.loads(made.out)["tickets"], json.loads(made.out)["settings"]) == (2, str(settings))


@pytest.mark.parametrize("token", ["", "pat-na1-of-another-portal"])
def test_undo_alone_goes_to_the_portal_of_the_run(token, program, tmp_path, monkeypatch):
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", token)
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,Ticket name\n25012345001,New\n")
    assert program(path, "--sandbox", "--yes").code == 0

    ended = program("undo", "--yes", "--json")

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 1), ended.err


def test_a_portal_that_is_typed_is_not_taken_from_the_run(program, tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,Ticket name\n25012345001,New\n")
    program(path, "--sandbox", "--yes")

    ended = program("undo", "--yes", "--json", "--portal", "sales")

    assert (ended.code, ended.codes) == (2, [(None, "no_token")]), ended.err
