"""The plan in numbers and samples, from the journal."""

from importer.i18n import translations
from importer.model import Change, CheckedRow, Columns, KeyColumn
from importer.reports.column_plan import ColumnPlan, ExampleRow, ValueForms
from importer.reports.plan_view import Forecast, make_plan_view
from importer.reports.text import range_text
from schemas.message import message
from schemas.property import read_schema

FORECAST = Forecast(1, 0.1)


def test_the_plan_of_a_journal(planned, schema, columns):
    """Rows, cells, samples by label, tickets that move, close, change hands."""
    view = make_plan_view(
        planned,
        schema,
        columns,
        forecast=FORECAST,
        portal=message("portal {portal}", portal="12"),
        notices=[message("n")],
    )

    assert (view.file, view.sheet, str(view.portal)) == ("edits.xlsx", "Q3", "portal 12")
    assert (view.total, view.rows_to_update, view.unchanged, view.invalid, view.conflicts) == (7, 4, 2, 1, 0)
    assert (view.cells_changed, view.cells_cleared) == (8, 1)
    assert (view.stage_moves, view.closing, view.owner_changes) == (1, 1, 2)
    assert view.notices == (message("n"),)
    assert view.columns == (
        ColumnPlan("hs_ticket_priority", "Priority", 4, 0, (("High", "Low", 3), ("Low", "High", 1))),
        ColumnPlan(
            "hubspot_owner_id",
            "Ticket owner",
            2,
            0,
            (("Ana Souza", "Bruno Lima", 1), ("Ana Souza (77)", "Ana Souza (79)", 1)),
        ),
        ColumnPlan("subject", "Ticket name", 1, 1, (("Printer on hold", "Printer on fire", 1), ("Old", "", 1))),
        ColumnPlan("hs_pipeline_stage", "Ticket status", 1, 0, (("New (Support)", "Closed (Support)", 1),)),
    )
    assert view.example == ExampleRow(
        2,
        "502",
        "Printer on fire",
        (
            ("Priority", "Low", "High"),
            ("Ticket name", "Printer on hold", "Printer on fire"),
            ("Ticket owner", "Ana Souza", "Bruno Lima"),
        ),
    )


def test_a_column_that_is_empty_on_every_row(new_journal, schema, columns):
    """Also where the portal is empty on some rows already, so that only a part of them would be cleared."""
    journal = new_journal()
    wanted = {2: "", 3: "", 4: ""}
    journal.rows.add((CheckedRow(row, str(row), {"subject": text}) for row, text in wanted.items()), fold_keys=False)
    journal.plan.add(Change(row, str(row), str(row), {"subject": "x"}, {"subject": ""}) for row in (2, 3))

    (subject,) = make_plan_view(journal, schema, columns, forecast=FORECAST).columns

    assert (subject.cleared, subject.cleared_everywhere) == (2, True)


def test_a_column_that_holds_something_is_not_empty_everywhere(new_journal, schema, columns):
    """One row keeps its value: then clearing the others is an edit, not an accident."""
    journal = new_journal()
    wanted = {2: "", 3: "", 4: "kept"}
    journal.rows.add((CheckedRow(row, str(row), {"subject": text}) for row, text in wanted.items()), fold_keys=False)
    journal.plan.add(Change(row, str(row), str(row), {"subject": "x"}, {"subject": ""}) for row in (2, 3))

    (subject,) = make_plan_view(journal, schema, columns, forecast=FORECAST).columns

    assert (subject.cleared, subject.cleared_everywhere) == (2, False)


def test_values_that_were_not_read(new_journal, schema, columns):
    """--no-diff: a sample has no before."""
    journal = new_journal(diff=False)
    journal.rows.add([CheckedRow(2, "2", {"hs_ticket_priority": "HIGH"})], fold_keys=False)
    journal.plan.add([Change(2, "2", None, {}, {"hs_ticket_priority": "HIGH"})])

    (priority,) = make_plan_view(journal, schema, columns, forecast=FORECAST).columns

    assert priority.flows == ((None, "High", 1),)


