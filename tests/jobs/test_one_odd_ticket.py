"""One ticket that is gone, or that cannot be read, is one row's matter in every command."""

import pytest

READ = "batch/read"
FIRST, ODD, LAST = "25012345001", "25012345009", "25012345013"


@pytest.fixture
def edits(sheet):
    return sheet(["Record ID", "subject"], [FIRST, "One"], [ODD, "Two"], [LAST, "Three"])


@pytest.mark.parametrize("switch", ["any", "nameless"])
def test_a_deleted_ticket_ends_nothing(portal, program, edits, switch):
    """Even where the portal answers 404 for the whole batch."""
    run = program(edits, "--yes", "--json", portal=portal)
    assert run.summary["rows"]["updated"] == 3
    portal.archive(ODD)
    portal.switch(missing_batch=switch)

    dry = program(edits, "--dry-run", "--json", portal=portal)
    assert (dry.code, dry.codes) == (1, [(3, "archived")])
    reconciled = program("reconcile", edits, "--json", portal=portal)
    assert reconciled.codes == [(3, "archived")]
    undone = program("undo", run.summary["run_id"], "--yes", "--json", portal=portal)
    assert undone.codes == [(3, "archived")]
    assert undone.summary["rows"]["updated"] == 2
    blind = program(edits, "--yes", "--no-diff", "--json", portal=portal)
    assert blind.codes == [(3, "archived")]
    assert blind.summary["rows"]["updated"] == 2


def test_a_ticket_that_cannot_be_read_is_failed(portal, program, edits):
    """With the portal's words; the others are updated, and nothing is left to resume."""
    page = "<html><body>Blocked by the firewall</body></html>"
    portal.fault("status", status=403, html=True, body=page, path=READ, holds=f'"{ODD}"', times=None)

    ended = program(edits, "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (1, [(3, "rejected")])
    assert "Blocked by the firewall" in ended.summary["errors"][0]["message"]
    rows = ended.summary["rows"]
    assert (rows["updated"], rows["failed"], rows["not_sent"]) == (2, 1, 0)
    assert program("resume", portal=portal).code == 2
