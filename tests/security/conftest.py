"""What the tests of this folder share: a portal that lets a token of ours in, and a look for that token."""

import functools

import pytest

from tests.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def served():
    """Return a served sandbox that lets our token in."""
    from tests.security.leaks import TOKEN

    with SandboxServer() as server:
        server.add_token(TOKEN)
        server.token = TOKEN
        yield server


@pytest.fixture
def portal(served):
    """Return the served sandbox, calm and as seeded."""
    served.calm()
    served.reset()
    return served


@pytest.fixture
def quick(monkeypatch):
    """Let waits pass in no time: what is waited for is another test's business."""
    from importer.portal import Clock

    monkeypatch.setattr("importer.portal.client.Clock", functools.partial(Clock, 10_000))


@pytest.fixture
def assert_no_token(tmp_path):
    """Return a function that looks for the token in what commands said and in every file below the test's folder."""
    from tests.security.leaks import find_token

    def look(*ends):
        assert find_token(ends, tmp_path) == []

    return look
