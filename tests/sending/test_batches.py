"""What the endpoint says of a batch is kept: in the journal, in JSON, and at the rows that had to be read back."""

import json
from pathlib import Path

from importer.journal import Journal
from tests.sending.test_hostile_answers import OddPortal, changes_of, deliver

CASES = Path(__file__).parent / "cases"


def open_journal(folder):
    [path] = folder.glob("*.sqlite3")
    return Journal.open(path)


def test_the_life_of_a_batch_is_kept(tmp_path):
    """All that an answer says of itself, and the links and the finer class of its errors."""

    def answer(portal, inputs):
        body = json.loads((CASES / "old-value.json").read_text())
        error = {
            "category": "VALIDATION_ERROR",
            "subCategory": "Tickets.ODD",
            "message": "no",
            "links": {"help": "https://example.com/help"},
            "context": {"objectWriteTraceId": [inputs[1]["objectWriteTraceId"]]},
        }
        results = [portal.write(one) for one in inputs[2:]]
        return 207, body | {"results": results, "links": {"status": "https://example.com/7"}, "errors": [error]}

    statuses, findings, _ = deliver(OddPortal(3, answer), changes_of(3), tmp_path)

    with open_journal(tmp_path) as journal:
        [kept] = journal.batches.answers(unsettled=True)
        notices = {one.row: " ".join(map(str, one.notices)) for one in journal.report.outcomes()}
    assert (kept.first, kept.last, kept.inputs, kept.status) == (2, 4, 3, 207)
    assert {name: kept.told[name] for name in ("status", "requestedAt", "startedAt", "completedAt", "links")} == {
        "status": "CANCELED",
        "requestedAt": "2026-11-07T05:31:56Z",
        "startedAt": "2026-11-07T05:31:56Z",
        "completedAt": "2026-11-07T05:31:57Z",
        "links": {"status": "https://example.com/7"},
    }
    [error] = kept.told["errors"]
    assert (error["subCategory"], error["links"]) == ("Tickets.ODD", {"help": "https://example.com/help"})
    assert statuses == {2: "failed", 3: "failed", 4: "updated"}
    assert "CANCELED" in notices[2]
    assert "2026-11-07T05:31:57Z" in notices[2]
    assert notices[4] == ""
    assert {one.row: one.code for one in findings} == {2: "unconfirmed", 3: "rejected"}


def test_what_the_portal_remarks_about_a_ticket_is_a_notice(tmp_path):
    def answer(portal, inputs):
        warning = {"category": "PROPERTY_VALUE_NORMALIZED", "message": "The value was normalized.", "context": {}}
        return 200, {"results": [portal.write(one) | {"warnings": [warning]} for one in inputs]}

    statuses, _, _ = deliver(OddPortal(1, answer), changes_of(1), tmp_path)

    with open_journal(tmp_path) as journal:
        [row] = journal.report.outcomes()
    assert statuses == {2: "updated"}
    assert [str(one) for one in row.notices] == ["the portal says: The value was normalized."]


def test_a_batch_that_is_pending_is_asked_about_as_long_as_the_bounds_allow(tmp_path):
    """Written at the sixth look, long after a read-back would have given up."""

    class Slow(OddPortal):
        reads = 0

        def route(self, path, query, body):
            if path.endswith("batch/read"):
                self.reads += 1
                if self.reads == 6:
                    self.tickets["1000"]["subject"] = "new 0"
            return super().route(path, query, body)

    portal = Slow(1, lambda portal, inputs: (200, {"status": "PENDING", "results": []}))

    statuses, _, _ = deliver(portal, changes_of(1), tmp_path)

    assert (statuses, portal.reads) == ({2: "updated"}, 6)
