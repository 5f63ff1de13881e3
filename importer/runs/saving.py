"""Put a file in its place only once it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from importer.errors import FileError
from schemas.message import message

T = TypeVar("T")


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise FileError where `path` cannot become a file of ours: its folder is missing, or it exists already."""
    if not path.parent.is_dir():
        raise FileError(message("There is no folder {path} to write to.", path=str(path.parent)))
    if path.is_dir():
        raise FileError(message("{path} is a folder; name a file.", path=str(path)))
    if path.exists() and not overwrite:
        raise FileError(
            message("{path} exists already. Name another file, or add --overwrite to replace it.", path=str(path))
        )


def save_whole(path: Path, write: Callable[[BinaryIO], T]) -> T:
    """Let `write` fill a new file beside `path`, flush it to the disk, then rename it; return what `write` returns.

    Whatever happens, `path` is what it was or the whole new file. Raises FileError where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            result = write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise FileError(
            message("{path} cannot be written ({reason}).", path=str(path), reason=error.strerror or str(error))
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return result
