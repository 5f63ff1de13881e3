"""A plan on its way from one journal into another: all that is known of the rows when nothing was sent yet.

In:  a journal whose plan is made.
Out: records that JSON can hold, in row order, then the findings; and a new journal filled from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson

from importer.journal.connection import JournalFile, dump

Record = dict[str, Any]

_CHUNK = 2_000
_JSON = ("notices", "returned", "before", "after", "wanted")
_FINDING = ("row", "position", "header", "property", "key", "value", "code", "message")


class PlanRecords:
    """The rows, changes and findings of a journal as records."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def __iter__(self) -> Iterator[Record]:
        """Yield a record for each row, then `{"finding": ...}` for each finding. What is not known is left out."""
        rows = self._file.db.execute(
            "SELECT rows.*, plan.ticket AS planned, before, iif(plan.row IS NULL, NULL, coalesce(changes, wanted)) "
            "AS after, iif(plan.row IS NOT NULL AND changes IS NULL, NULL, wanted) AS wanted FROM rows "
            "LEFT JOIN plan ON plan.row = rows.row LEFT JOIN sheet ON sheet.row = rows.row ORDER BY rows.row"
        )
        names = [one[0] for one in rows.description]
        for row in rows:
            record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
            record.pop("seal", None)
            planned = record.pop("planned", None)
            if planned is not None:
                record["ticket"] = planned
            yield record | {name: orjson.loads(record[name]) for name in _JSON if name in record}
        findings = self._file.db.execute(f"SELECT {', '.join(_FINDING)} FROM findings ORDER BY number")
        for row in findings:
            record = {name: value for name, value in zip(_FINDING, row, strict=True) if value is not None}
            yield {"finding": record | {"message": orjson.loads(record["message"])}}

    def load(self, records: Iterable[Record]) -> None:
        """Fill an empty journal with what another one yielded. Raises ValueError for what no journal yields."""
        known = {name for _, name, *_ in self._file.db.execute("PRAGMA table_info(rows)")} - {"seal"}
        records = iter(records)
        while chunk := list(islice(records, _CHUNK)):
            with self._file.writing():
                for record in chunk:
                    if "finding" in record:
                        self._load_finding(record["finding"])
                    else:
                        self._load_row(record, known)

    def _load_finding(self, finding: Record) -> None:
        values = [finding.get(name) for name in _FINDING[:-1]]
        marks = ", ".join("?" * len(_FINDING))
        self._file.db.execute(
            f"INSERT INTO findings ({', '.join(_FINDING)}) VALUES ({marks})", [*values, dump(finding["message"])]
        )

    def _load_row(self, record: Record, known: set[str]) -> None:
        row = dict(record)
        before, after, wanted = (row.pop(name, None) for name in ("before", "after", "wanted"))
        if wanted is not None or after is not None:
            self._file.db.execute(
                "INSERT INTO sheet (row, wanted) VALUES (?, ?)", (row["row"], dump(after if wanted is None else wanted))
            )
        if after is not None:
            self._file.db.execute(
                "INSERT INTO plan (row, ticket, before, changes) VALUES (?, ?, ?, ?)",
                (row["row"], row.pop("ticket", None), None if before is None else dump(before), dump(after)),
            )
        if unknown := row.keys() - known:
            raise ValueError(f"{min(unknown)!r} of a row")
        values = {name: dump(value) if name in _JSON else value for name, value in row.items()}
        self._file.db.execute(
            f"INSERT INTO rows ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", list(values.values())
        )
        if "ticket" in values or "returned" in values:
            self._file.db.execute("UPDATE rows SET seal = seal_of(row, ticket, returned) WHERE row = ?", (row["row"],))
