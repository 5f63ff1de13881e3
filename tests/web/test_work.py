"""The work behind the page, without a browser: the sandbox, real files, the journal on disk."""

import asyncio
import shutil
import time

import pytest

from importer.jobs.state import StateFolder
from importer.web.cells import cells_of
from importer.web.work import Work


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
    assert all(row["after"] == "" for row in erased["rows"])
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
