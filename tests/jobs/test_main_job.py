"""The main job from end to end: real files, the served sandbox, the spreadsheet written back."""

import csv

import openpyxl
import pytest

from tests.sandbox_server import SandboxServer

FIRST = 30_000_000_001
"""The first of the sandbox's plain tickets."""


@pytest.fixture(scope="module")
def big_sandbox():
    with SandboxServer(tickets=2_600) as server:
        yield server


def read_rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def statuses(path):
    return [row["Import status"] for row in read_rows(path)]


def test_2500_rows_take_25_requests_and_every_row_agrees(big_sandbox, program, tmp_path):
    """One bad option, one unknown ID and one duplicate; the rest updated; the portal's database agrees."""
    edits = tmp_path / "edits.csv"
    keys = [str(FIRST + number) for number in range(2_500)]
    lines = [[key, f"Edited {key}", "HIGH"] for key in keys]
    lines += [[str(FIRST + 2_500), "x", "Urgentt"], ["99999999999", "x", "LOW"]]
    lines += [[str(FIRST + 2_501), "one", "LOW"], [str(FIRST + 2_501), "two", "LOW"]]
    with edits.open("w", newline="") as file:
        csv.writer(file).writerows([["Record ID", "subject", "Priority"], *lines])
    big_sandbox.forget_requests()

    ended = program(edits, "--yes", "--on-invalid", "skip", "--json", portal=big_sandbox)

    assert ended.code == 1
    rows = ended.summary["rows"]
    assert (rows["total"], rows["updated"], rows["invalid"]) == (2_504, 2_500, 4)
    assert ended.codes == [
        (2502, "invalid_option"),
        (2503, "not_found"),
        (2504, "duplicate_key"),
        (2505, "duplicate_key"),
    ]
    assert len(big_sandbox.requests("batch/update")) == 25
    assert ended.summary["requests"]["update"] == 25
    stored = big_sandbox.tickets()
    assert all(stored[key]["properties"]["subject"] == f"Edited {key}" for key in keys)
    assert all(stored[key]["properties"]["hs_ticket_priority"] == "HIGH" for key in keys)
    assert statuses(edits) == ["updated"] * 2_500 + ["invalid"] * 4


