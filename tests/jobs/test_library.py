"""The library, as its documentation shows it; and what scripts rely on beyond that."""

import asyncio
import inspect
import re
import shutil
import subprocess
import sys
from gettext import NullTranslations
from pathlib import Path

import pytest

import importer
from importer.cli.commands.run import add_guard_rails
from importer.cli.parser import Parser
from importer.errors import FileError, GuardRail, InvalidRows, UsageError
from importer.jobs.library import Plan, Reading
from importer.jobs.options import ReadOptions
from schemas.default_portal import body
from schemas.saved import schema_bytes

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, home, monkeypatch):
    """A folder with edits.xlsx and ticket-schema.json, where the state folder is a fresh one."""
    shutil.copy(ROOT / "docs" / "samples" / "edits.xlsx", tmp_path)
    bodies = {name: body(name) for name in ("properties", "pipelines", "validations", "account")}
    (tmp_path / "ticket-schema.json").write_bytes(schema_bytes(bodies))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_blocks(page):
    names = {}
    for block in BLOCK.findall((ROOT / page).read_text("utf-8")):
        exec(compile(block, page, "exec"), names)
    return names


def test_the_readme_is_right(folder):
    names = run_blocks("README.md")

    assert list(names["plan"].changes) == ["row", "cell", "ticket", "column", "before", "after"]
    assert {"row", "cell", "ticket", "column", "code", "message"} <= set(names["plan"].findings)
    assert set(names["result"].rows["status"]) == {"updated", "unchanged", "invalid"}


def test_the_page_is_right(folder, capsys):
    names = run_blocks("docs/library.md")

    assert set(names["undone"].rows["status"]) == {"updated"}
    assert names["undone"].exit_code == 0
    assert "guard_rail" in capsys.readouterr().out
    assert (folder / "results.xlsx").exists()


def test_cells_and_tickets_are_named_as_the_sheet_has_them(folder):
    path = folder / "edits.csv"
    path.write_text("Priority,Record ID\nUrgent,25012345001\nUrgentt,25012345013\n", "utf-8")

    plan = importer.plan(path, importer.Portal.sandbox())

    [change] = plan.changes.to_dict("records")
    [finding] = plan.findings.to_dict("records")
    assert (change["row"], change["cell"], change["ticket"]) == (2, "A2", "25012345001")
    assert (change["column"], change["after"]) == ("Priority", "Urgent")
    assert (finding["cell"], finding["ticket"], finding["code"]) == ("A3", "25012345013", "invalid_option")


def test_invalid_rows_keep_all_back_and_the_plan_waits(folder):
    before = (folder / "edits.xlsx").read_bytes()
    plan = importer.plan("edits.xlsx", importer.Portal.sandbox())

    with pytest.raises(InvalidRows):
        plan.apply()
    with pytest.raises(GuardRail):
        plan.apply(on_invalid="skip", max_clears=0)
    assert (folder / "edits.xlsx").read_bytes() == before

    assert plan.apply(on_invalid="skip").summary["rows"]["updated"] == len(set(plan.changes["row"]))


def test_a_plan_is_applied_once(folder):
    plan = importer.plan("edits.xlsx", importer.Portal.sandbox())
    plan.apply(on_invalid="skip")

    with pytest.raises(UsageError) as refused:
        plan.apply(on_invalid="skip")

    assert refused.value.code == "plan_applied"


def test_a_plan_of_a_file_that_has_changed_is_refused(folder):
    path = folder / "edits.csv"
    path.write_text("Record ID,subject\n25012345001,One\n", "utf-8")
    plan = importer.plan(path, importer.Portal.sandbox())
    path.write_text("Record ID,subject\n25012345001,Two\n", "utf-8")

    with pytest.raises(FileError) as refused:
        plan.apply()

    assert refused.value.code == "file_changed"


