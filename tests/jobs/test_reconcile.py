"""Months later: did it really change? The sheet, the portal now, and what is known of runs, cell by cell."""

import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from importer.reports.summary import summary_schema
from tests.jobs.office import SUPPORT_TICKETS, A, B, C, all_values, read_rows, statuses, values
from tests.laws import examples


@pytest.fixture
def run(program, portal):
    """Return a function that runs a file and returns the run's ID."""

    def run(path, *options):
        ended = program(path, "--yes", "--json", "--allow-empty-column", *options, portal=portal)
        return ended.summary["run_id"]

    return run


@pytest.fixture
def reconcile(program, portal):
    """Return a function that reconciles a file."""

    def reconcile(path, *options):
        ended = program("reconcile", path, "--json", *options, portal=portal)
        Draft202012Validator(summary_schema()).validate(ended.summary)
        return ended

    return reconcile


def test_after_a_run_everything_matches(portal, sheet, run, reconcile, tmp_path):
    edits = sheet(("Record ID", "subject", "due_on"), (A, "New", "2027-01-01"), (C, "Other", ""))
    run(edits)

    ended = reconcile(edits)

    assert ended.code == 0
    assert ended.summary["rows"] | {"total": 2, "matches": 2, "differs": 0} == ended.summary["rows"]
    assert (ended.summary["errors"], ended.summary["differences"]) == ([], [])
    assert statuses(edits) == ["matches", "matches"]
    assert (tmp_path / "edits.reconcile.html").exists()
    assert len(portal.requests("batch/update")) == 1


def test_a_cell_changed_since_is_told_with_who_and_when(portal, sheet, run, reconcile):
    """The cell as a script wants it, as the sheet shows it, and in the terminal."""
    edits = sheet(("Record ID", "subject", "hs_ticket_priority"), (A, "New", "URGENT"), (C, "Other", "URGENT"))
    done = run(edits)
    portal.change(A, {"hs_ticket_priority": "LOW"}, at="2099-11-23T23:30:00Z", user="9100002")

    ended = reconcile(edits)

    assert ended.code == 1
    assert ended.summary["rows"] | {"matches": 1, "differs": 1} == ended.summary["rows"]
    assert ended.summary["errors"] == []
    assert ended.summary["differences"] == [
        {
            "row": 2,
            "cell": "C2",
            "column": "hs_ticket_priority",
            "property": "hs_ticket_priority",
            "key": A,
            "sheet": "URGENT",
            "portal": "LOW",
            "changed_at": "2099-11-23T23:30:00Z",
            "changed_by": "Bruno Carvalho",
            "run": done,
            "reason": "changed_since",
        }
    ]
    told = (
        f'the sheet says "Urgent", the portal holds "Low": Bruno Carvalho changed it at 2099-11-23 20:30:00 '
        f"(America/Sao_Paulo), after run {done} wrote it"
    )
    assert read_rows(edits)[0]["Import message"] == f"{A}: C2 hs_ticket_priority: {told}"
    assert statuses(edits) == ["differs", "matches"]
    assert "Bruno Carvalho changed it" in ended.err


def test_what_no_run_ever_wrote_is_told_so(portal, sheet, reconcile):
    """Nobody ran the sheet: the portal's last change is told, and no run."""
    edits = sheet(("Record ID", "hs_ticket_priority", "escalation_reason"), (A, "URGENT", "None yet"))

    ended = reconcile(edits)

    assert ended.code == 1
    assert [(one["property"], one["reason"], one["run"]) for one in ended.summary["differences"]] == [
        ("hs_ticket_priority", "never_written", None),
        ("escalation_reason", "never_written", None),
    ]
    told = read_rows(edits)[0]["Import message"]
    assert "never written from this sheet; an integration set it at 2026-02-10" in told
    assert "never written from this sheet, and never set in the portal" in told


def test_a_sheet_that_was_edited_after_its_run(portal, sheet, run, reconcile):
    """The portal holds what the run wrote, and the sheet says something newer."""
    done = run(sheet(("Record ID", "subject"), (A, "First")))
    edits = sheet(("Record ID", "subject"), (A, "Second"))

    ended = reconcile(edits)

    [difference] = ended.summary["differences"]
    assert (difference["reason"], difference["run"]) == ("never_written", done)
    assert f"run {done} wrote what the portal holds, and the sheet was edited since" in ended.err


def test_a_row_that_its_run_did_not_write(portal, program, sheet, reconcile):
    """The portal refused it then; the latest run says so, though an older one had found the row as it was."""
    edits = sheet(("Record ID", "subject"), (A, "New"))
    portal.fault("unauthorized", path="batch/update", times=1)
    stopped = program(edits, "--yes", "--json", portal=portal)

    ended = reconcile(edits)

    [difference] = ended.summary["differences"]
    assert (difference["reason"], difference["run"]) == ("never_written", stopped.summary["run_id"])
    assert "did not write it (not sent)" in ended.err


