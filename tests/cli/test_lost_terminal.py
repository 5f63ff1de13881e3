"""Closed or full standard streams: the work, its reports and its exit code are as ever."""

import json
import os
import subprocess
import sys

import pytest

from importer.cli.standard_streams import UNWRITTEN, SturdyStream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the shell's way of closing streams is POSIX")


@pytest.fixture
def shell(home, sandbox, tmp_path):
    """Return a function that runs the program on a sheet, with the redirections of a shell; and the sheet."""
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New name\n")

    def run(arguments, redirections):
        command = f'"$0" -m importer "$1" {arguments} {redirections}'
        environment = {**os.environ, **sandbox.environment}
        ended = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}", sys.executable, str(edits)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return ended, edits.read_text()

    return run


@pytest.mark.parametrize(
    "redirections",
    [
        pytest.param("2>/dev/full", id="full-error"),
        pytest.param(">&- 2>&- <&-", id="all-closed"),
        pytest.param("2> >(exec true)", id="broken-error"),
    ],
)
def test_a_lost_terminal_decides_nothing(redirections, shell):
    ended, sheet = shell("--yes", redirections)

    assert ended.returncode == 0
    assert "25012345001,New name,updated" in sheet


@pytest.mark.parametrize("redirections", [">&-", ">/dev/full"])
def test_json_that_cannot_be_written_has_a_code_of_its_own_after_the_work(redirections, shell):
    ended, sheet = shell("--yes --json", redirections)

    assert ended.returncode == UNWRITTEN
    assert "Standard output could not be written" in ended.stderr
    assert "exit code 0" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "25012345001,New name,updated" in sheet


def test_json_is_whole_where_only_the_terminal_is_lost(shell):
    ended, sheet = shell("--yes --json", "2>&-")

    assert ended.returncode == 0
    assert "25012345001,New name,updated" in sheet
    assert json.loads(ended.stdout)["rows"]["updated"] == 1


def test_letters_that_a_stream_lacks_are_still_a_fault(tmp_path):
    """Only what the system refuses is passed by."""
    with (tmp_path / "out").open("w", encoding="ascii") as file, pytest.raises(UnicodeEncodeError):
        SturdyStream(file).write("é")
