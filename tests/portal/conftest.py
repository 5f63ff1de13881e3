"""Lets the tests of this folder find what they share, and gives them one served sandbox."""

import pytest


@pytest.fixture
def server(served):
    return served.as_seeded()