def test_a_run_that_was_undone(portal, program, sheet, run, reconcile):
    edits = sheet(("Record ID", "subject"), (A, "New"))
    done = run(edits)
    undone = program("undo", done, "--yes", "--json", portal=portal)

    ended = reconcile(edits)

    [difference] = ended.summary["differences"]
    assert (difference["reason"], difference["run"]) == ("changed_since", undone.summary["run_id"])
    assert f"undo {undone.summary['run_id']} put it back" in ended.err


def test_a_value_that_an_earlier_run_found_there(portal, sheet, run, reconcile):
    """The run had nothing to write in that cell; the change came after it all the same."""
    held = portal.ticket(A)["properties"]["hs_ticket_priority"]
    edits = sheet(("Record ID", "subject", "hs_ticket_priority"), (A, "New", held))
    done = run(edits)
    portal.change(A, {"hs_ticket_priority": "LOW"})

    ended = reconcile(edits)

    [difference] = ended.summary["differences"]
    assert (difference["property"], difference["reason"], difference["run"]) == (
        "hs_ticket_priority",
        "changed_since",
        done,
    )


def test_a_stage_that_an_earlier_run_found_there(portal, sheet, run, reconcile):
    """Its label alone stands in the sheet, so the ticket's pipeline told which stage was meant."""
    edits = sheet(("Record ID", "subject", "Ticket status"), (A, "New", "Waiting on us"))
    done = run(edits)
    portal.change(A, {"hs_pipeline_stage": "2"})

    ended = reconcile(edits)

    [difference] = ended.summary["differences"]
    assert (difference["sheet"], difference["portal"]) == ("3", "2")
    assert (difference["reason"], difference["run"]) == ("changed_since", done)


def test_options_that_a_cell_adds(portal, sheet, run, reconcile):
    """`;switch` asks that it be among the options; somebody took it out since."""
    edits = sheet(("Record ID", "affected_products"), (A, ";switch"))
    done = run(edits)
    assert reconcile(edits).code == 0
    portal.change(A, {"affected_products": "camera"})

    ended = reconcile(edits)

    [difference] = ended.summary["differences"]
    assert (difference["portal"], difference["reason"], difference["run"]) == ("camera", "changed_since", done)


def test_what_the_portal_made_of_a_value_matches(portal, sheet, run, reconcile):
    """Rich text comes back cleaned: that is what the run wrote, and the row says so."""
    portal.switch(clean_html=True)
    edits = sheet(("Record ID", "customer_letter"), (A, "<P>Hello<script>x()</script></P>"))
    run(edits)

    ended = reconcile(edits)

    assert ended.code == 0, ended.summary["differences"]
    assert "the portal made" in read_rows(edits)[0]["Import message"]


def test_what_the_portal_made_of_a_value_is_not_written_again(portal, sheet, run, reconcile, program):
    """Run and reconciliation agree about it, also after the second run; an edit of the cell is sent."""
    portal.switch(clean_html=True)
    names = ("Record ID", "customer_letter")
    edits = sheet(names, (A, "<P>Hello<script>x()</script></P>"))
    run(edits)

    again = program(edits, "--yes", "--json", portal=portal)

    assert (again.code, again.summary["rows"]["unchanged"], again.summary["requests"]["update"]) == (0, 1, 0)
    assert "the portal made" in read_rows(edits)[0]["Import message"]
    assert reconcile(edits).code == 0
    copied = program(edits.rename(edits.with_name("copy.csv")), "--yes", "--json", portal=portal)
    assert (copied.code, copied.summary["rows"]["unchanged"]) == (0, 1)
    edited = program(sheet(names, (A, "<P>Hello you</P>")), "--yes", "--json", portal=portal)
    assert edited.summary["rows"]["updated"] == 1


def test_a_text_in_another_form_that_no_run_wrote_differs(portal, sheet, reconcile):
    portal.change(A, {"subject": "in small letters"})

    assert reconcile(sheet(("Record ID", "subject"), (A, "In Small Letters"))).code == 1


def test_forms_of_the_portals_own_are_no_difference(portal, sheet, run, reconcile):
    names = ("Record ID", "effort_hours", "due_on", "next_contact_at", "affected_products", "external_ref")
    edits = sheet(names, (A, "12.50", "2027-03-04", "2027-03-04 12:30", "router;camera", "Ref-New"))
    run(edits)
    portal.switch(
        numbers_read_back="tidy", dates_read_back="milliseconds", checkbox_order="reversed", lower_unique=True
    )

    assert reconcile(edits).code == 0


