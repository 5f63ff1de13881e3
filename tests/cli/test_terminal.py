"""The program on a real terminal: it asks, takes yes and no, and is interrupted politely."""

import json
import os
import re
import select
import signal
import time

import pytest

from tests import preloaded

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals of this kind")


class OnTerminal:
    """The program in a process of its own, on a pseudo-terminal of 80 columns."""

    def __init__(self, *arguments, environment):
        self._lead, follow = pty.openpty()
        environment = {**os.environ, **environment, "TERM": "xterm", "COLUMNS": "80"}
        self.process = preloaded.start("importer", arguments, env=environment, terminal=follow)
        os.close(follow)
        self.shown = ""

    def wait_for(self, text, timeout=40):
        """Read what is shown until `text` is, whatever its colours and however it is folded."""
        deadline = time.monotonic() + timeout
        while text.strip() not in " ".join(re.sub(r"\x1b\[[\d;]*m", "", self.shown).split()):
            assert time.monotonic() < deadline, self.shown
            if not select.select([self._lead], [], [], 1)[0]:
                continue
            try:
                self.shown += os.read(self._lead, 4096).decode("utf-8", "replace")
            except OSError:
                raise AssertionError(f"{text!r} was never shown:\n{self.shown}") from None

    def type(self, text):
        os.write(self._lead, text.encode())

    def end(self):
        """Wait for the end; return (exit code, standard output, all that was shown)."""
        while True:
            try:
                piece = os.read(self._lead, 4096)
            except OSError:
                break
            if not piece:
                break
            self.shown += piece.decode("utf-8", "replace")
        out, _ = self.process.communicate(timeout=40)
        os.close(self._lead)
        return self.process.returncode, out, self.shown


@pytest.fixture
def on_terminal(home, sandbox):
    def start(*arguments):
        return OnTerminal(*arguments, environment=sandbox.environment)

    return start


