"""From the portal to a template, through an edit, and back: exactly the edited cells change."""

from datetime import datetime

import openpyxl
import pytest

NAMES = "subject,content,hs_pipeline,hs_pipeline_stage,hs_ticket_priority,hs_ticket_category,hubspot_owner_id"
NAMES += ",closed_date,property_date,property_number,property_checkbox,support_tier,hs_lastmodifieddate"
FIRST, SECOND, THIRD = "25012345001", "25012345002", "25012345009"


@pytest.fixture
def make(program, sandbox, tmp_path):
    """Return a function that writes a template of some tickets and returns its path."""

    def make(*ids, names=NAMES, name="tickets.xlsx"):
        chosen = tmp_path / "ids.txt"
        chosen.write_text("\n".join(ids))
        ended = program(
            "template", tmp_path / name, "--id-file", chosen, "--properties", names, "--json", portal=sandbox
        )
        assert ended.code == 0, ended.err
        return tmp_path / name

    return make


@pytest.fixture
def ids(sandbox):
    """Return the IDs of 20 tickets that can be worked with."""
    live = [ticket for ticket in sandbox.tickets().values() if not ticket["archived"] and not ticket.get("merged_into")]
    return sorted(ticket["id"] for ticket in live)[:20]


def edit(path, changes):
    """Set cells: {(ticket, header): content}."""
    book = openpyxl.load_workbook(path)
    sheet = book["Tickets"]
    places = {cell.value: cell.column for cell in sheet[1]}
    rows = {row[0].value: row[0].row for row in sheet.iter_rows(2)}
    for (ticket, header), content in changes.items():
        sheet.cell(rows[ticket], places[header]).value = content
    book.save(path)


def values_of(sandbox):
    return {number: ticket["properties"] for number, ticket in sandbox.tickets().items()}


def differences(before, after):
    """Return what changed: {(ticket, property): value}, without what the portal sets by itself."""
    own = {"hs_lastmodifieddate", "hs_object_source", "hubspot_owner_assigneddate", "hubspot_team_id"}
    return {
        (number, name): after[number].get(name, "")
        for number in after
        for name in {*before[number], *after[number]} - own
        if before[number].get(name, "") != after[number].get(name, "")
    }


def test_exactly_the_edited_cells_change(make, ids, program, sandbox):
    path = make(*ids)
    before = values_of(sandbox)
    one, two, three = (number for number in ids[:3])
    edit(
        path,
        {
            (one, "Ticket name"): "A new name",
            (one, "Priority"): None,
            (two, "Property date"): datetime(2026, 12, 1),  # noqa: DTZ001 - a cell has no zone
            (two, "Property number"): 12.5,
            (three, "Category"): "Billing issue;Feature request",
        },
    )

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 0, ended.err
    expected = {
        (one, "subject"): "A new name",
        (one, "hs_ticket_priority"): "",
        (two, "property_date"): "2026-12-01",
        (two, "property_number"): "12.5",
        (three, "hs_ticket_category"): "BILLING_ISSUE;FEATURE_REQUEST",
    }
    unmoved = {place: value for place, value in expected.items() if before[place[0]].get(place[1], "") == value}
    assert differences(before, values_of(sandbox)) == {k: v for k, v in expected.items() if k not in unmoved}
    assert ended.summary["rows"]["updated"] + ended.summary["rows"]["unchanged"] == len(ids)


def test_an_unedited_template_sends_nothing_and_reads_no_ticket(make, ids, program, sandbox):
    path = make(*ids)
    sandbox.forget_requests()

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 0
    assert ended.summary["rows"]["unchanged"] == len(ids)
    assert sandbox.requests("/batch/") == []


def test_a_colleagues_edit_of_another_cell_is_left_alone(make, ids, program, sandbox):
    """The cell that nobody edited in the sheet is not put back to what it was at export."""
    path = make(*ids)
    sandbox.change(ids[0], {"content": "A colleague wrote this", "hs_ticket_priority": "URGENT"})
    edit(path, {(ids[0], "Ticket name"): "Edited in the sheet"})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 0, ended.err
    stored = sandbox.ticket(ids[0])["properties"]
    assert stored["content"] == "A colleague wrote this"
    assert stored["hs_ticket_priority"] == "URGENT"
    assert stored["subject"] == "Edited in the sheet"


def test_an_edit_of_what_a_colleague_changed_is_a_conflict(make, ids, program, sandbox):
    path = make(*ids)
    sandbox.change(ids[0], {"subject": "A colleague's name"})
    edit(path, {(ids[0], "Ticket name"): "Mine", (ids[1], "Ticket name"): "Other"})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 1
    assert [one["code"] for one in ended.summary["errors"]] == ["conflict"]
    assert "A colleague's name" in ended.summary["errors"][0]["message"]
    assert sandbox.ticket(ids[0])["properties"]["subject"] == "A colleague's name"
    assert sandbox.ticket(ids[1])["properties"]["subject"] == "Other"

    again = program(path, "--yes", "--json", "--on-conflict", "overwrite", portal=sandbox)

    assert again.code == 0, again.err
    assert sandbox.ticket(ids[0])["properties"]["subject"] == "Mine"


