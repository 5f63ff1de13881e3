"""The HTML page in a browser: Debian's Chromium, driven by Playwright (`make test-desktop`)."""

import csv
import os
import shutil

import pytest

from importer.findings import Finding
from importer.i18n import translations
from importer.model import Change, CheckedRow, Outcome, Status
from importer.reports.html import write_html
from schemas.message import message

pytestmark = pytest.mark.desktop

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ROWS = 50_000
DRAWN = "#panel-{} tbody tr:not(.gap)"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Returns a function that opens a file; whatever the console says is a failure."""
    said, pages = [], []

    def open_(path, **options):
        page = browser.new_page(viewport={"width": 1280, "height": 900}, **options)
        pages.append(page)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: said.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield open_
    for page in pages:
        page.close()
    assert said == []


@pytest.fixture
def page_file(finished, schema, tmp_path):
    write_html(finished, tmp_path / "report.html", translations("en"), schema=schema)
    return tmp_path / "report.html"


@pytest.fixture(scope="module")
def long_page(tmp_path_factory):
    """50,000 changes, each with a script in its text, and as many findings."""
    from importer.journal import Journal, RunRecord

    folder = tmp_path_factory.mktemp("long")
    with Journal.create(folder, RunRecord(id="long", file="long.csv")) as journal:
        rows = range(2, 2 + ROWS)
        journal.rows.add((CheckedRow(row, str(row), {}) for row in rows), fold_keys=False)
        journal.plan.add(
            Change(row, str(row), str(row), {"subject": f"ação {row}"}, {"subject": f"<script>alert({row})</script>"})
            for row in rows
        )
        journal.rows.decide(Outcome(row, Status.FAILED if row % 1000 == 0 else Status.UPDATED) for row in rows)
        journal.rows.add_findings(
            Finding("rejected", message("refused"), row, 1, "Subject", "subject", str(row), f"cell {row}")
            for row in rows
        )
        write_html(journal, folder / "long.html", translations("en"))
    return folder / "long.html"


def expect_found(page, text):
    """Wait until the search says so; the page's policy forbids to wait for a script of ours."""
    from playwright.sync_api import expect

    expect(page.locator("#panel-changes output")).to_have_text(text)


def test_rows_are_drawn_as_they_scroll(open_page, long_page):
    """A few hundred rows are in the page at any time, and the last ones can be reached."""
    page = open_page(long_page)
    page.wait_for_selector(DRAWN.format("problems"))
    at_first = page.locator(DRAWN.format("problems")).count()

    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_selector(f"text=cell {ROWS + 1}")

    assert 0 < at_first < 500
    assert page.locator(DRAWN.format("problems")).count() < 500
    assert page.get_attribute("#panel-problems table", "aria-rowcount") == str(ROWS + 1)
    last = page.locator(DRAWN.format("problems")).last
    assert last.get_attribute("aria-rowindex") == str(ROWS + 1)
    assert last.locator("td").first.text_content() == f"B{ROWS + 1}"


def test_search_and_filter(open_page, long_page):
    """Words are found in any column, whatever their accents and case; filters narrow what was found."""
    page = open_page(long_page)
    page.click("#tab-changes")
    tools = page.locator("#panel-changes form")

    tools.locator("input").fill("ACAO 1500")
    expect_found(page, "15 of 50,000")
    tools.locator("select[name=kind]").select_option("failed")
    expect_found(page, "1 of 50,000")

    assert page.locator(DRAWN.format("changes")).all_text_contents() == [
        "1500015000subjectação 15000<script>alert(15000)</script>failed"
    ]
    tools.locator("input").fill("no such text")
    expect_found(page, "0 of 50,000")
    assert page.locator(DRAWN.format("changes")).count() == 0