@pytest.fixture
def edits(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,subject\n25012345001,New name\n25012345009,Other name\n")
    return path


def test_yes_goes_ahead(on_terminal, edits, sandbox):
    session = on_terminal(edits)
    session.wait_for("Update 2 tickets in portal 4242 (developer test account)? [y/N]")
    session.type("y\n")

    code, out, shown = session.end()

    assert code == 0, shown
    assert out == ""
    assert "2 updated" in shown
    assert sandbox.ticket("25012345001")["properties"]["subject"] == "New name"


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"], ids=["no", "nothing", "end-of-input"])
def test_anything_else_is_a_no_and_leaves_the_file_alone(answer, on_terminal, edits, sandbox):
    """One plain line says so: it is no failure, and there is nothing to resume or to total."""
    original = edits.read_bytes()
    session = on_terminal(edits)
    session.wait_for("[y/N]")
    session.type(answer)

    code, _, shown = session.end()

    assert code == 2, shown
    assert shown.splitlines()[-1] == "Nothing was changed in HubSpot."
    assert "resume" not in shown
    assert edits.read_bytes() == original
    assert sandbox.requests("batch/update") == []


def test_invalid_rows_are_part_of_the_question(on_terminal, edits, sandbox):
    with edits.open("a") as file:
        file.write("99999999999,No such ticket\n")
    session = on_terminal(edits)
    session.wait_for("leave out the invalid rows? [y/N]")
    session.type("y\n")

    code, _, shown = session.end()

    assert code == 1, shown
    assert "2 updated" in shown


def test_a_no_to_leaving_rows_out_is_a_no(on_terminal, edits, sandbox):
    """The file stays as it is, also where rows of it are invalid: that is what a no means."""
    with edits.open("a") as file:
        file.write("99999999999,No such ticket\n")
    original = edits.read_bytes()
    session = on_terminal(edits, "--json")
    session.wait_for("leave out the invalid rows? [y/N]")
    session.type("n\n")

    code, out, shown = session.end()

    assert code == 2, shown
    assert [one["code"] for one in json.loads(out)["errors"]] == ["not_confirmed", "not_found"]
    assert edits.read_bytes() == original
    assert sandbox.requests("batch/update") == []


def test_a_yes_typed_before_the_question_is_no_answer_to_it(on_terminal, edits, sandbox):
    """Nobody had read the plan then: a whole line, and the beginning of one."""
    sandbox.fault("latency", ms=1500, path="batch/read")
    session = on_terminal(edits)
    session.type("y\ny")
    session.wait_for("[y/N] ")
    session.type("\n")

    code, _, shown = session.end()

    assert code == 2, shown
    assert sandbox.requests("batch/update") == []


def test_the_third_answer_writes_the_errors_into_the_sheet_alone(on_terminal, edits, sandbox):
    with edits.open("a") as file:
        file.write("99999999999,No such ticket\n")
    session = on_terminal(edits)
    session.wait_for("[y/N]")
    session.type("e\n")

    code, _, shown = session.end()

    assert code == 2, shown
    assert "Type e to write the errors into edits.csv and change nothing in HubSpot." in shown
    assert "Nothing was changed in HubSpot.\r\n" in shown
    assert edits.read_text().splitlines()[3].startswith("99999999999,No such ticket,invalid,")
    assert sandbox.requests("batch/update") == []


def test_the_question_in_portuguese(on_terminal, edits, sandbox):
    session = on_terminal(edits, "--lang", "pt-BR")
    session.wait_for("[s/N] ")
    session.type("s\n")

    code, _, shown = session.end()

    assert code == 0, shown
    assert "2 atualizados" in shown


def test_what_to_run_next_can_be_pasted(on_terminal, edits, sandbox, home, tmp_path, program):
    session = on_terminal(edits, "--yes", "--html", tmp_path / "page.html")

    shown = session.end()[2]

    lines = shown.replace("\r", "").splitlines()
    assert f"Page: {tmp_path / 'page.html'}" in lines
    [undo] = [line.removeprefix("To undo: import-tickets ") for line in lines if line.startswith("To undo")]
    undone = program(*undo.split(), "--yes", portal=sandbox)
    assert (undone.code, undone.err.splitlines()[-1]) == (0, "2 put back")


def test_ctrl_c_at_the_question_sends_nothing(on_terminal, edits, sandbox):
    original = edits.read_bytes()
    session = on_terminal(edits)
    session.wait_for("[y/N]")
    session.process.send_signal(signal.SIGINT)

    code, _, shown = session.end()

    assert code == 2
    assert shown.splitlines()[-1] == "Nothing was changed in HubSpot."
    assert "Traceback" not in shown
    assert edits.read_bytes() == original
    assert sandbox.requests("batch/update") == []


def test_no_color_is_honoured(on_terminal, edits, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    session = on_terminal(edits, "--dry-run")

    _, _, shown = session.end()

    assert "\x1b[3" not in shown
    assert "2 rows" in shown


def test_a_second_ctrl_c_leaves_at_once_and_says_how_to_go_on(on_terminal, edits, sandbox, program):
    """What is in flight is not waited for: whether it was written is found out by `resume`."""
    sandbox.fault("latency", ms=30_000, path="batch/update")
    session = on_terminal(edits, "--yes", "--json")
    session.wait_for("1 update request")
    deadline = time.monotonic() + 20
    while not sandbox.faults()[0]["struck"] and time.monotonic() < deadline:
        time.sleep(0.05)
    session.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    session.process.send_signal(signal.SIGINT)

    code, out, shown = session.end()

    summary = json.loads(out)
    assert (code, summary["exit_code"], summary["rows"]["failed"]) == (130, 130, 2)
    assert {error["code"] for error in summary["errors"]} == {"unconfirmed"}  # it may have been written
    assert summary["requests"]["update"] == 1
    assert f"import-tickets resume {summary['run_id']}" in shown
    sandbox.calm()
    resumed = program("resume", "--json", portal=sandbox).summary
    assert (resumed["rows"]["updated"], resumed["requests"]["update"]) == (2, 1)


@pytest.fixture
def near(tmp_path):
    path = tmp_path / "near.csv"
    path.write_text("Record ID,Escalated,Ticket nam\n25012345001,no,New name\n")
    return path


ESCALATED = '"Escalated": use it for "Escalated to engineering"? [y/N]'
NAME = '"Ticket nam": use it for "Ticket name"? [y/N]'


def test_a_header_with_one_near_name_is_asked_about_and_the_answer_kept(on_terminal, near, sandbox, program):
    settings = near.parent / "import-tickets.toml"
    settings.write_text("# ours\n[columns.map]\nWhen = 'closed_date'\n\n[options]\nlocale = 'en-US'\n")
    run = on_terminal(near, "--json", "--dry-run")
    for question in (ESCALATED, NAME, "for the next files there?"):
        run.wait_for(question.split("?")[0])
        time.sleep(0.5)
        run.type("y\n")

    code, out, _ = run.end()

    assert (code, json.loads(out)["rows"]["would_update"]) == (0, 1)
    assert settings.read_text() == (
        '# ours\n[columns.map]\n"Escalated" = "escalated"\n"Ticket nam" = "subject"\nWhen = \'closed_date\'\n\n'
        "[options]\nlocale = 'en-US'\n"
    )
    again = program(near, "--json", "--dry-run", portal=sandbox)
    assert (again.code, again.summary["rows"]["would_update"]) == (0, 1)


def test_a_no_to_a_near_name_is_the_error_as_ever(on_terminal, near):
    run = on_terminal(near, "--json", "--dry-run")
    run.wait_for(ESCALATED.split("?", maxsplit=1)[0])
    time.sleep(0.5)
    run.type("\n")

    code, out, shown = run.end()

    assert code == 2
    assert [one["code"] for one in json.loads(out)["errors"]] == ["unknown_property", "unknown_property"]
    assert "next files" not in shown


@pytest.mark.parametrize(
    ("command", "more"), [("reconcile", ()), ("restore", ("--as-of", "2026-11-01 09:00", "-o", "then.xlsx"))]
)
def test_other_readers_of_a_sheet_ask_about_a_near_name_too(command, more, on_terminal, near, sandbox, program):
    more = [str(near.parent / one) if one.endswith(".xlsx") else one for one in more]
    run = on_terminal(command, near, *more, "--json")
    for question, answer in ((ESCALATED, "y\n"), (NAME, "y\n"), ("for the next files there?", "n\n")):
        run.wait_for(question.split("?")[0])
        time.sleep(0.5)
        run.type(answer)

    code, out, shown = run.end()

    assert (code, json.loads(out)["exit_code"]) in {(0, 0), (1, 1)}, shown
    assert not (near.parent / "import-tickets.toml").exists()
    alone, ran = program(command, near, *more, portal=sandbox), program(near, portal=sandbox)
    assert (alone.code, alone.err.count("unknown_property")) == (2, 2)
    assert [one for one in ran.err.splitlines() if "no ticket property" in one and one not in alone.err] == []


def test_a_quiet_run_shows_the_plan_where_it_asks(on_terminal, edits):
    session = on_terminal(edits, "--quiet")
    session.wait_for("[y/N]")
    session.type("n\n")

    assert "2 rows to update" in session.end()[2]


TYPOS = """\
Record ID,Ticket name,Priority
25012345001,New name,Urgentt
25012345013,Third name,Hihg
25012345009,Other name,Urgentt
25012345015,Fourth name,
"""
URGENT = 'Priority: 2 cells say "Urgentt"; use "Urgent"? [y/N]'
HIGH = 'Priority: C3 says "Hihg"; use "High"? [y/N]'
INTO_FILE = "corrected cells into typos.csv? [y/N]"


@pytest.fixture
def typos(tmp_path):
    path = tmp_path / "typos.csv"
    path.write_text(TYPOS)
    return path


def answer(session, *pairs):
    """Answer questions, each by its end."""
    for question, typed in pairs:
        session.wait_for(question)
        session.shown = re.sub(r"\x1b\[[\d;]*m", "", session.shown).partition(question)[2]
        time.sleep(0.2)  # until what was typed before is dropped
        session.type(typed)


def test_cells_with_one_suggestion_are_corrected_in_the_file_when_asked(on_terminal, typos, sandbox, tmp_path):
    page = tmp_path / "page.html"
    session = on_terminal(typos, "--html", page)
    answer(
        session,
        ("Type q to skip", ""),
        (URGENT, "y\n"),
        (HIGH, "y\n"),
        (f"Write the 3 {INTO_FILE}", "y\n"),
        ("Update 4 tickets in portal 4242 (developer test account)? [y/N]", "y\n"),
    )

    code, _, shown = session.end()

    assert code == 0, shown
    assert "4 updated" in shown
    assert [line.split(",")[2] for line in typos.read_text().splitlines()[1:]] == ["Urgent", "High", "Urgent", ""]
    assert sandbox.ticket("25012345001")["properties"]["hs_ticket_priority"] == "URGENT"
    assert "Priority: &#34;Urgentt&#34; → &#34;Urgent&#34; (C2, C4)" in page.read_text("utf-8")


def test_corrections_go_into_a_copy_when_the_file_is_to_stay(on_terminal, typos, sandbox):
    session = on_terminal(typos)
    answer(
        session,
        (URGENT, "y\n"),
        (HIGH, "q\n"),
        (f"Write the 2 {INTO_FILE}", "n\n"),
        ("Write a corrected copy, typos.corrected.csv, and go on with that? [y/N]", "y\n"),
        ("leave out the invalid rows? [y/N]", "y\n"),
    )

    code, _, shown = session.end()

    assert (code, typos.read_text()) == (1, TYPOS), shown
    copied = typos.with_name("typos.corrected.csv").read_text().splitlines()
    assert [line.split(",")[2:4] for line in copied[1:]] == [
        ["Urgent", "updated"],
        ["Hihg", "invalid"],
        ["Urgent", "updated"],
        ["", "updated"],
    ]
    assert sandbox.ticket("25012345009")["properties"]["hs_ticket_priority"] == "URGENT"


@pytest.mark.parametrize("end", ["q\n", "\x04", None], ids=["q", "end-of-input", "ctrl-c"])
def test_one_key_skips_every_suggestion(end, on_terminal, typos, sandbox):
    session = on_terminal(typos, "--lang", "pt-BR")
    session.wait_for('Priority: 2 células dizem "Urgentt"; usar "Urgente"? [s/N]')
    if end:
        answer(session, ("[s/N]", end))
    else:
        session.process.send_signal(signal.SIGINT)
    answer(session, ("deixar de fora as linhas inválidas? [s/N]", "n\n"))

    code, _, shown = session.end()

    assert code == 2, shown
    assert typos.read_text() == TYPOS
    assert not list(typos.parent.glob("*.corrected*"))
    assert sandbox.requests("batch/update") == []


@pytest.mark.parametrize("options", [["--json"], ["--yes"], ["--dry-run"], ["--on-invalid", "skip"]])
def test_nothing_is_suggested_to_whoever_did_not_leave_it_open(options, on_terminal, typos):
    session = on_terminal(typos, *options)
    if "--dry-run" not in options:
        answer(session, ("[y/N]", "n\n"))

    _, _, shown = session.end()

    assert "use " not in shown
    assert typos.read_text().startswith(TYPOS.splitlines()[0])
    assert "Urgentt" in typos.read_text()


def test_a_corrected_run_asks_about_near_headers_once(on_terminal, typos, sandbox):
    typos.write_text(TYPOS.replace("Ticket name", "Ticket nam"))
    session = on_terminal(typos)
    answer(
        session,
        (NAME, "y\n"),
        ("next files there?", "n\n"),
        (URGENT, "y\n"),
        (HIGH, "y\n"),
        (f"Write the 3 {INTO_FILE}", "y\n"),
        ("Update 4 tickets in portal 4242 (developer test account)? [y/N]", "y\n"),
    )

    assert session.end()[0] == 0
    assert sandbox.ticket("25012345001")["properties"]["subject"] == "New name"
