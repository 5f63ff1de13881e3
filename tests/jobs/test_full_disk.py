"""A disk that fills up: said plainly before anything is sent."""

import pytest

resource = pytest.importorskip("resource", reason="Windows has no limit for the size of files")

LIMIT = 1_200_000
"""Bytes: enough for the schema that is kept, too little for the journal of these rows."""


def test_a_journal_that_finds_no_room_stops_before_anything_is_sent(sandbox, process, tmp_path):
    edits = tmp_path / "edits.csv"
    rows = "".join(f"{30_000_000_000 + n},{'x' * 400}\n" for n in range(4_000))
    edits.write_text(f"Record ID,subject\n{rows}")
    original = edits.read_bytes()

    def limit_file_size():
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))

    ended = process(edits, "--yes", "--no-diff", "--json", portal=sandbox, preexec_fn=limit_file_size)

    assert ended.code == 2, ended.err
    assert ended.summary["exit_code"] == 2
    assert "cannot be written" in ended.err
    assert "Traceback" not in ended.err
    assert sandbox.requests("batch/update") == []
    assert edits.read_bytes() == original
