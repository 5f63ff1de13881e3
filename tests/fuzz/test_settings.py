"""Any settings file: understood, or refused with a sentence."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.cli.command_line import UnusableSetting, long_options, parse
from importer.cli.settings import SettingsFile, config_arguments
from importer.errors import UsageError
from tests.fuzz.effort import CORPUS, effort, kept
from tests.fuzz.mutate import damaged
from tests.fuzz.oracles import run_program

FLAGS = long_options("run")
SEED = b"""
[options]
dry-run = true
locale = "pt-BR"
date_format = "DD/MM/YYYY"
max-changes = 100
skip-column = ["Notes", "Owner mail"]
daily-reserve = 7.5

[columns]
map = { "Ticket no." = "id", "Prio" = "hs_ticket_priority" }
skip = ["x"]
"""


def check_settings(path):
    """Arguments that mean what they say, or a UsageError; argparse may refuse a value with exit 2, and nothing else."""
    with contextlib.suppress(UsageError):
        arguments = config_arguments(SettingsFile(path, is_users=True), FLAGS)
        assert all(isinstance(one, str) and one.startswith("--") for one in arguments)
        assert exit_code_of(arguments) in {None, 2}


def exit_code_of(arguments):
    """Return the exit code with which argparse refuses arguments, None where it takes them."""
    try:
        parse(["run", "edits.csv"], settings=arguments)
    except SystemExit as ended:
        return ended.code
    except UnusableSetting:
        return 2
    return None


@pytest.mark.parametrize("path", sorted((CORPUS / "settings").iterdir()), ids=lambda path: path.name)
def test_corpus(path, home, tmp_path, capsys):
    check_settings(path)
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,x\n")

    ended = run_program([str(edits), "--dry-run", "--no-diff", "--config", str(path)], home=home)

    assert ended.code in {0, 1, 2}


@effort()
@given(content=damaged(SEED) | st.binary(max_size=60))
def test_damaged_settings_are_understood_or_refused(content, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_bytes(content)

    with kept(content, ".toml"):
        check_settings(path)


SCALARS = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@effort()
@given(
    options=st.dictionaries(st.sampled_from(sorted(FLAGS)) | st.text(max_size=6), VALUES, max_size=4),
    columns=st.dictionaries(st.sampled_from(["map", "skip", "skp"]), VALUES, max_size=3) | SCALARS,
)
def test_any_values_are_understood_or_refused(options, columns, tmp_path):
    content = toml({"options": options, "columns": columns}).encode("utf-8", "replace")
    path = tmp_path / "settings.toml"
    path.write_bytes(content)

    with kept(content, ".toml"):
        check_settings(path)


def toml(value) -> str:
    """Write a value as TOML; what TOML has no word for (null) is left out."""
    return "\n".join(f"{_text(name)} = {_value(one)}" for name, one in value.items() if one is not None)


def _value(value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case list():
            return "[" + ", ".join(_value(one) for one in value if one is not None) + "]"
        case dict():
            return (
                "{"
                + ", ".join(f"{_text(name)} = {_value(one)}" for name, one in value.items() if one is not None)
                + "}"
            )
    raise AssertionError(value)


def _text(text: str) -> str:
    return '"' + "".join(sign if sign.isalnum() else f"\\U{ord(sign):08X}" for sign in text) + '"'
