"""Errors that nobody expected: a limit of the machine, or a fault of this program, as errors that say what to do."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import traceback
from pathlib import Path

from importer.errors import (
    ImportTicketsError,
    InternalFault,
    MachineLimit,
    UsageError,
    too_little_memory,
    too_many_files,
)
from importer.jobs.state import StateFolder
from schemas.message import message

_NO_ROOM = re.compile("can't start new thread|failed to map segment|cannot allocate memory", re.IGNORECASE)
"""How Python says that there is no further thread, and a dynamic linker that there is no memory for a library."""


_FEWEST_FILES = 32
"""Open files that a run needs. With fewer, libraries report something else than the limit. Measured on Linux."""


def check_open_files() -> None:
    """Raise MachineLimit where this process may not open as many files as a run needs."""
    try:
        import resource
    except ImportError:  # Windows
        return
    if 0 <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] < _FEWEST_FILES:
        raise MachineLimit(too_many_files())


def explain(error: Exception) -> ImportTicketsError:
    """Return the error of ours for one that nobody expected: a limit of the machine, or a fault of this program."""
    if isinstance(error, MemoryError):
        return MachineLimit(
            message(
                "There is not enough memory. End other programs, or cut the file into smaller ones and run them one "
                "after the other."
            )
        )
    if _NO_ROOM.search(str(error)) and isinstance(error, RuntimeError | ImportError):
        return MachineLimit(too_little_memory(str(error).strip().splitlines()[-1]))
    if isinstance(error, FileNotFoundError) and not is_somewhere():
        return UsageError(
            message("The folder in which this was started is gone. Change to another folder, then run again.")
        )
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.EMFILE, errno.ENFILE}:
        return MachineLimit(too_many_files())
    if number in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        return MachineLimit(
            message(
                "There is no space left in {folder}. Make room, or let TMPDIR name another folder for temporary files.",
                folder=str(getattr(error, "filename", None) or tempfile.gettempdir()),
            )
        )
    return _keep_traceback(error)


def is_somewhere() -> bool:
    """Return whether the working folder is there; where it was removed, no relative path leads anywhere."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _keep_traceback(error: Exception) -> InternalFault:
    """Write what went wrong into the state folder, without the token, and return the error that names the file."""
    text = "".join(traceback.format_exception(error))
    if token := os.environ.get("HUBSPOT_ACCESS_TOKEN", "").strip():
        text = text.replace(token, "[token]")
    try:
        state = StateFolder.from_environment(os.environ)
        state.make_home()
        descriptor, path = tempfile.mkstemp(prefix="fault-", suffix=".txt", dir=state.home)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path = f"{type(error).__name__}: {error}"
    return InternalFault(
        message(
            "This is a bug in import-tickets, not a problem with your file. Please report it with {path}. "
            "`import-tickets runs` shows whether something was sent, and how to continue.",
            path=path,
        )
    )
