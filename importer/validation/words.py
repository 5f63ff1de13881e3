"""Cells that hold just a certain word: they are read as empty, and their places are noted.

The clear word clears its property, whatever empty cells mean; what `restore` could not find out is left alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from importer.loader.table import Chunk
from schemas.cells import UNREADABLE

Place = tuple[int, int]
"""A row's index in its chunk, and the column's position."""


def without_word(chunk: Chunk, word: str, positions: Collection[int]) -> tuple[Chunk, set[Place]]:
    """Return the chunk with the cells emptied that hold the word, outer blanks aside, and their places."""
    found: set[Place] = set()
    columns, shown = dict(chunk.columns), dict(chunk.shown)
    for position in positions:
        if word not in chunk.joined(position):
            continue
        texts, kinds = chunk.columns[position], chunk.kinds.get(position)
        places = [place for place, text in enumerate(texts) if word in text and text.strip() == word]
        if kinds is not None:
            places = [place for place in places if kinds[place] not in UNREADABLE]
        if not places:
            continue
        columns[position] = texts = list(texts)
        for place in places:
            texts[place] = ""
            found.add((place, position))
        if position in shown:
            rows = {chunk.rows[place] for place in places}
            shown[position] = {row: text for row, text in shown[position].items() if row not in rows}
    return (replace(chunk, columns=columns, shown=shown), found) if found else (chunk, found)