def test_what_is_filtered_is_saved_as_csv(open_page, page_file):
    """In the order on the screen; no cell of it can become a formula."""
    page = open_page(page_file)
    page.click("#tab-changes")
    panel = page.locator("#panel-changes")
    panel.get_by_role("button", name="Row").click()
    panel.get_by_role("button", name="Row").click()
    panel.locator("select[name=kind]").select_option("updated")

    with page.expect_download() as download:
        panel.get_by_role("button", name="CSV").click()

    saved = list(csv.reader(download.value.path().read_text("utf-8-sig").splitlines()))
    rows = [int(row[0]) for row in saved[1:]]
    assert saved[0] == ["Row", "Ticket", "Column", "Before", "After", "Status"]
    assert rows == sorted(rows, reverse=True)
    assert {row[5] for row in saved[1:]} == {"updated"}
    assert panel.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("value", ["=1+1", "+cmd|'x'!A1", "@SUM(A1)", " -2+3", 'a "b", c', "-12.5"])
def test_a_saved_cell_is_no_formula(open_page, new_journal, tmp_path, value):
    journal = new_journal()
    journal.rows.add([CheckedRow(2, "2", {})], fold_keys=True)
    journal.plan.add([Change(2, "2", "2", {"subject": ""}, {"subject": value})])
    journal.rows.decide([Outcome(2, Status.UPDATED)])
    write_html(journal, tmp_path / "one.html", translations("en"))
    page = open_page(tmp_path / "one.html")

    with page.expect_download() as download:
        page.locator("#panel-changes").get_by_role("button", name="CSV").click()

    saved = list(csv.reader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert saved[1][4] == (f"'{value}" if value.strip()[0] in "=+@-" and value != "-12.5" else value)


def test_before_and_after_are_marked_word_by_word(open_page, page_file):
    page = open_page(page_file)
    page.click("#tab-changes")

    row = page.locator(DRAWN.format("changes")).filter(has_text="Printer on hold")

    assert row.locator("del").all_text_contents() == ["hold"]
    assert row.locator("ins").all_text_contents() == ["fire"]
    assert page.locator("#panel-changes em").all_text_contents() == ["(empty)"]
    assert row.locator("a").get_attribute("href") == "https://app.hubspot.com/contacts/1234567/record/0-5/502"


def test_markup_in_a_ticket_stays_text(open_page, page_file, long_page):
    """No dialog, no console line, no element: `open_page` fails on any of them."""
    page = open_page(long_page)
    page.click("#tab-changes")
    page.wait_for_selector(DRAWN.format("changes"))

    assert page.locator("table script").count() == 0
    assert "<script>alert(2)</script>" in page.locator("#panel-changes").text_content()
    assert open_page(page_file).locator("text=Owner\\x1b[31m is <b>gone</b>").count() == 1


def test_the_keyboard_reaches_everything(open_page, page_file):
    """Tabs by arrow keys, then the search, the filters, what saves, the six headings, the links."""
    page = open_page(page_file)
    focused = "document.activeElement.id || document.activeElement.name || document.activeElement.href"

    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "tab-problems"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "tab-changes"
    assert page.locator("#panel-changes").is_visible()
    assert page.locator("#panel-problems").is_hidden()
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "text"
    page.keyboard.type("lima")
    expect_found(page, "1 of 9")
    page.wait_for_selector(DRAWN.format("changes"))
    ticket = "https://app.hubspot.com/contacts/1234567/record/0-5/502"
    for expected in ("column", "kind", "save", *[None] * 6, ticket):
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", ["problems", "changes"])
def test_axe_finds_nothing_serious(open_page, page_file, scheme, tab):
    """Names, roles, contrast: axe-core, in both schemes."""
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(page_file, color_scheme=scheme)
    page.click(f"#tab-{tab}")
    page.wait_for_selector(DRAWN.format(tab))

    found = Axe().run(page).response["violations"]

    assert [(one["id"], one["impact"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_paper_has_both_tables(open_page, page_file):
    """Printing shows what the tabs hide, and the screen is as before afterwards."""
    page = open_page(page_file)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator("#panel-problems").is_visible()
    assert page.locator("#panel-changes").is_visible()
    assert page.locator(DRAWN.format("changes")).count() == 9
    assert page.locator("form").first.is_hidden()

    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#panel-changes").is_hidden()


def test_times_are_those_of_the_reader(open_page, page_file):
    page = open_page(page_file, timezone_id="America/Sao_Paulo")

    assert "11:15:03" in page.locator("time").text_content()
