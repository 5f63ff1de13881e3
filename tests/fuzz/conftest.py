"""What the fuzzers share."""

import pytest


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a state folder for the runs of one module."""
    return tmp_path_factory.mktemp("state")
