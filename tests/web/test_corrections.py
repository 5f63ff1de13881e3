"""Corrections on the page, without a browser: written into a real file, judged anew by the run itself, reported."""

import asyncio

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import FileError
from importer.jobs.corrections import _check, choices, correction_of, suggestion
from importer.jobs.stored_run import stored_columns
from importer.journal import RunRecord
from importer.journal.run_record import Correction
from schemas.cells import Kind, Reading
from schemas.property import Option, PortalSchema, Property
from schemas.values import make_converter
from tests.jobs.office import SUPPORT_TICKETS
from tests.web.test_work import wait_for, work  # noqa: F401


def findings_of(work):  # noqa: F811
    with work.state.open_journal(work.run.run_id) as journal:
        return list(journal.report.findings()), stored_columns(journal.record)[0]


def test_a_suggestion_is_written_into_a_copy_and_the_run_finds_the_cell_right(work, tmp_path):  # noqa: F811
    """FILE is left alone unless it is chosen; the report lists what was corrected."""
    before = work.file.read_bytes()
    work.start_run()
    wait_for(work.run, "asking")
    found, schema = findings_of(work)
    near = {one.cell: suggestion(one, schema) for one in found if suggestion(one, schema)}
    assert near["D8"] == "Urgent"
    finding = next(one for one in found if one.cell == "D8")

    asyncio.run(work.correct([correction_of(finding, "Urgent", schema)]))
    wait_for(work.run, "asking")

    assert work.error is None
    assert work.file == tmp_path / "edits.corrected.xlsx"
    assert (tmp_path / "edits.xlsx").read_bytes() == before
    left, _ = findings_of(work)
    assert len(left) == len(found) - 1
    assert "D8" not in {one.cell for one in left}

    work.run.answer(work.run.rows)
    wait_for(work.run, "done")
    book = openpyxl.load_workbook(work.file)
    report = [[cell.value for cell in row[:2]] for row in book["Import report"].iter_rows()]
    assert ["Corrected", 'Priority: "Urgentt" → "Urgent" (D8)'] in report
    assert book.worksheets[0]["D8"].value == "Urgent"


def test_a_second_correction_of_a_cell_goes_into_the_same_file(work):  # noqa: F811
    work.into_file = True
    work.start_run()
    wait_for(work.run, "asking")
    found, schema = findings_of(work)
    finding = next(one for one in found if one.cell == "D8")
    file = work.file

    for text in ("Nonsense", "High"):
        asyncio.run(work.correct([correction_of(finding, text, schema)]))
        wait_for(work.run, "asking")

    assert work.file == file
    assert [one[3:] for one in work.corrections.values()] == [("Urgentt", "High")]


def test_of_several_options_only_the_wrong_one_is_replaced(work, tmp_path):  # noqa: F811
    """In every cell of a group, whatever else each of them holds."""
    path = tmp_path / "several.csv"
    cells = ("Camera; Roter", ";Roter", "Roter", "Switch;Camera")
    rows = (f"{key},{cell}" for key, cell in zip(SUPPORT_TICKETS, cells, strict=True))
    path.write_text("\n".join(("Record ID,affected_products", *rows, "")))
    work.file, work.into_file = path, True
    work.start_run()
    wait_for(work.run, "asking")
    found, schema = findings_of(work)

    asyncio.run(work.correct([correction_of(one, suggestion(one, schema), schema) for one in found]))
    wait_for(work.run, "asking")

    assert work.error is None
    written = [line.partition(",")[2] for line in path.read_text().split("\n")[1:5]]
    assert written == ["Camera;Router", ";Router", "Router", "Switch;Camera"]
    assert findings_of(work)[0] == []


def test_a_file_that_was_saved_meanwhile_is_left_alone(work):  # noqa: F811
    work.into_file = True
    work.start_run()
    wait_for(work.run, "asking")
    found, schema = findings_of(work)
    finding = next(one for one in found if one.cell == "D8")
    book = openpyxl.load_workbook(work.file)
    book.save(work.file)
    saved = work.file.read_bytes()

    asyncio.run(work.correct([correction_of(finding, "Urgent", schema)]))

    assert work.error.code == "file_changed"
    assert work.file.read_bytes() == saved
    assert not work.corrections


def test_a_file_that_is_saved_while_it_is_corrected_is_left_alone(work, monkeypatch):  # noqa: F811
    """What a spreadsheet program saves while the corrected file is looked at is not overwritten."""
    work.into_file = True
    work.start_run()
    wait_for(work.run, "asking")
    found, schema = findings_of(work)
    finding = next(one for one in found if one.cell == "D8")
    monkeypatch.setattr("importer.jobs.corrections._check", lambda *_: work.file.write_bytes(b"saved"))

    asyncio.run(work.correct([correction_of(finding, "Urgent", schema)]))

    assert work.error.code == "file_changed"
    assert work.file.read_bytes() == b"saved"
    assert [one.name for one in work.file.parent.glob("*edits*")] == ["edits.xlsx"]


@pytest.mark.parametrize(("written", "row"), [(1, 3), (3, 4)])
def test_a_corrected_file_of_another_number_of_rows_is_not_taken(written, row, tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("Record ID,subject\n1,a\n2,b\n")
    new.write_text("".join(["Record ID,subject\n", "1,A\n", "2,b\n", "3,c\n"][: written + 1]))
    record = RunRecord(id="1", file=str(old), digest="", dialect={"encoding": "utf-8", "delimiter": ","})

    with pytest.raises(FileError, match=f"in row {row}"):
        _check(new, [Correction(2, 1, "subject", "a", "A")], record)


def test_the_editor_offers_what_a_cell_may_hold():
    """Labels of options, stages with their pipeline, owners by e-mail with their names."""
    from importer.jobs import connect
    from importer.jobs.options import PortalAccess
    from importer.jobs.state import StateFolder

    async def schema(home):
        async with connect.connect(PortalAccess(sandbox=True), StateFolder(home)) as portal:
            return await connect.fetch_schema(portal, StateFolder(home))

    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(schema(Path(folder)))

    assert choices(found, "hs_ticket_priority")["Urgent"] == "Urgent"
    assert any(text.endswith("(Support Pipeline)") for text in choices(found, "hs_pipeline_stage"))
    assert all("@" in text for text in choices(found, "hubspot_owner_id") if text)
    assert choices(found, "subject") == {}


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPORT_TICKETS_HOME", str(tmp_path / "home"))


@given(
    st.lists(
        st.tuples(*[st.sampled_from(["a", "b", "A", "yes", "true", "x;y", " "])] * 2), unique_by=lambda one: one[0]
    )
)
@settings(max_examples=40)
def test_what_the_editor_offers_is_read_as_the_option_that_it_shows(options):
    """Whatever words the options share, a cell that is filled from the list means the chosen one."""
    definition = Property(
        "kind", "Kind", "enumeration", "select", options=tuple(Option(value, label) for value, label in options)
    )
    portal = PortalSchema(properties={"kind": definition})
    read = make_converter(definition, portal, Reading())

    for text, label in choices(portal, "kind").items():
        assert (read(text, Kind.TEXT), label) in options
