"""A plan that protects: what would change by property, what moves, what it costs, and what forbids it."""

from datetime import date

import openpyxl
import pytest

from importer.jobs.forecast import forecast
from importer.jobs.options import Amount
from importer.portal.limits import Limits
from tests.jobs.office import A, B, C, statuses

USUAL = Limits(max_requests=190, interval_s=10.0, daily=625_000, daily_remaining=600_000)


@pytest.fixture
def plan(program, portal):
    """Return a function that makes a plan and sends nothing."""

    def plan(path, *options):
        return program(path, "--dry-run", "--json", *options, portal=portal)

    return plan


# --- what it shows ----------------------------------------------------------------------------------------------------


def test_cells_by_property_with_samples_by_label(portal, sheet, plan):
    for key in (A, B):
        portal.change(key, {"hs_pipeline": "0", "hs_pipeline_stage": "1", "hubspot_owner_id": "51230011"})
    portal.change(A, {"hs_ticket_priority": "LOW", "affected_products": "router", "due_on": "2026-01-01"})
    portal.change(B, {"hs_ticket_priority": "LOW", "affected_products": "", "due_on": "2026-01-01"})
    names = ("Record ID", "Ticket status", "Ticket owner", "Priority", "affected_products", "due_on")

    ended = plan(sheet(names, (A, "Closed", "Bruno Carvalho", "HIGH", ";camera", ""), (B, "New", "", "LOW", "", "")))

    assert ended.code == 0, ended.err
    lines = [" ".join(line.split()) for line in ended.err.splitlines()]
    assert "2 rows to update, 0 unchanged, 0 invalid" in lines
    assert "4 cells to change, 3 to clear" in lines
    assert "due_on 0 2 2026-01-01 → (empty)" in lines
    assert "Ticket owner 1 1 Ana Souza → Bruno Carvalho" in lines
    assert "Ana Souza → (empty)" in lines
    assert "Priority 1 0 Low → High" in lines
    assert "Ticket status 1 0 New (Support Pipeline) → Closed (Support Pipeline)" in lines
    assert any(line.startswith("affected_products 1 0 Router → Router; ") for line in lines)
    assert "1 ticket moves to another stage" in lines
    assert "1 ticket closes" in lines
    assert "2 tickets get another owner" in lines
    assert "1 value of Ticket owner is erased." in lines
    assert '"due_on" is empty on every valid row: 2 values are erased.' in lines
    assert ended.summary["cells"] == {"changed": 4, "cleared": 3}


def test_the_language_that_a_column_names_is_told(tmp_path, portal, plan):
    """Text is read by it, so whoever is asked must know."""
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "due_on"])
    book.active.append([int(A), "03/04/2026"])
    book.active.append([int(B), date(2026, 3, 4)])
    book.active["B3"].number_format = '[$-416]d "de" mmmm'
    book.save(tmp_path / "edits.xlsx")

    told, named = plan(tmp_path / "edits.xlsx"), plan(tmp_path / "edits.xlsx", "--locale", "en-US")

    assert "texts are read as in pt-BR, the language of its cells' format" in told.err
    assert "2026-04-03" in told.err
    assert "pt-BR" not in named.err
    assert "2026-03-04" in named.err


def test_a_pipeline_without_a_stage_of_it_is_pointed_out(portal, sheet, plan):
    """What HubSpot does with the ticket's old stage is not told: it may refuse the row."""
    portal.change(A, {"hs_pipeline": "0", "hs_pipeline_stage": "1"})
    portal.change(B, {"hs_pipeline": "0", "hs_pipeline_stage": "1"})

    alone = plan(sheet(("Record ID", "Pipeline"), (A, "Returns"), (B, "Support Pipeline")))
    both = plan(sheet(("Record ID", "Pipeline", "Ticket status"), (A, "Returns", "New")))

    assert "1 ticket goes to another pipeline without a stage of it; the portal may refuse that" in alone.err
    assert "without a stage" not in both.err


