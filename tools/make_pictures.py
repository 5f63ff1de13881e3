"""Draws the pictures of the guide from real runs against the sandbox, in both languages.

    python -m tools.make_pictures [LANGUAGE ...]

Needs LibreOffice, Chromium, poppler's pdftoppm, ImageMagick, Xvfb and xdotool; on a POSIX system. Look at each picture
before you keep it. `annotated.png`, which the README shows too, is English's `annotated`.
"""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.guide_pages import DOCS, LANGUAGES

IMAGES = DOCS / "images"
PROGRAM = [sys.executable, "-m", "importer"]
RUN = ("edits.xlsx", "--sandbox", "--on-invalid", "skip")
COLUMNS = 118
FIVE = ("Record ID", "Priority", "Due on", "Import status", "Import message")
ROWS_SHOWN = 14
WAIT_S = 60.0
DOTS = 170
"""Dots per inch of printed pages."""
_COLOURS = [(22, 32, 44), (255, 123, 114), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255)]
_COLOURS += [(86, 212, 221), (221, 228, 234)]
THEME = ((22, 32, 44), (221, 228, 234), _COLOURS, _COLOURS)
"""Background, text, and the colours of a terminal on a dark ground: black, red, green, yellow and so on."""
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #fff; }}
pre {{ margin: 14px; padding: 16px 20px; width: max-content; border-radius: 8px; background: #16202c; color: #dde4ea;
      font: 13px/1.42 "DejaVu Sans Mono", monospace; }}
</style><pre>{}</pre>"""


def main() -> None:
    """Draw the pictures of the languages that are named; of all where none is."""
    for language in sys.argv[1:] or LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            draw_all(language, Path(folder))


def draw_all(language: str, folder: Path) -> None:
    """Draw every picture of one language."""
    environment = {**os.environ, "IMPORT_TICKETS_HOME": str(folder / "state"), "IMPORT_TICKETS_LANG": language}
    environment.pop("NO_COLOR", None)
    shutil.copy(DOCS / "samples" / "edits.xlsx", folder)
    shown = answered(RUN, "s" if language == "pt-BR" else "y", folder, environment)
    draw_terminal(f"$ import-tickets {' '.join(RUN)}\n{shown}", IMAGES / f"plan-{language}.png", folder)
    pages = draw_pages(folder / "edits.xlsx", folder)
    name = "annotated.png" if language == "en" else f"annotated-{language}.png"
    [five] = draw_pages(five_columns(folder / "edits.xlsx", folder / "five.xlsx"), folder)
    trimmed(five, IMAGES / name)
    cropped(pages[-2], IMAGES / f"report-{language}.png", "-resize", "66%")
    cropped(pages[-1], IMAGES / f"changes-{language}.png", "-resize", "66%", height=0.453)
    draw_reconciliation(language, folder, environment)
    if language == "en":  # a template is the same in both
        draw_template(folder, {**environment, "IMPORT_TICKETS_HOME": str(folder / "fresh")})


def five_columns(workbook: Path, target: Path) -> Path:
    """Write a copy of an annotated workbook with what fits a page that can be read: five columns of the first rows."""
    import openpyxl
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.worksheet import Worksheet

    book = openpyxl.load_workbook(workbook)
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for other in set(book.sheetnames) - {sheet.title}:
        book.remove(book[other])
    for number in range(1, sheet.max_column + 1):
        if sheet.cell(1, number).value not in FIVE:
            sheet.column_dimensions[get_column_letter(number)].hidden = True
    sheet.delete_rows(ROWS_SHOWN + 1, sheet.max_row)
    sheet.print_area = f"A1:{get_column_letter(sheet.max_column)}{ROWS_SHOWN}"
    book.save(target)
    return target


def answered(arguments: Sequence[str], answer: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run the program on a terminal, answer its question, and return what the terminal shows, colours and all."""
    leader, follower = pty.openpty()
    wide = {**environment, "COLUMNS": str(COLUMNS), "LINES": "60", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdin=follower, stdout=follower, stderr=follower, cwd=folder, env=wide
    ):
        os.close(follower)
        printed = b""
        asked = False
        while chunk := _read(leader):
            printed += chunk
            if not asked and re.search(rb"\[[ys]/N[^\]]*\] ", printed):
                os.write(leader, f"{answer}\n".encode())
                asked = True
    text = printed.decode().replace("\r\n", "\n")
    return "\n".join(line for line in _settled(text).splitlines() if line.strip())


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536) if select.select([leader], [], [], WAIT_S)[0] else b""
    except OSError:  # Linux' way to say that the other side is closed
        return b""


def _settled(text: str) -> str:
    """Return what stays on the screen: bars that were drawn over are gone."""
    lines = []
    for line in text.split("\n"):
        if "\x1b[2K" in line or "\x1b[1A" in line or "\r" in line:
            line = re.split(r"\r|\x1b\[2K|\x1b\[1A", line)[-1]  # noqa: PLW2901 - what is left of it
        lines.append(re.sub(r"\x1b\[\?25[lh]", "", line))
    return "\n".join(lines)


