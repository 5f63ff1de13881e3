"""Any arguments: an exit code of the contract and words for people, never a traceback."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.cli.command_line import long_options
from importer.cli.commands import COMMANDS
from tests.fuzz.effort import CORPUS, effort, kept
from tests.fuzz.oracles import run_program
from tests.fuzz.seeds import TEXTS, by_openpyxl, by_xlsxwriter

OPTIONS = sorted(
    {f"--{name}" for command in COMMANDS for name in long_options(command)}
    | {"-y", "-h", "--", "-", "--no-such-option"}
)
FILES = [
    "utf8.csv",
    "ansi.csv",
    "book.xlsx",
    "other.xlsx",
    "empty.csv",
    "schema.json",
    "settings.toml",
    "folder",
    "missing.csv",
    "a\nb.csv",
]
WORDS = st.sampled_from(
    [
        "pt-BR", "en", "xx", "C", "DD/MM/YYYY", "%d", "%", "DD", "America/Sao_Paulo", "Mars/Base", "..", "utf-8",
        "cp1252", "utf-16", "bogus",
        "idna", "zlib", ";", ",", "\\t", '"', "\n", "ab", "", "0", "1", "-1", "10%", "1e9", "nan",
        "999999999999999999999", "stop", "skip", "clear", "keep",
        "overwrite", "Edits", "Notes", "subject", "id", "external_ref", "Record ID=id", "Priority=subject", "=", "a=b",
        "list", "show", "purge",
        "pull", "90d", "99999999999999d", "20261123-141503-7f3a", "../x", "../../etc/passwd", "x" * 300, "[bold]x[/]",
        "[/]", "\x1b[31mred", "\u202eevil", "{0}", "%s",
    ]
)  # fmt: skip
VALUES = st.sampled_from(FILES) | WORDS | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ARGUMENTS = st.lists(
    st.sampled_from(OPTIONS) | VALUES | st.tuples(st.sampled_from(OPTIONS), VALUES).map("=".join), max_size=6
)


@st.composite
def command_lines(draw):
    """Return arguments: a command or none, its options, and what else there is."""
    command = draw(st.sampled_from(["", "", "", *sorted(COMMANDS)]))
    known = sorted(long_options(command or "run"))
    options = st.sampled_from(known).flatmap(
        lambda name: (
            st.tuples(st.just(f"--{name}"), VALUES).map(lambda pair: [f"{pair[0]}={pair[1]}"])
            if long_options(command or "run")[name]
            else st.just([f"--{name}"])
        )
    )
    likely = st.lists(options, max_size=4).map(lambda parts: [one for part in parts for one in part])
    first = [command] if command else []
    if command in ("", "run", "reconcile") and draw(st.booleans()):
        first.append(draw(st.sampled_from(FILES)))
    return first + draw(likely | ARGUMENTS)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "folder").mkdir()
    contents = {
        "utf8.csv": TEXTS["utf-8"], "ansi.csv": TEXTS["windows-1252"], "book.xlsx": by_openpyxl(),
        "other.xlsx": by_xlsxwriter(),
        "empty.csv": b"",
        "schema.json": b'{"results": [{"name": "subject", "label": "Name", "type": "string", "fieldType": "text"}]}',
        "settings.toml": b'[options]\nblank = "keep"\n', "a\nb.csv": b"Record ID,subject\n1,x\n",
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def check_arguments(arguments, home, *, environment=None):
    """Run them; what serves until it is interrupted, or runs commands, is left out."""
    if {"serve", "web"} & set(arguments) or any(one.startswith("--on-finish") for one in arguments):
        return
    ended = run_program(arguments, home=home, environment=environment)
    if any(one.startswith("--json") for one in arguments) and ended.out and ended.code in {0, 1}:
        json.loads(ended.out) if ended.out.lstrip().startswith("{") else None
    if ended.code == 2:
        assert (ended.err or ended.out).strip()
    assert "\x1b" not in ended.err
    assert "\u202e" not in ended.err


@pytest.fixture
def folder(originals, tmp_path, monkeypatch):
    shutil.copytree(originals, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.parametrize(
    "line", json.loads((CORPUS / "command-lines.json").read_text("utf-8")), ids=lambda line: " ".join(line)[:60]
)
def test_corpus(line, folder, home):
    check_arguments(line, home)


@effort(1)
@given(arguments=command_lines())
def test_any_arguments(arguments, originals, home, tmp_path_factory):
    """Files are real, there is no token: nothing leaves this machine."""
    folder = tmp_path_factory.mktemp("run") / "work"
    shutil.copytree(originals, folder)

    with kept(json.dumps(arguments).encode(), ".json"), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        check_arguments([one for one in arguments if one != "--sandbox"], home)


@effort(0.15)
@given(arguments=command_lines())
def test_any_arguments_against_the_embedded_portal(arguments, originals, home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "work"
    shutil.copytree(originals, folder)

    with kept(json.dumps(arguments).encode(), ".json"), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        check_arguments([*arguments, "--sandbox"], home)
