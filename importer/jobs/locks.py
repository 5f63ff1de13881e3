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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import FileError, reason_of
from schemas.message import Message, message

if TYPE_CHECKING:
    from filelock import FileLock


_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
"""How a file system says that it has no locks. Source: flock(2)."""


@contextmanager
def hold(folder: Path, file: Path, *, run: str, since: str) -> Iterator[None]:
    """Hold the one right to run on `file`.

    run: the run's ID, where it has one by now; `name_run` notes it later.
    Raises FileError `file_busy` while another run holds it, and OSError where `folder` cannot be written.
    """
    with ExitStack() as stack:
        for path in _lock_files(folder, file):
            release = try_lock(path)
            if release is None:
                raise FileError(_busy(path, file), code="file_busy")
            stack.callback(release)
        for path in _lock_files(folder, file):
            _note(path, run=run, since=since)
        yield


def _release(lock: FileLock) -> None:
    """Give a lock back; where that fails, it ends with the process. What was done is done all the same."""
    with suppress(OSError):
        lock.release()


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


def _note_of(path: Path) -> Path:
    """Return where it is noted who has a lock: beside it, since Windows lets nobody read what is locked."""
    return path.with_suffix(".json")


def _note(path: Path, *, run: str, since: str) -> None:
    with suppress(OSError):
        _note_of(path).write_text(json.dumps({"run": run, "since": since, "pid": os.getpid()}), "utf-8")


def _noted(path: Path) -> dict[str, object]:
    try:
        found = json.loads(_note_of(path).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _busy(path: Path, file: Path) -> Message:
    from importer.reports.text import local_moment

    held = _noted(path)
    since = local_moment(str(held.get("since") or ""))
    if held.get("run"):
        return message(
            "Run {run} has been working on {file} since {since}; wait until it ends.",
            run=str(held["run"]),
            file=file.name,
            since=since,
        )
    if held.get("since"):
        return message(
            "Another run has been working on {file} since {since}; wait until it ends.",
            file=file.name,
            since=since,
        )
    return message("Another run is working on {file}; wait until it ends.", file=file.name)


def try_lock(path: Path) -> Callable[[], None] | None:
    """Lock a file for this process, without waiting, and return what gives it back; None where another has it.

    Raises FileError where the file system has no locks: then nothing would keep two runs apart. A lock that is a mere
    file (filelock's other kind) would outlive a run that was killed.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise FileError(
            message(
                "The state folder {path} is on a file system without locks ({reason}), so two runs could not be kept "
                "apart. Set IMPORT_TICKETS_HOME to a folder on a local disk.",
                path=str(path.parent.parent),
                reason=reason_of(error),
            )
        ) from error
    return partial(_release, lock)
