"""Edits of ours must not bury a colleague's unseen: the property's history decides, and values, not stamps."""

from datetime import datetime

import openpyxl
import pytest

from tests.jobs.office import A, B, C, statuses, values

STAMP = "hs_lastmodifieddate"
SEEN = "2026-11-20 09:00"
"""When the sheet was made, by the portal's clocks (America/Sao_Paulo, three hours behind UTC)."""
BEFORE, AFTER = "2026-11-20T11:59:00Z", "2026-11-20T12:05:00Z"
"""A moment before and one after."""


@pytest.fixture
def run(program, portal):
    """Return a function that runs a file."""

    def run(path, *options):
        return program(path, "--yes", "--json", *options, portal=portal)

    return run


def test_a_row_that_a_colleague_edited_is_left_out_and_the_others_go(portal, sheet, run):
    """It needs no --on-invalid; the message gives both values, who changed it and when."""
    portal.change(A, {"subject": "A colleague's"}, at=AFTER, user="9100001")
    edits = sheet(("Record ID", "subject", STAMP), (A, "Mine", SEEN), (C, "Other", SEEN))

    ended = run(edits)

    assert ended.code == 1
    assert (ended.summary["rows"]["updated"], ended.summary["rows"]["invalid"]) == (1, 1)
    [error] = ended.summary["errors"]
    assert (error["code"], error["cell"], error["key"]) == ("conflict", "B2", A)
    assert error["message"].startswith(
        'Ana Souza changed this in the portal to "A colleague\'s" at 2026-11-20 09:05:00 (America/Sao_Paulo), after '
        'the sheet was made; the sheet says "Mine".'
    )
    assert values(portal, A)["subject"] == "A colleague's"
    assert values(portal, C)["subject"] == "Other"
    assert statuses(edits) == ["invalid", "updated"]


def test_conflicts_are_overwritten_where_that_is_asked_for(portal, sheet, run):
    portal.change(A, {"subject": "A colleague's"}, at=AFTER)

    ended = run(sheet(("Record ID", "subject", STAMP), (A, "Mine", SEEN)), "--on-conflict", "overwrite")

    assert (ended.code, values(portal, A)["subject"]) == (0, "Mine")
    assert ended.summary["requests"]["read"] == 1


def test_a_dry_run_tells_of_conflicts(portal, sheet, run):
    portal.change(A, {"subject": "A colleague's"}, at=AFTER)

    ended = run(sheet(("Record ID", "subject", STAMP), (A, "Mine", SEEN), (C, "Other", SEEN)), "--dry-run")

    assert (ended.code, ended.codes) == (1, [(2, "conflict")])
    assert ended.summary["rows"]["would_update"] == 1
    assert "1 of them changed in the portal since the sheet was made" in ended.err


@pytest.mark.parametrize(
    "colleague",
    [
        pytest.param([({"content": "Theirs"}, AFTER)], id="another-property"),
        pytest.param([({"hubspot_team_id": "5"}, AFTER)], id="the-portal-itself"),
        pytest.param([({"subject": "Theirs"}, BEFORE)], id="before-the-sheet-was-made"),
        pytest.param([({"subject": "Mine"}, AFTER)], id="to-what-the-sheet-says"),
        pytest.param(
            [({"subject": "First"}, BEFORE), ({"subject": "Then"}, AFTER), ({"subject": "First"}, AFTER)],
            id="and-changed-it-back",
        ),
    ],
)
def test_what_is_no_conflict(colleague, portal, sheet, run):
    for change, moment in colleague:
        portal.change(A, change, at=moment)

    ended = run(sheet(("Record ID", "subject", STAMP), (A, "Mine", SEEN)))

    assert ended.code == 0, ended.out
    assert values(portal, A)["subject"] == "Mine"


@pytest.mark.parametrize(
    ("stamp", "changed_at", "is_conflict"),
    [
        ("2026-11-20 09:05", "2026-11-20T12:05:59.900Z", False),
        ("2026-11-20 09:05", "2026-11-20T12:06:00Z", True),
        ("2026-11-20 09:05:10", "2026-11-20T12:05:10.900Z", False),
        ("2026-11-20 09:05:10", "2026-11-20T12:05:11Z", True),
        ("2026-11-20T12:05:10.500Z", "2026-11-20T12:05:10.500Z", False),
        ("2026-11-20T12:05:10.500Z", "2026-11-20T12:05:10.501Z", True),
        ("2026-11-20", "2026-11-21T02:59:59Z", False),
        ("2026-11-20", "2026-11-21T03:00:00Z", True),
        ("", "2026-11-21T03:00:00Z", False),
    ],
)
def test_a_stamp_counts_to_the_precision_it_shows(stamp, changed_at, is_conflict, portal, sheet, run):
    """A minute covers all of it, a day all of the portal's day; a row without a stamp says nothing."""
    portal.change(A, {"subject": "Theirs"}, at=changed_at)

    ended = run(sheet(("Record ID", "subject", STAMP), (A, "Mine", stamp)))

    assert ended.codes == ([(2, "conflict")] if is_conflict else [])


def test_the_label_names_the_column_too(portal, sheet, run):
    portal.change(A, {"subject": "Theirs"}, at=AFTER)

    ended = run(sheet(("Record ID", "subject", "Last modified date"), (A, "Mine", SEEN)))

    assert ended.codes == [(2, "conflict")]


def test_a_row_with_one_conflict_is_left_out_whole(portal, sheet, run):
    before = values(portal, A)
    portal.change(A, {"hs_ticket_priority": "LOW"}, at=AFTER)
    edits = sheet(("Record ID", "subject", "hs_ticket_priority", STAMP), (A, "Mine", "URGENT", SEEN))

    ended = run(edits)

    assert [(one["cell"], one["code"]) for one in ended.summary["errors"]] == [("C2", "conflict")]
    assert 'to "Low"' in ended.summary["errors"][0]["message"]
    assert 'the sheet says "Urgent"' in ended.summary["errors"][0]["message"]
    assert values(portal, A) == before | {"hs_ticket_priority": "LOW"}


