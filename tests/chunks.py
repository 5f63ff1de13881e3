"""Chunks row by row, as tests look cells up."""

from typing import Any

from importer.loader.table import Chunk


def rows_of(chunk: Chunk) -> list[tuple[Any, ...]]:
    """Return (number, text, ...) of each row, in the order of the asked columns."""
    return list(zip(chunk.rows, *chunk.columns.values(), strict=True))


def by_row(chunk: Chunk) -> dict[int, list[Any]]:
    """Return the texts of each row by its number."""
    return {row: texts for row, *texts in rows_of(chunk)}
