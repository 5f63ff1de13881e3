"""What `apply` may be asked for: over what a colleague changed, where the results go, which rows are to be fixed."""

import shutil
from pathlib import Path

import pytest

from tests.jobs.office import A, B, C, read_rows, statuses, values

SUBJECT, PRIORITY = "subject", "hs_ticket_priority"
HEADER = ("Record ID", SUBJECT, PRIORITY)


@pytest.fixture
def moved(portal, program, sheet, tmp_path):
    """Return a plan of three tickets, one of which a colleague changed since, in one of its two columns."""
    for key in (A, B, C):
        portal.change(key, {SUBJECT: "Old", PRIORITY: "LOW"})
    edits, plan = sheet(HEADER, *((key, "Mine", "HIGH") for key in (A, B, C))), tmp_path / "plan.jsonl"
    assert program("plan", edits, "-o", plan, portal=portal).code == 0
    portal.change(B, {SUBJECT: "A colleague's"})
    return plan


def test_a_colleagues_change_is_overwritten_where_that_is_asked_for_and_undo_puts_it_back(moved, portal, program):
    ended = program("apply", moved, "--on-conflict", "overwrite", "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 3), ended.err
    assert {values(portal, key)[SUBJECT] for key in (A, B, C)} == {"Mine"}
    shown = program("runs", "show", ended.summary["run_id"], "--cells")
    assert "A colleague's" in shown.out
    undone = program("undo", ended.summary["run_id"], "--yes", "--json", portal=portal)
    assert undone.code == 0, undone.err
    assert [values(portal, key)[SUBJECT] for key in (A, B, C)] == ["Old", "A colleague's", "Old"]
    assert {values(portal, key)[PRIORITY] for key in (A, B, C)} == {"LOW"}


def test_a_resume_overwrites_as_the_application_was_to(moved, portal, program):
    portal.fault("unauthorized", path="batch/update", times=1)
    stopped = program("apply", moved, "--on-conflict", "overwrite", "--yes", "--json", portal=portal)
    portal.change(C, {SUBJECT: "Another colleague's"})

    resumed = program("resume", "--json", portal=portal)

    assert (stopped.code, resumed.code, resumed.summary["rows"]["updated"]) == (3, 0, 3), resumed.err
    program("undo", "--yes", portal=portal)
    assert [values(portal, key)[SUBJECT] for key in (A, B, C)] == ["Old", "A colleague's", "Another colleague's"]


def test_a_plan_made_to_overwrite_is_applied_to_what_it_was_made_from(portal, program, sheet, tmp_path):
    """The planner spoke of what had changed before the plan; what changed after it nobody has seen."""
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "Mine", "HIGH")), "-o", plan, "--on-conflict", "overwrite", portal=portal)
    portal.change(A, {SUBJECT: "A colleague's"})

    ended = program("apply", plan, "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (1, [(2, "conflict")])
    assert values(portal, A)[SUBJECT] == "A colleague's"


def test_rows_to_fix_go_into_a_file_of_their_own(moved, portal, program, tmp_path):
    left, page, output = (tmp_path / name for name in ("left.csv", "page.html", "out.csv"))
    options = ("--failed-to", left, "--html", page, "--output", output)

    ended = program("apply", moved, *options, "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["report"]) == (1, str(output))
    assert read_rows(left) == [{"Record ID": B, SUBJECT: "Mine", PRIORITY: "HIGH"}]
    assert statuses(output) == ["updated", "invalid", "updated"]
    assert "Import status" not in (tmp_path / "edits.csv").read_text()
    assert page.exists()


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("Record ID,subject\n")])
def test_rows_to_fix_need_the_spreadsheet_that_they_are_in(change, moved, portal, program, tmp_path):
    change(tmp_path / "edits.csv")
    kept = moved.read_bytes()

    ended = program("apply", moved, "--failed-to", tmp_path / "left.csv", "--yes", "--json", portal=portal)

    assert ended.code == 2
    assert "edits.csv" in ended.err
    assert moved.read_bytes() == kept
    assert not portal.requests("batch/update")


def test_results_go_where_they_are_asked_for_though_the_spreadsheet_is_gone(moved, portal, program, tmp_path):
    (tmp_path / "edits.csv").unlink()

    ended = program("apply", moved, "--output", tmp_path / "out.csv", "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["report"]) == (1, str(tmp_path / "out.csv")), ended.err
    assert read_rows(tmp_path / "out.csv")[1]["Import status"] == "invalid"


def test_a_copy_of_the_plan_elsewhere_is_applied_with_its_results_beside_it(moved, portal, program, tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    shutil.move(moved, there)
    (tmp_path / "edits.csv").unlink()

    ended = program("apply", there / "plan.jsonl", "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["report"]) == (1, str(there / "edits.results.csv"))