def test_a_conflict_keeps_no_row_back_and_an_error_does(portal, sheet, run):
    portal.change(A, {"subject": "Theirs"}, at=AFTER)
    edits = sheet(
        ("Record ID", "subject", "hs_ticket_priority", STAMP), (A, "Mine", "", SEEN), (C, "x", "Urgentt", SEEN)
    )

    ended = run(edits)

    assert ended.code == 2
    assert sorted(ended.codes) == [(2, "conflict"), (3, "invalid_option")]
    assert portal.requests("batch/update") == []


def test_histories_are_read_for_those_alone_that_could_have_been_touched(portal, sheet, run):
    """120 rows; 60 tickets were touched since: 2 reads of all, and 2 of 50 histories at most."""
    tickets = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][:120]
    for key in tickets[:60]:
        portal.change(key, {"content": "Touched"}, at=AFTER)
    portal.forget_requests()

    ended = run(sheet(("Record ID", "subject", STAMP), *((key, f"Mine {key}", SEEN) for key in tickets)))

    assert ended.code == 0, ended.out
    reads = portal.requests("batch/read")
    assert sorted(one["inputs"] for one in reads) == [10, 20, 50, 100]


def test_what_an_earlier_run_of_the_sheet_wrote_is_no_conflict(portal, program, sheet, run):
    """Run, edit the sheet further, run again; and once more after an undo."""
    first = run(sheet(("Record ID", "subject", STAMP), (A, "First", SEEN)))

    second = run(sheet(("Record ID", "subject", STAMP), (A, "Second", SEEN)))
    assert (first.code, second.code) == (0, 0), second.out
    assert program("undo", second.summary["run_id"], "--yes", portal=portal).code == 0
    third = run(sheet(("Record ID", "subject", STAMP), (A, "Third", SEEN)))
    portal.change(A, {"subject": "A colleague's"})
    fourth = run(sheet(("Record ID", "subject", STAMP), (A, "Fourth", SEEN)))

    assert (third.code, fourth.codes) == (0, [(2, "conflict")])


def test_rows_by_a_unique_property_have_their_conflicts_too(portal, sheet, run):
    portal.change(A, {"subject": "Theirs"}, at=AFTER)

    ended = run(sheet(("external_ref", "subject", STAMP), ("ref-000001", "Mine", SEEN)))

    assert ended.codes == [(2, "conflict")]
    assert ended.summary["errors"][0]["key"] == "ref-000001"


def test_an_old_plan_is_checked_again_before_it_is_sent(portal, program, sheet, monkeypatch):
    """The plan lay on the table; a colleague changed one ticket, and set another to what the sheet wants."""

    def ask(job, rows):
        portal.change(A, {"subject": "A colleague's"})
        portal.change(B, {"subject": "Second"})

    monkeypatch.setattr("importer.jobs.confirm.ask", ask)
    edits = sheet(("Record ID", "subject"), (A, "First"), (B, "Second"), (C, "Third"))

    ended = program(edits, "--json", portal=portal)

    assert (ended.code, ended.codes) == (1, [(2, "conflict")])
    assert values(portal, A)["subject"] == "A colleague's"
    assert statuses(edits) == ["invalid", "unchanged", "updated"]


def test_an_old_plan_is_sent_as_it_is_where_that_is_asked_for(portal, program, sheet, monkeypatch):
    monkeypatch.setattr("importer.jobs.confirm.ask", lambda job, rows: portal.change(A, {"subject": "A colleague's"}))

    ended = program(sheet(("Record ID", "subject"), (A, "Mine")), "--json", "--on-conflict", "overwrite", portal=portal)

    assert (ended.code, values(portal, A)["subject"]) == (0, "Mine")


def test_a_resumed_run_does_not_bury_what_happened_meanwhile(portal, program, sheet, monkeypatch):
    """Stopped at noon, resumed in the evening."""
    portal.fault("unauthorized", path="batch/update", times=1)
    stopped = program(sheet(("Record ID", "subject"), (A, "First"), (C, "Third")), "--yes", "--json", portal=portal)
    portal.change(A, {"subject": "A colleague's"})

    resumed = program("resume", "--json", portal=portal)

    assert (stopped.code, resumed.code, resumed.codes) == (3, 1, [(2, "conflict")])
    assert values(portal, A)["subject"] == "A colleague's"
    assert values(portal, C)["subject"] == "Third"


@pytest.mark.parametrize(
    ("stamps", "is_conflict"),
    [
        pytest.param(["2026-11-20T09:05"], False, id="to-the-minute"),
        pytest.param(["2026-11-20T09:05", "2026-11-20T09:05:01"], True, id="to-the-second"),
        pytest.param(["2026-11-20"], False, id="a-day"),
        pytest.param(["2026-11-20T09:04"], True, id="a-minute-earlier"),
    ],
)
def test_date_cells_of_a_workbook_count_as_they_are_shown(stamps, is_conflict, portal, run, tmp_path):
    """They keep seconds that nobody sees; where none of them has any, they stand for whole minutes."""
    portal.change(A, {"subject": "Theirs"}, at="2026-11-20T12:05:40Z")
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "subject", STAMP])
    for key, stamp in zip((A, C), stamps, strict=False):
        book.active.append([int(key), "Mine", datetime.fromisoformat(stamp)])
    book.save(tmp_path / "edits.xlsx")

    ended = run(tmp_path / "edits.xlsx")

    assert ended.codes == ([(2, "conflict")] if is_conflict else []), ended.err
