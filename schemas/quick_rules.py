"""Rules that are put to many values at once, for those that columns of distinct values often have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, count
from operator import not_

from schemas.rule_types import ALPHANUMERIC

Unsure = Callable[[Sequence[str]], Iterable[int]]
"""Says of many values which do not surely pass, by index. None of the values is empty."""


def _quick_min_length(arguments: Sequence[str]) -> Unsure:
    least = int(arguments[0])
    return lambda values: _with_length(values, lambda length: length < least)


def _quick_max_length(arguments: Sequence[str]) -> Unsure:
    most = int(arguments[0])
    return lambda values: _with_length(values, lambda length: length > most)


def _with_length(values: Sequence[str], is_odd: Callable[[int], bool]) -> Iterable[int]:
    """Return where values have an odd length. Lengths are few, however many values there are."""
    odd = set(filter(is_odd, set(map(len, values))))
    return compress(count(), map(odd.__contains__, map(len, values))) if odd else ()


def _quick_alphanumeric(arguments: Sequence[str]) -> Unsure:
    fits = ALPHANUMERIC[arguments[0] if arguments else "ALPHANUMERIC"]

    def unsure(values: Sequence[str]) -> Iterable[int]:
        # The rule asks for a kind of character, so values pass together where each of them does.
        return () if fits("".join(values)) else compress(count(), map(not_, map(fits, values)))

    return unsure


QUICK: Mapping[str, Callable[[Sequence[str]], Unsure]] = {
    "MIN_LENGTH": _quick_min_length,
    "MAX_LENGTH": _quick_max_length,
    "ALPHANUMERIC": _quick_alphanumeric,
}
"""By the rule's type."""
