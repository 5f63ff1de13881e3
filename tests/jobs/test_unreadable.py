"""Absent is not empty: what the portal does not show to the token is neither compared, nor overwritten, nor undone."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.jobs.office import A, C, values

NOTE = "health_note"
SCOPES = ["tickets", "crm.schemas.tickets.read", "crm.objects.owners.read", "oauth"]


@dataclass
class Blinkered:
    """A portal as a token sees it that may not see sensitive values."""

    portal: Any

    @property
    def environment(self):
        return self.portal.environment | {"HUBSPOT_ACCESS_TOKEN": "plain"}


@pytest.fixture
def blinkered(portal):
    portal.switch(sensitive_definitions="open")
    portal.add_token("plain", scopes=SCOPES)
    portal.change(A, {NOTE: "Allergic to nuts"})
    portal.change(C, {NOTE: "Nothing known"})
    return Blinkered(portal)


def test_a_column_of_hidden_values_is_refused_once(portal, program, sheet, blinkered):
    """A blank cell over a hidden value would clear it unseen."""
    path = sheet(("Record ID", NOTE, "subject"), (A, "", "Mine"), (C, "New", "Mine"))

    ended = program(path, "--yes", "--json", portal=blinkered)

    assert (ended.code, ended.codes) == (2, [(1, "unreadable_property")])
    [error] = ended.summary["errors"]
    assert (error["cell"], error["property"]) == ("B1", NOTE)
    assert "tickets.sensitive.v2" in error["message"]
    assert values(portal, A)[NOTE] == "Allergic to nuts"
    assert values(portal, A)["subject"] != "Mine"


def test_the_other_columns_go_where_it_is_skipped(portal, program, sheet, blinkered):
    path = sheet(("Record ID", NOTE, "subject"), (A, "", "Mine"))

    ended = program(path, "--yes", "--json", "--skip-column", NOTE, portal=blinkered)

    assert ended.code == 0
    assert (values(portal, A)[NOTE], values(portal, A)["subject"]) == ("Allergic to nuts", "Mine")


def test_a_dry_run_and_a_reconciliation_are_refused_likewise(program, sheet, blinkered):
    path = sheet(("Record ID", NOTE), (A, ""))

    assert program(path, "--dry-run", "--json", portal=blinkered).codes == [(1, "unreadable_property")]
    assert program("reconcile", path, "--json", portal=blinkered).codes == [(1, "unreadable_property")]


def test_an_undo_leaves_what_it_cannot_see_and_puts_back_the_rest(portal, program, sheet, blinkered):
    held = values(portal, A)["subject"]
    path = sheet(("Record ID", NOTE, "subject"), (A, "Seen", "Mine"), (C, "Seen", "Mine"))
    done = program(path, "--yes", "--json", portal=portal)

    undone = program("undo", done.summary["run_id"], "--yes", "--json", portal=blinkered)

    assert (undone.code, [code for _, code in undone.codes]) == (1, ["unreadable_property"])
    assert (values(portal, A)[NOTE], values(portal, A)["subject"]) == ("Seen", held)


def test_what_is_shown_as_null_is_empty(portal, program, sheet):
    ended = program(sheet(("Record ID", NOTE), (A, "")), "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["unchanged"]) == (0, 1)
