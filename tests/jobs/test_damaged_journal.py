"""A journal with a bit that flipped on the disk: named, refused, and in nobody's way."""

import csv
import os
import sqlite3

import pytest

from importer.journal import Journal
from tests.jobs.office import A, C, all_values


@pytest.fixture
def edits(sheet):
    return sheet(["Record ID", "subject"], [A, "first subject of the sheet"], [C, "second subject of the sheet"])


def flip(home, run, old, new):
    """Change bytes of a value on the disk, as a failing disk would: no page looks damaged."""
    path = home / "runs" / f"{run}.sqlite3"
    content = path.read_bytes()
    assert old in content
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"first subject of", b"fjrst subject of"), (A.encode(), b"25012345009"[: len(A)]), (b'"subject"', b'"sabject"')],
    ids=["value", "ticket", "property"],
)
def test_an_altered_plan_never_reaches_the_portal(portal, program, edits, home, old, new):
    portal.fault("unauthorized", path="batch/update", times=1)
    stopped = program(edits, "--yes", "--json", portal=portal).summary
    before = all_values(portal)
    flip(home, stopped["run_id"], old, new)

    resumed = program("resume", stopped["run_id"], "--json", portal=portal)

    assert resumed.code == 2
    assert stopped["run_id"] in resumed.err
    assert all_values(portal) == before
    assert program("runs", "--json").summary["runs"][0]["state"] == "damaged"


def test_an_altered_value_before_is_not_put_back(portal, program, edits, home):
    held = portal.ticket(A)["properties"]["subject"].encode()
    done = program(edits, "--yes", "--json", portal=portal).summary
    before = all_values(portal)
    flip(home, done["run_id"], held, b"#" + held[1:])

    undone = program("undo", done["run_id"], "--yes", "--json", portal=portal)

    assert undone.code == 2
    assert "damaged" in undone.err
    assert all_values(portal) == before


def test_a_damaged_journal_hides_no_other(portal, program, edits, home):
    """`runs` lists both, `resume` takes the one that can be, and a new run goes ahead."""
    portal.fault("unauthorized", path="batch/update", times=2)
    whole = program(edits, "--yes", "--json", portal=portal).summary["run_id"]
    broken = program(edits, "--yes", "--json", portal=portal).summary["run_id"]
    path = home / "runs" / f"{broken}.sqlite3"
    path.write_bytes(path.read_bytes()[:4096] + os.urandom(16_384) + path.read_bytes()[20_480:])

    listed = {one["run_id"]: one["state"] for one in program("runs", "--json").summary["runs"]}
    resumed = program("resume", "--json", portal=portal)

    assert listed == {whole: "stopped", broken: "damaged"}
    assert (resumed.code, resumed.summary["run_id"], resumed.summary["rows"]["updated"]) == (0, whole, 2)
    assert program(edits, "--yes", "--json", portal=portal).code == 0


def test_killed_between_the_file_and_the_note_of_it(portal, program, edits, home):
    """A resume knows the file by the digest that was noted before it took its place, and writes into it again."""
    portal.fault("unauthorized", path="batch/update", times=1)
    run = program(edits, "--yes", "--json", portal=portal).summary["run_id"]
    path = home / "runs" / f"{run}.sqlite3"
    with Journal.open(path) as journal:
        assert journal.record.digest == journal.record.coming
        journal.note(digest="as it was before", headers=("Record ID", "subject"), own=(None, None))

    resumed = program("resume", "--json", portal=portal)

    assert (resumed.code, resumed.summary["report"]) == (0, str(edits))
    with edits.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Import status"] for row in rows] == ["updated", "updated"]
    assert list(rows[0]) == ["Record ID", "subject", "Import status", "Import message"]


def test_an_older_journal_is_not_taken_for_ours(portal, program, edits, home):
    run = program(edits, "--dry-run", "--json", portal=portal).summary["run_id"]
    with sqlite3.connect(home / "runs" / f"{run}.sqlite3") as journal:
        journal.execute("PRAGMA user_version = 1")
    journal.close()

    assert program("resume", run, "--json", portal=portal).code == 2
