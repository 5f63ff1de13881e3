"""Taking a run back, as the people who have to do it live it: prepare, run, colleagues edit, undo."""

import json
import re
import sqlite3

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from importer.journal import Journal
from tests.jobs.office import SUPPORT_TICKETS, A, B, C, all_values, own_writes, values
from tests.laws import examples

EVERY_TYPE = (
    "Record ID", "subject", "content", "hs_ticket_priority", "hubspot_owner_id", "hs_pipeline", "hs_pipeline_stage",
    "affected_products", "effort_hours", "escalated", "due_on", "next_contact_at", "internal_notes",
)  # fmt: skip
NEW_VALUES = (
    "A new name", "Line one\nline two", "URGENT", "bruno.carvalho@example.com", "Returns", "In transit (Returns)",
    "switch;camera", "12.5", "true", "2027-03-04", "2027-03-04 12:30", "",
)  # fmt: skip


def run_id_of(ended):
    assert ended.code == 0, ended.err
    return ended.summary["run_id"]


@pytest.fixture
def run(program, portal):
    """Return a function that runs a file and returns the run's ID."""

    def run(path, *options):
        return run_id_of(program(path, "--yes", "--json", *options, portal=portal))

    return run


@pytest.fixture
def undo(program, portal):
    """Return a function that undoes a run."""

    def undo(run, *options):
        return program("undo", run, "--yes", "--json", *options, portal=portal)

    return undo


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"dates_read_back": "milliseconds", "checkbox_order": "reversed", "numbers_read_back": "tidy"},
        {"trim_text": True, "clean_html": True, "cleared_in_answer": "null"},
    ],
    ids=["as-it-is", "other-forms", "tidying"],
)
def test_every_type_goes_back(switches, portal, sheet, run, undo):
    """Changed and cleared cells, texts, options, sets, days, moments, owners, a pipeline with its stage."""
    portal.switch(**switches)
    edits = sheet(EVERY_TYPE, (A, *NEW_VALUES), (C, *NEW_VALUES))
    before = all_values(portal)

    done = run(edits)
    changed = all_values(portal)
    undone = undo(done)

    assert changed[A] != before[A]
    assert undone.code == 0, undone.err
    assert undone.summary["rows"]["updated"] == 2
    assert all_values(portal) == before


def test_the_portals_history_shows_each_cell_put_back_once(portal, sheet, run, undo):
    """Nothing is written but what the run had written."""
    before = values(portal, A)
    edits = sheet(
        ("Record ID", "subject", "due_on", "hs_ticket_priority"), (A, "New", "", before["hs_ticket_priority"])
    )

    undo(run(edits))

    assert own_writes(portal, A)[-2:] == [
        {"subject": "New", "due_on": ""},
        {"subject": before["subject"], "due_on": before["due_on"]},
    ]


def test_a_cell_that_a_colleague_changed_since_is_left_and_named(portal, sheet, run, undo):
    """The row's other cell goes back; the message says who changed what when."""
    before = values(portal, A)
    done = run(sheet(("Record ID", "subject", "hs_ticket_priority"), (A, "New", "URGENT"), (C, "Other", "URGENT")))
    portal.change(A, {"hs_ticket_priority": "LOW"}, user="9100001")

    undone = undo(done)

    assert undone.code == 1
    assert undone.summary["rows"] | {"total": 2, "updated": 2} == undone.summary["rows"]
    [error] = undone.summary["errors"]
    assert (error["code"], error["cell"], error["property"]) == ("conflict", "C2", "hs_ticket_priority")
    assert re.match(r"Ana Souza changed this at \d{4}-\d\d-\d\d ", error["message"])
    assert 'the run wrote "Urgent", the portal holds "Low"' in error["message"]
    assert values(portal, A) == before | {"hs_ticket_priority": "LOW"}
    assert "1 cell was changed since, and is left as it is." in undone.err


