"""--on-finish: the summary on standard input at every end, and no say in how it ends."""

import json
import shlex
import sys

import pytest


@pytest.fixture
def hook(tmp_path):
    """Return a command that keeps what it is given, and how to read that."""
    script, kept = tmp_path / "hook.py", tmp_path / "heard.json"
    script.write_text(
        "import pathlib, sys\n"
        "sys.stdout.write('said by the hook')\n"
        f"pathlib.Path({str(kept)!r}).write_text(sys.stdin.read())\n"
    )
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}", lambda: json.loads(kept.read_text())


def edits(folder, text="Record ID,subject\n25012345001,New\n"):
    path = folder / "edits.csv"
    path.write_text(text)
    return path


def test_it_hears_the_summary_and_nothing_of_it_reaches_the_data(hook, program, sandbox, tmp_path):
    command, heard = hook

    ended = program(edits(tmp_path), "--yes", "--json", "--on-finish", command, portal=sandbox)

    assert ended.code == 0
    assert heard() == ended.summary
    assert "said by the hook" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        pytest.param("Record ID,subject\n999,New\n", ["--yes", "--on-invalid", "skip"], 1, id="invalid"),
        pytest.param("Record ID,subject\n25012345001,New\n", [], 2, id="not-confirmed"),
        pytest.param("no,columns\n1,2\n", ["--yes"], 2, id="columns"),
        pytest.param("Record ID,subject\n25012345001,New\n", ["--portal", "nowhere"], 2, id="before-it-begins"),
    ],
)
def test_it_hears_of_every_end(text, options, code, hook, program, sandbox, tmp_path):
    command, heard = hook

    ended = program(edits(tmp_path, text), *options, "--on-finish", command, portal=sandbox)

    assert (ended.code, heard()["exit_code"], ended.out) == (code, code, "")


def test_it_hears_of_a_portal_that_refuses(hook, program, sandbox, tmp_path, monkeypatch):
    command, heard = hook
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-na1-of-nobody")

    ended = program(edits(tmp_path), "--yes", "--on-finish", command)

    assert (ended.code, heard()["exit_code"], heard()["errors"][0]["code"]) == (3, 3, "unauthorized")


@pytest.mark.parametrize("command", ["exit 7", "echo the chat is down >&2; exit 7"])
def test_its_failure_is_a_notice(command, program, sandbox, tmp_path):
    ended = program(edits(tmp_path), "--yes", "--on-finish", command, portal=sandbox)

    assert ended.code == 0
    assert "--on-finish ended with exit code 7." in ended.err
    assert ("the chat is down" in ended.err) is ("chat" in command)


def test_one_that_does_not_end_is_left_behind(program, sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr("importer.cli.on_finish.PATIENCE_S", 0.2)

    ended = program(edits(tmp_path), "--yes", "--on-finish", "sleep 30", portal=sandbox)

    assert (ended.code, "did not finish within 0.2 s" in ended.err) == (0, True)


def test_a_settings_file_beside_the_spreadsheet_may_not_name_one(hook, program, sandbox, tmp_path, home):
    command, heard = hook
    mark = tmp_path / "was-run"
    (tmp_path / "import-tickets.toml").write_text(f"[options]\non-finish = {json.dumps(f'touch {mark}')}\n")

    beside = program(edits(tmp_path), "--yes", portal=sandbox)

    assert (beside.code, mark.exists()) == (2, False)
    assert '"on-finish" does not count here' in beside.err
    named = tmp_path / "named.toml"
    named.write_text(f"[options]\non-finish = {json.dumps(command)}\n")
    ended = program(edits(tmp_path), "--yes", "--config", named, portal=sandbox)
    assert (ended.code, heard()["rows"]["updated"]) == (0, 1)