def test_what_our_own_run_wrote_is_no_conflict(make, ids, program, sandbox):
    """A template is edited, run, edited again and run again."""
    path = make(*ids)
    edit(path, {(ids[0], "Ticket name"): "First"})
    assert program(path, "--yes", portal=sandbox).code == 0
    edit(path, {(ids[0], "Ticket name"): "Second"})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 0, ended.out
    assert sandbox.ticket(ids[0])["properties"]["subject"] == "Second"


def test_cells_that_nobody_edited_are_not_judged(make, ids, program, sandbox):
    """An option that was taken away, and a text that breaks a newer rule, keep no row back."""
    sandbox.change(ids[0], {"hs_ticket_priority": "URGENT"})
    path = make(ids[0])
    rule = {"ruleType": "MAX_LENGTH", "ruleArguments": ["1"], "shouldApplyNormalization": False}
    sandbox.define("rule", {"propertyName": "subject", "propertyValidationRules": [rule]})
    priority = sandbox.call("GET", "/crm/v3/properties/tickets/hs_ticket_priority")[1]
    sandbox.define("property", priority | {"options": priority["options"][:1]})
    edit(path, {(ids[0], "Property number"): 7})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 0, ended.out
    assert sandbox.ticket(ids[0])["properties"]["property_number"] == "7"


def test_labels_that_changed_places_change_no_ticket(make, ids, program, sandbox):
    """What the cell says stands for another option by now, and nobody edited it."""
    sandbox.change(ids[0], {"hs_ticket_priority": "HIGH"})
    path = make(ids[0])
    priority = sandbox.call("GET", "/crm/v3/properties/tickets/hs_ticket_priority")[1]
    swapped = {"LOW": "High", "HIGH": "Low"}
    options = [one | {"label": swapped.get(one["value"], one["label"])} for one in priority["options"]]
    sandbox.define("property", priority | {"options": options})
    edit(path, {(ids[0], "Ticket name"): "Edited"})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 0, ended.out
    assert ended.summary["cells"] == {"changed": 1, "cleared": 0}
    assert sandbox.ticket(ids[0])["properties"]["hs_ticket_priority"] == "HIGH"


def test_an_edited_cell_is_judged(make, ids, program, sandbox):
    path = make(*ids[:2])
    edit(path, {(ids[0], "Priority"): "Urgentt"})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 2
    assert [one["code"] for one in ended.summary["errors"]] == ["invalid_option"]


def test_an_edit_of_a_read_only_column_is_told(make, ids, program, sandbox):
    """The lock was lifted, or the program that saved the file knows none: nobody may think that it was sent."""
    path = make(*ids[:3], names="subject,hs_object_source_label,hs_num_times_contacted,hs_lastactivitydate")
    edit(path, {(ids[0], "Record source"): "ME", (ids[1], "Ticket name"): "Fine"})

    ended = program(path, "--yes", "--on-invalid", "skip", "--json", portal=sandbox)
    skipped = program(path, "--yes", "--skip-read-only", "--dry-run", "--json", portal=sandbox)

    assert [(one["cell"], one["code"]) for one in ended.summary["errors"]] == [("C2", "read_only_property")]
    assert ended.summary["rows"]["updated"] == 1
    assert (skipped.code, skipped.summary["errors"]) == (0, [])


def test_a_stage_counts_as_edited_where_its_pipeline_is(make, ids, program, sandbox):
    """The old stage is not left out of the row: it does not fit the new pipeline."""
    path = make(*ids)
    pipelines = {one["id"]: one["label"] for one in sandbox.call("GET", "/crm/v3/pipelines/tickets")[1]["results"]}
    held = sandbox.ticket(ids[0])["properties"]["hs_pipeline"]
    other = next(label for key, label in pipelines.items() if key != held)
    edit(path, {(ids[0], "Pipeline"): other})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert ended.code == 2
    assert [one["code"] for one in ended.summary["errors"]] == ["stage_not_in_pipeline"]


def test_a_template_of_another_portal_is_refused(make, ids, program, sandbox):
    path = make(*ids[:1])
    edit(path, {(ids[0], "Ticket name"): "x"})
    account = sandbox.call("GET", "/account-info/v3/details")[1]
    sandbox.define("account", account | {"portalId": 777})

    ended = program(path, "--yes", "--json", portal=sandbox)

    assert (ended.code, ended.summary["errors"][0]["code"]) == (2, "unsafe_file")
    assert "777" in ended.err


def test_a_row_that_was_added_is_compared_as_any_other(make, ids, program, sandbox):
    path = make(ids[0])
    book = openpyxl.load_workbook(path)
    sheet = book["Tickets"]
    row = [cell.value for cell in sheet[2]]
    sheet.append([ids[1], "Added by hand", *row[2:-1], None])
    book.save(path)

    ended = program(path, "--yes", "--dry-run", "--json", portal=sandbox)

    assert ended.code == 0, ended.out
    assert ended.summary["rows"]["would_update"] == 1


def test_reconcile_compares_every_cell(make, ids, program, sandbox):
    path = make(*ids[:3])
    assert program("reconcile", path, portal=sandbox).code == 0
    sandbox.change(ids[1], {"subject": "Changed behind its back"})

    ended = program("reconcile", path, "--json", portal=sandbox)

    assert ended.code == 1
    assert ended.summary["rows"].get("differs", 1) == 1
