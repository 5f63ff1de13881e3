"""What the portal answered to each batch, as scripts and people are told of it."""

import openpyxl
import pytest

from tests.fuzz.raw_portal import RawPortal
from tests.jobs.office import A, B, read_rows


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELED", "PENDING", "PROCESSING"])
def test_the_portals_answers_stand_in_the_summary(portal, sheet, program, state):
    """Whatever state the endpoint says a batch is in: what it said, and the truth about each row."""
    portal.fault("state", path="batch/update", state=state, drop=1)
    edits = sheet(("Record ID", "subject"), (A, "New"), (B, "Newer"))

    ended = program(edits, "--yes", "--json", portal=portal)

    [batch] = ended.summary["batches"]
    assert ended.summary["rows"]["updated"] == 2
    assert (batch["status"], batch["rows"], batch["inputs"], batch["http_status"]) == (state, [2, 3], 2, 200)
    assert batch["requestedAt"].endswith("Z")
    assert batch["completedAt"] >= batch["startedAt"]
    assert batch["correlationId"]
    assert batch["links"] == {}
    messages = " ".join(row["Import message"] for row in read_rows(edits))
    assert ("read back" in messages) == (state != "COMPLETE")


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELED", "PENDING", "PROCESSING"])
def test_the_report_in_the_workbook_says_what_was_answered_of_a_batch(portal, program, tmp_path, state):
    """Where the batch is not complete: that is what one would ask HubSpot's support about."""
    portal.fault("state", path="batch/update", state=state, drop=1)
    edits, book = tmp_path / "edits.xlsx", openpyxl.Workbook()
    for row in (("Record ID", "subject"), (int(A), "New"), (int(B), "Newer")):
        book.active.append(row)
    book.save(edits)

    ended = program(edits, "--yes", "--json", "--lang", "pt-BR", portal=portal)

    [batch] = ended.summary["batches"]
    lines = [(line[0], line[1]) for line in openpyxl.load_workbook(edits)["Import report"].iter_rows(values_only=True)]
    told = [text for label, text in lines if label == "Resposta do portal"]
    if state == "COMPLETE":
        assert told == []
    else:
        names = ("status", "requestedAt", "startedAt", "completedAt", "correlationId")
        words = ", ".join(f"{name} {batch[name]}" for name in names if batch[name])
        assert told == [f"linhas 2 a 3: {words}"]


def test_what_the_portal_warns_of_for_a_whole_batch_is_said_once(portal, sheet, program):
    """A batch's `warnings` name no row that they could stand beside."""

    def warn(answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        body = body.replace(b"{", b'{"warnings":[{"message":"Owner \\u001b[31mis inactive."}],', 1)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        return [b"\r\n".join([*lines, b"connection: close", b"content-length: %d" % len(body), b"", body])]

    with RawPortal(portal) as raw:
        raw.spoil = warn
        ended = program(sheet(("Record ID", "subject"), (A, "New")), "--yes", "--json", portal=raw)

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 1)
    assert ended.err.count("The portal remarks: Owner") == 1
    assert "\x1b" not in ended.err


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELED"])
def test_a_value_that_the_portal_kept_is_not_counted_as_changed(portal, sheet, program, state):
    """The result shows the old value: so does the ticket, and run, summary, undo and reconciliation agree about it."""
    portal.fault("not_written", path="batch/update", told="old", state=state)
    before = portal.ticket(A)["properties"]["subject"]
    edits = sheet(("Record ID", "subject"), (A, "New"), (B, "Newer"))

    ended = program(edits, "--yes", "--json", portal=portal)

    assert ended.code == 1
    assert ended.codes == [(2, "not_kept")]
    assert ended.summary["cells"] == {"changed": 1, "cleared": 0}
    assert before in ended.summary["errors"][0]["message"]
    assert [row["Import status"] for row in read_rows(edits)] == ["failed", "updated"]
    assert program("reconcile", edits, "--json", portal=portal).summary["rows"]["differs"] == 1
    undone = program("undo", ended.summary["run_id"], "--yes", "--json", portal=portal)
    assert (undone.code, undone.summary["rows"]["updated"]) == (0, 1)
    assert portal.ticket(A)["properties"]["subject"] == before


def test_rows_with_errors_that_pass_are_sent_again(portal, sheet, program):
    portal.fault("not_written", path="batch/update", told="error", category="CONFLICT")
    edits = sheet(("Record ID", "subject"), (A, "New"), (B, "Newer"))

    ended = program(edits, "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["updated"], ended.summary["requests"]["update"]) == (0, 2, 2)
    assert portal.ticket(A)["properties"]["subject"] == "New"


def test_undo_puts_nothing_into_the_ticket_that_one_was_merged_into(portal, sheet, program):
    """It was merged after the run wrote it: the survivor has values of its own."""
    edits = sheet(("Record ID", "subject"), (A, "New"))
    ended = program(edits, "--yes", "--json", portal=portal)
    new = portal.merge(B, A)
    held = portal.ticket(new)["properties"]["subject"]

    undone = program("undo", ended.summary["run_id"], "--yes", "--json", portal=portal)

    assert undone.code == 1
    assert undone.codes == [(2, "merged")]
    assert portal.ticket(new)["properties"]["subject"] == held
