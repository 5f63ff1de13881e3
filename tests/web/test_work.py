"""The work behind the page, without a browser: the sandbox, real files, the journal on disk."""

import asyncio
import shutil
import time
from dataclasses import replace

import pytest

from importer.jobs.corrections import correction_of
from importer.jobs.state import StateFolder
from importer.jobs.stored_run import stored_columns
from importer.web.cells import cells_of
from importer.web.frame import place_of
from importer.web.work import Work
from tests.sandbox_server import SandboxServer


def fail(error):
    raise error


@pytest.fixture
def work(tmp_path):
    shutil.copy("fixtures/edits.xlsx", tmp_path / "edits.xlsx")
    work = Work(StateFolder(tmp_path / "home"), {}, "en", fail, file=tmp_path / "edits.xlsx")
    work.reach_at_start(sandbox=True, portal=None)
    yield work
    work.close()


def wait_for(run, phase):
    for _ in range(600):
        if run.phase == phase:
            return
        time.sleep(0.1)
    raise AssertionError(f"still {run.phase}: {run.result}")


def test_the_job_waits_for_the_page_and_the_grid_reads_its_plan_in_pieces(work):
    """Nothing is sent before the answer; what the pieces hold is the whole plan; no sends nothing."""
    work.start_run()
    run = work.run
    wait_for(run, "asking")

    plan = run.plan
    whole = cells_of(work, start=0, count=500, name="", erased=False, text="")
    pieces = [cells_of(work, start=at, count=7, name="", erased=False, text="") for at in range(0, 40, 7)]

    assert whole["total"] == plan.cells_changed + plan.cells_cleared == len(whole["rows"])
    assert [row for piece in pieces for row in piece["rows"]] == whole["rows"]
    erased = cells_of(work, start=0, count=500, name="", erased=True, text="")
    assert erased["total"] == plan.cells_cleared
    assert all(row["after"] == "(empty)" for row in erased["rows"])
    found = cells_of(work, start=0, count=500, name="hs_ticket_priority", erased=False, text="25012345001")
    assert [(row["row"], row["before"], row["after"]) for row in found["rows"]] == [(2, "High", "Urgent")]

    run.answer(0)
    wait_for(run, "done")
    assert run.result.exit_code == 2
    assert run.result.summary["rows"]["updated"] == 0


def test_columns_are_looked_at_and_unknown_ones_named(work, tmp_path):
    """An unknown header stands against the run until it is given a property, or left out."""
    from dataclasses import replace

    work.use_file(tmp_path / "unknown.csv")
    work.file.write_text("Record ID,Priority,Moood\n25012345001,High,good\n", "utf-8")

    assert asyncio.run(work.look_at_file()), work.error
    looks = {one.header: one for one in work.look.columns}
    assert looks["Record ID"].is_key
    assert looks["Priority"].samples == ("High",)
    assert looks["Moood"].finding is not None
    assert work.look.findings
    assert looks["Moood"].near == ()

    work.read = replace(work.read, skip_columns=("Moood",))
    assert asyncio.run(work.look_at_file())
    assert not work.look.findings
    assert {one.header: one for one in work.look.columns}["Moood"].left_out


def test_the_end_waits_for_what_is_in_flight_and_removes_the_upload(work):
    """A job that waits for an answer is told no; the upload is gone with its folder."""
    work.use_upload("edits.xlsx", work.file.read_bytes())
    upload = work.file
    work.start_run()
    wait_for(work.run, "asking")

    assert work.close() == 0

    assert not upload.parent.exists()
    assert work.run.phase == "done"


def test_rows_that_are_unticked_are_left_out(work):
    """They stay as they are in the portal and end `not sent`; the others are sent; nothing is asked twice."""
    import openpyxl

    work.start_run()
    run = work.run
    wait_for(run, "asking")
    rows = run.rows

    run.left_out = {2, 3}
    assert not cells_of(work, start=0, count=1, name="", erased=False, text="")["rows"][0]["send"]
    run.answer(rows)
    wait_for(run, "done")

    assert run.questions == 1
    assert run.result.summary["rows"]["updated"] == rows - 2
    sheet = openpyxl.load_workbook(work.file).worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    places = headers.index("Import status"), headers.index("Import message")
    assert [sheet[2][place].value for place in places] == ["not sent", "left out on the page"]


