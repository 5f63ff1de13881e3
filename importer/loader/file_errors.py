"""Why the system does not let a file be read, in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import FileError, MachineLimit, too_many_files
from schemas.message import message


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Say in words why the system does not let a file be read."""
    try:
        yield
    except FileNotFoundError as problem:
        raise FileError(message("There is no file {path}.", path=str(path))) from problem
    except IsADirectoryError as problem:
        raise FileError(message("{path} is a folder. Name the spreadsheet inside it.", path=str(path))) from problem
    except PermissionError as problem:
        if path.is_dir():  # what Windows says of folders
            raise FileError(message("{path} is a folder. Name the spreadsheet inside it.", path=str(path))) from problem
        raise FileError(
            message(
                "{path} may not be read: it is open in another program, or belongs to somebody else.", path=str(path)
            )
        ) from problem
    except OSError as problem:
        if problem.errno in {errno.EMFILE, errno.ENFILE}:
            raise MachineLimit(too_many_files()) from problem
        raise FileError(
            message("{path} cannot be read: {reason}.", path=str(path), reason=problem.strerror or str(problem))
        ) from problem
