"""Spreadsheets that came through the page: kept for this user alone in the state folder, and removed when done."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from pathlib import Path

from importer.errors import FileError
from importer.jobs.state import StateFolder

UPLOADS = "uploads"
MOST_BYTES = 200_000_000
A_DAY_S = 86_400
_UNSAFE = re.compile(r"[^\w .()+-]")


def keep(state: StateFolder, name: str, content: bytes) -> Path:
    """Write an upload into a folder of its own, under its name without what no file system takes."""
    state.make_home()
    (state.home / UPLOADS).mkdir(mode=0o700, exist_ok=True)
    folder = state.home / UPLOADS / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    path = folder / (_UNSAFE.sub("_", Path(name.replace("\\", "/")).name).strip(" .")[-120:] or "tickets")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path


def clean(state: StateFolder, *, but: Path | None = None) -> None:
    """Remove the uploads that nobody needs: not `but`, no unfinished run's, and none of another page's of today."""
    folder = state.home / UPLOADS
    needed = {but.parent.name} if but else set()
    for run_id in state.run_ids() if folder.is_dir() else ():
        with contextlib.suppress(FileError):
            record = state.read_record(run_id)
            if record.can_resume:
                needed.add(Path(record.file).parent.name)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in needed and time.time() - path.stat().st_mtime > A_DAY_S:
            remove(path)


def remove(folder: Path) -> None:
    """Remove an upload with its folder."""
    shutil.rmtree(folder, ignore_errors=True)
