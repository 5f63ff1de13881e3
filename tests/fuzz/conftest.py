"""What the fuzzers share."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a state folder for the runs of one module."""
    return tmp_path_factory.mktemp("state")
