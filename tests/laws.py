"""How many examples a law is tried on: so many in the suite, more of them and others in `make fuzz`."""

import os
from typing import Any

from hypothesis import settings

IS_NIGHTLY = os.environ.get("FUZZ_PROFILE", "ci") != "ci"
MORE, FEWEST = 10, 5
"""Times as many, at night; by day half of them will do, but so many at the least."""


def examples(number: int, **more: Any) -> settings:
    """Return the settings of a law. `more`: as `hypothesis.settings` takes it."""
    return settings(
        max_examples=number * MORE if IS_NIGHTLY else max(number // 2, min(number, FEWEST)), deadline=None, **more
    )
