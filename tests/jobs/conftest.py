"""The served sandbox by the name of `portal`, as seeded at the start of each test; and what is asked of it there."""

import csv

import pytest


@pytest.fixture
def portal(served):
    """Return a sandbox portal as seeded."""
    return served.as_seeded()


@pytest.fixture
def sheet(tmp_path):
    """Return a function that writes a CSV file of a header and rows, and returns its path."""

    def write(header, *rows, name="edits.csv"):
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write
