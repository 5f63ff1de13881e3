"""How long the fuzzers look, by `FUZZ_PROFILE`: `ci` (the suite) or `nightly` (`make fuzz`). Where failures are kept.

In the suite the same examples are drawn each time, so that it never fails for somebody else's change; the nightly
profile draws new ones, and remembers those that failed.
"""

import contextlib
import os
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "fixtures" / "fuzz"
KEPT = ROOT / "build" / "fuzz"
"""Where an input that broke a law is written; it belongs into the corpus once the fault is mended."""

_SLOW_ON_PURPOSE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

settings.register_profile(
    "fuzz-ci",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=_SLOW_ON_PURPOSE,
)
settings.register_profile(
    "fuzz-nightly",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "2000")),
    deadline=None,
    phases=[Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=_SLOW_ON_PURPOSE,
)
_PROFILE = settings.get_profile(f"fuzz-{os.environ.get('FUZZ_PROFILE', 'ci')}")


def effort(share: float = 1.0) -> settings:
    """Return how many examples a law is tried on: a share of the profile's, by how dear one of them is."""
    return settings(_PROFILE, max_examples=max(1, int(_PROFILE.max_examples * share)))


@contextlib.contextmanager
def kept(data: bytes, suffix: str):
    """Have the input in `build/fuzz` while the law is tried on it, and leave it there where that ends otherwise.

    So it is there even if the whole process ends. The last one that a test leaves is the smallest that was found.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "input").rpartition("::")[2].partition(" ")[0]
    trial, failed = KEPT / f"{test}.trying{suffix}", KEPT / f"{test}{suffix}"
    KEPT.mkdir(parents=True, exist_ok=True)
    trial.write_bytes(data)
    try:
        yield
    except BaseException:
        trial.replace(failed)
        raise
    trial.unlink()
