"""What the tests of the description share."""

import pytest


@pytest.fixture(scope="session")
def description():
    """Return the description of the portal's endpoints."""
    from tests.openapi.description import Description

    return Description()
