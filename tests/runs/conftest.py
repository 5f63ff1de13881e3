"""One served sandbox for the tests of a module, as seeded at the start of each; and what is asked of it there."""

import csv
import sys
from dataclasses import fields
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sandbox_server import SandboxServer

from importer.sandbox.options import Limits, Switches


@pytest.fixture(scope="module")
def served():
    with SandboxServer() as server:
        yield server


def as_seeded(server):
    """Put a sandbox back to its first state."""
    server.reset()
    server.switch(**{one.name: one.default for one in fields(Switches)})
    server.limits(**{one.name: one.default for one in fields(Limits)} | {"rate": 0, "used_today": 0})
    server.forget_requests()
    return server


@pytest.fixture
def portal(served):
    """Return a sandbox portal as seeded."""
    return as_seeded(served)


@pytest.fixture
def sheet(tmp_path):
    """Return a function that writes a CSV file of a header and rows, and returns its path."""

    def write(header, *rows, name="edits.csv"):
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write
