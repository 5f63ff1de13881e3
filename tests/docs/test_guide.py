"""The guide, followed to the letter: every command works as printed, and prints what the guide says."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from importer.cli.command_line import parse
from tools.guide_pages import DOCS, GUIDE, LANGUAGES, PAGES, ROOT, read_page, steps_of
from tools.guide_walk import SHOWING, Walk, edit_workbook, tidy

BLOCK = re.compile(r"^```(?:sh|bash|bat|powershell|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"(?:^|&& |\d )(import-tickets (?!and its).*?)(?:$| \d?> .*| \|\| .*)", re.MULTILINE)
INLINE = re.compile(r"`(import-tickets [^`\n]+)`")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_followed(language, sandbox, tmp_path):
    """From the first import to the settings file, in one sitting; each output is the one that is printed."""
    walk = Walk(tmp_path, sandbox.environment)
    stale = []
    for page in PAGES:
        for step in steps_of(read_page(language, page)):
            walk.carry_out(step)
            if step.kind == "run" and not step.shell_only:
                assert walk.code == step.code, f"{page}: {step.commands[-1]}\n{walk.printed}"
            if step.kind in SHOWING and walk.now(step) != tidy(step.text):
                stale.append(f"{page}:\n{walk.now(step)}")

    assert not stale, "make docs writes these anew:\n" + "\n".join(stale)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_walk_shows_something(language):
    """Comments and blocks are found: a guide of which nothing is run would pass unseen."""
    steps = [step for page in PAGES for step in steps_of(read_page(language, page))]
    commands = [one for step in steps if step.kind == "run" for one in step.commands]

    assert sum(one.startswith("import-tickets ") for one in commands) >= 30
    assert sum(step.kind == "output" for step in steps) >= 25


def test_both_languages_do_the_same():
    """The Portuguese pages have the same commands in the same order, and the same files."""
    for page in PAGES:
        english, portuguese = (steps_of(read_page(language, page)) for language in LANGUAGES)
        commands = [_undressed(step.text) for step in english if step.kind == "run"]

        assert [_undressed(step.text) for step in portuguese if step.kind == "run"] == commands, page
        assert [step.kind for step in portuguese] == [step.kind for step in english], page


def _undressed(commands: str) -> str:
    """Return commands without what only the Portuguese reader types."""
    return commands.replace("export IMPORT_TICKETS_LANG=pt-BR\n", "")


def test_the_sample_is_the_file_of_the_demo():
    assert (DOCS / "samples" / "edits.xlsx").read_bytes() == (ROOT / "fixtures" / "edits.xlsx").read_bytes()


def test_every_command_anywhere_in_the_documentation_can_be_parsed(capsys):
    """Scripts, Windows' commands and examples within sentences too: their options exist, and take what they get."""
    commands = []
    for path in (*DOCS.rglob("*.md"), ROOT / "README.md"):
        text = path.read_text(encoding="utf-8")
        for block in BLOCK.findall(text):
            commands += [(path, line) for line in COMMAND.findall(block.replace("\\\n", " "))]
        commands += [(path, line) for line in INLINE.findall(text)]

    assert len(commands) > 100
    for path, line in commands:
        words = shlex.split(line)[1:]
        if "..." in words:
            continue
        with contextlib.suppress(SystemExit):
            parse(words)
        said = capsys.readouterr().err  # a command may be named without what it needs: `import-tickets runs purge`
        assert "error" not in said or "arguments are required" in said, f"{path}: {line}\n{said}"


@pytest.mark.parametrize("path", sorted(GUIDE.rglob("*.md")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_scripts_have_no_slips(path, tmp_path):
    """The shell accepts the scripts that the guide prints."""
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("no shell on this machine")
    for number, script in enumerate(
        re.findall(r"^```bash\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    ):
        file = tmp_path / f"{number}.sh"
        file.write_text(script)
        assert subprocess.run([shell, "-n", str(file)], check=False).returncode == 0


@pytest.mark.wheel
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name == "nt", reason="the blocks of `sh` are for a POSIX shell")
def test_followed_by_copy_and_paste_in_a_fresh_environment(tmp_path):
    """From `python3 -m venv` to the last page, every block is given to a real shell as it is printed.

    The Portuguese pages have the same blocks: another test sees to that.
    """
    terminal = _Terminal(tmp_path)
    for page in PAGES:
        for step in steps_of(read_page("en", page)):
            if step.kind == "file":
                (terminal.folder / step.name).write_text(step.text, encoding="utf-8")
            elif step.kind == "edit":
                edit_workbook(terminal.folder / step.name, step.cells)
            elif step.kind == "run" and not step.expired:
                code, printed = terminal.paste(step.text)
                assert code == step.code, f"{page}:\n{step.text}\n{printed}"


class _Terminal:
    """A shell whose variables and folder last from one block to the next, in a copy of the source."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "source"
        ignored = shutil.ignore_patterns(".*", "build", "dist", "site", "__pycache__", "benchmarks")
        shutil.copytree(ROOT, self.folder, ignore=ignored)
        tools = home / "tools"
        tools.mkdir()
        (tools / "python3").symlink_to(sys.executable)
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "NO_P"))}
        self.environment = {**kept, "HOME": str(home), "PATH": f"{tools}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def paste(self, block: str) -> tuple[int, str]:
        """Run a block; return the exit code of its last command, and all that it printed."""
        kept = self.home / "kept"
        script = f"set -a\n{block}\ncode=$?\nenv -0 > {kept}\npwd > {kept}.folder\nexit $code\n"
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        pairs = (one.partition("=") for one in kept.read_text().split("\0") if one)
        self.environment = {name: value for name, _, value in pairs}
        self.folder = Path(kept.with_name("kept.folder").read_text().strip())
        return ended.returncode, ended.stdout + ended.stderr
