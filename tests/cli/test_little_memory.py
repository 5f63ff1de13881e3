"""A limit of memory in which Python starts, but not this program: a sentence and JSON, whatever import would fail."""

import json
import os
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from importer.reports.summary import summary_schema

MAIN = """
import resource, sys
with open("/proc/self/statm") as taken:
    size = min(int(taken.read().split()[0]) * resource.getpagesize() + int(sys.argv[1]) * 2**20, 63 * 2**20)
resource.setrlimit(resource.RLIMIT_AS, (size, size))
from importer.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others do not count the address space alike")
@pytest.mark.parametrize("room", [2, 10, 26, 36, 63])
def test_too_little_memory_to_start_is_said_with_json(room, tmp_path):
    """Without the look at the limit, each of these ended in another way: MemoryError, ImportError, ValueError."""
    file = tmp_path / "edits.csv"
    file.write_text("Record ID,subject\n512,New\n")

    command = [sys.executable, "-c", MAIN, str(room), str(file), "--sandbox", "--yes", "--json"]
    unwatched = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=unwatched)

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "ulimit -v" in ended.stderr
    summary = json.loads(ended.stdout)
    Draft202012Validator(summary_schema()).validate(summary)
    assert [error["code"] for error in summary["errors"]] == ["unavailable"]
