"""Lets the tests of this folder find what they share, and gives them one served sandbox."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def running_server():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def server(running_server):
    running_server.reset()
    return running_server
