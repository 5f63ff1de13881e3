"""The grid of a plan's cells: what it shows and how, wide and on a phone; it fetches what is looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from importer.web.cells import ROUTE
from schemas.message import Message, message

DATASOURCE = """{getRows(p) {
  const q = new URLSearchParams({start: p.startRow, count: p.endRow - p.startRow, ...(window.planFilter || {})});
  fetch('%s?' + q).then(r => r.json()).then(d => p.successCallback(d.rows, d.total)).catch(() => p.failCallback());
}}"""

WIDE: Mapping[str, tuple[Message, int, int]] = {
    "row": (message("Row"), 80, 0),
    "ticket": (message("Ticket"), 240, 3),
    "column": (message("Column"), 160, 0),
    "before": (message("Before"), 240, 2),
    "after": (message("After"), 240, 2),
}
"""The columns where there is room: title, width, share of what is left over."""
CARD = "card"
CARD_OF = """({data}) => {
  const box = document.createElement('div');
  if (!data) return box;
  const lines = {ticket: data.ticket, soft: %s + ' ' + data.row + ' · ' + data.column,
    change: data.before + ' → ' + data.after};
  for (const [kind, text] of Object.entries(lines)) {
    const line = document.createElement('div');
    line.className = kind;
    line.textContent = text;
    box.append(line);
  }
  return box;
}"""
"""All of a cell in one, for a phone; as text, never as markup."""
NARROW = "matchMedia('(max-width: 40rem)')"
HEIGHT = f"{NARROW}.matches ? 94 : undefined"
ON_READY = """({api}) => %s.addEventListener('change', ({matches}) => {
  api.setColumnsVisible(%s, !matches);
  api.setColumnsVisible(['%s'], matches);
  api.setGridOption('rowHeight', %s);
  api.purgeInfiniteCache();
})"""
"""A phone that is turned, a window that is drawn wide."""


def grid_options(words: Callable[[Message], str], *, may_leave_out: bool) -> dict[str, Any]:
    """Return the options of AG Grid; a name that begins with a colon has an expression of the browser's language."""
    return {
        "columnDefs": _columns(words, may_leave_out=may_leave_out),
        "defaultColDef": {"sortable": False, "tooltipValueGetter": None},
        "localeText": {
            "loadingOoo": words(message("Loading …")),
            "noRowsToShow": words(message("No cells")),
        },
        "rowModelType": "infinite",
        "cacheBlockSize": 100,
        "maxBlocksInCache": 20,
        ":datasource": DATASOURCE % ROUTE,
        ":onGridReady": ON_READY % (NARROW, json.dumps(list(WIDE)), CARD, HEIGHT),
        ":rowHeight": HEIGHT,
        ":tabToNextCell": "() => false",  # arrows go from cell to cell; Tab leads out of the grid
    }


def _columns(words: Callable[[Message], str], *, may_leave_out: bool) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = []
    if may_leave_out:
        tick = {"field": "send", "headerName": words(message("Send")), "width": 90}
        columns.append(tick | {"cellDataType": "boolean", "editable": True})
    for name, (title, width, flex) in WIDE.items():
        one = {"field": name, "headerName": words(title), "width": width, "flex": flex, "minWidth": 70}
        columns.append(one | {":initialHide": f"{NARROW}.matches"})
    card = {"field": CARD, "headerName": words(message("Ticket")), "flex": 1}
    drawn = {":initialHide": f"!{NARROW}.matches", ":cellRenderer": CARD_OF % json.dumps(words(message("Row")))}
    return [*columns, card | drawn]