def test_tickets_that_are_gone_are_invalid(portal, sheet, reconcile):
    """Not found, archived, merged: each by its code, beside rows that match."""
    subject = portal.ticket(C)["properties"]["subject"]
    portal.archive(A)
    new = portal.merge(B, SUPPORT_TICKETS[1])
    edits = sheet(("Record ID", "subject"), (A, "x"), (B, "x"), ("99999999999", "x"), (C, subject))

    ended = reconcile(edits)

    assert ended.code == 1
    assert ended.codes == [(2, "archived"), (3, "merged"), (4, "not_found")]
    assert new in ended.summary["errors"][1]["message"]
    assert statuses(edits) == ["invalid", "invalid", "invalid", "matches"]


def test_rows_that_are_wrong_in_themselves_are_named(portal, sheet, reconcile):
    edits = sheet(
        ("Record ID", "hs_ticket_priority"), (A, "Urgentt"), (C, portal.ticket(C)["properties"]["hs_ticket_priority"])
    )

    ended = reconcile(edits)

    assert (ended.code, ended.codes) == (1, [(2, "invalid_option")])
    assert statuses(edits) == ["invalid", "matches"]


def test_rows_that_repeat_another_share_its_end(portal, sheet, reconcile):
    edits = sheet(("Record ID", "subject"), (A, "x"), (A, "x"))

    ended = reconcile(edits)

    assert ended.summary["rows"]["differs"] == 2
    assert len(ended.summary["differences"]) == 1
    assert "same as row 2" in read_rows(edits)[1]["Import message"]


def test_nothing_is_written_to_the_portal(portal, sheet, reconcile):
    before = portal.tickets()

    reconcile(sheet(("Record ID", "subject"), (A, "x"), (C, "y")), "--yes")

    assert portal.tickets() == before
    assert portal.requests("batch/update") == []


def test_the_workbook_shows_what_differs(portal, program, run, tmp_path):
    """Statuses beside the rows, differing cells marked as faulty ones are, and a line each on the report sheet."""
    path = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    for row in (["Record ID", "Ticket name", "Priority"], [int(A), "New", "Urgent"], [int(C), "Other", "Urgent"]):
        book.active.append(row)
    book.save(path)
    run(path)
    portal.change(C, {"hs_ticket_priority": "LOW"}, user="9100001")

    ended = program("reconcile", path, "--json", portal=portal)

    assert ended.code == 1, ended.err
    after = openpyxl.load_workbook(path)
    sheet = after["Sheet"]
    assert [cell.value for cell in sheet["D"]] == ["Import status", "matches", "differs"]
    assert sheet["E3"].value.startswith(
        '25012345009: C3 Priority: the sheet says "Urgent", the portal holds "Low": Ana Souza'
    )
    assert any("C3" in str(ranges.sqref) for ranges in sheet.conditional_formatting)
    assert not any("C2" in str(ranges.sqref).split() for ranges in sheet.conditional_formatting)
    report = [str(cell.value) for row in after["Import report"].iter_rows() for cell in row if cell.value is not None]
    assert any("Ana Souza changed it" in text for text in report)


def test_results_go_where_they_are_asked_to(portal, sheet, reconcile, tmp_path):
    edits = sheet(("Record ID", "subject"), (A, "x"))
    original = edits.read_bytes()

    ended = reconcile(edits, "--output", tmp_path / "out.csv", "--html", tmp_path / "page.html")

    assert ended.summary["report"] == str(tmp_path / "out.csv")
    assert edits.read_bytes() == original
    assert statuses(tmp_path / "out.csv") == ["differs"]
    assert "never written from this sheet" in (tmp_path / "page.html").read_text("utf-8")
    assert not (tmp_path / "edits.reconcile.html").exists()


def test_a_portal_out_of_reach_ends_it(portal, sheet, reconcile):
    edits = sheet(("Record ID", "subject"), (A, "x"))
    original = edits.read_bytes()
    portal.fault("unauthorized", path="batch/read", times=9)

    ended = reconcile(edits)

    assert (ended.code, ended.codes) == (3, [(None, "unauthorized")])
    assert edits.read_bytes() == original


def test_a_read_per_100_rows_and_two_with_histories(portal, sheet, reconcile):
    """300 rows: 3 reads where all match; one more for up to 50 that differ; 2 for each 100 where all do."""
    tickets = portal.tickets()
    keys = [key for key, one in tickets.items() if not one["archived"] and not one["merged_into"]][:300]
    subjects = {key: tickets[key]["properties"]["subject"] for key in keys}

    def reads(rows, name):
        portal.forget_requests()
        ended = reconcile(sheet(("Record ID", "subject"), *rows, name=name))
        assert ended.summary["requests"]["read"] == len(portal.requests("batch/read"))
        return ended.summary["rows"]["differs"], ended.summary["requests"]["read"]

    same = [(key, subjects[key]) for key in keys]
    few = [(key, "x") if n % 60 == 0 else one for n, (key, one) in enumerate(zip(keys, same, strict=True))]

    assert reads(same, "same.csv") == (0, 3)
    assert reads(few, "few.csv") == (5, 5)
    assert reads([(key, "x") for key in keys], "all.csv") == (300, 7)


