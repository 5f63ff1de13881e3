"""What must change is what differs in meaning between the sheet and the portal."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.journal import Journal, RunRecord
from importer.model import CheckedRow, Columns, KeyColumn, ValueColumn
from importer.planning.planner import Planner
from importer.planning.policies import unite
from importer.portal import Portal, PortalSettings
from importer.sandbox import open_app, open_store
from importer.sandbox.options import Switches
from schemas.property import read_schema

A, B = "25012345001", "25012345009"


def plan(tmp_path, rows, names=("subject",), id_property="id", *, overwrite=False, prepare=None, **switches):
    """Plan rows (row, key, wanted, and more) against a fresh sandbox; return the journal, open."""

    async def work():
        app, base_url, token = open_app(tmp_path, switches=Switches(**switches))
        async with Portal(PortalSettings(base_url=base_url, token=token), app=app) as portal:
            if prepare:
                await prepare(portal)
            schema = read_schema(await portal.fetch_bodies())
            values = tuple(ValueColumn(n + 1, name, schema.properties[name]) for n, name in enumerate(names))
            columns = Columns(KeyColumn(0, "Key", id_property), values, 1)
            journal = Journal.create(tmp_path, RunRecord(id="run"))
            journal.rows.add((CheckedRow(*row) for row in rows), fold_keys=False)
            await Planner(columns, schema, overwrite_conflicts=overwrite).plan(journal, portal)
            return journal

    return asyncio.run(work())


def test_only_what_differs_is_planned(tmp_path):
    with plan(tmp_path, [(2, A, {"subject": "New name"})]) as first:
        [change] = first.report.changes()
        held = change.before["subject"]
    (tmp_path / "run.sqlite3").unlink()

    with plan(tmp_path, [(2, A, {"subject": held})]) as journal:
        assert list(journal.report.changes()) == []
        assert journal.rows.count_by_status() == {"unchanged": 1}
    assert change.after == {"subject": "New name"}


def test_unknown_tickets_are_invalid_at_their_key(tmp_path):
    with plan(tmp_path, [(2, "99999999999", {"subject": "x"})]) as journal:
        [finding] = journal.report.findings()

    assert (finding.code, finding.cell, finding.value) == ("not_found", "A2", "99999999999")


def test_a_unique_property_finds_the_record(tmp_path):
    with plan(tmp_path, [(2, "ref-000001", {"subject": "x"})], id_property="external_ref") as journal:
        [change] = journal.report.changes()

    assert (change.key, change.ticket) == ("ref-000001", A)


def test_cells_that_add_are_united_with_what_is_there(tmp_path):
    rows = [(2, "512", {"property_multiple_checkboxes": ";vanilla"})]

    with plan(tmp_path, rows, names=("property_multiple_checkboxes",)) as journal:
        changes = list(journal.report.changes())

    for change in changes:
        held = change.before["property_multiple_checkboxes"]
        assert set(change.after["property_multiple_checkboxes"].split(";")) == {
            *filter(None, held.split(";")),
            "vanilla",
        }
    assert len(changes) == 1


def test_a_stage_that_waits_takes_the_pipeline_of_the_ticket(tmp_path):
    """The same label is a stage of two pipelines; the ticket's own decides, and another's is refused."""
    new = {"hs_pipeline_stage": {"0": "1", "75283641": "149215501"}}
    foreign = {"hs_pipeline_stage": {"75283641": "149215502"}}

    with plan(tmp_path, [(2, A, {}, new), (3, "512", {}, foreign)], names=("hs_pipeline_stage",)) as journal:
        [change] = journal.report.changes()
        [finding] = journal.report.findings()

    assert change.after == {"hs_pipeline_stage": "1"}
    assert (finding.code, finding.cell) == ("stage_not_in_pipeline", "B3")


def test_days_that_older_portals_answer_as_milliseconds_are_told_as_days(tmp_path):
    rows = [(2, "512", {"property_date": "2027-01-01"})]

    async def old_portal(portal):
        await portal.update([{"id": "512", "properties": {"property_date": "2019-10-31"}, "objectWriteTraceId": "1"}])

    with plan(tmp_path, rows, names=("property_date",), prepare=old_portal, dates_read_back="milliseconds") as journal:
        [change] = journal.report.changes()

    assert change.before == {"property_date": "2019-10-31"}


def test_planning_what_was_just_written_plans_nothing(tmp_path):
    """Law: a plan against its own result is empty, in whatever form the portal answers."""
    wanted = {
        "property_date": "2027-01-01",
        "property_number": "12.50",
        "property_multiple_checkboxes": "vanilla;chocolate",
        "my_unique_property_name": "New-Value",
        "next_contact_at": "2027-03-04T12:30:00.000Z",
        "subject": "",
    }

    async def write(portal):
        answer = await portal.update([{"id": "512", "properties": wanted, "objectWriteTraceId": "1"}])
        assert [one.id for one in answer.results] == ["512"]

    forms = {
        "dates_read_back": "milliseconds",
        "numbers_read_back": "tidy",
        "checkbox_order": "reversed",
        "lower_unique": True,
    }
    with plan(tmp_path, [(2, "512", wanted)], names=tuple(wanted), prepare=write, **forms) as journal:
        assert list(journal.report.changes()) == []
        assert journal.rows.count_by_status() == {"unchanged": 1}


def test_tickets_are_missing_for_a_reason(tmp_path):
    """Archived and merged tickets are named as such, the merged one with its new ID."""
    keys = archived_and_merged(tmp_path)

    with plan(tmp_path, [(2, keys[0], {"subject": "x"}), (3, keys[1], {"subject": "x"})]) as journal:
        found = {finding.row: (finding.code, str(finding.text)) for finding in journal.report.findings()}

    assert found[2][0] == "archived"
    assert found[3][0] == "merged"
    assert keys[2] in found[3][1]


def archived_and_merged(folder):
    """Return the IDs of a seeded ticket that is archived, of one that was merged, and of that one's survivor."""
    tickets = list(open_store(folder).all_tickets())
    archived = next(one for one in tickets if one.archived is not None)
    merged = next(one for one in tickets if one.merged_into is not None)
    return str(archived.id), str(merged.id), str(merged.merged_into)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_property_that_the_portal_changed_later_is_a_conflict(overwrite, tmp_path):
    """Only the property counts, not the record's stamp: the other row's property was not touched."""

    async def colleague(portal):
        await portal.update([{"id": A, "properties": {"subject": "A colleague's"}, "objectWriteTraceId": "1"}])
        await portal.update([{"id": B, "properties": {"internal_notes": "Other"}, "objectWriteTraceId": "2"}])

    rows = [(row, key, {"subject": "Mine"}, {}, "2026-11-01T00:00:00Z") for row, key in ((2, A), (3, B))]
    with plan(tmp_path, rows, overwrite=overwrite, prepare=colleague) as journal:
        planned = {change.row for change in journal.report.changes()}
        codes = [(finding.row, finding.code) for finding in journal.report.findings()]

    assert planned == ({2, 3} if overwrite else {3})
    assert codes == ([] if overwrite else [(2, "conflict")])


OPTIONS = ["A", "B", "C", "D"]


@given(st.lists(st.sampled_from(OPTIONS)), st.lists(st.sampled_from(OPTIONS)))
def test_uniting_is_a_union_in_the_definitions_order(current, added):
    united = unite(";".join(current), ";" + ";".join(added), OPTIONS)

    assert united == ";".join(option for option in OPTIONS if option in {*current, *added})
    assert unite(united, ";" + ";".join(added), OPTIONS) == united
