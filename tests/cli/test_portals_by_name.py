"""login, logout, portals, and --portal: as people type them."""

import io
import json
import re

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as KeepsNothing

from tests.file_keyring import FileKeyring
from tests.sandbox_server import ROOT


@pytest.fixture
def ring(tmp_path, home, monkeypatch):
    """Return the keyring of this test, for this process and those that it starts."""
    monkeypatch.setenv("TEST_KEYRING", str(tmp_path / "ring.json"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.file_keyring.FileKeyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture
def login(ring, program, sandbox, monkeypatch):
    """Return a function that logs in to the sandbox by standard input."""

    def run(*arguments, token=None, address=None):
        monkeypatch.setenv("HUBSPOT_BASE_URL", address or sandbox.base_url)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{token or sandbox.token}\n"))
        ended = program("login", "--stdin", *arguments)
        monkeypatch.delenv("HUBSPOT_BASE_URL")
        return ended

    return run


def edits(folder):
    path = folder / "edits.csv"
    path.write_text("Record ID,subject\n25012345001,New\n")
    return path


def files_with(text, folder, *, but):
    return [
        path for path in folder.rglob("*") if path.is_file() and path.name != but and text.encode() in path.read_bytes()
    ]


def test_a_portal_is_kept_used_listed_and_forgotten(login, program, sandbox, ring, tmp_path):
    kept = login("sales", "--production", "--json")
    assert (kept.code, kept.summary["portal_id"], kept.summary["production"]) == (0, "4242", True), kept.err

    listed = program("portals", "--json").summary["portals"]
    ran = program(edits(tmp_path), "--portal", "sales", "--yes", "--json")
    seen = program("portals")
    gone = program("logout", "sales")

    assert listed == [
        {
            "portal": "sales",
            "portal_id": "4242",
            "kind": "DEVELOPER_TEST",
            "base_url": sandbox.base_url,
            "production": True,
        }
    ]
    assert (ran.code, ran.summary["rows"]["updated"]) == (0, 1), ran.err
    assert '"sales", portal 4242 (developer test account)' in ran.err
    assert "sales" in seen.out
    assert "production" in seen.out
    assert gone.code == 0
    assert (ring.kept, program("portals", "--json").summary["portals"]) == ({}, [])
    said = "".join(one.out + one.err for one in (kept, ran, seen, gone))
    assert sandbox.token not in said
    assert files_with(sandbox.token, tmp_path, but="ring.json") == []


def test_the_token_is_asked_for_unseen_on_a_terminal(ring, sandbox, home):
    pytest.importorskip("pty", reason="Windows has no pseudo-terminals of this kind")
    from tests.cli.test_terminal import OnTerminal

    session = OnTerminal("login", "sales", environment={"HUBSPOT_BASE_URL": sandbox.base_url})
    session.wait_for("(it is not shown):")
    session.type(f"{sandbox.token}\n")
    code, out, shown = session.end()

    assert code == 0, shown
    assert sandbox.token not in shown + out
    assert list(ring.kept.values()) == [sandbox.token]


def test_without_a_terminal_it_says_how_to_give_the_token(ring, program):
    ended = program("login")

    assert (ended.code, "--stdin" in ended.err) == (2, True)


def test_a_token_that_the_portal_does_not_know_is_not_kept(login, program, ring):
    ended = login(token="pat-na1-of-nobody")

    assert ended.code == 3
    assert "does not accept the token, so it was not kept" in ended.err
    assert "pat-na1-of-nobody" not in ended.err
    assert (ring.kept, program("portals", "--json").summary["portals"]) == ({}, [])


@pytest.mark.parametrize("name", ["pat-na1-12345678-90ab-cdef", "C" + "a" * 80])
def test_a_token_typed_for_a_name_is_refused_and_not_repeated(name, login, program, tmp_path):
    ended = login(name)

    assert ended.code == 2
    assert "looks like a token" in ended.err
    assert name not in ended.err + ended.out
    assert files_with(name, tmp_path, but="") == []


def test_the_option_wins_over_the_variable_and_the_variable_over_default(login, program, sandbox, monkeypatch):
    login()
    by_default = program("schema", "show", "subject", "--json")
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-na1-expired")

    by_variable = program("schema", "show", "subject", "--json")
    by_option = program("schema", "show", "subject", "--json", "--portal", "default")

    assert (by_default.code, by_variable.code, by_option.code) == (0, 3, 0)


def test_a_name_that_is_not_kept_is_refused_with_the_nearest(login, program, tmp_path):
    login("sales")

    ended = program(edits(tmp_path), "--portal", "sale", "--json")

    assert (ended.code, ended.codes) == (2, [(None, "no_token")])
    assert 'did you mean "sales"' in ended.err


@pytest.mark.parametrize("backend", [NoKeyring, KeepsNothing])
def test_where_there_is_no_keyring_a_sentence_says_what_to_do(backend, login, program):
    keyring.set_keyring(backend())

    ended = login("sales")

    assert ended.code == 2
    assert "HUBSPOT_ACCESS_TOKEN" in ended.err
    assert program("portals", "--json").summary["portals"] == []


def test_commands_to_run_next_name_the_portal(login, program, tmp_path):
    login("sales")
    ran = program(edits(tmp_path), "--portal", "sales", "--yes", "--json")
    run = ran.summary["run_id"]

    following = json.loads(program("runs", "show", run, "--json").out)["next"]

    assert following == f"import-tickets undo {run} --portal sales"
    assert program(*following.split()[1:], "--yes").code == 0


def test_a_workbook_to_edit_comes_with_a_command_that_can_be_pasted(login, program, tmp_path):
    login("sales")

    made = program("template", tmp_path / "to edit.xlsx", "--limit", "1", "--portal", "sales")

    assert f"import-tickets '{tmp_path / 'to edit.xlsx'}' --portal sales" in made.err


@pytest.mark.parametrize(("rows", "asked"), [(101, "sales"), (100, "yes")])
def test_a_production_portal_wants_its_name_above_100_rows(rows, asked, login, program, tmp_path, monkeypatch, sandbox):
    login("sales", "--production")
    path = tmp_path / "many.csv"
    living = [one["id"] for one in sandbox.tickets().values() if not (one["archived"] or one["merged_into"])]
    path.write_text("Record ID,subject\n" + "".join(f"{number},New\n" for number in living[:rows]))
    questions = []
    ui = "importer.cli.terminal_ui.TerminalUi"
    monkeypatch.setattr(f"{ui}.can_ask", property(lambda self: True))
    monkeypatch.setattr(f"{ui}.ask_rows", lambda self, text, rows, name: questions.append(name or "yes"))

    ended = program(path, "--portal", "sales")

    assert (ended.code, questions) == (2, [asked]), ended.err


def test_only_the_whole_name_is_a_yes(capsys):
    from importer.cli.questions import Questions
    from importer.i18n import translations
    from importer.reports.screen import Screen
    from schemas.message import message

    def answer(typed):
        shown = io.StringIO()
        questions = Questions(Screen(translations("en"), shown), io.StringIO(typed))
        return questions.ask_name(message("Undo run {run}?", run="1"), "sales"), shown.getvalue()

    def number(typed):
        questions = Questions(Screen(translations("en"), io.StringIO()), io.StringIO(typed))
        return questions.ask_rows(message("Update {count} tickets?", count=300), 300, "sales")

    assert [number(one) for one in ("y\n", "10\n", "200\n50\n", "sales\n", "")] == [0, 10, 50, 300, 0]
    assert answer("y\n")[0] is False
    assert answer("")[0] is False
    assert answer("sales\n") == (True, 'Undo run 1? Type "sales" to go ahead: ')


class Coloured(io.StringIO):
    """A terminal that shows colours."""

    def isatty(self):
        return True


def test_a_question_names_the_portal_in_a_colour_of_its_own(monkeypatch):
    from importer.cli.questions import Questions
    from importer.i18n import translations
    from importer.reports.screen import Screen
    from schemas.message import message

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def shown(portal):
        screen = Coloured()
        questions = Questions(Screen(translations("en"), screen), io.StringIO("y\n"))
        questions.ask(message("Update one ticket in {portal}?", portal=message("portal {portal}", portal=portal)))
        return screen.getvalue()

    looks = {one: re.search(rf"(\x1b\[[\d;]+m)portal {one}\x1b\[0m\?", shown(one))[1] for one in ("77", "78", "79")}
    assert looks["77"] in shown("77")
    assert len(set(looks.values())) > 1
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown("77")


def test_undo_goes_to_the_portal_that_the_run_named_while_it_is_kept(login, program, sandbox, tmp_path):
    login("sales", "--json")
    run = program(edits(tmp_path), "--portal", "sales", "--yes", "--json").summary["run_id"]

    undone = program("undo", run, "--yes", "--json")
    program("logout", "sales")
    ended = program("undo", run, "--yes", "--json")

    assert (undone.code, undone.summary["rows"]["updated"]) == (0, 1), undone.err
    assert (ended.code, ended.codes) == (2, [(None, "no_token")])
    assert program("undo", run, "--yes", "--json", portal=sandbox).code == 0
