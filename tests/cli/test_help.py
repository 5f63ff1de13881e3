"""What the command line says of itself and of bad usage, in the language of the person who reads it."""

import argparse
import ast
import re
import sys
from pathlib import Path

import pytest

from importer.cli.command_line import build_parser, parse
from importer.cli.commands import COMMANDS
from importer.cli.parser import OWN_WORDS

PORTUGUESE = ("--lang", "pt-BR")
FOR_PROGRAMMERS = re.compile(
    r"conflict|invalid option string|is not callable|nargs|dest=|mutually exclusive|cannot (merge|have)|"
    r"'required' is an invalid|__call__|with mode|can't open|expected %s|subcommands|deprecated|warning"
)
"""Of argparse's words, those for who builds a parser, and those of what ours does not use."""
ARRANGEMENT = {"%(heading)s:", " (default: %(default)s)"}


def words_of_argparse():
    for node in ast.walk(ast.parse(Path(argparse.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "ngettext"}:
            yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


def test_all_that_argparse_may_say_to_a_person_is_known():
    """A newer Python may say more: then it belongs into OWN_WORDS, or here, and `make translations` takes it up."""
    in_parser = {"show program's version number and exit"}

    said = {one for one in words_of_argparse() if not FOR_PROGRAMMERS.search(one)}

    assert said - set(OWN_WORDS) - in_parser - ARRANGEMENT == set()


PAGES = [
    (),
    *((one,) for one in COMMANDS),
    ("runs", "purge"),
    ("runs", "show"),
    ("schema", "pull"),
    ("sandbox", "serve"),
]


@pytest.mark.parametrize("command", PAGES, ids=" ".join)
def test_help_is_in_the_language_of_the_person(command, program, monkeypatch):
    monkeypatch.setenv("IMPORT_TICKETS_LANG", "pt-BR")

    ended = program(*command, "--help")

    assert ended.code == 0
    assert "uso: import-tickets" in ended.out
    assert ended.out.startswith("uso: " if command else "exemplos:\n  import-tickets ")
    assert "mostra esta ajuda e termina" in ended.out or not command
    assert not re.search(r"(?<!--)\b(usage|options|the|help message|FILE|PATH|NAME|RUN)\b", ended.out)


def test_lang_may_stand_anywhere(program):
    for typed in (["run", "--help", *PORTUGUESE], [*PORTUGUESE, "edits.csv", "-h"], ["runs", "--lan=pt", "--help"]):
        assert "[opções]" in program(*typed).out, typed


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        (["--json", "runs"], {"command": "runs", "json": True}),
        (["--lang", "pt-BR", "schema", "show", "subject"], {"command": "schema", "property": "subject"}),
        (["-y", "--max-rate=5", "undo", "X"], {"command": "undo", "run": "X", "yes": True, "max_rate": 5}),
        (["--sheet", "runs", "e.csv"], {"command": "run", "sheet": "runs", "file": Path("e.csv")}),
        (["--dry", "--she", "undo", "./runs"], {"command": "run", "sheet": "undo", "file": Path("runs")}),
        (["--json", "--", "runs"], {"command": "run", "file": Path("runs")}),
        (["--", "-x.csv"], {"command": "run", "file": Path("-x.csv")}),
    ],
)
def test_options_may_stand_before_the_command(typed, understood):
    """A value of an option is no command, and a file of a command's name is told by its folder."""
    found = vars(parse(typed))

    assert {name: found[name] for name in understood} == understood


def test_help_after_other_options_is_the_first_page(program):
    assert program("--lang", "pt-BR", "--help").out == program("--help", "--lang", "pt-BR").out
    assert "sandbox" in program("--json", "-h").out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param(["e.csv", "--nope"], "argumentos desconhecidos: --nope", id="unknown"),
        pytest.param(["e.csv", "--shet", "A"], "não há a opção --shet; você quis dizer --sheet?", id="misspelt-option"),
        pytest.param(["rsume"], 'não há comando nem arquivo "rsume"; você quis dizer resume?', id="misspelt-command"),
        pytest.param(["runs", "shwo"], 'não há a ação "shwo"; você quis dizer show?', id="misspelt-action"),
        pytest.param(["e.csv", "--blank", "kep"], 'você quis dizer "keep"?', id="misspelt-value"),
        pytest.param(["e.csv", "--sheet"], "argumento --sheet: espera um valor", id="no-value"),
        pytest.param(["e.csv", "--blank", "x"], "'x' não é uma destas escolhas: clear, keep", id="choice"),
        pytest.param(["e.csv", "--skip"], "opção ambígua: --skip pode ser --skip-column", id="short-for-several"),
        pytest.param(["e.csv", "--json=1"], "argumento --json: não recebe um valor: '1'", id="flag-with-value"),
        pytest.param(["e.csv", "--quiet", "--verbose"], "não combina com o argumento --quiet", id="one-of-two"),
        pytest.param(["template"], "faltam estes argumentos: SAÍDA", id="required"),
        pytest.param(["e.csv", "--max-changes", "x"], "'x' não é um número nem uma porcentagem", id="amount"),
        pytest.param(["e.csv", "--map", "x"], "'x' não tem a forma CABEÇALHO=PROPRIEDADE", id="mapping"),
        pytest.param(["runs", "purge", "--older-than", "x"], "'x' não é uma idade", id="age"),
    ],
)
def test_bad_usage_is_told_in_that_language(typed, said, program, monkeypatch):
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")

    ended = program(*typed)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("import-tickets")
    assert ended.err.count("\n") == 1
    assert "erro: " in ended.err
    assert said in ended.err


def test_without_anything_typed_the_help_is_shown(program):
    """Three examples first; it is bad usage all the same."""
    ended = program(*PORTUGUESE[:0])

    assert (ended.code, ended.out) == (2, "")
    first = ended.err.splitlines()
    assert first[0] == "examples:"
    assert all(line.startswith("  import-tickets ") for line in first[1:4])
    assert ended.err.endswith("name a spreadsheet: import-tickets FILE\n")


def test_another_language_leaves_nothing_behind(program):
    """The next command line is in its own language: argparse's words are taken back."""
    program("--help", *PORTUGUESE)
    program("run", "--help", *PORTUGUESE)

    assert program("run", "e.csv", "--nope").err == "import-tickets run: error: unrecognized arguments: --nope\n"
    assert "show this help message and exit" in program("run", "--help").out


def test_help_survives_an_output_that_lacks_letters(process, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    ended = process("run", "--help", *PORTUGUESE)

    assert ended.code == 0, ended.err
    assert "op\\xe7\\xf5es" in ended.out


def test_every_option_has_words():
    """An option without help would be there and be explained nowhere."""

    def below(parser):
        yield parser
        for child in parser.commands.values():
            yield from below(child)

    silent = [(parser.prog, one.names) for parser in below(build_parser()) for one in parser.told if not one.help]

    assert silent == []
    assert sys.modules["argparse"]._("usage: ") == "usage: "


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize("columns", [80, 120])
def test_the_first_page_of_help_fits_the_terminal(language, columns, monkeypatch, program):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("IMPORT_TICKETS_LANG", language)

    lines = program("--help").out.splitlines()

    assert max(map(len, lines)) <= columns
    assert any(line.startswith("  import-tickets undo ") for line in lines)
