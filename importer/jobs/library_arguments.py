"""What callers of the library pass, checked as the command line checks what is typed.

A word that is not one of those an option knows would otherwise count as its default: `blank="kept"` would clear cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from importer.errors import UsageError
from importer.jobs.options import Amount, ReadOptions
from importer.model import Policy
from schemas.cells import Nearest
from schemas.message import message

_WORDS = {"blank": ("clear", "keep"), "options": ("labels", "values")}


def reading(given: Mapping[str, Any]) -> ReadOptions:
    """Return how a file is to be read. Raises UsageError for a word that is not known."""
    given = dict(given)
    for name, words in _WORDS.items():
        if given.get(name) is not None:
            one_of(name, given[name], *words)
    for _, policy in given.get("policies", ()):
        one_of("policies", policy, *Policy)
    if isinstance(given.get("skip_columns"), str):
        given["skip_columns"] = (given["skip_columns"],)
    if given.get("schema") is not None:
        given["schema"] = Path(given["schema"])
    return replace(ReadOptions(), **given)


def one_of(name: str, value: object, *words: str) -> None:
    """Raise UsageError unless the value of an argument is one of a few words."""
    if value in words:
        return
    near = Nearest(words)(str(value), limit=1)
    if near:
        text = message(
            '{name} is "{value}", which is not one of {choices}; did you mean "{near}"?',
            name=name,
            value=str(value),
            choices=", ".join(words),
            near=near[0],
        )
    else:
        text = message(
            '{name} is "{value}", which is not one of {choices}.',
            name=name,
            value=str(value),
            choices=", ".join(words),
        )
    raise UsageError(text, code="bad_usage")


def count(name: str, limit: int | None) -> int | None:
    """Return a whole number from 1 on. Raises UsageError for anything else."""
    if limit is None or (type(limit) is int and limit >= 1):
        return limit
    raise UsageError(
        message('{name} is "{value}", which isn\'t a whole number from 1 on.', name=name, value=str(limit)),
        code="bad_usage",
    )


def amount(name: str, limit: float | str | None) -> Amount | None:
    """Return a guard rail: 7, "7" or "5%". Raises UsageError for what is neither a number nor a per cent."""
    if limit is None:
        return None
    is_whole = isinstance(limit, float) and limit.is_integer()
    found = Amount.read(str(int(limit) if is_whole else limit))
    if found is None:
        raise UsageError(
            message('{name} is "{value}", which isn\'t a number or a per cent.', name=name, value=str(limit)),
            code="bad_usage",
        )
    return found