def test_a_row_of_which_nothing_can_go_back_is_invalid(portal, sheet, run, undo):
    done = run(sheet(("Record ID", "subject"), (A, "New"), (C, "Other")))
    portal.change(A, {"subject": "A colleague's"})
    before_undo = own_writes(portal, A)

    undone = undo(done)

    assert (undone.code, undone.summary["rows"]["invalid"], undone.summary["rows"]["updated"]) == (1, 1, 1)
    assert own_writes(portal, A) == before_undo


def test_a_change_back_by_a_colleague_is_no_conflict(portal, sheet, run, undo):
    before = values(portal, A)
    done = run(sheet(("Record ID", "subject"), (A, "New")))
    portal.change(A, {"subject": before["subject"]})

    undone = undo(done)

    assert (undone.code, undone.summary["rows"]["unchanged"]) == (0, 1)
    assert undone.summary["requests"]["update"] == 0


def test_a_pipeline_and_its_stage_go_back_together_or_not_at_all(portal, sheet, run, undo):
    """One without the other is refused by the portal, or moves the ticket where nobody wanted it."""
    tickets = portal.tickets()
    keys = [key for key, one in tickets.items() if one["properties"]["hs_pipeline"] == "0" and not one["archived"]][:2]
    before = {key: values(portal, key) for key in keys}
    done = run(sheet(("Record ID", "hs_pipeline", "Ticket status"), *((key, "Returns", "In transit") for key in keys)))
    portal.change(keys[0], {"hs_pipeline_stage": "149215503"}, user="9100002")

    undone = undo(done)

    assert undone.code == 1
    assert sorted((one["row"], one["property"]) for one in undone.summary["errors"]) == [
        (2, "hs_pipeline"),
        (2, "hs_pipeline_stage"),
    ]
    assert values(portal, keys[0]) | {"hs_pipeline": "75283641", "hs_pipeline_stage": "149215503"} == values(
        portal, keys[0]
    )
    assert values(portal, keys[1]) == before[keys[1]]


def test_a_stage_that_the_portal_chose_goes_back_with_its_pipeline(portal, sheet, run, undo):
    """The run named a pipeline alone; some portals take its first stage then."""
    portal.switch(pipeline_alone="reset")
    before = {key: values(portal, key) for key in (A, B)}
    done = run(sheet(("Record ID", "hs_pipeline"), (A, "Returns"), (B, "Returns")))
    assert values(portal, A)["hs_pipeline_stage"] == "149215501"
    portal.change(B, {"hs_pipeline_stage": "149215502"})

    undone = undo(done)

    assert sorted(undone.codes) == [(3, "conflict"), (3, "conflict")]
    assert values(portal, A) == before[A]
    assert values(portal, B)["hs_pipeline"] == "75283641"


def test_an_undo_can_be_undone(portal, sheet, run, undo):
    before = all_values(portal)
    done = run(sheet(("Record ID", "subject", "due_on"), (A, "New", ""), (C, "Other", "2027-01-01")))
    after = all_values(portal)

    first = undo(done)
    assert all_values(portal) == before
    second = undo(run_id_of(first))
    assert all_values(portal) == after
    third = undo(run_id_of(second))

    assert (first.code, second.code, third.code) == (0, 0, 0)
    assert all_values(portal) == before


def test_a_second_undo_finds_nothing_to_do(portal, sheet, run, undo):
    done = run(sheet(("Record ID", "subject"), (A, "New")))
    assert undo(done).code == 0
    portal.forget_requests()

    again = undo(done)

    assert (again.code, again.summary["rows"]["unchanged"]) == (0, 1)
    assert portal.requests("batch/update") == []


def test_only_what_an_interrupted_run_sent_goes_back(portal, program, sheet, undo):
    """250 rows, the token dies after the first batch; the undo takes that back, and nothing is left to resume."""
    keys = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][:250]
    before = all_values(portal)
    portal.fault("unauthorized", path="batch/update", after=1, times=10)
    stopped = program(
        sheet(("Record ID", "subject"), *((key, f"Edited {key}") for key in keys)), "--yes", "--json", portal=portal
    )
    portal.calm()
    assert stopped.code == 3
    assert 0 < stopped.summary["rows"]["updated"] < 250

    undone = undo(stopped.summary["run_id"])

    assert undone.code == 0
    assert undone.summary["rows"]["total"] == stopped.summary["rows"]["updated"]
    assert all_values(portal) == before
    resumed = program("resume", "--json", portal=portal)
    assert (resumed.code, resumed.summary["run_id"]) == (2, None)


