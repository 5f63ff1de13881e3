"""Arguments that would harm a file or are misunderstood end before anything is done."""

import os
import sys

import pytest

ROWS = "Record ID,subject\n25012345001,New name\n25012345009,Other name\n"


@pytest.fixture
def edits(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text(ROWS)
    return path


@pytest.mark.parametrize("page", ["edits.csv", "./edits.csv", "link.html", "other.xlsx", "out.txt"])
def test_the_page_never_takes_the_place_of_a_spreadsheet(page, program, edits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.html").symlink_to(edits)

    for command in (["--sandbox", "--yes", "--output", "out.txt"], ["--sandbox", "--dry-run", "--output", "out.txt"]):
        ended = program("edits.csv", *command, "--html", page, "--json")

        assert ended.code == 2
        assert "in the place of a spreadsheet" in ended.err
        assert ended.summary["report"] is None
    assert program("reconcile", "edits.csv", "--sandbox", "--html", page).code == 2
    assert edits.read_text() == ROWS
    assert not (tmp_path / "out.txt").exists()


def test_resume_and_undo_look_at_the_page_first(program, edits, sandbox):
    run = program(edits, "--yes", "--json", portal=sandbox).summary["run_id"]
    results = edits.read_text()

    ended = program("undo", run, "--yes", "--html", edits, portal=sandbox)

    assert ended.code == 2
    assert edits.read_text() == results
    assert sandbox.ticket("25012345001")["properties"]["subject"] == "New name"


def test_a_folder_as_output_is_called_one(program, edits, tmp_path):
    ended = program(edits, "--sandbox", "--yes", "--output", tmp_path)

    assert ended.code == 2
    assert "is a folder" in ended.err


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a folder that somebody is in")
def test_a_working_folder_that_is_gone_is_named(process, tmp_path):
    def go_nowhere():
        os.mkdir(tmp_path / "gone")  # noqa: PTH102 - between fork and exec
        os.chdir(tmp_path / "gone")
        os.rmdir(tmp_path / "gone")  # noqa: PTH106

    ended = process("edits.csv", "--sandbox", "--yes", "--json", preexec_fn=go_nowhere)

    assert ended.code == 2
    assert "is gone" in ended.err
    assert ended.summary["exit_code"] == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows keeps no pipes among its files")
@pytest.mark.parametrize("option", ["--output", "--html", "--failed-to"])
def test_a_pipe_or_a_device_is_never_replaced(program, edits, tmp_path, option):
    """Root's `--output /dev/null --overwrite` would leave a machine without one."""
    os.mkfifo(tmp_path / "pipe")

    ended = program(edits, "--sandbox", "--yes", option, tmp_path / "pipe", "--overwrite")

    assert ended.code == 2
    assert "isn't a regular file" in ended.err
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names of files are text there")
def test_a_name_that_is_no_text_is_refused_in_words(process, tmp_path):
    """Such names come out of old archives; no journal and no JSON could note them."""
    path = tmp_path / os.fsdecode(b"old\xff.csv")
    path.write_text(ROWS)

    ended = process(path, "--sandbox", "--dry-run", "--json")

    assert ended.code == 2, ended.err
    assert [one["code"] for one in ended.summary["errors"]] == ["unreadable_file"]
    assert "Rename the file" in ended.err


def test_quiet_says_less_and_verbose_more(program, edits):
    """Whatever the file: how it ended is told in any case."""
    said = {
        option: program(edits, "--sandbox", "--dry-run", *option).err for option in [(), ("--quiet",), ("--verbose",)]
    }

    assert len(said["--quiet",]) < len(said[()]) < len(said["--verbose",])
    assert all("2 would update" in one for one in said.values())
    assert "1 read, 0 update, 0 repeated" in said["--verbose",]


@pytest.mark.parametrize("version", ["latest", "../../evil", "v3/x", "2026"])
def test_a_version_that_is_none_reaches_no_portal(version, program, edits, sandbox, monkeypatch):
    monkeypatch.setenv("HUBSPOT_API_VERSION", version)

    ended = program(edits, "--yes", "--json", portal=sandbox)

    assert ended.code == 2
    assert "HUBSPOT_API_VERSION" in ended.err
    assert sandbox.requests() == []
    assert edits.read_text() == ROWS


def test_a_setting_that_nobody_knows_ends_in_one_sentence(program, edits):
    """And in no line that counts rows which were never read."""
    ended = program(edits, "--sandbox", "--dry-run", "--locale", "xx-YY", "--json")

    assert ended.code == 2
    version_end, sentence = ended.err.splitlines()
    assert "API v3" in version_end
    assert "--locale xx-YY" in sentence


def test_json_comes_with_a_language_that_is_none(program, edits):
    ended = program(edits, "--sandbox", "--dry-run", "--lang", "fr", "--json")

    assert (ended.code, ended.summary["exit_code"], ended.summary["dry_run"]) == (2, 2, True)
    assert ended.summary["file"] == str(edits)