def test_a_value_that_moved_since_the_plan_is_a_conflict(folder):
    path, other = folder / "edits.csv", folder / "other.csv"
    path.write_text("Record ID,subject\n25012345001,One\n", "utf-8")
    other.write_text("Record ID,subject\n25012345001,Between\n", "utf-8")
    portal = importer.Portal.sandbox()
    plan = importer.plan(path, portal)
    importer.plan(other, portal).apply()

    result = plan.apply()

    assert list(result.rows["status"]) == ["invalid"]
    assert "Between" in result.rows["message"][0]


def test_it_works_where_an_event_loop_runs(folder):
    async def cell_of_a_notebook():
        return importer.plan("edits.xlsx", importer.Portal.sandbox()).changes

    assert len(asyncio.run(cell_of_a_notebook())) > 0


def test_what_cannot_be_read_is_raised_with_its_code(folder):
    with pytest.raises(FileError) as refused:
        importer.plan("nowhere.xlsx", importer.Portal.sandbox())

    assert refused.value.code == "unreadable_file"


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        ({"blank": "keeep"}, 'did you mean "keep"'),
        ({"options": "names"}, "labels, values"),
        ({"on_conflict": "overwrit"}, 'did you mean "overwrite"'),
        ({"policies": [("subject", "fill-emty")]}, 'did you mean "fill-empty"'),
    ],
)
def test_a_misspelt_word_is_refused(folder, passed, words):
    with pytest.raises(UsageError, match=words) as refused:
        importer.plan("edits.xlsx", importer.Portal.sandbox(), **passed)

    assert refused.value.code == "bad_usage"


@pytest.mark.parametrize(
    "passed",
    [
        {"on_invalid": "skp"},
        {"max_changes": "nan"},
        {"max_clears": -1},
        {"max_changes": "few"},
        {"max_closes": "-5%"},
        {"max_failures": 0},
        {"max_failures": True},
    ],
)
def test_a_guard_rail_that_means_nothing_is_refused(folder, passed):
    plan = importer.plan("edits.xlsx", importer.Portal.sandbox())

    with pytest.raises(UsageError, match=next(iter(passed))) as refused:
        plan.apply(**{"on_invalid": "skip"} | passed)

    assert refused.value.code == "bad_usage"


def test_the_guard_rails_are_those_of_the_command_line():
    parser = Parser(catalogue=NullTranslations())
    add_guard_rails(parser)
    rails = {name.replace("-", "_") for option in parser.told for name in option.long_names}

    assert "max_changes" in rails
    assert rails <= inspect.signature(Plan.apply).parameters.keys()


def test_closing_more_tickets_than_allowed_is_refused(folder):
    path = folder / "edits.csv"
    path.write_text("Record ID,Ticket status\n25012345001,Closed\n", "utf-8")
    plan = importer.plan(path, importer.Portal.sandbox())

    with pytest.raises(GuardRail, match="closes 1 ticket"):
        plan.apply(max_closes=0)

    assert set(plan.apply(max_closes=1).rows["status"]) == {"updated"}


def test_a_column_of_only_empty_cells_clears_where_that_is_said(folder):
    path = folder / "edits.csv"
    path.write_text("Record ID,Ticket description\n25012345001,\n25012345009,\n", "utf-8")
    plan = importer.plan(path, importer.Portal.sandbox())

    with pytest.raises(GuardRail, match="Every cell"):
        plan.apply()

    assert set(plan.apply(allow_empty_column=True).rows["status"]) == {"updated"}


def test_paths_and_names_may_be_plain_texts(folder):
    path = folder / "edits.csv"
    path.write_text("Record ID,subject,note\n25012345001,One,x\n", "utf-8")

    plan = importer.plan(str(path), importer.Portal.sandbox(), skip_columns="note", schema="ticket-schema.json")

    assert list(plan.changes["column"]) == ["subject"]


def test_every_option_of_reading_is_there():
    assert Reading.__annotations__.keys() == ReadOptions.__dataclass_fields__.keys()


def test_nothing_else_is_exposed_and_nothing_heavy_is_loaded():
    code = (
        "import importer, sys; print(sorted(n for n in vars(importer) if n[0] != '_'), "
        "sorted(n for n in dir(importer) if n[0] != '_'), 'pandas' in sys.modules, 'asyncio' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert out == "[] ['Portal', 'plan'] False False\n"
