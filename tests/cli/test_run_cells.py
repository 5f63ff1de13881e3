"""`runs show RUN --cells --csv`: every changed cell, and the results where no spreadsheet could take them."""

import csv
import json
import os
import stat

import pytest
from jsonschema import Draft202012Validator

from importer.reports.summary import summary_schema


@pytest.fixture
def run(program, sandbox, tmp_path):
    """Return the ID of a run that changed two cells of one ticket and refused a row."""
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,Ticket name,Priority\n25012345001,=1+1,High\n25012345002,x,Hihg\n")
    path.chmod(0o600)
    ended = program(path, "--yes", "--on-invalid", "skip", "--json", portal=sandbox)
    assert ended.summary["rows"]["updated"] == 1, ended.err
    return ended.summary["run_id"]


def lines(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_changed_cell_is_written(program, run, tmp_path):
    out = tmp_path / "cells.csv"

    ended = program("runs", "show", run, "--cells", "--csv", out, "--json")

    found = lines(out)
    told = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert len(found) == sum(told["cells"].values()) == len(told["changed_cells"])
    name = next(one for one in found if one["property"] == "subject")
    assert (name["row"], name["cell"], name["ticket"], name["status"]) == ("2", "B2", "25012345001", "updated")
    assert name["after"] == "'=1+1"  # no formula
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_results_are_to_be_had_though_the_spreadsheet_is_gone(program, run, tmp_path):
    (tmp_path / "edits.csv").unlink()
    out = tmp_path / "results.csv"

    assert program("runs", "show", run, "--csv", out).code == 0

    found = lines(out)
    assert [(one["row"], one["status"]) for one in found] == [("2", "updated"), ("3", "invalid")]
    assert "Hihg" in found[1]["message"]


def test_a_file_of_somebody_is_left_alone(program, run, tmp_path):
    out = tmp_path / "mine.csv"
    out.write_text("mine")

    ended = program("runs", "show", run, "--csv", out, "--json")

    assert (ended.code, json.loads(ended.out)["error"]["code"]) == (2, "unreadable_file")
    assert out.read_text() == "mine"


def test_cells_are_shown(program, run):
    assert "B2" in program("runs", "show", run, "--cells").out


def test_json_full_adds_every_changed_cell_and_every_row(program, sandbox, tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,Ticket name,Priority\n25012345001,New name,High\n25012345002,x,Hihg\n")

    summary = program(path, "--yes", "--on-invalid", "skip", "--json=full", portal=sandbox).summary

    name = next(one for one in summary["changes"] if one["property"] == "subject")
    assert (name["row"], name["cell"], name["after"], name["status"]) == (2, "B2", "New name", "updated")
    assert name["before"]
    assert len(summary["changes"]) == sum(summary["cells"].values())
    assert [(one["row"], one["ticket"], one["status"]) for one in summary["outcomes"]] == [
        (2, "25012345001", "updated"),
        (3, None, "invalid"),
    ]
    assert "Hihg" in summary["outcomes"][1]["message"]
    plain = {name: value for name, value in summary.items() if name not in {"changes", "outcomes"}}
    Draft202012Validator(summary_schema()).validate(plain)


def test_json_full_of_a_run_that_never_began(program, tmp_path):
    summary = program("--json=full", tmp_path / "gone.csv", "--yes", "--sandbox").summary

    assert (summary["changes"], summary["outcomes"]) == ([], [])
    assert summary["errors"][0]["code"] == "unreadable_file"