def draw_terminal(text: str, target: Path, folder: Path) -> None:
    """Draw a terminal's text."""
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, force_terminal=True, color_system="truecolor", file=io.StringIO())
    console.print(Text.from_ansi(text), soft_wrap=True)
    coloured = console.export_html(inline_styles=True, code_format="{code}", theme=TerminalTheme(*THEME))
    page = folder / "terminal.html"
    page.write_text(_PAGE.format(coloured.strip()), encoding="utf-8")
    photograph(page, target, folder, width=1060)


def photograph(page: Path, target: Path, folder: Path, *, width: int, height: int = 1400) -> None:
    """Let Chromium draw a page, and cut off the empty rest."""
    raw = folder / "raw.png"
    options = ("--headless", "--no-sandbox", "--hide-scrollbars", "--force-color-profile=srgb")
    command = ["chromium", *options, f"--window-size={width},{height}", f"--screenshot={raw}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)
    trimmed(raw, target)


def draw_pages(workbook: Path, folder: Path) -> list[Path]:
    """Print a workbook, and return its pages as pictures, in order."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/office", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(folder), str(workbook)], check=True, capture_output=True)
    name = f"{workbook.stem}-page"
    subprocess.run(["pdftoppm", "-r", str(DOTS), "-png", workbook.with_suffix(".pdf"), folder / name], check=True)
    return sorted(folder.glob(f"{name}-*.png"))


def cropped(picture: Path, target: Path, *more: str, height: float = 1.0) -> None:
    """Keep the upper part of a picture, without its margins."""
    size = f"100%x{height * 100:g}%+0+0"
    trimmed(picture, target, "-crop", size, "+repage", *more)


def trimmed(picture: Path, target: Path, *before: str) -> None:
    """Cut off margins, and store with few colours: these are drawings, not photographs."""
    after = (
        "-trim",
        "+repage",
        "-bordercolor",
        "white",
        "-border",
        "12",
        "-colors",
        "128",
        "-define",
        "png:compression-level=9",
    )
    subprocess.run(["convert", str(picture), *before, *after, "-strip", f"PNG8:{target}"], check=True)


def draw_reconciliation(language: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Draw the page of a reconciliation that found something."""
    (folder / "week-47.csv").write_text(
        "Record ID,Priority,Region\n25012345130,Low,South\n25012345135,Medium,Southeast\n25012345141,High,Midwest\n"
    )
    (folder / "somebody.csv").write_text("Record ID,Priority\n25012345130,Urgent\n")
    for arguments in (["week-47.csv", "--yes"], ["somebody.csv", "--yes"], ["reconcile", "week-47.csv"]):
        if "reconcile" in arguments:
            sheet = folder / "week-47.csv"
            sheet.write_text(sheet.read_text("utf-8").replace("Medium,Southeast", "Medium,North"), "utf-8")
        command = [*PROGRAM, *arguments, "--sandbox"]
        subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, check=False)
    photograph(folder / "week-47.reconcile.html", IMAGES / f"reconcile-{language}.png", folder, width=1000, height=1100)


def draw_template(folder: Path, environment: Mapping[str, str]) -> None:
    """Draw a template in a spreadsheet program, with one of its drop-downs open."""
    names = "Ticket name,Ticket status,Priority,Due on,Region"
    chosen = ["--owner", "Bruno Carvalho", "--properties", names, "--limit", "8"]
    command = [*PROGRAM, "template", "work.xlsx", "--sandbox", *chosen]
    subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, check=True)
    with _screen() as screen:
        display = {**os.environ, "DISPLAY": screen, "SAL_USE_VCLPLUGIN": "gen"}
        office = ["soffice", f"-env:UserInstallation=file://{folder}/desk", "--calc", "--norestore", "--nologo"]
        with subprocess.Popen([*office, str(folder / "work.xlsx")], env=display) as running:
            time.sleep(25)
            subprocess.run(["xdotool", "mousemove", "120", "200", "click", "1"], env=display, check=True)
            for keys in ("ctrl+Home", "Right", "Right", "Right", "Down", "alt+Down"):
                time.sleep(1)
                subprocess.run(["xdotool", "key", keys], env=display, check=True)
            time.sleep(2)
            raw = folder / "screen.png"
            subprocess.run(["import", "-window", "root", str(raw)], env=display, check=True)
            running.terminate()
    trimmed(raw, IMAGES / "template.png", "-crop", "1340x270+0+78", "+repage")


@contextlib.contextmanager
def _screen() -> Iterator[str]:
    name = ":97"
    with subprocess.Popen(["Xvfb", name, "-screen", "0", "1500x440x24"], stderr=subprocess.DEVNULL) as running:
        time.sleep(2)
        yield name
        running.terminate()


if __name__ == "__main__":
    main()
