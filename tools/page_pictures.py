"""Draws the pictures of the page's screens from real runs against the sandbox, in both languages.

    python -m tools.page_pictures [LANGUAGE ...]

Needs Chromium and ImageMagick. Look at each picture before you keep it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox_server import SandboxServer
from tools.guide_pages import DOCS, LANGUAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = DOCS / "images"
SAMPLE = DOCS / "samples" / "edits.xlsx"
WIDTH, HEIGHT, TALLEST = 1000, 560, 1150
ROWS = 800
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Draw the pictures of the languages that are named; of all where none is."""
    for language in sys.argv[1:] or LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            draw(language, Path(folder))
            draw_sending(language, Path(folder))


@contextmanager
def opened(language: str, home: Path, more: Mapping[str, str]) -> Iterator[Page]:
    """Open a page of the real command."""
    from playwright.sync_api import sync_playwright

    environment = {**os.environ, "IMPORT_TICKETS_HOME": str(home), **more}
    command = [sys.executable, "-m", "importer", "web", "--no-open", "--lang", language]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
                page.set_default_timeout(60_000)
                page.goto(server.stdout.readline().strip())
                yield page
                browser.close()
        finally:
            server.terminate()


def draw(language: str, folder: Path) -> None:
    """Go through a whole job in the practice account, and keep each screen."""
    with opened(language, folder / "home", {"HUBSPOT_ACCESS_TOKEN": ""}) as page:
        keep(page, "connect", language, folder)
        page.locator(".pair .card").first.locator("button").click()
        page.locator(".ticks").wait_for()
        page.locator(".card > button.first").first.click()
        page.wait_for_url("**/file")
        keep(page, "file", language, folder)
        page.set_input_files("input[type=file]", SAMPLE)
        page.wait_for_url("**/columns")
        keep(page, "columns", language, folder)
        page.locator(".press.first").click()
        page.locator(".groups li").first.wait_for()
        keep(page, "problems", language, folder)
        page.locator(".groups button").first.click()
        page.locator("p.note").wait_for()
        page.locator(".press.first").click()
        page.locator(".ag-row").first.wait_for()
        for tick in page.locator(".card .q-checkbox").all():
            tick.click()
        keep(page, "plan", language, folder)
        page.locator(".card .press.first").click()
        page.wait_for_url("**/result")
        keep(page, "result", language, folder)
        page.goto(page.url.rpartition("/")[0] + "/history")
        keep(page, "history", language, folder)


def draw_sending(language: str, folder: Path) -> None:
    """Keep the screen of a sending that takes its time, in an account that is not the practice one."""
    with SandboxServer(tickets=ROWS) as portal:
        there = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][-ROWS:]
        lines = ["Record ID,Refund amount", *(f"{key},{10_000 + place}" for place, key in enumerate(there))]
        (folder / "refunds.csv").write_text("\n".join([*lines, ""]), "utf-8")
        portal.fault("latency", ms=4_000, path="batch/update", after=3, times=100)
        with opened(language, folder / "sending", portal.environment) as page:
            page.locator(".card > button.first").first.click()
            page.wait_for_url("**/file")
            page.set_input_files("input[type=file]", folder / "refunds.csv")
            page.wait_for_url("**/columns")
            page.locator(".press.first").click()
            page.locator(".ag-row").first.wait_for()
            page.locator(".card .press.first").click()
            page.locator(".bar[aria-valuenow]").wait_for()
            page.wait_for_timeout(1_500)
            keep(page, "sending", language, folder)


def keep(page: Page, name: str, language: str, folder: Path) -> None:
    """Take a picture of a screen as it is, down to where it is empty."""
    page.wait_for_timeout(900)
    raw = folder / "raw.png"
    page.screenshot(path=raw, full_page=True)
    cut = ("-crop", f"{WIDTH}x{TALLEST}+0+0", "+repage", "-colors", "48", "-define", "png:compression-level=9")
    target = IMAGES / f"page-{name}-{language}.png"
    subprocess.run(["convert", str(raw), *cut, "-strip", f"PNG8:{target}"], check=True)


if __name__ == "__main__":
    main()