def forget_answers(home, run):
    """Make a journal what it is when the process was killed after the batches left and before their answers came."""
    with sqlite3.connect(home / "runs" / f"{run}.sqlite3") as journal:
        journal.execute("UPDATE rows SET status = NULL, ticket = NULL, returned = NULL")
        journal.execute("UPDATE batches SET state = 'sent', answered_at = NULL")
    journal.close()
    with Journal.open(home / "runs" / f"{run}.sqlite3") as noted:
        noted.note(state="sending")


def test_what_left_without_an_answer_goes_back_too(home, portal, sheet, run, undo):
    """A kill between a batch and its answer: one ticket had been written, the other not."""
    before = all_values(portal)
    done = run(sheet(("Record ID", "subject"), (A, "New"), (C, "Other")))
    forget_answers(home, done)
    portal.change(C, {"subject": before[C]["subject"]})

    undone = undo(done)

    assert (undone.code, undone.summary["rows"]["updated"], undone.summary["rows"]["unchanged"]) == (0, 1, 1)
    assert all_values(portal) == before


def test_a_resumed_run_is_undone_as_a_whole(portal, program, sheet, undo):
    before = all_values(portal)
    portal.fault("unauthorized", path="batch/update", times=1)
    stopped = program(sheet(("Record ID", "subject"), (A, "New"), (C, "Other")), "--yes", "--json", portal=portal)
    resumed = program("resume", "--json", portal=portal)
    assert (stopped.code, resumed.code) == (3, 0)

    undone = undo(resumed.summary["run_id"])

    assert (undone.code, undone.summary["rows"]["updated"]) == (0, 2)
    assert all_values(portal) == before


def test_an_undo_that_was_stopped_is_resumed(portal, program, sheet, run, undo):
    before = all_values(portal)
    done = run(sheet(("Record ID", "subject"), (A, "New"), (C, "Other")))
    portal.fault("unauthorized", path="batch/update", times=1)

    stopped = undo(done)
    resumed = program("resume", "--json", portal=portal)

    assert (stopped.code, resumed.code) == (3, 0)
    assert resumed.summary["run_id"] == stopped.summary["run_id"]
    assert all_values(portal) == before


def test_an_undo_without_a_name_takes_what_is_in_effect(portal, program, sheet, run, undo):
    before = all_values(portal)
    done = run(sheet(("Record ID", "subject"), (A, "New")))
    first = undo(done)
    nothing = program("undo", "--yes", "--json", portal=portal)
    undo(run_id_of(first))  # the run's changes are there again

    listed = {one["run_id"]: one["next"] for one in program("runs", "--json").summary["runs"]}
    again = program("undo", "--yes", "--json", portal=portal)

    assert (nothing.code, nothing.summary["errors"][0]["code"]) == (2, "nothing_to_do")
    assert listed[done] == f"import-tickets undo {done}"
    assert listed[run_id_of(first)] is None  # it was undone
    assert again.code == 0
    assert all_values(portal) == before


def test_a_run_that_was_undone_in_part_is_not_undone_yet(portal, program, sheet, run, undo):
    before = all_values(portal)
    living = [one for one, held in portal.tickets().items() if not held["archived"] and not held["merged_into"]]
    done = run(sheet(("Record ID", "subject"), *((ticket, "New") for ticket in living[:150])))
    portal.fault("unauthorized", path="batch/update", after=1, times=None)
    stopped = undo(done)
    portal.calm()

    again = program("undo", "--yes", "--json", portal=portal)

    assert stopped.summary["rows"]["updated"] == 100
    assert f"import-tickets resume {stopped.summary['run_id']}" in again.err
    assert (again.code, again.summary["rows"]["updated"], again.summary["rows"]["unchanged"]) == (0, 50, 100)
    assert all_values(portal) == before