def test_the_plan_on_the_table_is_saved_as_a_file(work, tmp_path):
    """It is the plan that `import-tickets plan` would write, without what was unticked, and can be applied once."""
    from importer.jobs.apply_file import apply_plan_file
    from importer.jobs.context import Context
    from importer.jobs.options import RunOptions, Silent
    from importer.jobs.plan import save_plan

    work.start_run()
    run = work.run
    wait_for(run, "asking")
    run.left_out = {2}
    run.leave_out()
    with work.state.open_journal(run.run_id) as journal:
        save_plan(journal, tmp_path / "edits.plan.xlsx", work.state, work.words)
        rows = journal.plan.count_rows()
    run.answer(0)
    wait_for(run, "done")

    assert rows == run.rows - 1
    context = Context(work.practise(), work.state, Silent())
    result = asyncio.run(apply_plan_file(RunOptions(tmp_path / "edits.plan.xlsx", yes=True), context))
    assert result.summary["rows"]["updated"] == rows


def test_a_sheet_of_tickets_is_made_edited_and_compared(work, tmp_path):
    """By pipeline, stage and owner as the page offers them; an edited cell is what the plan changes."""
    import openpyxl

    from importer.jobs.corrections import choices
    from importer.template.ticket_query import Choice

    assert asyncio.run(work.connect(work.access))
    stage = next(one for one in choices(work.schema, "hs_pipeline_stage") if one.startswith("Waiting on us"))
    owner = next(one for one, label in choices(work.schema, "hubspot_owner_id").items() if "Ana Souza" in label)
    choice = Choice(pipeline="Support Pipeline", stage=stage, owner=owner)

    made = asyncio.run(work.make_sheet(["subject", "hs_ticket_priority"], choice))

    assert made is not None, work.error
    (tmp_path / "tickets.xlsx").write_bytes(made)
    book = openpyxl.load_workbook(tmp_path / "tickets.xlsx")
    sheet = book.worksheets[0]
    place = [cell.value for cell in sheet[1]].index("Priority")
    sheet[2][place].value = "Low" if sheet[2][place].value != "Low" else "High"
    book.save(tmp_path / "tickets.xlsx")
    work.use_file(tmp_path / "tickets.xlsx")
    work.start_run()
    wait_for(work.run, "asking")
    assert work.run.rows == 1
    work.run.answer(1)
    wait_for(work.run, "done")

    work.start_reconcile()
    wait_for(work.run, "done")
    assert work.run.result.summary["rows"]["differs"] == 0
    assert work.run.result.summary["rows"]["matches"] == sheet.max_row - 1

    assert asyncio.run(work.make_sheet([], Choice(stage="No such stage"))) is None
    assert "No such stage" in str(work.error.text)


def test_what_was_said_of_columns_is_a_settings_file(work, tmp_path):
    """Near names are offered first; what was chosen is what `import-tickets.toml` makes of the file."""
    import tomllib
    from dataclasses import replace

    from importer.web.columns import settings_text

    work.use_file(tmp_path / "near.csv")
    work.file.write_text("Record ID,Prioritty,Note\n25012345001,High,x\n", "utf-8")
    assert asyncio.run(work.look_at_file()), work.error
    assert {one.header: one for one in work.look.columns}["Prioritty"].near[0] == "hs_ticket_priority"

    mapping = {'Prior"itty\n\x7f': "hs_ticket_priority"}
    work.read = replace(work.read, mapping=mapping, skip_columns=("Note",), date_format="DD/MM/YYYY")

    assert tomllib.loads(settings_text(work.read)) == {
        "options": {"date-format": "DD/MM/YYYY"},
        "columns": {"skip": ["Note"], "map": mapping},
    }


