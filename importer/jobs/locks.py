"""The one right to run on a file: locks in the state folder that die with their process.

In:  the folder of the locks, and a file.
Out: the right, or an error that says which run has it and since when.

A file is locked by its path and by its identity (device and inode), so that two names of it are one file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from importer.errors import FileError
from schemas.message import Message, message

_LOCKED_BYTE = 1 << 30
"""Windows locks bytes, and lets nobody read a locked one: this one is far behind what is noted."""


@contextmanager
def hold(folder: Path, file: Path, *, run: str, since: str) -> Iterator[None]:
    """Hold the one right to run on `file`.

    run: the run's ID, where it has one by now; `name_run` notes it later.
    Raises FileError `file_busy` while another run holds it, and OSError where `folder` cannot be written.
    """
    with ExitStack() as stack:
        for path in _lock_files(folder, file):
            handle = stack.enter_context(path.open("a+b"))
            if not _try_lock(handle, path):
                raise FileError(_busy(path, file), code="file_busy")
        for path in _lock_files(folder, file):
            _note(path, run=run, since=since)
        yield


def name_run(folder: Path, file: Path, run: str) -> None:
    """Note which run holds the right that this process has."""
    with suppress(OSError):
        for path in _lock_files(folder, file):
            held = _noted(path)
            if held.get("pid") == os.getpid():
                _note(path, run=run, since=str(held.get("since") or ""))


def _lock_files(folder: Path, file: Path) -> list[Path]:
    names = [str(file)]
    with suppress(OSError):
        state = file.stat()
        names.append(f"{state.st_dev}:{state.st_ino}")
    return [folder / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.lock" for name in names]


def _note(path: Path, *, run: str, since: str) -> None:
    with suppress(OSError):
        path.write_text(json.dumps({"run": run, "since": since, "pid": os.getpid()}), "utf-8")


def _noted(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _busy(path: Path, file: Path) -> Message:
    held = _noted(path)
    if held.get("run"):
        return message(
            "Run {run} has been working on {file} since {since}; wait until it ends.",
            run=str(held["run"]),
            file=file.name,
            since=str(held.get("since")),
        )
    if held.get("since"):
        return message(
            "Another run has been working on {file} since {since}; wait until it ends.",
            file=file.name,
            since=str(held["since"]),
        )
    return message("Another run is working on {file}; wait until it ends.", file=file.name)


def _try_lock(handle: IO[bytes], path: Path) -> bool:
    """Lock an open file for this process, without waiting; return whether it was free.

    Raises FileError where the file system has no locks: then nothing would keep two runs apart.
    """
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(_LOCKED_BYTE)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}:
            return False
        raise FileError(
            message(
                "The state folder {path} is on a file system without locks ({reason}), so two runs could not be kept "
                "apart. Set IMPORT_TICKETS_HOME to a folder on a local disk.",
                path=str(path.parent.parent),
                reason=error.strerror or str(error),
            )
        ) from error
    return True
