"""A plan ages while somebody is asked, and until a resume: what changed meanwhile is not overwritten without a word."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.journal import Journal
from tests.jobs.office import A, B, C, values

SUBJECT, NOTES, PRIORITY = "subject", "internal_notes", "hs_ticket_priority"
UNIQUE = "external_ref"


@pytest.fixture
def meanwhile(monkeypatch):
    """Return a function that says what happens while the question waits; the answer is yes."""

    def happens(event):
        def ask(job, rows):
            event()

        monkeypatch.setattr("importer.jobs.confirm.ask", ask)

    return happens


def message_of(ended):
    [error] = ended.summary["errors"]
    return error["message"]


def test_a_conflict_names_what_was_and_what_is(portal, program, sheet, meanwhile):
    held = values(portal, A)[SUBJECT]
    meanwhile(lambda: portal.change(A, {SUBJECT: "A colleague's"}))

    ended = program(sheet(("Record ID", SUBJECT), (A, "Mine")), "--json", portal=portal)

    assert f'from "{held}" to "A colleague\'s"' in message_of(ended)
    assert '"Mine"' in message_of(ended)


def test_one_read_for_each_batch_and_only_after_a_question(portal, program, sheet, meanwhile):
    rows = [(A, "1"), (B, "2"), (C, "3")]
    plain = program(sheet(("Record ID", SUBJECT), *rows), "--yes", "--json", portal=portal)
    meanwhile(lambda: None)
    asked = program(sheet(("Record ID", SUBJECT), *[(key, f"new {n}") for key, n in rows]), "--json", portal=portal)

    assert (plain.code, plain.summary["requests"]["read"]) == (0, 1)
    assert (asked.code, asked.summary["requests"]["read"]) == (0, 2)


def test_a_key_that_was_given_to_another_ticket_is_a_conflict(portal, program, sheet, meanwhile):
    """The row was planned for one ticket; its key names another when it leaves."""

    def hand_over():
        portal.change(A, {UNIQUE: "REF-OLD"})
        portal.change(B, {UNIQUE: "REF-000001"})

    before = values(portal, B)[SUBJECT]
    meanwhile(hand_over)

    ended = program(sheet((UNIQUE, SUBJECT), ("REF-000001", "Mine")), "--id-property", UNIQUE, "--json", portal=portal)

    assert ended.codes == [(2, "conflict")]
    assert "REF-000001" in message_of(ended)
    assert values(portal, B)[SUBJECT] == before


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_pipeline_without_a_stage_column_ages_too(is_moved, portal, program, sheet, meanwhile):
    """The portal chooses the stage then: one that a colleague chose meanwhile would be lost."""
    portal.switch(pipeline_alone="reset")
    other = "2" if values(portal, A)["hs_pipeline_stage"] != "2" else "1"
    meanwhile(lambda: portal.change(A, {"hs_pipeline_stage": other} if is_moved else {NOTES: "Other"}))

    ended = program(sheet(("Record ID", "hs_pipeline"), (A, "75283641")), "--json", portal=portal)

    assert ended.codes == ([(2, "conflict")] if is_moved else []), ended.err
    assert values(portal, A)["hs_pipeline"] == ("0" if is_moved else "75283641")


def test_an_undo_leaves_what_a_colleague_had_set_before_the_row_left(portal, program, sheet, meanwhile, home):
    """They set one of two cells to what the sheet wants: that one is theirs."""
    held = values(portal, A)
    meanwhile(lambda: portal.change(A, {SUBJECT: "Both want this"}))
    done = program(
        sheet(("Record ID", SUBJECT, NOTES), (A, "Both want this", "Only mine")), "--json", portal=portal
    ).summary
    with Journal.open(home / "runs" / f"{done['run_id']}.sqlite3") as journal:
        [change] = journal.report.changes()

    undone = program("undo", done["run_id"], "--yes", "--json", portal=portal)

    assert done["cells"] == {"changed": 1, "cleared": 0}
    assert change.after == {NOTES: "Only mine"}
    assert undone.code == 0
    assert values(portal, A)[SUBJECT] == "Both want this"
    assert values(portal, A).get(NOTES) == held.get(NOTES)


def test_a_plan_is_looked_at_again_after_a_minute(portal, program, sheet, monkeypatch):
    """With --yes nobody is asked, and the plan is fresh; unless the rows before took long."""
    monkeypatch.setattr("importer.sending.sender.FRESH_S", -1.0)

    ended = program(sheet(("Record ID", SUBJECT), (A, "Mine")), "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["requests"]["read"]) == (0, 2)


EDITS = st.fixed_dictionaries(
    {},
    optional={
        SUBJECT: st.sampled_from(["", "Mine", "Theirs"]),
        NOTES: st.sampled_from(["", "My note", "Their note"]),
        PRIORITY: st.sampled_from(["LOW", "HIGH", ""]),
    },
)
MINE = {SUBJECT: "Mine", NOTES: "My note", PRIORITY: "LOW"}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edit=EDITS)
def test_law_no_edit_is_lost_between_plan_and_sending(edit, served, program, sheet, meanwhile):
    """Whatever a colleague does meanwhile: it stays, or the sheet says the same; and an undo restores what was seen."""
    portal = served.as_seeded()
    portal.change(A, {SUBJECT: "First", NOTES: "First note", PRIORITY: "MEDIUM"})
    meanwhile(lambda: portal.change(A, edit))

    ended = program(sheet(("Record ID", *MINE), (A, *MINE.values())), "--json", portal=portal)

    seen = {SUBJECT: "First", NOTES: "First note", PRIORITY: "MEDIUM"} | edit
    seen = {name: value for name, value in seen.items() if value}
    held = values(portal, A)
    if any(value != MINE[name] for name, value in edit.items()):
        assert ended.codes
        assert {code for _, code in ended.codes} == {"conflict"}
        assert {name: held[name] for name in MINE if name in held} == seen
        return
    assert {name: held.get(name) for name in MINE} == MINE
    undone = program("undo", ended.summary["run_id"], "--yes", "--json", portal=portal)
    assert undone.code == 0 or seen == MINE, undone.err
    held = values(portal, A)
    assert {name: held[name] for name in MINE if name in held} == seen
