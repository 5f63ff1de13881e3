"""Some rows only: by `--rows`, by `--first`, and by a number in answer to the question."""

import io
import sys

import pytest

from importer.cli.terminal_ui import TerminalUi
from tests.jobs.office import A, B, C, statuses

HEADER = ("Record ID", "Ticket name", "Priority")


@pytest.fixture
def edits(sheet):
    """Return a sheet of five rows: one is invalid, and two of the others contradict each other."""
    return sheet(
        HEADER, (A, "a", "HIGH"), (B, "b", "Urgentt"), (C, "c", "LOW"), ("512", "d", "LOW"), (A, "other", "LOW")
    )


def test_rows_that_are_left_out_are_not_judged_and_keep_none_back(edits, portal, program):
    """Not the misspelt option of row 3, nor that row 6 contradicts row 2."""
    ended = program(edits, "--yes", "--json", "--rows", "2,4-5", portal=portal)

    assert ended.code == 0, ended.err
    assert statuses(edits) == ["updated", "not sent", "updated", "updated", "not sent"]
    assert ended.summary["rows"] | {"invalid": 0} == ended.summary["rows"]
    assert (ended.summary["rows"]["not_sent"], ended.summary["rows"]["total"]) == (2, 5)
    assert ended.codes == []
    assert portal.ticket(A)["properties"]["subject"] == "a"
    assert "2 rows are left out (--rows, --first) and not sent." in ended.err
    assert "3 rows to update, 0 unchanged, 0 invalid" in ended.err


def test_a_bad_row_among_the_chosen_counts(edits, portal, program):
    ended = program(edits, "--yes", "--json", "--rows", "3-4", portal=portal)

    assert (ended.code, ended.codes) == (2, [(3, "invalid_option")])
    assert statuses(edits) == ["not sent", "invalid", "not sent", "not sent", "not sent"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("2-7", "row 7, and the last row of the sheet is 6"),
        ("80", "row 80"),
        ("1-3", "row 1, and the data begin below row 1"),
        ("3-2", "2-51,80"),
        ("0", "2-51,80"),
        ("two", "2-51,80"),
        ("", "2-51,80"),
    ],
)
def test_rows_that_the_sheet_lacks_are_bad_usage(rows, words, edits, portal, program):
    content = edits.read_bytes()

    ended = program(edits, "--yes", "--rows", rows, portal=portal)

    assert ended.code == 2
    assert words in ended.err
    assert edits.read_bytes() == content
    assert portal.requests("batch/update") == []


def test_the_first_rows_that_would_change(sheet, portal, program):
    """An unchanged row does not count; what comes behind the last of them is not judged."""
    portal.change(B, {"subject": "b"})
    path = sheet(HEADER[:2], (B, "b"), (A, "a"), (C, "c"), ("512", "d"), ("nobody", "e"))
    options = ("--first", "2", "--json")

    dry = program(path, "--dry-run", *options, portal=portal)
    assert (dry.code, statuses(path)) == (0, ["unchanged", "would update", "would update", "not sent", "not sent"])

    ran = program(path, "--yes", *options, portal=portal)
    assert (ran.code, statuses(path)) == (0, ["unchanged", "updated", "updated", "not sent", "not sent"])
    assert ran.summary["rows"]["not_sent"] == 2


def test_more_than_there_are_is_all(sheet, portal, program):
    path = sheet(HEADER[:2], (A, "a"), (B, "b"))

    ended = program(path, "--yes", "--first", "1000", portal=portal)

    assert (ended.code, statuses(path)) == (0, ["updated", "updated"])


def test_a_resume_sends_no_row_that_was_left_out(sheet, portal, program):
    path = sheet(HEADER[:2], (A, "a"), (B, "b"), (C, "c"))
    portal.fault("unauthorized", path="batch/update", times=1)

    stopped = program(path, "--yes", "--first", "2", portal=portal)
    resumed = program("resume", portal=portal)

    assert (stopped.code, resumed.code) == (3, 0), resumed.err
    assert statuses(path) == ["updated", "updated", "not sent"]
    assert portal.ticket(C)["properties"]["subject"] != "c"


