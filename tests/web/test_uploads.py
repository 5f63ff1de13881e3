"""Uploads: for this user alone, removed with their page or by the next one, kept where an unfinished run needs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from importer.jobs.state import StateFolder
from importer.web.uploads import Uploads, is_upload

HELD = """
import sys
from pathlib import Path
from importer.jobs.state import StateFolder
from importer.web.uploads import Uploads

uploads = Uploads(StateFolder(Path(sys.argv[1])))
print(uploads.keep("edits.xlsx", b"content"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path):
    return StateFolder(tmp_path / "home")


def left_in(state):
    return sorted(path.relative_to(state.home).parts[-1] for path in (state.home / "uploads").rglob("*"))


def test_uploads_are_for_this_user_alone(state):
    """Names lead nowhere else, and nobody else may read what came through the page."""
    uploads = Uploads(state)

    path = uploads.keep("../../a b/é<evil>.xlsx", b"content")

    assert path.parent.parent.parent == state.home / "uploads"
    assert path.name == "é_evil_.xlsx"
    assert is_upload(state, path)
    assert not is_upload(state, state.home.parent / "uploads" / "edits.xlsx")  # a folder of the person's own
    assert path.read_bytes() == b"content"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert {one.stat().st_mode & 0o777 for one in list(path.parents)[:3]} == {0o700}
    assert uploads.keep("..", b"").parent.parent == path.parent.parent
    uploads.close()
    assert left_in(state) == []


def test_what_a_killed_page_left_is_removed_by_the_next_and_what_a_page_has_is_not(state):
    command = [sys.executable, "-c", HELD, str(state.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as page:
        path = Path(page.stdout.readline().strip())
        Uploads(state).clean()
        assert path.read_bytes() == b"content"  # of a page that lives
        page.kill()
        page.wait(30)
    assert path.exists()

    Uploads(state).clean()

    assert left_in(state) == []


def test_without_locks_an_upload_of_today_is_left_alone(state, monkeypatch):
    """On a file system that has none, nothing says whether its page lives."""
    uploads = Uploads(state)
    path = uploads.keep("edits.xlsx", b"content")

    def refuse(_path):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("importer.web.uploads.try_lock", refuse)
    Uploads(state).clean()
    assert path.exists()
    os.utime(path.parent.parent, (0, 0))
    Uploads(state).clean()
    assert not path.exists()