def test_columns_that_are_no_table_of_tickets_yet_are_offered_what_is_missing(work, tmp_path):
    """No key, several sheets, two unique properties: each is asked on the page, never a dead end."""
    from dataclasses import replace

    import openpyxl

    work.use_file(tmp_path / "no-key.csv")
    work.file.write_text("Number,Priority\n25012345001,High\n", "utf-8")
    assert asyncio.run(work.look_at_file()), work.error
    assert [one.code for one in work.look.findings if one.position is None] == ["no_key_column"]
    assert [one.property_name for one in work.look.columns] == [None, "hs_ticket_priority"]
    work.read = replace(work.read, mapping={"Number": "id"})
    assert asyncio.run(work.look_at_file()), work.error
    assert work.look.columns[0].is_key
    assert not work.look.findings

    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("May")):
        sheet.append(["Record ID", "Priority"])
        sheet.append(["25012345001", "High"])
    book.save(tmp_path / "two.xlsx")
    work.use_file(tmp_path / "two.xlsx")
    assert asyncio.run(work.look_at_file()), work.error
    assert [one.code for one in work.look.findings] == ["ambiguous_sheet"]
    work.read = replace(work.read, sheet=work.look.sheets[1])
    assert asyncio.run(work.look_at_file()), work.error
    assert (work.look.sheet, len(work.look.columns), work.look.findings) == ("May", 2, ())


def test_a_column_that_is_known_can_be_another_or_left_out(work):
    """A choice is never the last one."""
    from dataclasses import replace

    assert asyncio.run(work.look_at_file()), work.error
    header = next(one.header for one in work.look.columns if one.property_name == "region")
    work.read = replace(work.read, skip_columns=(header,))
    assert asyncio.run(work.look_at_file())
    assert next(one for one in work.look.columns if one.header == header).left_out
    work.read = replace(work.read, skip_columns=(), mapping={header: "content"})
    assert asyncio.run(work.look_at_file())
    assert next(one for one in work.look.columns if one.header == header).property_name == "content"


def test_settings_files_count_on_the_page_as_on_the_command_line(tmp_path, monkeypatch):
    """How FILE is read stands beside it, guard rails in the user's own folder; the page asks all the same."""
    from importer.cli import settings
    from importer.cli.commands.run import run_options
    from importer.cli.main import options_of_run

    own = tmp_path / "own" / "import-tickets.toml"
    own.parent.mkdir()
    own.write_text('[options]\nmax-clears = 0\nyes = true\noutput = "elsewhere.xlsx"\n', "utf-8")
    monkeypatch.setattr(settings, "user_settings", lambda: own)
    file = tmp_path / "notes.csv"
    file.write_text("Record ID,Region,Moood\n25012345001,,good\n", "utf-8")
    (tmp_path / "import-tickets.toml").write_text('[columns]\nskip = ["Moood"]\n', "utf-8")

    work = Work(StateFolder(tmp_path / "home"), {}, "en", fail, lambda file: run_options(options_of_run(file)), file)
    work.reach_at_start(sandbox=True, portal=None)
    assert asyncio.run(work.look_at_file()), work.error
    assert not work.look.findings
    work.start_run()
    wait_for(work.run, "done")
    assert "max-clears" in str(work.run.result.error.text)
    assert "import-tickets.toml" in work.options.settings
    assert not work.options.yes
    work.close()

    (tmp_path / "import-tickets.toml").write_text("[options]\nyes = true\n", "utf-8")
    work.use_file(file)
    assert work.file is None
    assert "does not count here" in str(work.error.text)


def test_tickets_have_their_names_in_the_grid_and_are_found_by_them(work):
    """The name as the sheet has it, then the ID."""
    work.start_run()
    wait_for(work.run, "asking")
    first = cells_of(work, start=0, count=1, name="", erased=False, text="")["rows"][0]["ticket"]
    assert first == "Invoice shows the wrong address (1) (25012345001)"
    found = cells_of(work, start=0, count=500, name="", erased=False, text="ADDRESS (1)")
    assert {row["key"] for row in found["rows"]} == {"25012345001"}


