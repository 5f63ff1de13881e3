"""One served sandbox for all tests of the sender, as seeded at the start of each."""

import pytest

from tests.sending.staging import Stage


@pytest.fixture
def server(served):
    return served.as_seeded()


@pytest.fixture(params=[False, True], ids=["never", "always"])
def stage(request, server, tmp_path):
    """Return a stage whose plan is never, and always, looked at again before a batch leaves; `fresh`: never."""
    if request.param and request.node.get_closest_marker("fresh"):
        pytest.skip("it is about plans that are not looked at again")
    return Stage(server, tmp_path, looks_again=request.param)