def test_a_stage_of_another_pipeline_is_told_as_it_was_typed(portal, sheet, plan):
    """The cell is found wrong where the ticket's pipeline is known, long after it was read."""
    portal.change(A, {"hs_pipeline": "0", "hs_pipeline_stage": "1"})
    edits = (("Record ID", "Ticket status"), (A, "scheduled"), (B, " new "))

    planned, blind = plan(sheet(*edits)), plan(sheet(*edits), "--no-diff")

    [outside] = planned.summary["errors"]
    assert (outside["code"], outside["value"]) == ("stage_not_in_pipeline", "scheduled")
    assert outside["message"].startswith('"scheduled" isn\'t a stage of the ticket\'s pipeline "Support Pipeline"')
    [unclear] = blind.summary["errors"]
    assert (unclear["code"], unclear["value"]) == ("ambiguous_option", " new ")


def test_a_stage_that_one_pipeline_has_twice_and_another_once(portal, sheet, plan):
    """Only where the ticket's pipeline is known, and has it once, is it known which one is meant."""
    for pipeline, labels in {"0": ("Done", "Done"), "75283641": ("Done",)}.items():
        _, body = portal.call("GET", f"/crm/v3/pipelines/tickets/{pipeline}")
        for stage, label in zip(body["stages"], labels, strict=False):
            stage["label"] = label
        portal.define("pipeline", body)
    pipelines = {one["properties"]["hs_pipeline"]: key for key, one in portal.tickets().items() if not one["archived"]}
    path = sheet(("Record ID", "Ticket status"), (pipelines["0"], "done"), (pipelines["75283641"], "done"))

    planned, blind = plan(path), plan(path, "--no-diff")

    assert planned.codes == [(2, "ambiguous_option")]
    assert 'several stages of the ticket\'s pipeline "Support Pipeline"' in planned.summary["errors"][0]["message"]
    assert blind.codes == [(2, "ambiguous_option"), (3, "ambiguous_option")]
    assert "in several pipelines" in blind.summary["errors"][0]["message"]


def test_a_move_between_closed_stages_closes_nothing(portal, sheet, plan):
    portal.change(A, {"hs_pipeline": "0", "hs_pipeline_stage": "4"})

    ended = plan(sheet(("Record ID", "Pipeline", "Ticket status"), (A, "Returns", "Closed (Returns)")))

    assert "1 ticket moves to another stage" in ended.err
    assert "closes" not in ended.err


def test_a_plan_that_read_no_values_claims_no_changes(portal, sheet, plan):
    """Whether a row changes anything, what it erases and which ticket closes is not known."""
    names = ("Record ID", "Ticket status", "Ticket owner", "due_on")
    edits = sheet(
        names, (A, "Closed (Support Pipeline)", "Bruno Carvalho", ""), (B, "Closed (Support Pipeline)", "", "")
    )

    ended = plan(edits, "--no-diff")

    lines = [" ".join(line.split()) for line in ended.err.splitlines()]
    assert "2 rows to send, 0 invalid" in lines
    assert any(line.startswith("Current values were not read (--no-diff)") for line in lines)
    assert "3 cells with a value, 3 empty" in lines
    assert "2 rows name a closed stage" in lines
    assert '"due_on" is empty on every row: what the portal holds there is erased.' in lines
    assert "1 empty cell of Ticket owner: what the portal holds there is erased." in lines
    table_on = " ".join(lines[lines.index("2 rows to send, 0 invalid") :])
    assert not [word for word in ("unchanged", "not read) ", " → ", "closes", "another owner") if word in table_on]


def test_a_column_that_would_be_cleared_on_every_row_has_a_line_of_its_own(portal, sheet, plan):
    for key in (A, B):
        portal.change(key, {"due_on": "2026-01-01"})

    ended = plan(sheet(("Record ID", "subject", "due_on"), (A, "x", ""), (B, "y", "")))

    assert '"due_on" is empty on every valid row: 2 values are erased.' in ended.err


def test_rows_that_fail_while_planning_count_as_invalid_alone(portal, sheet, plan):
    """A conflict, a ticket that is gone, and one that would be updated."""
    portal.change(A, {"subject": "Theirs"})
    edits = sheet(
        ("Record ID", "subject", "hs_lastmodifieddate"), (A, "x", "2026-01-01"), ("99999999999", "x", ""), (C, "x", "")
    )

    ended = plan(edits)

    assert (
        "1 row to update, 0 unchanged, 2 invalid (1 of them changed in the portal since the sheet was made)"
        in ended.err
    )


