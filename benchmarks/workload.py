"""The tickets that every benchmark works on: drawn from a seed, 12 typical columns, some cells faulty on purpose.

The same rows become a CSV file and a styled workbook. What was planted stands beside them as JSON, so that each
contender can be held to it: every faulty cell found, and none other.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST_ID = 30_000_000_001
"""ID of the first plain ticket of a served sandbox."""

HEADERS = (
    "id",
    "subject",
    "hs_pipeline_stage",
    "hs_ticket_priority",
    "hs_ticket_category",
    "hubspot_owner_id",
    "due_on",
    "next_contact_at",
    "effort_hours",
    "property_checkbox",
    "content",
    "invoice_no",
)
STAGES = ("New", "Waiting on contact", "Waiting on us", "Closed")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")
CATEGORIES = ("PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY")
OWNERS = tuple(
    f"{name}@example.com"
    for name in (
        "ana.souza",
        "bruno.carvalho",
        "carla.mendes",
        "diego.nogueira",
        "elisa.prado",
        "felipe.araujo",
        "hugo.weis",
        "irene.teixeira",
    )
)
WORDS = [
    "the",
    "printer",
    "on",
    "second",
    "floor",
    "makes",
    "a",
    "noise",
    "since",
    "last",
    "update",
    "and",
    "customer",
    "asks",
    "again",
    "for",
    "help",
    "with",
]

FAULTS = {
    "id": "25O12345678",
    "hs_pipeline_stage": "Nowhere",
    "hs_ticket_priority": "Urgentt",
    "hs_ticket_category": "PRODUCT_ISSUE;NONSENSE",
    "hubspot_owner_id": "nobody@example.com",
    "due_on": "2026-02-30",
    "next_contact_at": "yesterday",
    "effort_hours": "1,5x",
    "property_checkbox": "maybe",
    "invoice_no": "A-1",
}
"""A faulty value for each column that can hold one."""

BLANK_SHARE = 0.1
DATE_FORMAT, TIME_FORMAT = "%Y-%m-%d", "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Workload:
    """Files of one size, and what is wrong in them."""

    rows: int
    csv: Path
    xlsx: Path | None
    planted: Path
    """JSON: [[sheet row, position], ...]"""


def draw_rows(count: int, *, faulty: float, seed: int) -> Iterator[tuple[list[object], int | None]]:
    """Yield the typed cells of each row ("" where blank), and the position of its faulty cell, if it has one."""
    rng = random.Random(seed)
    positions = [HEADERS.index(name) for name in FAULTS]
    first = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - cells have no zone
    for number in range(count):
        moment = first + dt.timedelta(minutes=rng.randrange(500_000))
        row: list[object] = [
            FIRST_ID + number,
            f"Ticket {number} about {WORDS[number % len(WORDS)]}",
            rng.choice(STAGES),
            rng.choice(PRIORITIES),
            ";".join(sorted(rng.sample(CATEGORIES, rng.randint(1, 3)))),
            rng.choice(OWNERS),
            moment.date(),
            moment,
            rng.randrange(1, 40_000) / 4,
            rng.random() < 0.5,
            " ".join(rng.choices(WORDS, k=16)),
            f"{number * 7919 % 10**10:010}",
        ]
        for position in range(3, len(row)):
            if rng.random() < BLANK_SHARE:
                row[position] = ""
        bad = rng.choice(positions) if rng.random() < faulty else None
        if bad is not None:
            row[bad] = FAULTS[HEADERS[bad]]
        yield row, bad


def as_text(cell: object) -> str:
    """Return a cell as a CSV file has it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.datetime):
        return cell.strftime(TIME_FORMAT)
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def make(folder: Path, rows: int, *, faulty: float = 0.01, seed: int = 512, xlsx: bool = True) -> Workload:
    """Draw `rows` rows into `folder`."""
    stem = f"tickets-{rows}" + ("" if faulty else "-clean")
    made = Workload(rows, folder / f"{stem}.csv", folder / f"{stem}.xlsx" if xlsx else None, folder / f"{stem}.json")
    planted: list[tuple[int, int]] = []
    book = _Book(made.xlsx, rows) if made.xlsx else None
    with made.csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADERS)
        for number, (cells, bad) in enumerate(draw_rows(rows, faulty=faulty, seed=seed), 2):
            writer.writerow(map(as_text, cells))
            if book:
                book.add(number - 1, cells)
            if bad is not None:
                planted.append((number, bad))
    if book:
        book.close()
    made.planted.write_text(json.dumps(planted))
    return made


class _Book:
    """A styled workbook: frozen header, drop-down, conditional format, filter, a second sheet."""

    def __init__(self, path: Path, rows: int) -> None:
        import xlsxwriter

        self._book = xlsxwriter.Workbook(path)
        self._sheet = self._book.add_worksheet("Tickets")
        bold = self._book.add_format({"bold": True, "bg_color": "#DDEBF7"})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._number = self._book.add_format({"num_format": "0"})
        self._sheet.write_row(0, 0, HEADERS, bold)
        self._sheet.autofilter(0, 0, rows, len(HEADERS) - 1)
        self._sheet.freeze_panes(1, 0)
        self._sheet.data_validation(1, 3, rows, 3, {"validate": "list", "source": list(PRIORITIES)})
        self._sheet.conditional_format(1, 8, rows, 8, {"type": "2_color_scale"})

    def add(self, line: int, cells: list[object]) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell, dt.datetime):
                self._sheet.write_datetime(line, column, cell, self._moment)
            elif isinstance(cell, dt.date):
                self._sheet.write_datetime(line, column, cell, self._date)
            elif isinstance(cell, int) and not isinstance(cell, bool):
                self._sheet.write_number(line, column, cell, self._number)
            elif isinstance(cell, str):
                self._sheet.write_string(line, column, cell) if cell else self._sheet.write_blank(line, column, None)
            else:
                self._sheet.write(line, column, cell)

    def close(self) -> None:
        self._book.add_worksheet("Other")
        self._book.close()