# --- a number in answer to the question -----------------------------------------------------------------------------


@pytest.fixture
def answering(program, portal, monkeypatch):
    """Return a function that runs the program at a terminal where somebody types these lines."""

    def run(path, *lines, **more):
        monkeypatch.setattr(TerminalUi, "can_ask", property(lambda _: True))
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return program(path, "--json", portal=portal, **more)

    return run


@pytest.fixture
def many(sheet, portal):
    """Return a sheet of thirty rows, and their tickets."""
    keys = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][:30]
    return sheet(HEADER[:2], *((key, f"new {key}") for key in keys)), keys


def named(portal, keys):
    """Return which of these tickets have their new name."""
    return [key for key in keys if portal.ticket(key)["properties"]["subject"] == f"new {key}"]


def test_a_number_sends_so_many_and_asks_again(many, answering, portal):
    path, keys = many

    ended = answering(path, "10", "y")

    assert ended.code == 0, ended.err
    assert named(portal, keys) == keys
    assert ended.err.count("[y/N or a number]") == 1
    assert "Update 30 tickets" in ended.err
    assert "Update 20 tickets" in ended.err
    shown = " ".join(ended.err.split("Update 20 tickets")[0].split())
    assert [f"row {n + 2} {key} updated" in shown for n, key in enumerate(keys[:11])] == [True] * 10 + [False]
    assert ended.summary["rows"]["updated"] == 30


def test_no_after_a_number_leaves_the_rest_for_good(many, answering, portal, program):
    path, keys = many

    ended = answering(path, "5", "2", "n")

    assert ended.code == 1
    assert named(portal, keys) == keys[:7]
    assert statuses(path) == ["updated"] * 7 + ["not sent"] * 23
    assert program("resume", portal=portal).code == 2
    assert named(portal, keys) == keys[:7]


@pytest.mark.parametrize("answer", ["0", "31", "99999999999999999999"])
def test_a_number_that_cannot_be_asks_again(answer, many, answering, portal):
    path, keys = many

    ended = answering(path, answer, "n")

    assert ended.code == 2
    assert ended.err.count("[y/N or a number]") == 2
    assert "Type a number from 1 to 30" in ended.err
    assert named(portal, keys) == []


def test_all_of_them_as_a_number_is_a_yes(many, answering, portal):
    path, keys = many

    assert answering(path, "30").code == 0
    assert named(portal, keys) == keys


def test_twenty_rows_take_no_number(many, answering, sheet, portal):
    keys = many[1][:20]
    path = sheet(HEADER[:2], *((key, f"new {key}") for key in keys))

    ended = answering(path, "10")

    assert ended.code == 2
    assert "or a number" not in ended.err
    assert named(portal, keys) == []


def test_a_refused_row_is_shown_with_its_reason_before_the_next_question(many, answering, portal, sheet):
    keys = many[1]
    portal.change(keys[29], {"my_unique_property_name": "taken"})
    rows = [(key, f"new {key}", "taken" if key == keys[1] else f"own {key}") for key in keys[:29]]
    path = sheet(("Record ID", "Ticket name", "my_unique_property_name"), *rows)

    ended = answering(path, "3", "n")

    shown = ended.err.split("Update 26 tickets")[0]
    assert ended.code == 1
    assert "failed" in shown
    assert "taken" in shown.split("failed")[1]


def test_a_resume_sends_nothing_that_nobody_confirmed(many, answering, program, portal):
    path, keys = many
    portal.fault("unauthorized", path="batch/update", times=1)

    stopped = answering(path, "10")
    resumed = program("resume", portal=portal)

    assert stopped.code == 3
    assert named(portal, keys) == keys[:10]
    assert resumed.code == 1
    assert statuses(path) == ["updated"] * 10 + ["not sent"] * 20
