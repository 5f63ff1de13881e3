"""Build the program as a single file that needs no Python: `dist/import-tickets` (PyInstaller), and try it.

It is built for the system that it is built on. Tried here, without a Python to be found: every command's help, a run
against the sandbox, and the page.
Source: https://pyinstaller.org/en/stable/usage.html
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUT = ROOT / "dist" / ("import-tickets.exe" if os.name == "nt" else "import-tickets")
PACKAGES = ("importer", "schemas")
WITH_DATA = ("importer", "schemas", "nicegui", "certifi", "tzdata", "babel", "pandera")
WITH_METADATA = ("import-tickets", "keyring", "pandera", "nicegui")
HIDDEN = ("keyring.backends", "uvicorn")
LEFT_OUT = ("tkinter", "matplotlib", "pytest", "IPython", "hypothesis", "mypy", "playwright", "PIL")


def build() -> None:
    """Run PyInstaller."""
    options = ["--onefile", "--noconfirm", "--clean", "--log-level", "ERROR", "--name", "import-tickets"]
    options += ["--distpath", str(OUT.parent), "--workpath", str(ROOT / "build"), "--specpath", str(ROOT / "build")]
    options += ["--paths", str(ROOT)]
    for name in (*PACKAGES, *HIDDEN):
        options += ["--collect-submodules", name]
    for name in WITH_DATA:
        options += ["--collect-data", name]
    for name in WITH_METADATA:
        options += ["--copy-metadata", name]
    for name in LEFT_OUT:
        options += ["--exclude-module", name]
    subprocess.run([sys.executable, "-m", "PyInstaller", *options, str(ROOT / "tools" / "binary_start.py")], check=True)


def check() -> None:
    """Use the file as somebody without Python would."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP", "USERPROFILE") if name in os.environ}
        alone = {**kept, "PATH": str(here / "nothing"), "HOME": folder, "IMPORT_TICKETS_HOME": str(here / "state")}
        program = str(shutil.copy2(OUT, here / OUT.name))

        def run(*arguments: str, codes: tuple[int, ...] = (0,)) -> str:
            ended = subprocess.run(
                [program, *arguments], env=alone, cwd=here, capture_output=True, encoding="utf-8", check=False
            )
            if ended.returncode not in codes:
                raise SystemExit(f"{arguments}: exit {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
            return ended.stdout

        print(run("--version").strip())
        for command in ("run", "plan", "apply", "resume", "undo", "runs", "template", "reconcile", "doctor", "web"):
            run(command, "--help")
        shutil.copy(ROOT / "fixtures" / "edits.xlsx", here)
        run("run", "edits.xlsx", "--sandbox", "--yes", "--on-invalid", "skip", codes=(1,))
        print("run: the workbook has its results")
        run("template", "tickets.xlsx", "--sandbox", "--limit", "5")
        print("template: made")
        with subprocess.Popen([program], env=alone, cwd=here, stdout=subprocess.PIPE, text=True) as page:
            assert page.stdout is not None
            try:
                address = page.stdout.readline().strip()
                with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(address) as answer:
                    assert b"import-tickets" in answer.read()
            finally:
                page.terminate()
        print("without arguments: the page")


if __name__ == "__main__":
    build()
    check()
    print(f"{OUT.relative_to(ROOT)}: {OUT.stat().st_size / 1e6:.0f} MB")
