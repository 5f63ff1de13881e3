"""One served sandbox for all tests of the sender, as seeded at the start of each."""

import sys
from dataclasses import fields
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sandbox_server import SandboxServer
from staging import Stage

from importer.sandbox.options import Limits, Switches


@pytest.fixture(scope="session")
def running_server():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def server(running_server):
    running_server.reset()
    running_server.switch(**{one.name: one.default for one in fields(Switches)})
    running_server.limits(**{one.name: one.default for one in fields(Limits)} | {"rate": 0, "used_today": 0})
    return running_server


@pytest.fixture
def stage(server, tmp_path):
    return Stage(server, tmp_path)