def test_tickets_that_went_away_are_named(portal, sheet, run, undo):
    """Archived and merged since: left alone, each with its reason; the others go back."""
    before = values(portal, C)
    other = next(
        k for k, v in portal.tickets().items() if k not in {A, B, C} and not v["archived"] and not v["merged_into"]
    )
    done = run(sheet(("Record ID", "subject"), (A, "One"), (B, "Two"), (C, "Three")))
    portal.archive(A)
    new = portal.merge(B, other)

    undone = undo(done)

    assert undone.code == 1
    assert undone.codes == [(2, "archived"), (3, "merged")]
    assert new in undone.summary["errors"][1]["message"]
    assert values(portal, C) == before


def test_a_run_by_a_unique_property_is_undone_by_record_id(portal, sheet, run, undo):
    """Somebody renames the key meanwhile; the ticket is found all the same."""
    before = values(portal, A)
    done = run(sheet(("external_ref", "subject"), ("REF-000001", "New")))
    portal.change(A, {"external_ref": "REF-RENAMED"})

    undone = undo(done)

    assert undone.code == 0
    assert undone.summary["key"]["property"] == "id"
    assert values(portal, A) == before | {"external_ref": "REF-RENAMED"}


def test_what_the_portal_made_of_a_value_counts_as_written(portal, sheet, run, undo):
    """The portal cleans rich text, and still holds what it made of it."""
    portal.switch(clean_html=True)
    before = values(portal, A)
    done = run(sheet(("Record ID", "customer_letter"), (A, "<P>Hello<script>x()</script></P>")))
    assert values(portal, A)["customer_letter"] != "<P>Hello<script>x()</script></P>"

    undone = undo(done)

    assert undone.code == 0, undone.out
    assert values(portal, A) == before


@pytest.mark.parametrize("options", [("--no-diff",), ("--dry-run",)])
def test_a_run_without_values_before_cannot_be_undone(options, portal, program, sheet, undo):
    done = program(sheet(("Record ID", "subject"), (A, "New")), "--yes", "--json", *options, portal=portal)
    portal.forget_requests()

    undone = undo(done.summary["run_id"])

    assert undone.code == 2
    assert undone.err.strip()
    assert portal.requests("/batch/") == []


def test_what_is_no_run_cannot_be_undone(program, portal, sheet, undo):
    """Neither a run that is not there, nor a reconciliation."""
    reconciled = program("reconcile", sheet(("Record ID", "subject"), (A, "New")), "--json", portal=portal)

    unknown = undo("20260101-000000-0000")

    assert (unknown.code, undo(reconciled.summary["run_id"]).code) == (2, 2)
    assert "import-tickets runs" in unknown.err


def test_a_run_that_changed_nothing_has_nothing_to_undo(portal, sheet, run, undo):
    done = run(sheet(("Record ID", "subject"), (A, portal.ticket(A)["properties"]["subject"])))

    undone = undo(done)

    assert (undone.code, undone.summary["rows"]["total"]) == (0, 0)


def test_an_undo_asks_as_a_run_does(portal, program, sheet, run):
    """Without a terminal and without --yes nothing is sent; a dry run tells what would go back."""
    before_run = values(portal, A)
    done = run(sheet(("Record ID", "subject"), (A, "New")))
    portal.forget_requests()

    unasked = program("undo", done, "--json", portal=portal)
    dry = program("undo", done, "--dry-run", "--json", portal=portal)

    assert (unasked.code, unasked.codes) == (2, [(None, "not_confirmed")])
    assert (dry.code, dry.summary["rows"]["would_update"], dry.summary["dry_run"]) == (0, 1, True)
    assert portal.requests("batch/update") == []
    assert before_run["subject"] in dry.err
    assert "Workflows" in dry.err


