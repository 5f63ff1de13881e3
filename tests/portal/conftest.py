"""Lets the tests of this folder find what they share, and gives them one served sandbox."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def server(served):
    return served.as_seeded()
