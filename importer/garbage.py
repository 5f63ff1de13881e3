"""Look for garbage less often while a hundred thousand rows go by.

Python looks for objects that keep each other alive after every 700 new containers, which is every other row here, and
looks at all rows of the chunk again and again. Rows, answers and changes are freed without that: nothing of them points
back. What does (tasks, errors) is still found, somewhat later.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_CONTAINERS = 50_000
"""Between two looks."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage seldom, for as long as what is inside takes."""
    before = gc.get_threshold()
    gc.set_threshold(max(NEW_CONTAINERS, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def not_collected() -> Iterator[None]:
    """Look for no garbage at all: a chunk is many small records and no cycles, and each would be looked at."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