def test_the_spreadsheet_is_left_alone_and_the_page_is_written(portal, sheet, run, undo, tmp_path):
    edits = sheet(("Record ID", "subject"), (A, "New <b>name</b>"))
    done = run(edits)
    annotated = edits.read_bytes()
    page = tmp_path / "undo.html"

    undone = undo(done, "--html", page)

    assert undone.code == 0
    assert edits.read_bytes() == annotated
    assert undone.summary["report"] is None
    text = page.read_text("utf-8")
    assert done in text
    assert "<b>name</b>" not in text
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == ["edits.csv", "undo.html"]


def test_an_undo_works_when_the_file_is_gone(portal, sheet, run, undo):
    edits = sheet(("Record ID", "subject"), (A, "New"))
    before = values(portal, A)
    done = run(edits)
    edits.unlink()

    assert undo(done).code == 0
    assert values(portal, A) == before


def test_an_undo_in_another_portal_is_refused(portal, sheet, run, undo):
    """The same address, and a token of another account."""
    done = run(sheet(("Record ID", "subject"), (A, "New")))
    account = portal.call("GET", "/account-info/v3/details")[1]
    portal.define("account", account | {"portalId": 777})

    undone = undo(done)

    assert undone.code == 2
    assert "777" in undone.err
    assert values(portal, A)["subject"] == "New"


def test_a_ticket_changed_while_the_undo_waits_is_a_conflict(portal, program, sheet, run, monkeypatch):
    """A colleague edited while the plan was on the table."""
    done = run(sheet(("Record ID", "subject"), (A, "New"), (C, "Other")))

    def ask(job, rows):
        portal.change(A, {"subject": "A colleague's"})

    monkeypatch.setattr("importer.jobs.confirm.ask", ask)

    undone = program("undo", done, "--json", portal=portal)

    assert (undone.code, undone.codes) == (1, [(2, "conflict")])
    assert values(portal, A)["subject"] == "A colleague's"


def test_the_journal_of_an_undo_names_its_run(home, portal, sheet, run, undo):
    done = run(sheet(("Record ID", "subject"), (A, "New")))

    undone = undo(done)

    with Journal.open(home / "runs" / f"{undone.summary['run_id']}.sqlite3") as journal:
        assert (journal.record.kind, journal.record.parent, journal.record.state) == ("undo", done, "finished")


# --- the law ----------------------------------------------------------------------------------------------------------

CELLS = {
    "subject": st.one_of(
        st.just(""), st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
    ),
    "content": st.sampled_from(["", "One\nTwo", "=1+1", "<script>", " kept "]),
    "hs_ticket_priority": st.sampled_from(["", "LOW", "MEDIUM", "HIGH", "URGENT"]),
    "hubspot_owner_id": st.sampled_from(["", "51230011", "51230012"]),
    "affected_products": st.sampled_from(["", "router", "camera;router", ";switch", "nobreak;access_point"]),
    "effort_hours": st.sampled_from(["", "0", "0.25", "12", "1e3"]),
    "escalated": st.sampled_from(["", "true", "false", "yes"]),
    "due_on": st.sampled_from(["", "2026-12-31", "2027-02-28"]),
    "next_contact_at": st.sampled_from(["", "2026-12-31 23:59", "2027-03-04T12:30:00.120Z"]),
    "hs_pipeline_stage": st.sampled_from(["1", "2", "4"]),
    "region": st.sampled_from(["", "north", "South"]),
}


@st.composite
def files(draw):
    """Return header and rows of a file: some tickets of the first pipeline, some columns, any values, blanks too."""
    names = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5, unique=True))
    count = draw(st.integers(1, 4))
    return names, [[draw(CELLS[name]) for name in names] for _ in range(count)]