def test_a_workbook_is_opened_in_its_own_program(tmp_path, monkeypatch):
    """By what a double click starts; without such a program it is said."""
    import sys

    from importer.web.open_file import open_file

    if sys.platform != "linux":
        pytest.skip("the program is found otherwise here")
    file = tmp_path / "my tickets.xlsx"
    file.write_bytes(b"")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not open_file(file)
    program = tmp_path / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > "{tmp_path}/opened"\n', "utf-8")
    program.chmod(0o700)
    assert open_file(file)
    for _ in range(100):
        if (tmp_path / "opened").is_file() and (tmp_path / "opened").read_text("utf-8"):
            break
        time.sleep(0.05)
    assert (tmp_path / "opened").read_text("utf-8") == str(file)


def test_the_grid_shows_values_in_the_form_of_the_reader(work):
    """Numbers and days as a Brazilian writes them; what is erased in words."""
    work.lang = "pt-BR"
    work.start_run()
    wait_for(work.run, "asking")

    def shown(name):
        found = cells_of(work, start=0, count=500, name=name, erased=False, text="")
        return [(row["row"], row["before"], row["after"]) for row in found["rows"]]

    assert (7, "596,72", "(vazio)") in shown("refund_amount")
    assert (3, "21/04/2026", "02/12/2026") in shown("due_on")


def test_an_answer_that_comes_after_another_wish_counts_for_nothing(work):
    """A portal that is slow to refuse a token does not take away the account that was chosen meanwhile."""
    with SandboxServer(tickets=5) as portal:
        portal.fault("latency", ms=2_000, times=1)
        slow = replace(work.by_token("pat-na1-wrong"), base_url=portal.environment["HUBSPOT_BASE_URL"])

        async def both():
            first = asyncio.create_task(work.connect(slow))
            await asyncio.sleep(0.2)
            return await work.connect(work.practise()), await first

        assert asyncio.run(both()) == (True, False)
        assert work.account.kind == "practice"
        assert work.error is None
        assert [one for one in work.checks if one.state == "problem"] == []
        assert asyncio.run(work.connect(slow))
        assert work.account is None
        assert [one.name for one in work.checks if one.state == "problem"] == ["token"]


def test_a_file_of_problems_alone_is_shown_where_it_can_be_corrected(work, tmp_path):
    """Nothing can be asked of it, so its run is over at once; a group is corrected at once all the same."""
    path = tmp_path / "group.csv"
    keys = (25012345001, 25012345009, 25012345013)
    path.write_text("Record ID,Priority\n" + "".join(f"{one},Urgentt\n" for one in keys), "utf-8")
    work.use_file(path)
    work.start_run()
    wait_for(work.run, "done")
    assert place_of(work.run) == "/problems"

    with work.state.open_journal(work.run.run_id) as journal:
        schema = stored_columns(journal.record)[0]
        found = [correction_of(one, "Urgent", schema) for one in journal.report.findings()]
    asyncio.run(work.correct(found))
    wait_for(work.run, "asking")
    assert work.run.rows + work.run.plan.unchanged == len(keys)
    assert place_of(work.run) == "/plan"
    work.run.answer(work.run.rows)
    wait_for(work.run, "done")
    assert place_of(work.run) == "/result"


def test_an_undo_shows_tickets_by_the_names_that_its_run_read(work):
    work.start_run()
    wait_for(work.run, "asking")
    names = {row["row"]: row["ticket"] for row in cells(work)}
    assert any(" (" in one for one in names.values())
    work.run.answer(work.run.rows)
    wait_for(work.run, "done")
    work.start_undo(work.run.run_id)
    wait_for(work.run, "asking")

    assert {row["row"]: row["ticket"] for row in cells(work)} == names


def cells(work):
    return cells_of(work, start=0, count=500, name="", erased=False, text="")["rows"]