def test_a_second_run_changes_nothing_and_adds_no_column(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n25012345009,Other name\n")

    first = program(edits, "--yes", "--json", portal=sandbox)
    second = program(edits, "--yes", "--json", portal=sandbox)

    assert (first.code, second.code) == (0, 0)
    assert first.summary["rows"]["updated"] == 2
    assert second.summary["rows"]["unchanged"] == 2
    assert second.summary["requests"]["update"] == 0
    assert edits.read_text().splitlines()[0] == "Record ID,subject,Import status,Import message"
    assert statuses(edits) == ["unchanged", "unchanged"]


def test_dry_run_changes_nothing_in_the_portal(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject,Priority\n25012345001,New name,HIGH\n25012345009,Other,Urgentt\n")
    before = sandbox.tickets()

    ended = program(edits, "--dry-run", "--json", portal=sandbox)

    assert ended.code == 1
    assert ended.summary["dry_run"] is True
    assert ended.summary["rows"]["would_update"] == 1
    assert sandbox.tickets() == before
    assert sandbox.requests("batch/update") == []
    assert statuses(edits) == ["would update", "invalid"]
    assert 'did you mean "Urgent"?' in read_rows(edits)[1]["Import message"]


def test_nothing_is_sent_without_a_terminal_or_yes(sandbox, program, tmp_path):
    """Nobody said yes: exit 2, and the file is left alone."""
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")
    original = edits.read_bytes()

    ended = program(edits, "--json", portal=sandbox)

    assert ended.code == 2
    assert ended.codes == [(None, "not_confirmed")]
    assert ended.summary["rows"]["not_sent"] == 1
    assert edits.read_bytes() == original
    assert sandbox.requests("batch/update") == []


def test_invalid_rows_stop_the_run_by_default(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject,Priority\n25012345001,New name,HIGH\n25012345009,Other,Urgentt\n")

    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert ended.code == 2
    assert sandbox.requests("batch/update") == []
    assert statuses(edits) == ["not sent", "invalid"]


@pytest.mark.parametrize(("option", "limit"), [("--max-changes", "1"), ("--max-clears", "0"), ("--max-clears", "10%")])
def test_guard_rails_refuse_the_plan(option, limit, sandbox, program, tmp_path):
    """Two changes and a clearing are more than was allowed; the file is left alone."""
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject,due_on\n25012345001,New name,2027-01-01\n25012345009,Other name,\n")
    sandbox.change("25012345009", {"due_on": "2026-05-05"})
    original = edits.read_bytes()

    ended = program(edits, "--yes", "--json", option, limit, portal=sandbox)

    assert ended.code == 2
    assert ended.codes == [(None, "guard_rail")]
    assert edits.read_bytes() == original
    assert sandbox.requests("batch/update") == []


def test_blank_cells_clear_or_keep(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    sandbox.change("25012345009", {"due_on": "2026-05-05"})

    edits.write_text("Record ID,due_on\n25012345009,\n")
    kept = program(edits, "--yes", "--json", "--blank", "keep", portal=sandbox)
    assert (kept.code, kept.summary["rows"]["unchanged"]) == (0, 1)

    edits.write_text("Record ID,due_on\n25012345009,\n")
    cleared = program(edits, "--yes", "--json", portal=sandbox)
    assert cleared.summary["cells"] == {"changed": 0, "cleared": 1}
    assert not sandbox.ticket("25012345009")["properties"].get("due_on")


def test_no_diff_sends_every_cell_without_reading(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n25012345009,Other name\n")

    ended = program(edits, "--yes", "--json", "--no-diff", portal=sandbox)

    assert ended.code == 0
    assert ended.summary["requests"]["read"] == 0
    assert ended.summary["rows"]["updated"] == 2
    assert program("undo", ended.summary["run_id"], "--yes", "--json", portal=sandbox).code == 2


def test_workbook_gets_its_results_and_keeps_its_other_sheet(sandbox, program, tmp_path):
    edits = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "Ticket name", "Priority"])
    book.active.append([25012345001, "=not a formula", "High"])
    book.active["B2"].data_type = "s"
    book.active.append([25012345009, "Plain", "Urgentt"])
    book.create_sheet("Notes")["A1"] = "mine"
    book.save(edits)

    ended = program(edits, "--yes", "--json", "--on-invalid", "skip", portal=sandbox)

    assert ended.code == 1
    after = openpyxl.load_workbook(edits)
    assert [[cell.value for cell in row] for row in after["Sheet"].iter_rows(min_row=1, max_row=2)] == [
        ["Record ID", "Ticket name", "Priority", "Import status", "Import message"],
        [25012345001, "=not a formula", "High", "updated", None],
    ]
    assert after["Sheet"]["D3"].value == "invalid"
    assert after["Sheet"]["E3"].value.startswith('25012345009: C3 Priority: "Urgentt" isn\'t an option')
    assert after["Notes"]["A1"].value == "mine"
    assert {"Import report", "Import changes"} <= set(after.sheetnames)
    assert sandbox.ticket("25012345001")["properties"]["subject"] == "=not a formula"


def test_unauthorized_stops_at_once(sandbox, program, tmp_path):
    """The token dies in the middle: exit 3, and what was not sent says so; a new token finishes it."""
    edits = tmp_path / "edits.csv"
    keys = ["25012345001", "25012345009"]
    edits.write_text("Record ID,subject\n" + "".join(f"{key},Edited\n" for key in keys))
    sandbox.fault("unauthorized", path="batch/update", times=1)

    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert ended.code == 3
    assert (None, "unauthorized") in ended.codes
    assert statuses(edits) == ["not sent", "not sent"]
    assert sandbox.token not in ended.err + ended.out + edits.read_text()

    resumed = program("resume", "--json", portal=sandbox)

    assert resumed.code == 0
    assert resumed.summary["run_id"] == ended.summary["run_id"]
    assert resumed.summary["rows"]["updated"] == 2


def test_undo_puts_back_what_nobody_changed_since(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n25012345009,Other name\n")
    before = sandbox.ticket("25012345001")["properties"]["subject"]
    run = program(edits, "--yes", "--json", portal=sandbox).summary["run_id"]
    sandbox.change("25012345009", {"subject": "A colleague's"})
    annotated = edits.read_bytes()

    undone = program("undo", run, "--yes", "--json", portal=sandbox)

    assert undone.code == 1
    assert [one["code"] for one in undone.summary["errors"]] == ["conflict"]
    assert sandbox.ticket("25012345001")["properties"]["subject"] == before
    assert sandbox.ticket("25012345009")["properties"]["subject"] == "A colleague's"
    assert edits.read_bytes() == annotated


def test_no_token_is_said_plainly(program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")

    ended = program(edits, "--yes", "--json")

    assert ended.code == 2
    assert ended.codes == [(None, "no_token")]


def test_missing_file_is_said_plainly(program, tmp_path):
    ended = program(tmp_path / "none.xlsx", "--yes", "--json")

    assert ended.code == 2
    assert ended.codes == [(None, "unreadable_file")]
    assert ended.summary["run_id"] is None


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_resumed_run_writes_into_the_file_it_annotated_before(kind, sandbox, program, tmp_path):
    """The first half annotated the file; the second half knows it again, and adds no further columns."""
    edits = tmp_path / f"edits.{kind}"
    rows = [["Record ID", "subject"], ["25012345001", "New name"], ["25012345009", "Other name"]]
    if kind == "csv":
        edits.write_text("\n".join(";".join(row) for row in rows) + "\n")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(edits)
    sandbox.fault("unauthorized", path="batch/update", times=1)
    stopped = program(edits, "--yes", "--json", portal=sandbox)

    resumed = program("resume", "--json", portal=sandbox)

    assert (stopped.code, resumed.code) == (3, 0)
    assert resumed.summary["report"] == str(edits)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("edits")) == [edits.name]
    if kind == "csv":
        assert edits.read_text().splitlines()[1] == "25012345001;New name;updated;"
    else:
        sheet = openpyxl.load_workbook(edits)["Sheet"]
        assert [cell.value for cell in sheet[1]] == ["Record ID", "subject", "Import status", "Import message"]
        assert [cell.value for cell in sheet["C"]] == ["Import status", "updated", "updated"]


def test_an_output_that_cannot_be_written_is_refused_before_sending(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")

    ended = program(edits, "--yes", "--json", "--output", tmp_path / "no" / "where.csv", portal=sandbox)

    assert ended.code == 2
    assert sandbox.requests("batch/update") == []


def test_output_leaves_the_file_alone(sandbox, program, tmp_path):
    edits, results = tmp_path / "edits.csv", tmp_path / "results.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")
    original = edits.read_bytes()

    ended = program(edits, "--yes", "--json", "--output", results, portal=sandbox)

    assert (ended.code, ended.summary["report"]) == (0, str(results))
    assert edits.read_bytes() == original
    assert statuses(results) == ["updated"]


def test_resume_with_nothing_to_resume_says_so(program):
    ended = program("resume", "--json")

    assert ended.code == 2
    assert "no run to resume" in ended.err
    assert ended.summary["file"] is None


def test_what_the_last_run_did_is_said_in_the_readers_language_where_there_is_nothing_to_resume(
    sandbox, program, tmp_path
):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n25012345002,Other\n77,None\n")
    program(edits, "--yes", "--on-invalid", "skip", portal=sandbox)

    ended = program("resume", "--lang", "pt-BR")

    assert ended.code == 2
    assert "(2 com erro, 1 atualizado)" in " ".join(ended.err.split())


def test_rows_with_one_key_and_the_same_values_share_a_fate(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n 25012345001 ,New name\n")

    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert ended.code == 0
    assert statuses(edits) == ["updated", "unchanged"]
    assert "same as row 2" in read_rows(edits)[1]["Import message"]


def test_a_row_of_a_csv_is_named_by_its_line_too_where_breaks_moved_it(program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text('Record ID,content,Priority\n25012345001,"two\nlines",LOW\n25012345009,x,Urgentt\n')

    ended = program(edits, "--dry-run", "--json")

    assert [one["cell"] for one in ended.summary["errors"]] == ["C3"]
    assert "C3 (line 4)" in ended.err
    assert read_rows(edits)[1]["Import message"].startswith("25012345009: C3 (line 4) Priority: ")


def test_a_key_that_an_invalid_row_bears_too_is_a_duplicate(sandbox, program, tmp_path):
    """Which of the two rows is meant nobody knows, though only one of them could be sent."""
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,Priority\n25012345001,LOW\n25012345001,Urgentt\n25012345009,LOW\n")

    before = sandbox.ticket("25012345001")

    ended = program(edits, "--yes", "--on-invalid", "skip", "--json", portal=sandbox)

    assert set(ended.codes) == {(2, "duplicate_key"), (3, "invalid_option"), (3, "duplicate_key")}
    assert sandbox.ticket("25012345001") == before


def test_results_for_a_file_that_is_gone_name_the_tickets(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")
    sandbox.fault("unauthorized", path="batch/update", times=1)
    program(edits, "--yes", portal=sandbox)
    edits.unlink()

    ended = program("resume", "--json", portal=sandbox)

    results = tmp_path / "edits.results.csv"
    assert (ended.code, ended.summary["report"]) == (0, str(results))
    assert "25012345001" in results.read_text()


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_sent(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")

    ended = program(edits, "--yes", "--json", "--html", tmp_path / "no" / "page.html", portal=sandbox)

    assert ended.code == 2
    assert edits.read_text() == "Record ID,subject\n25012345001,New name\n"
    assert "There is no folder" in ended.err
