"""Why the system does not let a file be read, in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import FileError, MachineLimit, reason_of, too_many_files
from schemas.message import Message, message


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Say in words why the system does not let a file be read."""
    try:
        yield
    except FileNotFoundError as problem:
        raise FileError(_missing(path)) from problem
    except IsADirectoryError as problem:
        raise FileError(message("{path} is a folder. Name the spreadsheet inside it.", path=str(path))) from problem
    except PermissionError as problem:
        if path.is_dir():  # what Windows says of folders
            raise FileError(message("{path} is a folder. Name the spreadsheet inside it.", path=str(path))) from problem
        raise FileError(
            message("{path} cannot be read: it is open in another program, or belongs to another user.", path=str(path))
        ) from problem
    except OSError as problem:
        if problem.errno in {errno.EMFILE, errno.ENFILE}:
            raise MachineLimit(too_many_files()) from problem
        raise FileError(
            message("{path} cannot be read: {reason}.", path=str(path), reason=reason_of(problem))
        ) from problem


def _missing(path: Path) -> Message:
    """Return what to say of a file that is not there: which one was probably meant."""
    from schemas.cells import Nearest, quoted

    try:
        names = sorted(one.name for one in path.parent.iterdir() if not one.name.startswith("."))
    except OSError:
        names = []
    if near := Nearest(names)(path.name):
        return message("There is no file {path}; did you mean {near}?", path=str(path), near=quoted(near))
    return message("There is no file {path}.", path=str(path))