def test_two_conflicts_in_a_row_are_one_row(portal, sheet, plan):
    portal.change(A, {"subject": "Theirs", "content": "Theirs"})

    ended = plan(sheet(("Record ID", "subject", "content", "hs_lastmodifieddate"), (A, "x", "y", "2026-01-01")))

    assert len(ended.codes) == 2
    assert "1 invalid (1 of them changed in the portal since the sheet was made)" in ended.err


# --- what it costs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "limits", "seconds", "share"),
    [
        pytest.param(0, USUAL, 0, 0, id="nothing"),
        pytest.param(19, USUAL, 0.1, 19 / 625_000, id="a-tenth-of-a-window"),
        pytest.param(190, USUAL, 1, 190 / 625_000, id="one-window-at-once"),
        pytest.param(191, USUAL, 10 + 1 / 190, 191 / 625_000, id="one-more-waits-for-the-next"),
        pytest.param(1_000, USUAL, 50 + 50 / 190, 1_000 / 625_000, id="100000-rows"),
        pytest.param(10, Limits(max_requests=5, interval_s=10), 11, None, id="max-rate-and-no-daily-limit"),
        pytest.param(1_000, Limits(), 50 + 50 / 190, None, id="the-portal-has-not-said"),
        pytest.param(1_000, None, 50 + 50 / 190, None, id="no-portal"),
    ],
)
def test_the_forecast(requests, limits, seconds, share):
    """The first window may be used at once; each one more takes its whole time."""
    told = forecast(requests, limits)

    assert (told.requests, told.daily_share) == (requests, share)
    assert told.seconds == pytest.approx(seconds)


def test_a_slow_portal_is_bound_by_how_many_requests_are_in_flight():
    assert forecast(1, USUAL, latency_s=0.3).seconds == pytest.approx(0.3)
    assert forecast(1_000, USUAL, latency_s=0.3).seconds == pytest.approx(50 + 50 / 190)
    assert forecast(1_000, USUAL, latency_s=5).seconds == pytest.approx(80)


def test_a_plan_that_is_old_when_it_leaves_is_read_again():
    """A question takes its time: then each batch costs a read more."""
    assert forecast(100, USUAL, fresh_s=-1).reads == 100


def test_a_plan_that_will_be_old_is_read_again():
    """A million rows: what leaves too late costs a read more each."""
    told = forecast(10_000, USUAL, fresh_s=290)

    assert told.reads == 10_000 - 30 * 190
    assert told.seconds == pytest.approx((14_300 - 1) // 190 * 10 + (14_300 - 75 * 190) / 190)
    assert told.daily_share == 14_300 / 625_000
    assert forecast(100, USUAL, fresh_s=290).reads == 0


def test_the_forecast_goes_by_the_portals_headers(portal, sheet, plan):
    portal.limits(rate=100, daily=10_000)
    keys = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][:401]
    edits = sheet(("Record ID", "subject"), *((key, "x") for key in keys))

    ended = plan(edits)

    assert "5 update requests, about 1 s, <0.1 % of the day's calls" in ended.err


def test_a_day_that_is_nearly_used_up_is_told_before_the_question(portal, sheet, plan):
    portal.limits(daily=1_000, used_today=960)

    ended = plan(sheet(("Record ID", "subject"), (A, "x")), "--daily-reserve", "3")

    assert ended.code == 0, ended.err
    assert "daily API calls are left" not in ended.err
    portal.limits(used_today=965)
    assert (
        "are reserved for other integrations (--daily-reserve)"
        in plan(sheet(("Record ID", "subject"), (A, "x")), "--daily-reserve", "3").err
    )


# --- what forbids it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "cells", "of", "allowed"),
    [
        (Amount(3), 3, 100, True),
        (Amount(3), 4, 100, False),
        (Amount(0), 0, 100, True),
        (Amount(0), 1, 100, False),
        (Amount(25, percent=True), 5, 20, True),
        (Amount(25, percent=True), 6, 20, False),
        (Amount(0, percent=True), 0, 0, True),
        (Amount(12.5, percent=True), 1, 8, True),
    ],
)
def test_an_amount_allows_what_is_not_more(limit, cells, of, allowed):
    assert limit.allows(cells, of=of) is allowed


