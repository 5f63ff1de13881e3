"""Chunks row by row, as tests look cells up."""


def rows_of(chunk):
    """Return (number, text, ...) of each row, in the order of the asked columns."""
    return list(zip(chunk.rows, *chunk.columns.values(), strict=True))


def by_row(chunk):
    """Return the texts of each row by its number."""
    return {row: texts for row, *texts in rows_of(chunk)}
