"""Save what a command was asked to write: whole, never over a user's file, and recognised later as ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from importer.errors import FileError, cannot_write
from importer.files import Busy, write_whole
from importer.writeback.outputs import Outputs
from schemas.message import message

T = TypeVar("T")


def save_whole(
    path: Path, write: Callable[[BinaryIO], T], outputs: Outputs, *, overwrite: bool, like: Path | None = None
) -> T:
    """Let `write` fill a new file that takes the place of `path`; return what `write` returns.

    Whatever happens, `path` is what it was or the whole new file. `like`: only those who may read this file may read
    the new one. Raises FileError where it cannot be written, or is a user's file and `overwrite` is not set.
    """
    outputs.check(path, overwrite=overwrite)
    try:
        return write_whole(path, write, like=like, check=outputs.noting(path))
    except Busy as error:
        raise FileError(message("{path} is open in another program.", path=str(path))) from error
    except OSError as error:
        raise FileError(cannot_write(path, error)) from error
