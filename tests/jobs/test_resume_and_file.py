"""A resume whose FILE is not what the run left: the results go beside, and what stands in the file is left alone."""

import csv

import openpyxl
import pytest

from tests.jobs.office import A, C, statuses, values

HEADER = ("Record ID", "subject")


def write(path, *rows):
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *rows])
        return path
    book = openpyxl.Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    book.save(path)
    return path


@pytest.fixture
def stopped(request, portal, program, tmp_path):
    """Return a file whose run was stopped before anything was taken, and that run's ID."""
    folder = tmp_path / "sheets"
    folder.mkdir()
    path = write(folder / f"edits{getattr(request, 'param', '.csv')}", (A, "First"), (C, "Second"))
    portal.fault("unauthorized", path="batch/update", times=1)
    ended = program(path, "--yes", "--json", portal=portal)
    assert (ended.code, ended.summary["rows"]["not_sent"]) == (3, 2)
    return path, ended.summary["run_id"]


def resume(program, portal, run):
    ended = program("resume", run, "--json", portal=portal)
    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 2), ended.err
    assert {values(portal, A)["subject"], values(portal, C)["subject"]} == {"First", "Second"}
    return ended


def statuses_beside(path):
    beside = path.with_name(f"{path.stem}.results{path.suffix}")
    if path.suffix == ".csv":
        return statuses(beside)
    rows = list(openpyxl.load_workbook(beside).active.iter_rows(values_only=True))
    place = rows[0].index("Import status")
    return [row[place] for row in rows[1:]]


BOTH = pytest.mark.parametrize("stopped", [".csv", ".xlsx"], indirect=True)


@BOTH
def test_a_file_that_a_person_changed_meanwhile(stopped, portal, program):
    path, run = stopped
    write(path, (A, "Something else"))
    changed = path.read_bytes()

    ended = resume(program, portal, run)

    assert path.read_bytes() == changed
    assert ended.summary["report"] != str(path)
    assert statuses_beside(path) == ["updated", "updated"]


@BOTH
def test_a_file_that_a_newer_run_annotated(stopped, portal, program):
    """Its results stay what stands beside its rows, though an older run came to its end later."""
    path, run = stopped
    newer = program(path, "--yes", "--first", "1", "--json", portal=portal)
    assert newer.code == 0, newer.err
    assert run in newer.err
    portal.change(A, {"subject": "Before"})
    portal.change(C, {"subject": "Before"})
    annotated = path.read_bytes()

    ended = program("resume", run, "--json", portal=portal)

    assert path.read_bytes() == annotated
    assert ended.summary["report"] != str(path)
    assert len(statuses_beside(path)) == 2


def test_a_file_that_a_newer_dry_run_annotated(stopped, portal, program):
    path, run = stopped
    program(path, "--dry-run", "--json", portal=portal)
    annotated = path.read_bytes()

    ended = resume(program, portal, run)

    assert path.read_bytes() == annotated
    assert ended.summary["report"] != str(path)


def test_a_file_that_is_gone_with_its_folder(stopped, portal, program, tmp_path, monkeypatch):
    """The rows are sent all the same, and the results are where the person is."""
    path, run = stopped
    monkeypatch.chdir(tmp_path)
    path.unlink()
    path.parent.rmdir()

    ended = resume(program, portal, run)

    assert not path.parent.exists()
    assert ended.summary["report"] == str(tmp_path / "edits.results.csv")
    assert statuses(tmp_path / "edits.results.csv") == ["updated", "updated"]


def test_another_file_of_that_name(stopped, portal, program):
    """It is left alone, be it a spreadsheet or not."""
    path, run = stopped
    path.write_bytes(b"no spreadsheet at all\0")

    resume(program, portal, run)

    assert path.read_bytes() == b"no spreadsheet at all\0"


def test_a_folder_of_that_name(stopped, portal, program):
    path, run = stopped
    path.unlink()
    path.mkdir()

    resume(program, portal, run)

    assert list(path.iterdir()) == []
