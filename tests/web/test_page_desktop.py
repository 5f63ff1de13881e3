"""The page as a person uses it, in Debian's Chromium (`make test-desktop`), compared with the command line."""

import itertools
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest

from importer.writeback.corrections import correct_workbook
from tests.reports.test_html_desktop import CHROMIUM
from tests.sandbox_server import SandboxServer

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(400)]

EDITS = "fixtures/edits.xlsx"
SLOW_MS = 60_000


def environment(home):
    kept = {**os.environ, "IMPORT_TICKETS_HOME": str(home)}
    kept.pop("HUBSPOT_ACCESS_TOKEN", None)
    return kept


@contextmanager
def opened(home, *arguments, **more):
    """A page of the real command, its key spent, and its server; what the console says, and foreign hosts, by name."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "importer", "web", "--no-open", *arguments]
    server = subprocess.Popen(command, env=environment(home) | more, stdout=subprocess.PIPE, text=True)
    said, hosts = [], set()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(SLOW_MS)
            page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.on("request", lambda request: hosts.add(request.url.split("/")[2].partition(":")[0]))
            page.goto(server.stdout.readline().strip())
            yield page, server, said, hosts
            browser.close()
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()


@pytest.fixture
def page(tmp_path):
    """A page on which a word of the console is a failure, and so is a foreign host."""
    with opened(tmp_path / "home") as (page, _, said, hosts):
        yield page
    assert said == []
    assert hosts == {"127.0.0.1"}


def press(page, text):
    page.locator("button:not([disabled])", has_text=text).first.click()


def check_axe(page):
    """No fault of names, roles or contrast, light and dark, wide and narrow, and nothing that is cut off on the right.

    Quasar's own bar of loading, which is gone in a moment, aside.
    """
    from axe_playwright_python.sync_playwright import Axe

    for width, scheme in ((390, "light"), (390, "dark"), (1280, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)  # colours change slowly
        found = Axe().run(page).response["violations"]
        faults = [(page.url, width, scheme, one["id"], node["html"]) for one in found for node in one["nodes"]]
        assert [one for one in faults if "q-loading-bar" not in one[-1]] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (page.url, width)


def check_ways_back(page):
    """From the result to the first screen by the browser's button, and back by the steps.

    The plan of the first rows is a place of its own only where their sending took long enough to be shown.
    """
    base = page.url.rpartition("/")[0]
    seen = [page.url.removeprefix(base)]
    while seen[-1] != "/connect":
        page.go_back()
        page.locator("h1").wait_for()
        seen.append(page.url.removeprefix(base))
    places = [place for place, _ in itertools.groupby(seen)]
    assert places == ["/result", "/plan", "/problems", "/columns", "/file", "/connect"]
    for step in ("File", "Columns", "Problems", "Plan", "Result"):
        page.locator(".steps a", has_text=step).click()
        page.wait_for_url(f"**/{step.lower()}")
    page.locator("button", has_text="Undo this run").wait_for()


def tick_erasures(page):
    for tick in page.get_by_role("checkbox", name="Yes, erase").all():
        tick.click()


def cells_of(path):
    """Every cell of every sheet; runs and times, which differ from run to run, aside."""
    book = openpyxl.load_workbook(path)
    return {
        name: [
            [cell.value for cell in row]
            for row in book[name].iter_rows()
            if not any(str(cell.value).startswith(("Run", "Started", "Finished", "Requests")) for cell in row[:1])
        ]
        for name in book.sheetnames
    }


def test_a_person_updates_and_undoes(page, tmp_path):
    """Practise, drop the demo workbook, correct D8, go on without the rest, ten rows first, the others, undo."""
    page.wait_for_url("**/connect")
    check_axe(page)
    press(page, "Practise")
    press(page, "Continue: choose a file")
    page.wait_for_url("**/file")
    check_axe(page)
    page.set_input_files("input[type=file]", EDITS)
    page.wait_for_url("**/columns")
    check_axe(page)
    press(page, "Check the rows")
    page.locator("button", has_text="Continue without these").wait_for()
    check_axe(page)
    page.locator("li", has_text="Urgentt").locator("button", has_text="Correct").click()
    page.locator("p", has_text="One cell was corrected").wait_for()
    press(page, "Continue without these 4")
    page.locator(".ag-row").first.wait_for()
    check_axe(page)
    assert page.locator("button[disabled]", has_text="Send all 23").count() == 1

    tick_erasures(page)
    press(page, "Send the first 10")
    page.locator("h2", has_text="Result of the first rows").wait_for()
    tick_erasures(page)
    press(page, "Send all 13")
    page.locator("button", has_text="Undo this run").wait_for()
    check_axe(page)
    with page.expect_download() as download:
        press(page, "Download edits.xlsx")
    download.value.save_as(tmp_path / "by-page.xlsx")

    with Path(EDITS).open("rb") as source, (tmp_path / "by-command.xlsx").open("wb") as target:
        correct_workbook(source, target, "Edits", {(8, 3): "Urgent"})
    command = [sys.executable, "-m", "importer", "by-command.xlsx", "--sandbox", "--yes", "--on-invalid", "skip"]
    subprocess.run(command, cwd=tmp_path, env=environment(tmp_path / "other"), capture_output=True, check=False)
    ours, theirs = cells_of(tmp_path / "by-page.xlsx"), cells_of(tmp_path / "by-command.xlsx")
    assert ours.keys() == theirs.keys()
    data = next(iter(ours))
    assert ours[data] == theirs[data]

    check_ways_back(page)
    press(page, "Undo this run")
    page.locator("h1", has_text="Put back what run").wait_for()
    tick_erasures(page)
    press(page, "Put all 23 back")
    page.locator("h1", has_text="Done").wait_for()
    page.goto(page.url.rpartition("/")[0] + "/history")
    assert page.locator("tbody tr").count() == 3  # the check, the run, its undo
    check_axe(page)


def test_a_killed_server_goes_on_after_a_restart(tmp_path):
    """Killed while it sends; the next page names the file and goes on, and no row is wrong."""
    home = tmp_path / "home"
    with SandboxServer(tickets=800) as portal:
        there = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][-800:]
        wanted = {key: str(10_000 + place) for place, key in enumerate(there)}
        lines = ["Record ID,Refund amount", *(f"{key},{value}" for key, value in wanted.items())]
        (tmp_path / "refunds.csv").write_text("\n".join(lines) + "\n", "utf-8")
        portal.fault("latency", ms=50_000, path="batch/update", after=3, times=100)
        with opened(home, "--lang", "pt-BR", **portal.environment) as (page, server, _, _):
            page.locator(".card > button.first").first.click()
            page.set_input_files("input[type=file]", tmp_path / "refunds.csv")
            page.wait_for_url("**/columns")
            check_axe(page)
            page.locator(".press.first").click()
            page.locator(".ag-row").first.wait_for()
            page.locator(".card .press.first").click()
            page.wait_for_url("**/sending")
            page.locator(".bar[aria-valuenow]").wait_for()
            check_axe(page)
            for screen in ("plan", "history", "file", "connect", "problems"):
                page.goto(f"{page.url.rpartition('/')[0]}/{screen}")
                check_axe(page)
                if screen == "history":
                    assert "enviando" in page.locator("tbody").inner_text()
            server.kill()
            page.locator("#popup[aria-hidden=false]", has_text="A página está sem conexão com o programa").wait_for()
        portal.calm()

        with opened(home, **portal.environment) as (page, _, said, _):
            page.locator(".note", has_text="refunds.csv").wait_for()
            check_axe(page)
            press(page, "Continue with refunds.csv")
            page.locator("h1", has_text="Done").wait_for()
            check_axe(page)
            with page.expect_download() as download:
                press(page, "Download refunds.csv")
            download.value.save_as(tmp_path / "answer.csv")
            assert said == []
        assert (tmp_path / "answer.csv").read_text("utf-8").count(",updated,") == 800
        found = portal.tickets()
        assert [key for key in wanted if found[key]["properties"].get("refund_amount") != wanted[key]] == []


def test_a_phone_shows_a_cell_whole_and_nothing_that_sticks_out(page):
    """On 390 px a row of the grid is a card: ticket, place, before and after; turned wide, it has columns again."""
    page.set_viewport_size({"width": 390, "height": 844})
    press(page, "Practise")
    press(page, "Continue: choose a file")
    page.set_input_files("input[type=file]", EDITS)
    page.wait_for_url("**/columns")
    press(page, "Check the rows")
    press(page, "Continue without these 5")
    card = page.locator(".ag-row", has_text="Row 2 · Priority").first
    assert card.locator(".change").inner_text() == "High → Urgent"
    assert "Invoice shows the wrong address" in card.locator(".ticket").inner_text()
    heads = page.locator(".ag-header-cell-text")
    assert heads.all_inner_texts() == ["Send", "Ticket"]
    assert page.evaluate("document.querySelector('.ag-center-cols-viewport').scrollWidth <= 390")
    heights = page.evaluate(
        "[...document.querySelectorAll('.ag-cell')].map(one => one.scrollHeight - one.clientHeight)"
    )
    assert max(heights) <= 0  # nothing is cut off at the bottom of a card
    card.get_by_role("checkbox").click()
    page.locator("button", has_text="Send all 21").wait_for()

    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator(".ag-row [col-id=after]", has_text="Urgent").first.wait_for()
    assert heads.all_inner_texts() == ["Send", "Row", "Ticket", "Column", "Before", "After"]


FOCUSED = """() => {
  const one = document.activeElement, field = one.closest('.q-field__control, .q-checkbox, .q-radio');
  const label = one.getAttribute('aria-label') || (one.labels && one.labels[0] && one.labels[0].innerText);
  const shown = [one, field].some(at => at && getComputedStyle(at).outlineStyle !== 'none');
  return {name: one === document.body ? '' : label || one.innerText || '', shown, where: one.outerHTML.slice(0, 200)};
}"""


def tab_to(page, name):
    """Press Tab until what bears the name has the focus; whatever has it on the way can be seen to have it."""
    passed = []
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        assert found["shown"] or found["where"].startswith("<body"), found
        if name in found["name"]:
            return
        passed.append(found["name"])
    raise AssertionError(f"Tab does not lead to {name!r}, but to {passed}")


def key(page, name, *keys):
    tab_to(page, name)
    for one in keys:
        page.keyboard.press(one)


def pick(page, name, option):
    """Open the list of a field by its arrow key, go down to an option, and take it, as fast as the page shows them."""
    key(page, name, "ArrowDown")
    page.locator(".q-menu .q-item").first.wait_for()
    focused = page.locator(".q-menu .q-manual-focusable--focused")
    for _ in range(20):
        if focused.count() and option in focused.inner_text():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".q-menu").wait_for(state="detached")


def test_the_keyboard_alone_does_the_main_job(page, tmp_path):
    """Tab, arrows, Space and Enter: practise, choose, correct from a list, untick a row, tick off erasures, send."""
    page.on("filechooser", lambda _: None)  # Chromium must know before Space is pressed that somebody waits for it
    key(page, "Practise", "Enter")
    page.locator(".ticks").wait_for()
    key(page, "Continue: choose a file", "Enter")
    page.wait_for_url("**/file")
    page.locator("h1", has_text="Which spreadsheet").wait_for()
    tab_to(page, "Choose a CSV")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(EDITS)
    page.wait_for_url("**/columns")
    page.locator("button", has_text="Check the rows").wait_for()
    pick(page, 'What the cells of "Region" do', "Empty cells change nothing")
    page.locator("tr", has_text="Region").locator(".q-field", has_text="Empty cells change nothing").wait_for()
    key(page, "Check the rows", "Enter")

    page.locator("button", has_text="Continue without these 5").wait_for()
    pick(page, "New value (Priority)", "Urgent")
    key(page, "Correct ", "Enter")
    page.locator("p", has_text="One cell was corrected").wait_for()
    key(page, "Continue without these 4", "Enter")

    page.locator(".ag-row").first.wait_for()
    tab_to(page, "only erased cells")
    page.keyboard.press("Tab")  # into the grid, at its first title
    for one in ("ArrowDown", "Space"):
        page.keyboard.press(one)
    page.locator("button", has_text="Send all 22").wait_for()
    key(page, "Yes, erase", "Space")
    key(page, "Send all 22", "Enter")
    page.locator("h1", has_text="Done").wait_for()
    with page.expect_download() as download:
        key(page, "Download edits.xlsx", "Enter")
    download.value.save_as(tmp_path / "edits.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "edits.xlsx").worksheets[0]
    places = [cell.value for cell in sheet[1]].index("Import status")
    assert sheet[2][places].value == "not sent"
