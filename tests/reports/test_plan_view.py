"""The plan in numbers and samples, from the journal."""

from importer.model import Change, CheckedRow
from importer.reports.plan_view import ColumnPlan, Forecast, make_plan_view
from schemas.message import message

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
        ColumnPlan("Priority", 4, 0, (("Low", "High"), ("High", "Low"))),
        ColumnPlan("Ticket owner", 2, 0, (("Ana Souza", "Bruno Lima"), ("Ana Souza (77)", "Ana Souza (79)"))),
        ColumnPlan("Ticket name", 1, 1, (("Printer on hold", "Printer on fire"), ("Old", ""))),
        ColumnPlan("Ticket status", 1, 0, (("New (Support)", "Closed (Support)"),)),
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

    assert priority.samples == ((None, "High"),)
