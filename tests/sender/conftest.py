"""One served sandbox for all tests of the sender, as seeded at the start of each."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from staging import Stage


@pytest.fixture
def server(served):
    return served.as_seeded()


@pytest.fixture
def stage(server, tmp_path):
    return Stage(server, tmp_path)