@pytest.mark.parametrize(
    ("option", "limit", "code"),
    [
        ("--max-changes", "2", 0),
        ("--max-changes", "1", 2),
        ("--max-changes", "50%", 0),
        ("--max-changes", "49%", 2),
        ("--max-clears", "1", 0),
        ("--max-clears", "0", 2),
        ("--max-clears", "25%", 0),
        ("--max-clears", "24%", 2),
    ],
)
@pytest.mark.parametrize("kind", ["--yes", "--dry-run"])
def test_guard_rails_in_cells_and_in_per_cent_of_the_sheet(option, limit, code, kind, portal, program, sheet):
    """Two rows of two columns are four cells: two change, one is cleared. What goes too far leaves FILE alone."""
    portal.change(A, {"due_on": "2026-01-01"})
    edits = sheet(("Record ID", "subject", "due_on"), (A, "x", ""), (B, "y", portal.ticket(B)["properties"]["due_on"]))
    original = edits.read_bytes()

    ended = program(edits, kind, "--json", option, limit, portal=portal)

    assert ended.code == code
    assert ended.codes == ([(None, "guard_rail")] if code else [])
    assert "1 cells" not in ended.err
    assert (edits.read_bytes() == original) is bool(code)
    assert len(portal.requests("batch/update")) == (0 if code or kind == "--dry-run" else 1)
    assert kind == "--dry-run" or code == 2 or statuses(edits) == ["updated", "updated"]


@pytest.mark.parametrize(
    ("limit", "code"), [("1", 0), ("0", 2), ("34%", 0), ("33%", 2)], ids=["1", "0", "34 per cent", "33 per cent"]
)
def test_closings_are_limited_in_tickets_and_in_per_cent_of_the_rows_to_update(limit, code, portal, program, sheet):
    """One of three tickets closes; another one is closed already and gets a name alone."""
    for key, stage in ((A, "1"), (B, "4"), (C, "1")):
        portal.change(key, {"hs_pipeline": "0", "hs_pipeline_stage": stage})
    rows = ((A, "Closed", "x"), (B, "Closed", "y"), (C, "Waiting on contact", "z"))
    edits = sheet(("Record ID", "Ticket status", "Ticket name"), *rows)

    ended = program(edits, "--yes", "--json", "--max-closes", limit, portal=portal)

    assert ended.code == code, ended.err
    assert ended.codes == ([(None, "guard_rail")] if code else [])


@pytest.mark.parametrize(
    ("cells", "options", "code"),
    [
        (("", ""), (), 2),
        (("", ""), ("--allow-empty-column",), 0),
        (("", ""), ("--blank", "keep"), 0),
        (("", ""), ("--dry-run",), 0),
        (("", "2026-02-02"), (), 0),
        (("(clear)", "(clear)"), ("--clear-word", "(clear)"), 0),
    ],
    ids=["refused", "allowed", "kept", "dry run", "one is filled", "clear word"],
)
def test_a_column_of_empty_cells_clears_nothing_unasked(cells, options, code, portal, program, sheet):
    for key in (A, B):
        portal.change(key, {"due_on": "2026-01-01"})
    edits = sheet(("Record ID", "subject", "due_on"), (A, "x", cells[0]), (B, "y", cells[1]))

    ended = program(edits, "--yes", "--json", *options, portal=portal)

    assert ended.code == code, ended.err
    assert ended.codes == ([(None, "guard_rail")] if code else [])
    assert code == 0 or portal.ticket(A)["properties"]["due_on"] == "2026-01-01"


def test_one_ticket_may_be_cleared_by_an_empty_column(portal, program, sheet):
    portal.change(A, {"due_on": "2026-01-01"})
    portal.change(B, {"due_on": ""})

    ended = program(sheet(("Record ID", "due_on"), (A, ""), (B, "")), "--yes", portal=portal)

    assert ended.code == 0, ended.err
