"""What the page of promises says, tried as a user would: small files, the command line, a served sandbox."""

import csv

import pytest

TICKETS = [
    "25012345001",
    "25012345013",
    "25012345022",
    "25012345025",
]
"""Tickets of the Support Pipeline, whose stages are 1 to 4."""

CELLS = {
    "effort_hours": {
        "1.234,5": "1234.5",
        "1e3": "1000",
        "10%": "0.1",
        "x": '"x" isn\'t a number; write digits, as in 1234.56',
    },
    "refund_amount": {"R$ 1.234,56": "1234.56", "BRL 10": "10", "-R$ 5": "-5", "1.234": "1234"},
    "escalated": {"y": "true", "Off": "false", "sim": '"sim" isn\'t yes or no; write true or false'},
    "hs_ticket_priority": {
        "medium": "MEDIUM",
        " URGENT ": "URGENT",
        "Urgentt": '"Urgentt" isn\'t an option; did you mean "Urgent"?',
        "": None,
    },
    "support_tier": {
        "Platinum (trial)": "platinum_trial",
        "Gold": '"Gold" is the label of several options; write the value of the one you mean: "gold_2024", "gold_2025"',
    },
    "affected_products": {
        "camera; Router;router": "router;camera",
        "Routr;Switch": '"Routr" isn\'t an option; did you mean "Router"?',
    },
    "hubspot_owner_id": {
        "Ana Souza (ana.souza@example.com)": "51230011",
        "grace o'neill": "51230019",
        "Maria Silva": '"Maria Silva" is the name of several owners; write the e-mail of the one you mean: '
        '"maria.silva@example.com", "maria.silva2@example.com"',
        "Ana Suza": '"Ana Suza" isn\'t an owner in this portal; did you mean "Ana Souza"?',
    },
    "hs_pipeline_stage": {
        "Waiting on contact": "2",
        "Closed (Support Pipeline)": "4",
        "": "this property cannot be empty; fill the cell, or leave the column out",
    },
    "due_on": {
        "03/04/2026": "2026-04-03",
        "25/12/2026": "2026-12-25",
        "1772582400000": "2026-03-04",
        "2026-02-30": '"2026-02-30" isn\'t a valid date: February has 28 days in 2026',
    },
    "next_contact_at": {
        "2026-03-04": "2026-03-04T03:00:00Z",
        "2026-03-04T12:30:00+02:00": "2026-03-04T10:30:00Z",
        "2018-02-17 23:30": "2018-02-18T01:30:00Z",
        "2018-11-04 00:30": '"2018-11-04 00:30" does not exist in America/Sao_Paulo: the clocks skip that hour; write '
        "an hour that exists, or name the zone as in 2026-03-04T12:30:00-03:00",
    },
}
"""By property: a cell, and what the portal holds after the run, or what is said of it."""


@pytest.fixture
def sheet(tmp_path):
    """Return a function that writes a semicolon file, as Excel does where the comma is the decimal sign."""

    def write(header, *rows):
        path = tmp_path / "edits.csv"
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file, delimiter=";").writerows([header, *rows])
        return path

    return write


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_what_the_portal_holds_or_is_explained(name, sandbox, program, sheet):
    cells = CELLS[name]
    edits = sheet(["Record ID", name], *zip(TICKETS, cells, strict=False))

    ended = program(edits, "--yes", "--on-invalid", "skip", "--json", portal=sandbox)

    said = {one["row"]: one["message"] for one in ended.summary["errors"]}
    held = [sandbox.ticket(ticket)["properties"].get(name) for ticket in TICKETS]
    found = {cell: said.get(row, held[row - 2]) for row, cell in enumerate(cells, 2)}
    assert found == cells
    assert ended.code == (1 if said else 0)


def test_the_mark_that_dos_puts_at_a_files_end_is_no_row(sandbox, program, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_bytes(b"id,subject\r\n25012345001,New name\r\n\x1a")

    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert (ended.code, ended.summary["rows"]["total"], ended.summary["rows"]["updated"]) == (0, 1, 1)
    assert edits.read_bytes() == (b"id,subject,Import status,Import message\r\n25012345001,New name,updated,\r\n\x1a")
    assert program(edits, "--yes", "--json", portal=sandbox).summary["rows"]["unchanged"] == 1


@pytest.mark.parametrize("option", ["--map=Priorty=region", "--skip-column=Priorty"])
def test_a_misspelt_column_is_answered_with_the_one_meant(option, sandbox, program, sheet):
    edits = sheet(["id", "Priority"], [TICKETS[0], "Low"])

    ended = program(edits, "--dry-run", option, portal=sandbox)

    name = option.partition("=")[0]
    assert f'No column is called "Priorty", which {name} names; did you mean "Priority"?' in ended.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(["--helpp"], "--help"), (["e.csv", "--dry-rum"], "--dry-run"), (["approve", "--yess"], "--yes")],
)
def test_a_misspelt_option_is_answered_with_the_one_meant(typed, meant, program):
    """Also where a file is missing, which is the smaller mistake."""
    ended = program(*typed)

    assert ended.code == 2
    assert f"there is no option {typed[-1]}; did you mean {meant}?" in ended.err


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("--timezone=America/Sao_Paolo", "America/Sao_Paulo"),
        ("--locale=pt-BRR", "pt-BR"),
        ("--encoding=windwos-1252", "windows-1252"),
        ("--encoding=utf8x", "utf8"),
        ("--on-conflict=overwite", "overwrite"),
    ],
)
def test_a_misspelt_value_is_answered_with_the_one_meant(option, meant, sandbox, program, sheet):
    edits = sheet(["id", "Priority"], [TICKETS[0], "Low"])

    ended = program(edits, "--dry-run", option, portal=sandbox)

    assert ended.code == 2
    assert f'did you mean "{meant}"?' in ended.err


def test_a_portal_without_a_name_is_bad_usage(program, sheet):
    ended = program(sheet(["id", "Priority"], [TICKETS[0], "Low"]), "--dry-run", "--portal", "")

    assert ended.code == 2
    assert "argument --portal: '' is empty" in ended.err
