"""How the records of a delimited file are written: encoding, delimiter, a `sep=` line.

In:  a path whose encoding is known, and the delimiter the user named, if any.
Out: a `Dialect`. The delimiter that cuts most records into as many fields as the first one wins.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from importer.errors import FileError
from schemas.message import message

DELIMITERS = (",", ";", "\t", "|")
FIELD_LIMIT = 1 << 20
"""Characters in one field. Longer ones come from a quotation mark that is never closed."""
_SAMPLE_CHARACTERS = 1 << 18
_SAMPLE_RECORDS = 500
_NO_SIGN = (0.0, 0, 0.0)
_SEPARATOR_LINE = re.compile(r'("?)sep=(.)\1', re.IGNORECASE)
"""A program that writes it as a record puts it in quotation marks."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are written in a file."""

    encoding: str
    delimiter: str
    separator_line: bool = False
    """The first line is `sep=;` and the like: it names the delimiter, and spreadsheets do not show it as a row."""


def find_dialect(path: Path, encoding: str, delimiter: str | None = None) -> Dialect:
    """Return how the file's records are written. Raises FileError where it is empty."""
    if delimiter is not None:
        delimiter = _named_delimiter(delimiter)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
    if not sample.strip():
        raise FileError(message("The file is empty."), code="empty_file")
    first = io.StringIO(sample, newline=None).readline().rstrip("\n")
    if separator := _SEPARATOR_LINE.fullmatch(first):
        return Dialect(encoding, delimiter or separator[2], separator_line=True)
    whole = len(sample) < _SAMPLE_CHARACTERS
    return Dialect(encoding, delimiter or _likeliest_delimiter(sample, whole=whole))


def _named_delimiter(name: str) -> str:
    delimiter = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(name.lower(), name)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise FileError(
            message(
                '--delimiter "{name}" is not a delimiter. Give one character, such as , or ; or |, or one of the '
                "words comma, semicolon, pipe and tab.",
                name=name,
            )
        )
    return delimiter


def _likeliest_delimiter(sample: str, *, whole: bool) -> str:
    scores = {delimiter: _score(sample, delimiter, whole=whole) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > _NO_SIGN else ","


def _score(sample: str, delimiter: str, *, whole: bool) -> tuple[float, int, float]:
    """Return the share of records with as many fields as the first, that number, and the share without a space behind.

    A comma with a space behind is rather one of a sentence.
    """
    csv.field_size_limit(FIELD_LIMIT)
    counts: list[int] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    broken = False
    try:
        # `extend` keeps the records before a broken one.
        counts.extend(len(fields) for fields in islice(reader, _SAMPLE_RECORDS) if any(map(str.strip, fields)))
    except csv.Error:
        broken = whole  # otherwise the sample may have been cut inside a quoted field
    else:
        if not whole and 1 < len(counts) < _SAMPLE_RECORDS:
            counts.pop()  # the sample may end inside this record
    if not counts or counts[0] == 1:
        return _NO_SIGN
    tight = 1 - sample.count(f"{delimiter} ") / sample.count(delimiter)
    return (Counter(counts)[counts[0]] / (len(counts) + broken), counts[0], tight)