# --- the laws ---------------------------------------------------------------------------------------------------------

CELLS = {
    "subject": st.sampled_from(["", "New", "=1+1", "Ünïcode", "a;b"]),
    "content": st.sampled_from(["", "One\nTwo", "<b>", "x" * 300]),
    "hs_ticket_priority": st.sampled_from(["", "low", "Urgent"]),
    "affected_products": st.sampled_from(["", "router", "camera;router", ";switch"]),
    "effort_hours": st.sampled_from(["", "0", "0.25", "12.50"]),
    "due_on": st.sampled_from(["", "2026-12-31", "2027-02-28"]),
    "next_contact_at": st.sampled_from(["", "2026-12-31 23:59"]),
    "hs_pipeline_stage": st.sampled_from(["New", "Waiting on us", "Closed"]),
}
BEHIND_ITS_BACK = {
    "subject": "Behind its back",
    "content": "Behind its back",
    "hs_ticket_priority": "MEDIUM",
    "affected_products": "nobreak",
    "effort_hours": "77",
    "due_on": "2001-01-01",
    "next_contact_at": "2001-01-01T00:00:00Z",
    "hs_pipeline_stage": "2",
}
"""Values that no cell of these files has."""


@st.composite
def stories(draw):
    """Return the columns of a file, its rows, and the cells that are changed behind its back: (row index, name)."""
    names = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4, unique=True))
    rows = [[draw(CELLS[name]) for name in names] for _ in range(draw(st.integers(1, len(SUPPORT_TICKETS))))]
    cells = [(row, name) for row in range(len(rows)) for name in names]
    return names, rows, draw(st.lists(st.sampled_from(cells), unique=True, max_size=4))


@examples(5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=stories())
def test_exactly_the_edits_behind_its_back_are_found(story, portal, program, sheet):
    """Laws: after a run no difference is found; after k edits behind its back, exactly those k."""
    names, rows, edited = story
    portal.reset()
    path = sheet(["Record ID", *names], *([key, *row] for key, row in zip(SUPPORT_TICKETS, rows, strict=False)))

    ended = program(path, "--yes", "--json", "--allow-empty-column", portal=portal)
    assert ended.code == 0, ended.out
    before = program("reconcile", path, "--json", portal=portal)
    for row, name in edited:
        portal.change(SUPPORT_TICKETS[row], {name: BEHIND_ITS_BACK[name]})
    after = program("reconcile", path, "--json", portal=portal)

    assert (before.code, before.summary["differences"]) == (0, [])
    found = {(one["row"], one["property"]): (one["portal"], one["reason"]) for one in after.summary["differences"]}
    assert found == {(row + 2, name): (BEHIND_ITS_BACK[name], "changed_since") for row, name in edited}
    assert after.code == (1 if edited else 0)


def test_a_whole_story(portal, program, sheet, run, reconcile):
    """Prepare, run, a colleague edits, undo, reconcile: the portal is as it was but for the colleague's edit."""
    before = all_values(portal)
    edits = sheet(("Record ID", "subject", "due_on"), (A, "New", ""), (B, "Newer", ""), (C, "Newest", ""))
    done = run(edits)
    portal.change(B, {"subject": "A colleague's"}, user="9100001")

    undone = program("undo", done, "--yes", "--json", portal=portal)
    ended = reconcile(edits)

    assert undone.codes == [(3, "conflict")]
    assert all_values(portal) == before | {B: before[B] | {"subject": "A colleague's"}}
    assert {(one["cell"], one["reason"]) for one in ended.summary["differences"]} == {
        *((cell, "changed_since") for cell in ("B2", "B3", "B4")),
        *((f"C{row}", "changed_since") for row, key in ((2, A), (3, B), (4, C)) if before[key].get("due_on")),
    }
    assert values(portal, A) == before[A]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ('"2026-03-04 10:30", the portal holds "2026-03-04 09:30"', '"2026-03-06", the portal holds "2026-')),
        ("pt-BR", ('"04/03/2026 10:30", o portal tem "04/03/2026 09:30"', '"06/03/2026", o portal tem "05/03/2026"')),
    ],
)
def test_days_and_moments_stand_in_the_reader_s_form(language, texts, portal, sheet, reconcile):
    portal.change(A, {"createdate": "2026-03-04T12:30:00.000Z", "due_on": "2026-03-05"})
    path = sheet(("Record ID", "createdate", "due_on"), (A, "2026-03-04T13:30:00Z", "2026-03-06"))

    reconcile(path, "--lang", language)

    told = read_rows(path)[0]["Import message"]
    assert all(text in told for text in texts), told
