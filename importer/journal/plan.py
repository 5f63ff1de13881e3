"""The plan: what is to change on which ticket, and what it comes to."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import NamedTuple

from importer.journal.column_totals import ColumnTotals, Scale, count_columns
from importer.journal.connection import JournalFile, dump, load_values
from importer.model import Change, Status


class PlanCell(NamedTuple):
    """One cell that a plan would change. Values in HubSpot's form; `before` is None where it is not known."""

    row: int
    key: str
    ticket: str | None
    name: str
    before: str | None
    after: str


class Plan:
    """What is to be sent."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def add(self, changes: Iterable[Change]) -> None:
        """Remember what is to be sent."""
        changes = list(changes)
        with self._file.writing():
            self._file.db.executemany(
                "INSERT OR REPLACE INTO plan (row, ticket, before, changes) VALUES (?1, ?2, ?3, "
                "nullif(?4, (SELECT wanted FROM sheet WHERE row = ?1)))",
                [(one.row, one.ticket, dump(dict(one.before)), dump(dict(one.after))) for one in changes],
            )
            self._file.db.executemany(
                "UPDATE rows SET key = ? WHERE row = ?",  # another normal form, in which the portal knows it
                [(one.key, one.row) for one in changes if not one.key.isascii()],
            )

    def moves_of(self, name: str) -> Iterator[tuple[int, str, str]]:
        """Yield (row, value before, value asked for) of the open rows that change a property from one to another."""
        yield from self._file.db.execute(
            "SELECT row, json_extract(before, '$.' || ?1) AS held, json_extract(changes, '$.' || ?1) AS asked "
            "FROM planned WHERE status IS NULL AND before IS NOT NULL AND held <> '' AND asked <> '' ORDER BY row",
            (dump(name),),
        )

    def join_twins(self, twins: Iterable[tuple[int, int]]) -> None:
        """Remember rows that repeat another: (row, the row whose fate it shares). They are sent no more."""
        twins = list(twins)
        with self._file.writing():
            self._file.db.executemany(
                "UPDATE rows SET same_as = ? WHERE row = ?", ((first, row) for row, first in twins)
            )
            self._file.db.executemany("DELETE FROM plan WHERE row = ?", ((row,) for row, _ in twins))

    def column_totals(
        self, *, most: int = 3, status: Status | None = None, scales: Mapping[str, Scale] | None = None
    ) -> list[ColumnTotals]:
        """Return what the plan (or what was done, with a status) does to each property, most cells first."""
        return count_columns(self._file, most=most, status=status, scales=scales or {})

    def count_cells(self) -> tuple[int, int]:
        """Return how many cells the plan would give a new value, and how many it would empty."""
        found = self._file.db.execute(
            "SELECT coalesce(sum(each.value <> ''), 0), coalesce(sum(each.value = ''), 0) "
            "FROM planned, json_each(changes) AS each WHERE status IS NULL"
        ).fetchone()
        return int(found[0]), int(found[1])

    def count_rows(self, *, last: int | None = None) -> int:
        """Return how many rows the plan would send, up to row `last` where it is given."""
        found = self._file.db.execute(
            "SELECT count(*) FROM plan JOIN rows ON rows.row = plan.row "
            "WHERE status IS NULL AND (?1 IS NULL OR plan.row <= ?1)",
            (last,),
        ).fetchone()
        return int(found[0])

    def row_number(self, count: int) -> int | None:
        """Return the number of the row that is the `count`th to be sent; None where there are fewer."""
        found = self._file.db.execute(
            "SELECT plan.row FROM plan JOIN rows ON rows.row = plan.row "
            "WHERE status IS NULL AND same_as IS NULL ORDER BY plan.row LIMIT 1 OFFSET ?",
            (count - 1,),
        ).fetchone()
        return int(found[0]) if found else None

    def count_blocking_rows(self) -> int:
        """Return how many rows are invalid for another reason than a conflict, which keeps no other row back."""
        found = self._file.db.execute(
            "SELECT count(*) FROM rows WHERE status = 'invalid' AND EXISTS "
            "(SELECT 1 FROM findings AS f WHERE f.row = rows.row AND f.code <> 'conflict')"
        ).fetchone()
        return int(found[0])

    def count_conflicts(self) -> int:
        """Return how many rows are left out because of a conflict."""
        found = self._file.db.execute(
            "SELECT count(*) FROM rows WHERE status = 'invalid' AND EXISTS "
            "(SELECT 1 FROM findings AS f WHERE f.row = rows.row AND f.code = 'conflict')"
        ).fetchone()
        return int(found[0])

    def changes(self) -> Generator[Change]:
        """Yield the changes that nothing has become of yet, in row order."""
        for row, key, ticket, before, after in self._file.db.execute(
            "SELECT row, key, ticket, before, changes FROM planned WHERE status IS NULL "
            "AND same_as IS NULL ORDER BY row"
        ):
            yield Change(row, key, ticket, load_values(before), load_values(after))

    def shared_tickets(self) -> list[list[tuple[int, str, str]]]:
        """Return, per ticket that several rows name, those rows: (row, key, wanted and pending as stored).

        Keys may differ, and the portal answer with one ticket for all of them.
        """
        found = self._file.db.execute(
            "WITH open AS (SELECT rows.row AS row, key, coalesce(rows.ticket, plan.ticket) AS ticket FROM rows "
            "LEFT JOIN plan ON plan.row = rows.row WHERE same_as IS NULL AND (status IS NULL OR status = 'unchanged')) "
            "SELECT ticket, open.row, key, wanted || coalesce(pending, '') FROM open "
            "JOIN sheet ON sheet.row = open.row "
            "WHERE ticket IN (SELECT ticket FROM open GROUP BY ticket HAVING count(*) > 1) ORDER BY open.row"
        )
        groups: dict[str, list[tuple[int, str, str]]] = {}
        for ticket, *row in found:
            groups.setdefault(ticket, []).append((row[0], row[1], row[2]))
        return list(groups.values())

    def cells(self, *, offset: int, limit: int, name: str = "", erased: bool = False, text: str = "") -> list[PlanCell]:
        """Return some of the cells that the plan would change, in row order: for a grid that asks for them in pieces.

        name: of one property alone; erased: emptied ones alone; text: found in key, ticket, its
        name, or a value as stored.
        """
        where, values = _cells_where(name, text, erased=erased)
        found = self._file.db.execute(
            "SELECT planned.row, planned.key, ticket, each.key, "
            "(SELECT value FROM json_each(before) AS held WHERE held.key = each.key), each.value "
            f"FROM planned, json_each(changes) AS each {where} ORDER BY planned.row LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return [PlanCell(*one) for one in found]

    def count_cells_of(self, *, name: str = "", erased: bool = False, text: str = "") -> int:
        """Return how many cells there are of those that `cells` returns in pieces."""
        where, values = _cells_where(name, text, erased=erased)
        query = f"SELECT count(*) FROM planned, json_each(changes) AS each {where}"
        return int(self._file.db.execute(query, values).fetchone()[0])


def _cells_where(name: str, text: str, *, erased: bool) -> tuple[str, tuple[str, ...]]:
    """Return the condition, and its values, of the cells that are asked for."""
    parts, values = ["status IS NULL AND same_as IS NULL"], []
    if name:
        parts.append("each.key = ?")
        values.append(name)
    if erased:
        parts.append("each.value = ''")
    if text:
        anything = "planned.key || ' ' || coalesce(ticket, '') || ' ' || each.value || ' ' || coalesce(before, '')"
        named = "(SELECT json_extract(wanted, '$.subject') FROM sheet WHERE sheet.row = planned.row)"
        anything += f" || ' ' || coalesce({named}, '')"
        parts.append(f"instr(lower({anything}), lower(?))")
        values.append(text)
    return f"WHERE {' AND '.join(parts)}", tuple(values)
