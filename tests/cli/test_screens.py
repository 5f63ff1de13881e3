"""What stands on the terminal at each end of a run is what is kept: both languages, 80, 100 and 120 columns."""

import pytest

pytest.importorskip("pty", reason="Windows has no pseudo-terminals of this kind")


def test_screens_are_those_kept():
    """After a change that is meant: `python -m tools.make_screens`, and look at what differs."""
    from tools.make_screens import SCREENS, screens

    kept = {path.name: path.read_text("utf-8") for path in SCREENS.glob("*.txt")}
    assert screens() == kept