DATED = {
    "properties": {
        "results": [
            {"name": "due", "label": "Due on", "type": "date", "fieldType": "date"},
            {"name": "call", "label": "Next call", "type": "datetime", "fieldType": "date"},
            {"name": "amount", "label": "Amount", "type": "number", "fieldType": "number"},
        ]
    },
    "account": {"timeZone": "America/Sao_Paulo"},
}


def test_many_numbers_and_dates_are_a_range(new_journal):
    """By value, not by spelling: moments in one zone, whatever form the portal has them in."""
    schema = read_schema(DATED)
    journal = new_journal()
    before = [
        {"due": "1767225600000", "call": "2026-01-01T12:00:00Z", "amount": "9.50"},
        {"due": "", "call": "1767301200000", "amount": "-100"},
        {"due": "2026-02-01", "call": "2026-01-03T12:00:00.000Z", "amount": "12"},
        {"due": "2026-02-02", "call": "", "amount": "10"},
    ]
    after = [
        {"due": f"2026-03-0{day}", "call": f"2026-03-0{day}T02:30:00.000Z", "amount": "" if day == 1 else f"{day}000.5"}
        for day in range(1, 5)
    ]
    rows = range(2, 6)
    journal.rows.add((CheckedRow(row, str(row), one) for row, one in zip(rows, after, strict=True)), fold_keys=False)
    journal.plan.add(
        Change(row, str(row), str(row), old, new) for row, old, new in zip(rows, before, after, strict=True)
    )

    view = make_plan_view(journal, schema, Columns(KeyColumn(0, "ID", "id"), (), 1), forecast=FORECAST)

    columns = {one.header: one for one in view.columns}
    told = {
        (header, language): [range_text(one, translations(language)) for one in (column.before, column.after)]
        for header, column in columns.items()
        for language in ("en", "pt-BR")
    }
    assert told["Due on", "en"] == ["2026-01-01 … 2026-02-02", "2026-03-01 … 2026-03-04"]
    assert told["Due on", "pt-BR"] == ["01/01/2026 … 02/02/2026", "01/03/2026 … 04/03/2026"]
    assert told["Next call", "en"] == ["2026-01-01 09:00 … 2026-01-03 09:00", "2026-02-28 23:30 … 2026-03-03 23:30"]
    assert told["Amount", "en"] == ["-100 … 12", "2,000.5 … 4,000.5"]
    assert told["Amount", "pt-BR"] == ["-100 … 12", "2.000,5 … 4.000,5"]
    assert (columns["Amount"].cleared, columns["Amount"].others, columns["Amount"].flows) == (1, 0, ())
    assert view.time_zone == "America/Sao_Paulo"


def test_the_most_frequent_changes_come_first(new_journal, schema, columns):
    """Counted over all rows, not over the first; the others are counted together."""
    journal = new_journal()
    rows = {row: ("HIGH" if row < 5 else "LOW" if row < 5000 else f"other {row}") for row in range(2, 6002)}
    journal.rows.add(
        (CheckedRow(row, str(row), {"hs_ticket_priority": one}) for row, one in rows.items()), fold_keys=False
    )
    journal.plan.add(
        Change(row, str(row), str(row), {"hs_ticket_priority": ""}, {"hs_ticket_priority": one})
        for row, one in rows.items()
    )

    (priority,) = make_plan_view(journal, schema, columns, forecast=FORECAST).columns

    assert priority.flows == (("", "Low", 4995), ("", "High", 3), ("", "other 5000", 1))
    assert priority.others == 1001


def test_moments_that_clocks_show_alike_are_told_apart(new_journal):
    """The hour that comes twice when the clocks are put back: the values as the portal has them."""
    forms = ValueForms(read_schema(DATED), "Europe/Berlin")

    assert forms.change("call", "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z") == (
        "2026-10-25T00:30:00.000Z",
        "2026-10-25T01:30:00.000Z",
    )
