"""The page with a large plan: how soon its first screen stands, how it scrolls, what memory its server takes.

    python benchmarks/page.py [--rows 100000]

A sandbox portal is served in a process of its own, `import-tickets web` in another, and Chromium in a third. What is
measured begins once the planning has ended: the page is asked for, until the first rows of the grid are drawn; then the
grid is dragged to places all over the plan, until the rows there are drawn. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import workload  # noqa: E402
from measuring import ROOT, say, table  # noqa: E402
from send import PORTAL  # noqa: E402

PLACES = 20
CHROMIUM = "/usr/bin/chromium"


def memory_mb(process: int, kind: str) -> float:
    """Return what /proc says of a process: VmRSS (now) or VmHWM (at most)."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("utf-8"))
    return int(found[1]) / 1000 if found else 0.0


def measure(rows: int, folder: Path) -> list[tuple[str, str]]:
    """Plan a file of so many rows on the page, and return what was measured."""
    from playwright.sync_api import sync_playwright

    from tests.sandbox_server import SandboxServer

    file = workload.make(folder, rows, faulty=0, xlsx=False).csv
    with SandboxServer(tickets=rows, options=PORTAL) as portal:
        environment = {**os.environ, **portal.environment, "IMPORT_TICKETS_HOME": str(folder / "home")}
        command = [sys.executable, "-m", "importer", "web", "--no-open", str(file)]
        with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(
                        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
                    )
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    page.set_default_timeout(600_000)
                    page.goto(server.stdout.readline().strip())
                    page.locator(".card > button.first").first.wait_for()
                    base = page.url.rpartition("/")[0]
                    page.goto(f"{base}/columns")
                    began = time.perf_counter()
                    page.locator(".press.first").click()
                    page.wait_for_url("**/plan")
                    page.locator(".ag-row").first.wait_for()
                    planned = time.perf_counter() - began
                    first = []
                    for _ in range(3):
                        began = time.perf_counter()
                        page.goto(f"{base}/plan")
                        page.locator(".ag-row .ag-cell[col-id=after]", has_text=re.compile(".")).first.wait_for()
                        first.append(time.perf_counter() - began)
                    places = [scroll(page, place / PLACES) for place in range(PLACES)]
                    browser.close()
                now, most = memory_mb(server.pid, "VmRSS"), memory_mb(server.pid, "VmHWM")
            finally:
                server.terminate()
    return [
        ("reading and planning, s", f"{planned:.1f}"),
        ("first screen of the plan, s (median of 3)", f"{statistics.median(first):.2f}"),
        (f"rows after a jump in the grid, s (median of {PLACES})", f"{statistics.median(places):.2f}"),
        ("the slowest jump, s", f"{max(places):.2f}"),
        ("memory of the server, MB", f"{now:.0f}"),
        ("at most, planning included, MB", f"{most:.0f}"),
    ]


def scroll(page, share: float) -> float:
    """Drag the grid to a place; return how long it takes until rows are drawn there."""
    return page.evaluate(
        """share => new Promise(done => {
          const view = document.querySelector('.ag-body-viewport'), began = performance.now();
          view.scrollTop = share * (view.scrollHeight - view.clientHeight);
          requestAnimationFrame(function look() {
            const box = view.getBoundingClientRect();
            const cells = [...view.querySelectorAll('.ag-cell[col-id=row]')].filter(cell => {
              const at = cell.getBoundingClientRect();
              return at.bottom > box.top && at.top < box.bottom;
            });
            const drawn = cells.length > 5 && cells.every(cell => cell.textContent.trim());
            if (drawn) done((performance.now() - began) / 1000);
            else requestAnimationFrame(look);
          });
        })""",
        share,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.rows, Path(folder))
    say(table((f"the page, {options.rows:,} rows", "measured"), found))


if __name__ == "__main__":
    main()
