"""What this program writes replaces its own earlier output, and nothing of anybody else's."""

import os
import stat
from pathlib import Path

import pytest

from importer.files import try_writing, write_whole
from importer.writeback.outputs import Outputs

EDITS = "Record ID,subject\n25012345001,New name\n"
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


@pytest.fixture
def edits(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text(EDITS)
    return path


@pytest.mark.parametrize(("option", "name"), [("--output", "theirs.csv"), ("--html", "theirs.html")])
def test_a_file_of_somebody_elses_is_never_replaced(option, name, edits, program, sandbox):
    theirs = edits.with_name(name)
    theirs.write_text("mine")

    ended = program(edits, "--yes", "--json", option, theirs, portal=sandbox)

    assert ended.code == 2
    assert "--overwrite" in ended.err
    assert theirs.read_text() == "mine"
    assert edits.read_text() == EDITS


@pytest.mark.parametrize(("option", "name"), [("--output", "ours.csv"), ("--html", "ours.html")])
def test_earlier_output_is_replaced_until_somebody_edits_it(option, name, edits, program, sandbox):
    ours = edits.with_name(name)

    codes = [program(edits, "--dry-run", option, ours, portal=sandbox).code for _ in range(2)]
    ours.write_bytes(ours.read_bytes() + b" ")
    edited = program(edits, "--dry-run", option, ours, portal=sandbox)
    allowed = program(edits, "--dry-run", option, ours, "--overwrite", portal=sandbox)

    assert codes == [0, 0]
    assert (edited.code, allowed.code) == (2, 0)
    assert not ours.read_bytes().endswith(b" ")


def test_a_schema_and_a_template_replace_nothing_either(program, sandbox, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text("mine")

    refused = program("schema", "pull", "--output", schema, portal=sandbox)
    pulled = program("schema", "pull", "--output", schema, "--overwrite", portal=sandbox)
    again = program("schema", "pull", "--output", schema, portal=sandbox)

    assert (refused.code, pulled.code, again.code) == (2, 0, 0)


def test_reconcile_replaces_no_page_of_the_same_name(edits, program, sandbox):
    page = edits.with_name("edits.reconcile.html")
    page.write_text("mine")

    assert program("reconcile", edits, portal=sandbox).code == 2
    assert page.read_text() == "mine"


def test_a_digest_noted_before_a_crash_covers_the_file_before_it(tmp_path):
    """It is noted before the rename: a kill in between leaves the earlier file, which is ours as well."""
    outputs, path = Outputs(tmp_path / "state"), tmp_path / "out"
    write_whole(path, lambda stream: stream.write(b"1"), check=outputs.noting(path))
    (tmp_path / "next").write_bytes(b"2")
    outputs.note(path, tmp_path / "next")

    assert outputs.owns(path)
    path.write_bytes(b"3")
    assert not outputs.owns(path)


def test_a_state_folder_that_cannot_be_written_makes_nothing_ours(tmp_path):
    (tmp_path / "state").write_text("a file")
    outputs, path = Outputs(tmp_path / "state"), tmp_path / "out"
    path.write_bytes(b"1")

    outputs.note(path)

    assert not outputs.owns(path)


@posix
@pytest.mark.parametrize("option", ["--output", "--html"])
def test_what_is_made_of_a_private_sheet_is_private(option, edits, program, sandbox):
    edits.chmod(0o600)
    made = edits.with_name("made.csv" if option == "--output" else "made.html")

    program(edits, "--dry-run", option, made, portal=sandbox)

    assert stat.S_IMODE(made.stat().st_mode) == 0o600


@posix
def test_an_earlier_page_that_all_may_read_becomes_private_too(tmp_path):
    sheet, page = tmp_path / "sheet", tmp_path / "page"
    sheet.touch(0o600)
    page.touch(0o644)

    write_whole(page, lambda stream: stream.write(b"1"), like=sheet)

    assert stat.S_IMODE(page.stat().st_mode) == 0o600


@pytest.mark.parametrize("size", [230, 250, 255])
def test_names_as_long_as_the_file_system_takes_can_be_written(size, tmp_path):
    path = tmp_path / f"{'申' * (size // 3 - 2)}{'x' * (size % 3 + 2)}.csv"
    assert len(os.fsencode(path.name)) == size

    try_writing(path)
    write_whole(path, lambda stream: stream.write(b"1"))

    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_would_fail_after_sending_is_found_before(tmp_path):
    with pytest.raises(OSError, match=r"(?i)name too long"):
        try_writing(tmp_path / ("x" * 256))
    with pytest.raises(OSError, match="No space"):
        try_writing(tmp_path / "x", size=1 << 60)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_a_name_that_is_too_long_is_refused_before_anything_is_sent(option, edits, program, sandbox):
    ended = program(edits, "--yes", option, edits.with_name("x" * 260 + ".csv"), portal=sandbox)
    if option == "--html":
        ended = program(edits, "--yes", option, edits.with_name("x" * 260 + ".html"), portal=sandbox)

    assert ended.code == 2
    assert "too long" in ended.err
    assert edits.read_text() == EDITS


@pytest.mark.parametrize("letter", ["x", "申"])
@pytest.mark.parametrize("size", [240, 255])
def test_a_file_with_a_long_name_is_run_and_gets_its_results(letter, size, program, sandbox, tmp_path):
    width = len(os.fsencode(letter))
    stem = letter * ((size - 4) // width)
    file = tmp_path / f"{stem}{'x' * (size - 4 - len(os.fsencode(stem)))}.csv"
    file.write_text(EDITS)

    ended = program(file, "--yes", "--json", portal=sandbox)

    assert (ended.code, ended.summary["report"]) == (0, str(file))
    assert "updated" in file.read_text()


def test_results_beside_a_file_with_a_long_name_have_a_name_that_fits(program, sandbox, tmp_path):
    file = tmp_path / f"{'申' * 83}.csv"
    file.write_text(EDITS)
    file.chmod(0o444)

    ended = program(file, "--yes", "--json", portal=sandbox)

    report = Path(ended.summary["report"])
    assert ended.code == 0
    assert report.name.endswith(".results.csv")
    assert len(os.fsencode(report.name)) <= 255
    assert "updated" in report.read_text()


def test_a_cut_hard_link_is_reported(edits, program, sandbox):
    other = edits.with_name("linked.csv")
    other.hardlink_to(edits)

    ended = program(edits, "--yes", portal=sandbox)

    assert "hard links" in ended.err
    assert other.read_text() == EDITS


def test_two_that_write_one_file_at_once_do_not_take_each_others_away(tmp_path):
    """Runs that start together all keep the schema they fetched."""
    path = tmp_path / "schema.json"

    def write(stream):
        write_whole(path, lambda other: other.write(b"2"))
        stream.write(b"1")

    write_whole(path, write)

    assert path.read_bytes() == b"1"
    assert [one.name for one in tmp_path.iterdir()] == ["schema.json"]
