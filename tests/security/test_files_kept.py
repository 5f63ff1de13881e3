"""What is kept on this machine is for its owner's eyes, whatever the system's habits are."""

import os
import stat

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps the user's folder closed by its own means")


@pytest.fixture
def open_handed():
    """Let new files be open to everyone, as on badly set up machines."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder):
    return {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def test_journals_and_all_else_are_closed_to_others(open_handed, portal, program, home, tmp_path):
    """Folders 0700, files 0600: journals, the cached schema, locks, the budget."""
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New\n25012345009,Other\n")

    assert program(edits, "--yes", portal=portal).code == 0
    assert program(edits, "--dry-run", portal=portal).code == 0

    found = modes(home)
    assert len([path for path in found if path.suffix == ".sqlite3"]) >= 2
    assert {
        str(path.relative_to(tmp_path)): oct(mode) for path, mode in found.items() if path.is_dir() and mode != 0o700
    } == {}
    open_files = {path: mode for path, mode in found.items() if path.is_file() and mode & 0o077}
    assert {path for path in open_files if path.suffix.startswith(".sqlite3")} == set()
    assert all(found[path.parent] == 0o700 for path in open_files)


def test_the_embedded_portal_is_closed_too(open_handed, program, home, tmp_path):
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New\n")

    assert program(edits, "--yes", "--sandbox").code == 0

    assert all(mode == 0o700 for path, mode in modes(home).items() if path.is_dir())


def test_results_are_readable_to_those_who_could_read_the_file(program, portal, tmp_path):
    """A file for one pair of eyes stays so, and what is written beside it too."""
    edits = tmp_path / "edits.csv"
    edits.write_text("Record ID,subject\n25012345001,New\n")
    edits.chmod(0o600)
    elsewhere = tmp_path / "results.csv"

    program(edits, "--dry-run", "--output", elsewhere, portal=portal)
    program(edits, "--dry-run", portal=portal)

    assert stat.S_IMODE(edits.stat().st_mode) == 0o600
    assert stat.S_IMODE(elsewhere.stat().st_mode) & 0o077 == 0
