"""What a code means, without a network; and which code, command, file, sheet or run was probably meant."""

import json

import openpyxl
import pytest

from importer.findings import CODES


def test_a_code_is_explained(program):
    ended = program("explain", "invalid-option")

    assert (ended.code, ended.err) == (0, "")
    info = CODES["invalid_option"]
    assert all(text in ended.out for text in ("invalid_option", info.meaning, info.example, info.remedy))


def test_every_code_is_listed(program):
    listed = json.loads(program("explain", "--json").out)["codes"]

    assert [one["code"] for one in listed] == list(CODES)
    assert all(f"  {code} " in program("explain").out for code in CODES)


def test_one_code_for_a_script(program):
    told = json.loads(program("explain", "not_found", "--json").out)

    assert told == {
        "code": "not_found",
        **{name: getattr(CODES["not_found"], name) for name in ("meaning", "example", "remedy")},
    }


def test_a_misspelt_code_is_told_with_the_near_one(program):
    ended = program("explain", "invalid_optoin", "--json")

    assert ended.code == 2
    assert 'did you mean "invalid_option"' in ended.err
    assert json.loads(ended.out)["error"]["code"] == "bad_usage"


@pytest.mark.parametrize(
    "typed",
    [
        ["explain", "not_found", "--lang", "fr"],
        ["runs", "--lang", "fr"],
        ["runs", "show", "2031"],
    ],
)
def test_every_failure_of_a_listing_has_a_code(typed, program):
    ended = program(*typed, "--json")

    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"] in CODES


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["undo", "2031"], "no_such_run"),
        (["resume", "2031"], "no_such_run"),
        (["undo"], "nothing_to_do"),
        (["resume"], "nothing_to_do"),
        (["edits.csv", "--lang", "fr"], "bad_usage"),
        (["edits.csv"], "unreadable_file"),
    ],
)
def test_every_failure_of_a_job_has_a_code(typed, code, program):
    ended = program(*typed, "--sandbox", "--json")

    assert (ended.code, ended.codes) == (2, [(None, code)])


def test_a_misspelt_file_is_told_with_the_near_one(program, tmp_path):
    (tmp_path / "edits.csv").write_text("Record ID,subject\n")

    assert 'did you mean "edits.csv"?' in program(tmp_path / "edit.csv", "--sandbox").err


def test_a_misspelt_sheet_is_told_with_the_near_one(program, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Tickets"
    book.active.append(["Record ID", "Ticket name"])
    book.active.append(["25012345001", "x"])
    book.save(tmp_path / "edits.xlsx")

    ended = program(tmp_path / "edits.xlsx", "--sheet", "Tikets", "--sandbox", "--dry-run")

    assert 'There is no sheet "Tikets"; did you mean "Tickets"?' in ended.err


def test_every_code_is_explained_in_portuguese(program):
    """Meaning, example and what to do; codes stay as they are, and so does the JSON for scripts."""
    for code, info in list(CODES.items())[::9]:
        told = program("explain", code, "--lang", "pt-BR").out

        assert f"Código       {code}" in told
        assert not any(text in told for text in (info.meaning, info.remedy))

    in_json = json.loads(program("explain", "not_found", "--json", "--lang", "pt-BR").out)
    assert in_json["meaning"] == CODES["not_found"].meaning
