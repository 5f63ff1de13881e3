"""What the README prints is what the program prints."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def printed(name):
    """Return the lines of one marked output in the README, without the command above them."""
    block = re.search(rf"<!-- output: {name} -->\n```text\n(.*?)```\n", README, re.DOTALL)[1]
    command, *lines = block.splitlines()
    return command.removeprefix("$ "), lines


def test_first_screen_shows_the_real_output(program, tmp_path, monkeypatch):
    """The demo's workbook against a fresh sandbox; the question is answered with --yes here."""
    command, lines = printed("demo")
    shutil.copy(ROOT / "fixtures" / "edits.xlsx", tmp_path)
    monkeypatch.chdir(tmp_path)

    ended = program(*command.split()[1:])

    assert ended.code == 1
    shown = re.sub(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b", "20261123-141503-7f3a", ended.err)
    assert [line.rstrip() for line in shown.splitlines()] == lines


def test_every_command_of_the_readme_is_one():
    from importer.cli.commands import COMMANDS

    named = set(re.findall(r"`import-tickets ([a-z]+)", README))

    assert named - {"run"} == COMMANDS.keys() - {"run"}


def test_pictures_and_links_are_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
