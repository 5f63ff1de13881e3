"""How long the HTML page takes with 50,000 rows: to write, to first paint, to search.

    python benchmarks/html_page.py [FOLDER]

FOLDER keeps the page and its screenshots (light and dark). The browser is Debian's Chromium, driven by Playwright.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from importer.findings import Finding
from importer.i18n import translations
from importer.journal import Journal, RunRecord
from importer.journal.run_record import RecordedColumn, RecordedKey, RecordedPortal
from importer.model import Change, CheckedRow, Outcome, Status
from importer.reports.html import write_html
from schemas.message import message

ROWS = 50_000
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WORDS = ("printer", "invoice", "refund", "login", "password", "late", "urgent", "customer", "window", "cable")
SEARCH = """async (text) => {
    const form = document.querySelector('#panel-changes form');
    const start = performance.now();
    form.elements.text.value = text;
    form.elements.text.dispatchEvent(new Event('input', {bubbles: true}));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
}"""
RECORD = RunRecord(
    id="20261123-141503-7f3a",
    file="/data/edits.xlsx",
    sheet="Q3",
    key=RecordedKey("Ticket ID", "id", 0),
    columns=(RecordedColumn(1, "Ticket name", "subject"), RecordedColumn(2, "Priority", "hs_ticket_priority")),
    portal=RecordedPortal("https://api.hubapi.com", "1234567", "app.hubspot.com"),
    state="finished",
    started_at="2026-11-23T14:15:03.120Z",
    finished_at="2026-11-23T14:16:20.000Z",
    requests={"read": 1000, "update": 500, "retried": 3, "rate_limited": 1},
)


def subject(number: int) -> str:
    return " ".join(WORDS[(number * step) % len(WORDS)] for step in (1, 3, 5, 7, 11))


def fill(journal: Journal) -> None:
    """50,000 changed cells in 45,000 rows, 50,000 findings in 5,000 others."""
    rows = range(2, 2 + ROWS)
    good = [row for row in rows if row % 10]
    journal.rows.add((CheckedRow(row, str(row + 10**9), {}) for row in good), fold_keys=False)
    journal.rows.add_invalid((row, str(row + 10**9)) for row in rows if row % 10 == 0)
    journal.plan.add(
        Change(
            row,
            str(row + 10**9),
            str(row + 10**9),
            {"subject": subject(row), "hs_ticket_priority": "LOW"},
            {"subject": f"{subject(row)} again", "hs_ticket_priority": "HIGH"}
            if row % 9 == 0
            else {"subject": subject(row).replace("printer", "scanner <script>alert(1)</script>")},
        )
        for row in good
    )
    journal.rows.decide(Outcome(row, Status.UPDATED) for row in good)
    journal.rows.add_findings(
        Finding(
            "invalid_option",
            message('"{value}" isn\'t an option; did you mean "{near}"?', value=f"Urgent{column}", near="HIGH"),
            row=row,
            position=column,
            header=f"Column {column}",
            property_name=f"column_{column}",
            key=str(row + 10**9),
            value=f"Urgent{column}",
        )
        for row in rows
        if row % 10 == 0
        for column in range(1, 11)
    )


def measure(page_file: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            look(browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme), scheme, page_file)
        browser.close()


def look(page: Page, scheme: str, page_file: Path) -> None:
    faults = []
    page.on("console", lambda said: faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(page_file.as_uri())
    page.wait_for_selector("tbody tr:not(.gap) td.code")
    paint, complete = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        " performance.getEntriesByType('navigation')[0].loadEventEnd]"
    )
    page.screenshot(path=page_file.with_name(f"top-{scheme}.png"))
    print(f"{scheme}: first paint {paint:.0f} ms, loaded {complete:.0f} ms")
    page.click("#tab-changes")
    page.evaluate("scrollTo(0, 600000)")
    page.wait_for_selector("#panel-changes tbody tr:not(.gap)")
    page.wait_for_timeout(300)
    page.screenshot(path=page_file.with_name(f"changes-{scheme}.png"))
    for text in ("scanner script", "urgent"):
        passed = page.evaluate(SEARCH, text)
        found = page.text_content("#panel-changes output")
        print(f"{scheme}: search {text!r}: {passed:.0f} ms, {found}")
    drawn = page.evaluate("document.querySelectorAll('#panel-changes tbody tr:not(.gap)').length")
    print(f"{scheme}: {drawn} rows drawn; the console says {faults}")
    page.close()


def main(folder: Path) -> None:
    with Journal.create(folder / "runs", RECORD) as journal:
        fill(journal)
        start = time.perf_counter()
        write_html(journal, folder / "page.html", translations("en"))
        size = (folder / "page.html").stat().st_size
        print(f"written in {time.perf_counter() - start:.2f} s, {size / 1e6:.1f} MB")
    measure(folder / "page.html")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
