"""How many examples a law is tried on: so many in the suite, more of them and others in `make fuzz`."""

import os
from typing import Any

from hypothesis import settings

IS_NIGHTLY = os.environ.get("FUZZ_PROFILE", "ci") != "ci"
MORE = 10
"""Times as many, at night."""


def examples(number: int, **more: Any) -> settings:
    """Return the settings of a law. `more`: as `hypothesis.settings` takes it."""
    return settings(max_examples=number * (MORE if IS_NIGHTLY else 1), deadline=None, **more)
