"""The portal is named before anything is sent, and a run goes on, or back, in no other one."""

from datetime import date

import pytest

from importer.jobs.which_portal import is_other_portal, version_end, version_notice
from tests.jobs.office import A, values

SCOPES = ["tickets", "crm.schemas.tickets.read", "crm.objects.owners.read", "oauth"]
OWNERS = {"owners": ["1", "2"]}


@pytest.mark.parametrize(
    ("kind", "said"), [("STANDARD", "standard account"), ("SANDBOX", "sandbox account"), ("SOMETHING_NEW", "")]
)
def test_plan_and_question_name_the_portal(kind, said, portal, program, sheet, monkeypatch):
    account = portal.call("GET", "/account-info/v3/details")[1]
    portal.define("account", account | {"accountType": kind})
    asked = []
    monkeypatch.setattr("importer.cli.terminal_ui.TerminalUi.can_ask", property(lambda self: True))
    monkeypatch.setattr("importer.cli.terminal_ui.TerminalUi.ask", lambda self, question: asked.append(str(question)))

    ended = program(sheet(("Record ID", "subject"), (A, "New")), portal=portal)

    name = f"portal 4242 ({said})" if said else "portal 4242"
    assert f"edits.csv → {name}" in ended.err.replace("->", "→")
    assert asked == [f"Update one ticket in {name}?"]


@pytest.fixture
def silent(portal):
    """Return a portal that refuses its account details."""
    portal.fault("missing_scopes", path="account-info", times=None)
    return portal


def test_an_undo_in_another_portal_is_refused_though_the_account_is(silent, program, sheet):
    done = program(sheet(("Record ID", "subject"), (A, "New")), "--yes", "--json", portal=silent)
    assert done.code == 0, done.err
    assert "the portal at 127.0.0.1" in done.err
    owners = [
        owner
        for archived in ("false", "true")
        for owner in silent.call("GET", f"/crm/v3/owners/?limit=100&archived={archived}")[1]["results"]
    ]
    for owner in owners:
        silent.control(f"definitions/owner/{owner['id']}", method="DELETE")
    silent.define("owner", owners[0] | {"id": "990001", "email": "other@example.com"})

    undone = program("undo", done.summary["run_id"], "--yes", "--json", portal=silent)

    assert undone.code == 2
    assert "another portal" in undone.err
    assert values(silent, A)["subject"] == "New"


def test_an_undo_in_the_same_portal_goes_ahead(silent, program, sheet):
    held = values(silent, A)["subject"]
    done = program(sheet(("Record ID", "subject"), (A, "New")), "--yes", "--json", portal=silent)

    undone = program("undo", done.summary["run_id"], "--yes", "--json", portal=silent)

    assert (undone.code, values(silent, A)["subject"]) == (0, held)


@pytest.mark.parametrize(
    ("began", "now", "is_other"),
    [
        pytest.param({"hub": "na1"}, {"hub": "eu1"}, True, id="another-hub"),
        pytest.param({"hub": "na1"} | OWNERS, {"hub": "na1", "owners": ["2", "3"]}, False, id="somebody-left"),
        pytest.param(OWNERS, {"owners": ["8"]}, True, id="nobody-is-the-same"),
        pytest.param({"properties": ["a", "b"]}, {"properties": ["a", "b", "c"]}, False, id="a-property-more"),
        pytest.param({"properties": ["a", "b"]}, {"properties": ["x", "y"]}, True, id="other-properties"),
        pytest.param({"properties": ["a"]}, {}, False, id="nothing-tells"),
    ],
)
def test_what_tells_two_portals_apart(began, now, is_other):
    assert is_other_portal(began, now) == is_other


@pytest.mark.parametrize(
    ("version", "end"),
    [("v3", "September 2027"), ("2026-03", "September 2027"), ("2026-09", "March 2028"), ("2025-09", "March 2027")],
)
def test_the_end_of_an_api_version(version, end):
    assert str(version_end(version)) == end


def test_a_run_says_when_its_api_version_ends(portal, program, sheet):
    ended = program(sheet(("Record ID", "subject"), (A, "New")), "--yes", portal=portal)

    assert "ends in September 2027" in ended.err.splitlines()[0]
    assert version_notice("v3", date(2026, 8, 31)) is None
