"""Rules that are put to many values at once, for those that columns of distinct values often have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from schemas.rule_judges import ALPHANUMERIC

Surely = Callable[[list[str]], npt.NDArray[np.bool_]]
"""Says of many values at once whether each surely passes."""


def _quick_min_length(arguments: Sequence[str]) -> Surely:
    least = int(arguments[0])
    return lambda values: _lengths(values) >= least


def _quick_max_length(arguments: Sequence[str]) -> Surely:
    most = int(arguments[0])
    return lambda values: _lengths(values) <= most


def _quick_alphanumeric(arguments: Sequence[str]) -> Surely:
    fits = ALPHANUMERIC[arguments[0] if arguments else "ALPHANUMERIC"]
    return lambda values: np.fromiter(map(fits, values), dtype=bool, count=len(values))


def _lengths(values: Sequence[str]) -> npt.NDArray[np.intp]:
    return np.fromiter(map(len, values), dtype=np.intp, count=len(values))


QUICK: Mapping[str, Callable[[Sequence[str]], Surely]] = {
    "MIN_LENGTH": _quick_min_length,
    "MAX_LENGTH": _quick_max_length,
    "ALPHANUMERIC": _quick_alphanumeric,
}
"""By the rule's type."""
