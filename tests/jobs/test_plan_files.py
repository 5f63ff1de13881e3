"""The main job in three steps: a plan in a file, approved by somebody else, applied once, anywhere."""

import csv
import json
import os
import re
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.jobs.plan_file import note_line, plan_lines, read_plan
from tests.jobs.office import A, B, C, values
from tests.sandbox_server import SandboxServer

FIRST = 30_000_000_001
"""The first of the sandbox's plain tickets."""
SUBJECT, PRIORITY = "subject", "hs_ticket_priority"
HEADER = ("Record ID", SUBJECT)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Return a function after which the program runs as somebody else, on another machine."""

    def go(name="colleague"):
        monkeypatch.setenv("IMPORT_TICKETS_HOME", str(tmp_path / f"state-of-{name}"))
        for variable in ("LOGNAME", "USER", "USERNAME"):
            monkeypatch.setenv(variable, name)

    go("planner")
    return go


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def message_of(ended):
    [error] = ended.summary["errors"]
    return error["message"]


def test_three_of_300_tickets_moved_and_no_other_row_is_refused(program, sheet, tmp_path, elsewhere):
    with SandboxServer(tickets=300) as portal:
        edits = sheet(HEADER, *[(str(FIRST + n), f"New {n}") for n in range(300)])
        original = edits.read_bytes()
        plan = tmp_path / "plan.jsonl"
        planned = program("plan", edits, "-o", plan, "--json", portal=portal)
        assert (planned.code, planned.summary["rows"]["would_update"]) == (0, 300)
        assert planned.summary["plan"] == str(plan)
        assert edits.read_bytes() == original
        assert not portal.requests("batch/update")
        held = portal.ticket(str(FIRST + 7))["properties"][SUBJECT]
        for n in (7, 100, 299):
            portal.change(str(FIRST + n), {SUBJECT: "A colleague's"})
        elsewhere()
        edits.unlink()

        ended = program("apply", plan, "--yes", "--json", portal=portal)

        rows = ended.summary["rows"]
        assert (ended.code, rows["updated"], rows["invalid"]) == (1, 297, 3)
        assert ended.codes == [(9, "conflict"), (102, "conflict"), (301, "conflict")]
        first = ended.summary["errors"][0]["message"]
        assert held in first
        assert "A colleague's" in first
        assert portal.ticket(str(FIRST + 100))["properties"][SUBJECT] == "A colleague's"
        assert portal.ticket(str(FIRST + 101))["properties"][SUBJECT] == "New 101"
        assert ended.summary["report"] == str(tmp_path / "edits.results.csv")
        undone = program("undo", ended.summary["run_id"], "--yes", "--json", portal=portal)
        assert (undone.code, undone.summary["rows"]["updated"]) == (0, 297)


def test_the_spreadsheet_is_annotated_where_it_is_what_the_plan_was_made_from(
    portal, program, sheet, tmp_path, elsewhere
):
    edits, plan = sheet(HEADER, (A, "New"), (B, values(portal, B)[SUBJECT])), tmp_path / "plan.jsonl"
    program("plan", edits, "-o", plan, portal=portal)
    there = tmp_path / "there"
    there.mkdir()
    shutil.copy(edits, there)
    shutil.move(plan, there)
    elsewhere()

    ended = program("apply", there / "plan.jsonl", "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["report"]) == (0, str(there / "edits.csv"))
    assert [row["Import status"] for row in rows_of(there / "edits.csv")] == ["updated", "unchanged"]
    assert "Import status" not in edits.read_text()


def test_a_spreadsheet_that_changed_since_gets_no_results_into_it(portal, program, sheet, tmp_path):
    edits, plan = sheet(HEADER, (A, "New")), tmp_path / "plan.jsonl"
    program("plan", edits, "-o", plan, portal=portal)
    edits.write_text(edits.read_text() + f"{B},Other\n")
    changed = edits.read_bytes()

    ended = program("apply", plan, "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["total"]) == (0, 1)
    assert edits.read_bytes() == changed
    assert ended.summary["report"] == str(tmp_path / "edits.results.csv")


def test_a_plan_is_applied_once(portal, program, sheet, tmp_path, elsewhere):
    """The plan itself says so on every machine; the state folder says so where the plan was copied before."""
    plan, copy = tmp_path / "plan.jsonl", tmp_path / "copy.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    shutil.copy(plan, copy)
    done = program("apply", plan, "--yes", "--json", portal=portal)
    portal.forget_requests()

    again = [program(command, one, "--yes", "--json", portal=portal)
             for command in ("apply", "approve") for one in (plan, copy)]  # fmt: skip
    elsewhere()
    there = program("apply", plan, "--yes", "--json", portal=portal)

    assert done.code == 0
    assert [(one.code, one.codes) for one in (*again, there)] == [(2, [(None, "plan_applied")])] * 5
    assert re.search(rf"at \d{{4}}-\d\d-\d\d \d\d:\d\d, as run {done.summary['run_id']}", message_of(there))
    assert "planner" in message_of(there)
    assert not portal.requests()


def test_a_plan_that_nobody_confirmed_or_that_died_before_it_sent_may_be_applied(
    portal, program, sheet, tmp_path, monkeypatch
):
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    kept = plan.read_bytes()

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    asked = program("apply", plan, "--json", portal=portal)
    with monkeypatch.context() as patch:
        patch.setattr("importer.jobs.apply_file.add_note", die)
        with pytest.raises(Killed):
            program("apply", plan, "--yes", portal=portal)
    assert plan.read_bytes() == kept
    done = program("apply", plan, "--yes", "--json", portal=portal)

    assert (asked.code, asked.codes) == (2, [(None, "not_confirmed")])
    assert (done.code, done.summary["rows"]["updated"]) == (0, 1)


def test_an_application_that_was_killed_is_resumed(portal, program, sheet, tmp_path, monkeypatch):
    edits, plan = sheet(HEADER, (A, "One"), (B, "Two")), tmp_path / "plan.jsonl"
    program("plan", edits, "-o", plan, portal=portal)

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("importer.sending.sender.send", die)
        with pytest.raises(Killed):
            program("apply", plan, "--yes", portal=portal)
    again = program("apply", plan, "--yes", "--json", portal=portal)
    resumed = program("resume", "--json", portal=portal)

    assert again.codes == [(None, "plan_applied")]
    assert (resumed.code, resumed.summary["rows"]["updated"]) == (0, 2)
    assert [row["Import status"] for row in rows_of(edits)] == ["updated", "updated"]


def test_another_portal_is_refused(portal, program, sheet, tmp_path):
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    account = portal.call("GET", "/account-info/v3/details")[1]
    portal.define("account", account | {"portalId": 77})

    ended = program("apply", plan, "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (2, [(None, "other_portal")])
    assert not portal.requests("batch/update")


def test_only_somebody_elses_approval_counts(portal, program, sheet, tmp_path, elsewhere, monkeypatch):
    """Neither the planner's account nor the planner's key approves, alone or together."""
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)

    def apply():
        return program("apply", plan, "--require-approval", "--yes", "--json", portal=portal)

    nobody = apply()
    program("approve", plan, "--yes")
    oneself = apply()
    monkeypatch.setenv("LOGNAME", "another-account")
    program("approve", plan, "--yes")
    by_key = apply()
    elsewhere("Planner")
    program("approve", plan, "--yes")
    by_account = apply()
    elsewhere("colleague")
    approved = program("approve", plan, "--yes", "--json")
    done = apply()

    refused = [nobody, oneself, by_key, by_account]
    assert [(one.code, one.codes) for one in refused] == [(2, [(None, "not_approved")])] * 4
    assert (approved.code, approved.summary["rows"]["would_update"], approved.summary["run_id"]) == (0, 1, None)
    assert (done.code, done.summary["rows"]["updated"]) == (0, 1)


def test_nothing_is_approved_without_a_yes(portal, program, sheet, tmp_path, monkeypatch):
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    kept = plan.read_bytes()

    alone = program("approve", plan, "--json")
    asked = []
    monkeypatch.setattr("importer.cli.terminal_ui.TerminalUi.can_ask", property(lambda self: True))
    monkeypatch.setattr("importer.cli.terminal_ui.TerminalUi.ask", lambda self, question: asked.append(str(question)))
    no = program("approve", plan, "--json")

    assert [alone.codes, no.codes] == [[(None, "not_confirmed")]] * 2
    assert asked == ["Approve this plan, which updates one ticket?"]
    assert plan.read_bytes() == kept


def test_the_settings_may_require_an_approval(portal, program, sheet, tmp_path):
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    own = tmp_path / "config" / "import-tickets" / "import-tickets.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[options]\nrequire-approval = true\n")

    by_own = program("apply", plan, "--yes", "--json", portal=portal)
    named = own.replace(tmp_path / "ci.toml")
    by_named = program("apply", plan, "--yes", "--json", "--config", named, portal=portal)

    assert by_own.codes == by_named.codes == [(None, "not_approved")]
    assert by_named.summary["settings"] == str(named)
    assert "nobody other than" in message_of(by_named)


@pytest.mark.parametrize("more", [(), ("--on-invalid", "stop"), ("--on-invalid", "skip")])
def test_invalid_rows_keep_the_plan_back_unless_they_may_be_left_out(more, portal, program, sheet, tmp_path):
    edits = sheet((*HEADER, PRIORITY), (A, "New", "Urgentt"), (B, "Other", "LOW"))
    plan = tmp_path / "plan.jsonl"

    planned = program("plan", edits, "-o", plan, *more, "--json", portal=portal)

    if "skip" not in more:
        assert (planned.code, planned.codes, plan.exists()) == (2, [(2, "invalid_option")], False)
        return
    assert (planned.code, planned.summary["rows"]["would_update"]) == (1, 1)
    done = program("apply", plan, "--yes", "--json", portal=portal)
    assert (done.code, done.codes, done.summary["rows"]["updated"]) == (1, [(2, "invalid_option")], 1)
    assert [row["Import status"] for row in rows_of(edits)] == ["invalid", "updated"]


def test_guard_rails_count_when_planned_and_when_applied(portal, program, sheet, tmp_path):
    edits, plan = sheet(HEADER, (A, "New"), (B, "Other")), tmp_path / "plan.jsonl"

    refused = program("plan", edits, "-o", plan, "--max-changes", "1", "--json", portal=portal)
    assert (refused.codes, plan.exists()) == ([(None, "guard_rail")], False)
    program("plan", edits, "-o", plan, portal=portal)
    ended = program("apply", plan, "--max-changes", "1", "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (2, [(None, "guard_rail")])


@pytest.mark.parametrize("allowed_by", ["nobody", "plan", "apply"])
def test_an_empty_column_is_shown_and_refused_as_in_a_run(allowed_by, portal, program, sheet, tmp_path):
    edits, plan = sheet((*HEADER, "content"), (A, "New", ""), (B, "Other", "")), tmp_path / "plan.jsonl"
    for ticket in (A, B):
        portal.change(ticket, {"content": "Something"})

    def more(command):
        return ["--allow-empty-column"] if allowed_by == command else []

    program("plan", edits, "-o", plan, *more("plan"), portal=portal)
    approved = program("approve", plan, "--yes")
    ended = program("apply", plan, "--yes", "--json", *more("apply"), portal=portal)

    assert "empty" in approved.err
    assert ended.codes == ([(None, "guard_rail")] if allowed_by == "nobody" else [])


def test_rows_that_were_left_out_stay_left_out(portal, program, sheet, tmp_path):
    edits, plan = sheet(HEADER, (A, "One"), (B, "Two"), (C, "Three")), tmp_path / "plan.jsonl"
    planned = program("plan", edits, "-o", plan, "--rows", "2-3", "--first", "1", "--json", portal=portal)
    ended = program("apply", plan, "--yes", "--json", portal=portal)

    assert (planned.code, planned.summary["rows"]["would_update"]) == (0, 1)
    rows = ended.summary["rows"]
    assert (ended.code, rows["updated"], rows["not_sent"]) == (0, 1, 2)
    assert values(portal, B)[SUBJECT] != "Two"


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_a_plan_has_the_mode_of_its_spreadsheet_and_keeps_it(portal, program, sheet, tmp_path):
    edits, plan = sheet(HEADER, (A, "New")), tmp_path / "plan.jsonl"
    edits.chmod(0o600)
    program("plan", edits, "-o", plan, portal=portal)
    modes = [plan.stat().st_mode & 0o777]
    program("approve", plan, "--yes")
    modes.append(plan.stat().st_mode & 0o777)

    assert modes == [0o600, 0o600]


def test_no_other_file_is_replaced(portal, program, sheet, tmp_path):
    """Its own plan is, as long as nobody has written into it: not an approved one."""
    edits, plan = sheet(HEADER, (A, "New")), tmp_path / "plan.jsonl"
    plan.write_text("mine")
    assert program("plan", edits, "-o", plan, portal=portal).code == 2
    assert program("plan", edits, "-o", edits, "--overwrite", portal=portal).code == 2
    assert plan.read_text() == "mine"

    over = [program("plan", edits, "-o", plan, *more, portal=portal).code for more in (["--overwrite"], [])]
    program("approve", plan, "--yes")
    approved = program("plan", edits, "-o", plan, portal=portal).code

    assert (over, approved) == ([0, 0], 2)


def test_the_file_tells_no_token_and_no_text_is_changed_on_the_way(portal, program, sheet, tmp_path):
    texts = {A: "=1+1", B: "Ação 日本 \U0001f600 _x0041_", C: 'a "b"\\\nc\u2028d'}
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, *texts.items()), "-o", plan, portal=portal)

    ended = program("apply", plan, "--yes", "--json", portal=portal)

    assert ended.code == 0, ended.err
    assert {key: values(portal, key)[SUBJECT] for key in texts} == texts
    assert portal.token not in plan.read_text("utf-8")


def test_who_planned_approved_and_applied_is_in_the_report(portal, program, sheet, tmp_path, elsewhere):
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    elsewhere("approver")
    program("approve", plan, "--yes")
    elsewhere("applier")
    page = tmp_path / "page.html"
    done = program("apply", plan, "--yes", "--json", "--html", page, portal=portal)

    shown = re.sub(r"<[^>]*>", " ", page.read_text("utf-8"))
    for act, who in (("Planned", "planner"), ("Approved", "approver"), ("Applied", "applier")):
        assert re.search(rf"{act} by\s+{who} \(", shown)
    notes = [json.loads(line) for line in plan.read_text("utf-8").splitlines()[-2:]]
    assert (notes[0]["approved"]["account"], notes[1]["applied"]["account"]) == ("approver", "applier")
    assert notes[1]["applied"]["run"] == done.summary["run_id"]


# --- one byte, one line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a plan with two notes: its path and its bytes."""
    who = {"account": "a", "machine": "m", "key": "k", "at": "2026-11-29T12:00:00.000Z"}
    lines = list(plan_lines({"planned": who}, [{"row": n, "key": f"{n}", "after": {"subject": "ä"}} for n in (2, 3)]))
    path = tmp_path_factory.mktemp("plan") / "plan.jsonl"
    path.write_bytes(b"".join(lines))
    for note in ({"approved": who}, {"applied": who}):
        content = path.read_bytes()
        path.write_bytes(content + note_line(read_plan(path).last, note))
    return SimpleNamespace(path=path, content=path.read_bytes(), lines=path.read_bytes().splitlines(keepends=True))


