"""One odd row keeps no other from being updated: it is refused, or fails to the end, alone."""

import pytest

from importer.journal import Progress
from tests.sending.staging import Stage

UPDATE = "batch/update"
FIREWALL = "<html><head><title>Request blocked</title></head><body>Access denied by the firewall.</body></html>"


@pytest.mark.parametrize("switch", ["rows", "all", "any", "nameless"])
def test_a_ticket_deleted_since_the_plan(stage, switch):
    """However the portal says so, the rows beside it are sent again without it."""
    stage.plan(130)
    stage.server.archive(stage.changes[40].ticket)
    stage.server.switch(missing_batch=switch)

    stage.send()

    assert stage.codes == {"archived": 1}
    assert stage.codes_of(40) == ["archived"]
    assert stage.counts == {"updated": 129, "failed": 1}
    assert stage.disagreements() == []


@pytest.mark.parametrize("switch", ["any", "nameless"])
def test_several_missing_tickets_without_a_plan(stage, switch):
    """With --no-diff nobody has looked."""
    stage.plan(100, before=False)
    for row in (2, 50, 51, 101):
        stage.server.archive(stage.changes[row].key)
    stage.server.switch(missing_batch=switch)

    stage.send()

    assert stage.codes == {"archived": 4}
    assert stage.counts == {"updated": 96, "failed": 4}


def test_a_batch_of_missing_tickets_alone(stage):
    stage.plan(3)
    for change in stage.changes.values():
        stage.server.archive(change.ticket)
    stage.server.switch(missing_batch="all")

    stage.send()

    assert stage.codes == {"archived": 3}


@pytest.mark.parametrize("status", [400, 403, 406])
def test_a_text_that_a_firewall_objects_to(stage, status):
    stage.server.fault("status", status=status, html=True, body=FIREWALL, path=UPDATE, holds="subject 77", times=None)

    stage.plan(120).send()

    assert stage.codes == {"rejected": 1}
    assert stage.counts == {"updated": 119, "failed": 1}
    (finding,) = stage.journal.report.findings()
    assert (finding.row, "Request blocked Access denied by the firewall." in str(finding.text)) == (79, True)
    assert stage.disagreements() == []


@pytest.mark.parametrize("body", ["", "denied", {"message": "Forbidden"}, {"error": "blocked"}, ["blocked"]], ids=str)
def test_what_a_firewall_says_in_other_forms(server, tmp_path, body):
    """Plain text, JSON that is not HubSpot's, or nothing: the token lacks no scope, and the row is alone in the end."""
    server.fault("status", status=403, body=body, path=UPDATE, holds='"subject 7"', times=None)
    stage = Stage(server, tmp_path).plan(20)

    stage.send()

    assert stage.codes == {"rejected": 1}
    assert stage.counts == {"updated": 19, "failed": 1}
    (finding,) = stage.journal.report.findings()
    assert finding.row == 9
    assert "HTTP 403" in str(finding.text) or "Forbidden" in str(finding.text)


@pytest.mark.parametrize("rows", [[79], [2, 3, 90, 91]])
def test_a_batch_that_always_fails_is_divided_by_a_resume(stage, rows):
    """Others went through, so it is the rows: they end up alone, in few requests more."""
    for row in rows:
        stage.server.fault("status", status=500, path=UPDATE, holds=f'"subject {row - 2}"', times=None)
    stage.plan(200).send()
    assert stage.counts == {"updated": 100, "failed": 100}
    assert stage.codes == {"unavailable": 100}
    stage.server.forget_requests()

    stage.resume()

    assert stage.counts == {"updated": 200 - len(rows), "failed": len(rows)}
    assert stage.codes == {"unavailable": len(rows)}
    assert [row for row in stage.changes if stage.codes_of(row)] == rows
    assert stage.disagreements() == []
    if len(rows) == 1:
        assert len(stage.server.requests(UPDATE)) <= 6 + 3 * 7 + 7
    stage.server.calm()
    stage.resume()
    assert stage.counts == {"updated": 200}


def test_a_resume_against_a_portal_that_is_down_divides_little(stage):
    stage.server.fault("status", status=500, path=UPDATE, times=None)
    stage.plan(100).send()
    stage.server.forget_requests()

    stage.resume()

    assert stage.codes == {"unavailable": 100}
    assert len(stage.server.requests(UPDATE)) <= 6 + 14 * 3
    assert stage.disagreements() == []


def test_a_ticket_that_cannot_be_read_back_costs_no_other_row(stage):
    """A resume looks first at what was sent."""
    stage.plan(100)
    stage.journal.batches.note([Progress(1, "2026-11-23T14:15:03.000Z", state="sent")])
    stage.server.fault("status", status=500, path="batch/read", holds=f'"{stage.changes[60].ticket}"', times=None)

    stage.send()

    assert stage.codes == {"unavailable": 1}
    assert stage.counts == {"updated": 99, "failed": 1}
    stage.server.calm()
    stage.resume()
    assert stage.counts == {"updated": 100}
