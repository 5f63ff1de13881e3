"""A finished run's journal, made through the journal's own doors."""

import io
from dataclasses import replace

import pytest

from importer.findings import Finding
from importer.journal import Journal, RunRecord
from importer.journal.run_record import RecordedKey, RecordedPortal
from importer.model import Change, CheckedRow, Columns, KeyColumn, Outcome, Status, ValueColumn
from schemas.message import message
from schemas.property import read_schema

PROPERTIES = [
    {"name": "subject", "label": "Ticket name", "type": "string", "fieldType": "text"},
    {
        "name": "hs_ticket_priority",
        "label": "Priority",
        "type": "enumeration",
        "fieldType": "select",
        "options": [{"value": "LOW", "label": "Low"}, {"value": "HIGH", "label": "High"}],
    },
    {
        "name": "hubspot_owner_id",
        "label": "Ticket owner",
        "type": "enumeration",
        "fieldType": "select",
        "externalOptions": True,
        "referencedObjectType": "OWNER",
    },
    {"name": "hs_pipeline_stage", "label": "Ticket status", "type": "enumeration", "fieldType": "radio"},
]
BODIES = {
    "properties": {"results": PROPERTIES},
    "owners": {
        "results": [
            {"id": "77", "firstName": "Ana", "lastName": "Souza"},
            {"id": "78", "firstName": "Bruno", "lastName": "Lima"},
            {"id": "79", "firstName": "Ana", "lastName": "Souza"},
        ]
    },
    "pipelines": {
        "results": [
            {
                "id": "0",
                "label": "Support",
                "stages": [
                    {"id": "1", "label": "New", "metadata": {"ticketState": "OPEN"}},
                    {"id": "4", "label": "Closed", "metadata": {"ticketState": "CLOSED"}},
                ],
            }
        ]
    },
    "account": {"portalId": 1234567, "uiDomain": "app.hubspot.com", "timeZone": "America/Sao_Paulo"},
}


@pytest.fixture
def schema():
    return read_schema(BODIES)


@pytest.fixture
def columns(schema):
    names = ["subject", "hs_ticket_priority", "hubspot_owner_id", "hs_pipeline_stage"]
    values = tuple(
        ValueColumn(position, schema.properties[name].label, schema.properties[name])
        for position, name in enumerate(names, start=1)
    )
    return Columns(KeyColumn(0, "Ticket ID", "id"), values, header_row=1)


META = RunRecord(
    id="20261123-141503-7f3a",
    file="/data/edits.xlsx",
    sheet="Q3",
    key=RecordedKey("Ticket ID", "id", 0),
    portal=RecordedPortal("https://api.hubapi.com", "1234567", "app.hubspot.com"),
    state="sending",
    started_at="2026-11-23T14:15:03.120Z",
)


@pytest.fixture
def new_journal(tmp_path):
    """Returns a function that makes an empty journal with the facts of a run."""
    opened = []

    def make(**meta):
        journal = Journal.create(tmp_path / f"runs{len(opened)}", replace(META, **meta))
        opened.append(journal)
        return journal

    yield make
    for journal in opened:
        journal.close()


def add_plan(journal):
    """Rows 2 to 8: four to send (one of them with a twin), one already as wanted, one faulty."""
    wanted = {
        2: {"hs_ticket_priority": "HIGH", "subject": "Printer on fire", "hubspot_owner_id": "78"},
        3: {"hs_ticket_priority": "LOW", "subject": "", "hubspot_owner_id": "79"},
        4: {"hs_ticket_priority": "LOW", "hs_pipeline_stage": "4"},
        5: {"hs_ticket_priority": "LOW"},
        6: {"hs_ticket_priority": "LOW"},
        7: {"hs_ticket_priority": "LOW"},
    }
    journal.rows.add((CheckedRow(row, str(500 + row), values) for row, values in wanted.items()), fold_keys=False)
    journal.rows.add_invalid([(8, "508")], fold_keys=False)
    journal.rows.add_findings(
        [
            Finding(
                "invalid_option",
                message('"{value}" isn\'t an option; did you mean "{near}"?', value="Urgentt", near="HIGH"),
                row=8,
                position=2,
                header="Priority",
                property_name="hs_ticket_priority",
                key="508",
                value="Urgentt",
            )
        ]
    )
    before = {
        2: {"hs_ticket_priority": "LOW", "subject": "Printer on hold", "hubspot_owner_id": "77"},
        3: {"hs_ticket_priority": "HIGH", "subject": "Old", "hubspot_owner_id": "77"},
        4: {"hs_ticket_priority": "HIGH", "hs_pipeline_stage": "1"},
        5: {"hs_ticket_priority": "HIGH"},
    }
    journal.plan.add(Change(row, str(500 + row), str(500 + row), before[row], wanted[row]) for row in before)
    journal.rows.decide([Outcome(6, Status.UNCHANGED)])
    journal.plan.join_twins([(7, 5)])


@pytest.fixture
def planned(new_journal):
    """A run whose plan is written and not yet sent."""
    journal = new_journal()
    add_plan(journal)
    return journal


@pytest.fixture
def finished(planned):
    """That run, finished: two rows updated, one refused, one with a notice."""
    refused = Finding(
        "rejected",
        message("the portal refused the row: {reason}", reason="Owner\x1b[31m is <b>gone</b>"),
        row=3,
        key="503",
    )
    planned.rows.decide(
        [
            Outcome(2, Status.UPDATED),
            Outcome(3, Status.FAILED, findings=(refused,)),
            Outcome(4, Status.UPDATED, notices=(message("the portal keeps the stage {stage}", stage="New"),)),
            Outcome(5, Status.UPDATED),
        ]
    )
    planned.rows.settle_twins()
    planned.note(
        state="finished",
        finished_at="2026-11-23T14:15:09.000Z",
        exit_code=1,
        requests={"read": 1, "update": 1, "retried": 0, "rate_limited": 0},
    )
    return planned


class Screen(io.StringIO):
    """A stream that says whether it is a terminal."""

    encoding = "utf-8"

    def __init__(self, *, terminal):
        super().__init__()
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.fixture
def screen():
    return Screen(terminal=True)


@pytest.fixture
def pipe():
    return Screen(terminal=False)
