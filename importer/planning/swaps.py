"""Rows that pass unique values on to each other in a circle: the portal refuses them, and the plan says so before.

A value that another row gives up is free once that row was sent; in a circle no row can be first.
"""

from __future__ import annotations

from collections.abc import Iterable

Move = tuple[int, str, str]
"""A row, the unique value that its ticket holds, and the one it asks for."""


def circles(moves: Iterable[Move]) -> list[list[int]]:
    """Return the rows of each circle, in row order. Values are compared without case, as the portal may."""
    next_of = {before.casefold(): (row, after.casefold()) for row, before, after in moves}
    done: set[str] = set()
    found: list[list[int]] = []
    for start in next_of:
        path: dict[str, int] = {}
        value = start
        while value in next_of and value not in done and value not in path:
            row, after = next_of[value]
            path[value] = row
            value = after
        if value in path and len(path) > 1:
            rows = list(path.values())[list(path).index(value) :]
            if len(rows) > 1:
                found.append(sorted(rows))
        done |= path.keys()
    return sorted(found)