@examples(6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(file=files())
def test_an_undo_restores_what_people_had_set(file, portal, program, sheet):
    """Law: run, nobody edits, undo; every ticket holds what people had set before."""
    names, rows = file
    touched = SUPPORT_TICKETS[: len(rows)]
    before = all_values(portal, touched)
    edits = sheet(["Record ID", *names], *([key, *row] for key, row in zip(touched, rows, strict=True)))

    ended = program(edits, "--yes", "--json", "--on-invalid", "skip", "--allow-empty-column", portal=portal)
    assert ended.code in {0, 1}, ended.err
    undone = program("undo", ended.summary["run_id"], "--yes", "--json", portal=portal)

    assert undone.code == 0, json.dumps(undone.summary["errors"], indent=1)
    assert all_values(portal, touched) == before


# --- cell by cell ---------------------------------------------------------------------------------------------------


def test_a_cell_that_cannot_go_back_keeps_no_other_from_going_back(portal, program, sheet, run, undo):
    """Its option was removed meanwhile."""
    held = values(portal, A)
    done = run(sheet(("Record ID", "subject", "hs_ticket_priority"), (A, "New", other_priority(held))))
    body = portal.call("GET", "/crm/v3/properties/tickets/hs_ticket_priority")[1]
    left = [one for one in body["options"] if one["value"] != held["hs_ticket_priority"]]
    portal.define("property", body | {"options": left})

    undone = undo(done)

    assert (undone.code, undone.codes) == (1, [(2, "invalid_option")])
    now = values(portal, A)
    assert now["subject"] == held["subject"]
    assert now["hs_ticket_priority"] == other_priority(held)


def other_priority(held):
    return "LOW" if held["hs_ticket_priority"] != "LOW" else "HIGH"


MANY = ("subject", "content", "effort_hours", "hs_ticket_priority")


def forbid_texts(portal, name):
    rule = {"ruleType": "MIN_LENGTH", "ruleArguments": ["60"], "shouldApplyNormalization": False}
    portal.define("rule", {"propertyName": name, "propertyValidationRules": [rule]})


def lock(portal, name):
    body = portal.call("GET", f"/crm/v3/properties/tickets/{name}")[1]
    portal.define("property", body | {"modificationMetadata": {"readOnlyValue": True}})


def remove_options(portal, name):
    body = portal.call("GET", f"/crm/v3/properties/tickets/{name}")[1]
    portal.define("property", body | {"options": [one for one in body["options"] if one["value"] == "URGENT"]})


@pytest.mark.parametrize(
    ("name", "befall", "traced_rows"),
    [
        ("subject", forbid_texts, "each"),
        ("effort_hours", lock, "together"),
        ("hs_ticket_priority", remove_options, "together"),
    ],
)
def test_a_cell_refused_while_it_is_sent_keeps_no_other_cell(
    name, befall, traced_rows, portal, program, sheet, run, monkeypatch
):
    """What the plan could not see: a rule, or a definition that changed while the question waited."""
    before = {"subject": "Short", "content": "Old", "effort_hours": "2", "hs_ticket_priority": "LOW"}
    for ticket in SUPPORT_TICKETS:
        portal.change(ticket, before)
    after = dict(zip(MANY, ("S" * 70, "New", "7", "URGENT"), strict=True))
    done = run(sheet(("Record ID", *MANY), *((ticket, *after.values()) for ticket in SUPPORT_TICKETS)))
    portal.switch(traced_rows=traced_rows)
    monkeypatch.setattr("importer.jobs.confirm.ask", lambda job, rows: befall(portal, name))

    undone = program("undo", done, "--json", portal=portal)

    assert undone.code == 1, undone.err
    assert {(one["row"], one["code"], one["property"]) for one in undone.summary["errors"]} == {
        (row, "rejected", name) for row in (2, 3, 4, 5)
    }
    assert undone.summary["rows"]["updated"] == 4
    assert undone.summary["cells"]["changed"] == 4 * 3
    for ticket in SUPPORT_TICKETS:
        held = values(portal, ticket)
        assert {one: held[one] for one in MANY} == before | {name: after[name]}
    again = program("undo", undone.summary["run_id"], "--yes", "--json", portal=portal)
    assert again.summary["rows"]["updated"] == 4
    held = values(portal, A)
    assert {one: held[one] for one in MANY} == after
