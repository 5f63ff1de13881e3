"""A portal that does not tell everything about its tickets: a run goes on as far as it can without it."""

import pytest

PLACES = {
    "validations": "property-validations",
    "owners": "/owners",
    "account": "account-info",
    "sensitive": "properties/tickets",
    "pipelines": "pipelines/",
}
NO_SUCH_THING = {"status": 404}
A_PAGE = {"status": 404, "html": True}
FORBIDDEN = {"status": 403, "body": {"category": "MISSING_SCOPES", "message": "no"}}
BROKEN = {"status": 500}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Waits between repeats are not what is looked at here."""
    monkeypatch.setattr("importer.portal.retries.wait_s", lambda *_, **__: 0.0)


def refuse(portal, name, fault):
    # The plain list of properties is asked for first; the sensitive ones come after it.
    portal.fault("status", path=PLACES[name], after=1 if name == "sensitive" else 0, times=None, **fault)


@pytest.mark.parametrize("fault", [NO_SUCH_THING, A_PAGE, FORBIDDEN, BROKEN], ids=["404", "page", "403", "500"])
def test_what_no_column_depends_on_is_not_needed(portal, program, sheet, fault):
    """The portal judges by its rules itself when rows are sent; owners, pipelines and the time zone play no part."""
    for name in PLACES:
        refuse(portal, name, fault)
    edits = sheet(["Record ID", "Priority", "subject"], ["25012345001", "URGENT", "Nobody needs to ask more"])

    ended = program(edits, "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 1)
    assert portal.ticket("25012345001")["properties"]["subject"] == "Nobody needs to ask more"
    assert "portal's validation rules cannot be read" in ended.err
    assert "owners" not in ended.err
    assert "pipelines" not in ended.err


@pytest.mark.parametrize(
    ("name", "column", "cell", "said"),
    [
        ("owners", "Ticket owner", "4242", "owners are accepted by ID only"),
        ("pipelines", "Ticket status", "2", "pipelines and stages are accepted by ID only"),
        ("account", "Close date", "2026-03-04T12:30:00Z", "times without a zone are read in UTC"),
    ],
)
def test_what_a_column_depends_on_is_missed_aloud(portal, program, sheet, name, column, cell, said):
    refuse(portal, name, A_PAGE)

    ended = program(sheet(["Record ID", column], ["25012345001", cell]), "--dry-run", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["would_update"]) == (0, 1)
    assert said in ended.err


@pytest.mark.parametrize(
    ("name", "column", "cell"),
    [
        ("owners", "Ticket owner", "Ana Souza"),
        ("pipelines", "Ticket status", "Closed"),
        ("account", "Close date", "2026-03-04 12:30"),
    ],
)
def test_nothing_is_judged_without_what_is_only_out_of_order(portal, program, sheet, name, column, cell):
    """Tomorrow the portal knows the owner, the stage, its time zone: no cell is called wrong, or read wrong, today."""
    refuse(portal, name, BROKEN)

    ended = program(sheet(["Record ID", column], ["25012345001", cell]), "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (3, [(None, "unavailable")])
    assert not portal.requests("batch/update")


def test_a_time_zone_that_is_named_need_not_be_asked_for(portal, program, sheet):
    refuse(portal, "account", BROKEN)
    edits = sheet(["Record ID", "Close date"], ["25012345001", "2026-03-04 12:30"])

    ended = program(edits, "--yes", "--json", "--timezone", "America/New_York", portal=portal)

    assert ended.code == 0
    assert portal.ticket("25012345001")["properties"]["closed_date"].startswith("2026-03-04T17:30:00")


def test_a_run_is_resumed_and_undone_without_the_account_details(portal, program, sheet):
    """The address tells that it is the portal the run began in."""
    edits = sheet(["Record ID", "subject"], ["25012345001", "One"], ["25012345009", "Two"])
    refuse(portal, "account", A_PAGE)
    portal.fault("unauthorized", path="batch/update")

    stopped = program(edits, "--yes", "--json", portal=portal)
    resumed = program("resume", "--json", portal=portal)
    undone = program("undo", stopped.summary["run_id"], "--yes", "--json", portal=portal)

    assert (stopped.code, resumed.code, undone.code) == (3, 0, 0)
    assert (resumed.summary["rows"]["updated"], undone.summary["rows"]["updated"]) == (2, 2)


def test_a_list_of_no_owners_says_nothing(portal, program, sheet):
    """An empty list never means that nothing is allowed."""
    portal.fault("status", status=200, body={"results": []}, path="/owners", times=None)

    ended = program(sheet(["Record ID", "Ticket owner"], ["25012345001", "4242"]), "--dry-run", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["would_update"]) == (0, 1)


def test_without_the_properties_nothing_can_be_done(portal, program, sheet):
    portal.fault("status", status=404, html=True, path="properties/tickets", times=None)

    ended = program(sheet(["Record ID", "subject"], ["25012345001", "One"]), "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (3, [(None, "unavailable")])
    assert "HUBSPOT_BASE_URL" in ended.err