@given(data=st.data())
@settings(max_examples=150)
def test_one_altered_byte_is_noticed(whole, data):
    place = data.draw(st.integers(0, len(whole.content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != whole.content[place]))
    whole.path.write_bytes(whole.content[:place] + bytes([byte]) + whole.content[place + 1 :])

    with pytest.raises(UsageError) as refused:
        read_plan(whole.path)

    assert refused.value.code == "plan_altered"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: lines[:1] + lines[2:], id="a-row-less"),
        pytest.param(lambda lines: lines[:2] + lines[1:], id="a-row-twice"),
        pytest.param(lambda lines: lines[:3], id="no-end"),
        pytest.param(lambda lines: lines[:4] + lines[5:], id="a-note-less"),
        pytest.param(lambda lines: [*lines, lines[1]], id="a-row-behind"),
        pytest.param(lambda lines: [*lines[:-1], lines[-1][:-1]], id="cut"),
        pytest.param(lambda lines: [*lines, b"\n"], id="an-empty-line"),
        pytest.param(lambda lines: [one.replace(b"\n", b"\r\n") for one in lines], id="other-line-ends"),
        pytest.param(lambda lines: [], id="empty"),
        pytest.param(lambda lines: [b"Record ID,subject\n"], id="a-spreadsheet"),
    ],
)
def test_another_number_of_lines_is_noticed(whole, change):
    whole.path.write_bytes(b"".join(change(whole.lines)))

    with pytest.raises(UsageError) as refused:
        read_plan(whole.path)

    assert refused.value.code == "plan_altered"


def test_an_altered_plan_sends_nothing(portal, program, sheet, tmp_path):
    plan = tmp_path / "plan.jsonl"
    program("plan", sheet(HEADER, (A, "New")), "-o", plan, portal=portal)
    plan.write_bytes(plan.read_bytes().replace(b'"New"', b'"Now"'))

    ended = [program(command, plan, "--yes", "--json", portal=portal) for command in ("approve", "apply")]

    assert [(one.code, one.codes) for one in ended] == [(2, [(None, "plan_altered")])] * 2
    assert not portal.requests("batch/update")
