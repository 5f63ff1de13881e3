"""What the tests of the description share."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def description():
    """Return the description of the portal's endpoints."""
    from description import Description

    return Description()
