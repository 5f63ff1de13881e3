"""A file comes to be whole, or not at all: written beside under a private name, flushed, checked, then renamed.

In:  the name it is to have, and a function that writes it.
Out: the file; after a crash at any moment the old one or the new one, and perhaps a private file that the next run
     takes away.

A file that somebody has open, or has made read-only, is not replaced: `find_obstacle` says why.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from schemas.message import Message, message

_SUFFIX = ".import-tickets.tmp"


class Moved(Exception):
    """The file is not the one that was read: somebody saved it meanwhile."""


class Busy(Exception):
    """The file cannot be replaced now: another program holds it (Windows), or the system refuses."""


def find_obstacle(path: Path) -> Message | None:
    """Return why a file should not be replaced, as a sentence; None where nothing speaks against it.

    Excel and Word mark an open file with `~$NAME` beside it, LibreOffice with `.~lock.NAME#`.
    """
    for owner, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if (path.parent / owner).exists():
            return message(
                "{name} is open in {program} (or was when {program} crashed: then delete {owner}).",
                name=path.name,
                program=program,
                owner=owner,
            )
    if not stat.S_IMODE(path.stat().st_mode) & 0o222 or not os.access(path, os.W_OK):
        return message("{name} is read-only.", name=path.name)
    if not os.access(path.parent, os.W_OK):
        return message("The folder {folder} cannot be written to.", folder=str(path.parent))
    return None


def put_in_place(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    like: Path | None = None,
    check: Callable[[Path], object] = lambda _: None,
    unless: Callable[[], bool] = lambda: False,
) -> None:
    """Give `path` the content that `write` produces; replace what is there, keep its permissions and owner.

    like: a new file may be read by those who may read this one.
    check: looks at the finished file before it is renamed, and raises what it likes where it is not right.
    unless: asked last of all; True raises Moved.
    Raises OSError where it cannot be written, Busy where it can but not under this name; then nothing has changed.
    """
    remove_leftovers(path)
    with _private_file(path) as private:
        with private.open("r+b") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        check(private)
        _take_after(path, private, like)
        if unless():
            raise Moved
        try:
            private.replace(path)
        except PermissionError as problem:
            raise Busy from problem
    _flush_folder(path.parent)


@contextlib.contextmanager
def _private_file(path: Path) -> Iterator[Path]:
    """Yield a new empty file in the folder of `path`, readable for nobody else; it is gone afterwards, or renamed."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Take away the private files of runs that were killed while they wrote `path`."""
    for leftover in path.parent.glob(f".{_literal(path.name)}.*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in name)


def _take_after(path: Path, private: Path, like: Path | None) -> None:
    """Give the new file the old one's permissions, owner and extended attributes.

    Where there is none, nobody may read it who may not read `like`: it holds the same tickets.
    """
    try:
        old = path.stat()
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        readers = stat.S_IMODE(like.stat().st_mode) if like is not None and like.exists() else 0o666
        private.chmod((readers | 0o200) & 0o666 & ~mask)
        return
    shutil.copystat(path, private)
    os.utime(private)
    chown = getattr(os, "chown", None)  # not on Windows
    if chown is not None and (old.st_uid, old.st_gid) != (private.stat().st_uid, private.stat().st_gid):
        with contextlib.suppress(PermissionError):
            chown(private, -1, old.st_gid)
        with contextlib.suppress(PermissionError):
            chown(private, old.st_uid, -1)
        private.chmod(stat.S_IMODE(old.st_mode))


def _flush_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where folders can be flushed (POSIX)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems cannot; the content itself is flushed
    finally:
        os.close(handle)
