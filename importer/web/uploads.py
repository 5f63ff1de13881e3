"""Spreadsheets that came through the page: kept for this user alone in the state folder, and removed when done.

Each page has a folder of its own, with a lock beside it that dies with the page: what a page left that was killed is
removed by the next one, unless an unfinished run needs it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from importer.errors import FileError
from importer.jobs.locks import try_lock
from importer.jobs.state import StateFolder

UPLOADS = "uploads"
MOST_BYTES = 200_000_000
A_DAY_S = 86_400
_UNSAFE = re.compile(r"[^\w .()+-]")


class Uploads:
    """The uploads of one page."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._root = state.home / UPLOADS
        self._own = self._root / secrets.token_hex(8)
        self._releases: dict[Path, Callable[[], None]] = {}

    def keep(self, name: str, content: bytes) -> Path:
        """Write an upload into a folder of its own, under its name without what no file system takes."""
        self._state.make_home()
        self._root.mkdir(mode=0o700, exist_ok=True)
        self._hold(self._own)  # before there is anything that another page could take for left over
        self._own.mkdir(mode=0o700, exist_ok=True)
        folder = self._own / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        path = folder / (_UNSAFE.sub("_", Path(name.replace("\\", "/")).name).strip(" .")[-120:] or "tickets")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        return path

    def hold_file_of(self, run_id: str) -> None:
        """Keep the upload of a run that this page goes on with, whichever page it came through."""
        with contextlib.suppress(FileError):
            folder = Path(self._state.read_record(run_id).file).parent.parent
            if folder.parent.name == UPLOADS and (self._root / folder.name).is_dir():
                self._hold(self._root / folder.name)

    def clean(self) -> None:
        """Remove what pages left that are gone, but no unfinished run's file."""
        folders = [path for path in self._root.iterdir() if path.is_dir()] if self._root.is_dir() else []
        needed = self._needed() if folders else set()
        for folder in folders:
            if folder in self._releases:
                continue
            with _taken(folder) as is_left:
                if is_left:
                    _remove_but(folder, needed)
            if not folder.exists():
                with contextlib.suppress(OSError):
                    _lock_of(folder).unlink(missing_ok=True)

    def close(self) -> None:
        """Let the next page remove what is left here; remove what nobody needs at once."""
        for release in self._releases.values():
            release()
        self._releases.clear()
        self.clean()

    def _hold(self, folder: Path) -> None:
        if folder not in self._releases:
            with contextlib.suppress(FileError, OSError):  # without locks, a day is waited for
                release = try_lock(_lock_of(folder))
                if release is not None:
                    self._releases[folder] = release

    def _needed(self) -> set[str]:
        """Return the names of the folders of unfinished runs' files."""
        names = set()
        for run_id in self._state.run_ids():
            with contextlib.suppress(FileError):
                record = self._state.read_record(run_id)
                if record.can_resume:
                    names.add(Path(record.file).parent.name)
        return names


def is_upload(state: StateFolder, file: Path) -> bool:
    """Whether a file came through a page, and will be removed."""
    return file.is_relative_to(state.home / UPLOADS)


def remove(folder: Path) -> None:
    """Remove an upload with its folder."""
    shutil.rmtree(folder, ignore_errors=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


@contextlib.contextmanager
def _taken(folder: Path) -> Iterator[bool]:
    """Say whether no page that lives has a folder, and keep it so; without locks, a page of today may have it."""
    try:
        release = try_lock(_lock_of(folder))
    except (FileError, OSError):
        yield time.time() - folder.stat().st_mtime > A_DAY_S
        return
    try:
        yield release is not None
    finally:
        if release is not None:
            release()


def _remove_but(folder: Path, needed: set[str]) -> None:
    """Remove the uploads of a page that is gone, but those needed; with the last one, the page's folder."""
    kept = {folder.name, *(path.name for path in folder.iterdir())} & needed
    for path in folder.iterdir() if kept else ():
        if path.is_dir() and path.name not in kept:
            remove(path)
    if not kept:
        remove(folder)
