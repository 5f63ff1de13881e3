"""A file comes to be whole, or not at all: written beside under a private name, flushed, checked, then renamed.

In:  the name it is to have, and a function that writes it.
Out: the file; after a crash at any moment the old one or the new one, and perhaps a private file that the next run
     takes away.

Everything that this program leaves behind for people is written here: sheets, results, pages, plans, schemas,
templates. The private name does not grow with the name that the user chose, so every name that the file system takes
can be written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")

_SUFFIX = ".import-tickets.tmp"
_ABANDONED_S = 3600.0
_ACCESS_LIST = "system.posix_acl_access"
"""The extended attribute with a file's access list. With one, the group's bits of the mode are the list's mask."""


class Moved(Exception):
    """The file is not the one that was read: somebody saved it meanwhile."""


class Busy(OSError):
    """The file cannot be replaced now: another program holds it (Windows), or the system refuses."""


def write_whole(
    path: Path,
    write: Callable[[BinaryIO], T],
    *,
    like: Path | None = None,
    check: Callable[[Path], object] = lambda _: None,
    unless: Callable[[], bool] = lambda: False,
) -> T:
    """Give `path` the content that `write` produces, and return what `write` returns.

    What is there is replaced, and its permissions and owner are kept.
    like: only those who may read this file may read the new one.
    check: looks at the finished file before it is renamed, and raises what it likes where it is not right.
    unless: asked last of all; True raises Moved.
    Raises OSError where it cannot be written, Busy where it can but not under this name; then nothing has changed.
    """
    remove_leftovers(path, older_than_s=_ABANDONED_S)
    with _private_file(path) as private:
        with private.open("r+b") as stream:
            result = write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        check(private)
        _take_after(path, private, like)
        if unless():
            raise Moved
        try:
            private.replace(path)
        except PermissionError as problem:
            raise Busy(problem.errno, problem.strerror) from problem
    _flush_folder(path.parent)
    return result


def fitting_name(stem: str, tail: str, folder: Path) -> str:
    """Return `stem` and `tail` as one name that the file system takes: the stem is cut where they are too long."""
    try:
        longest = os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError, AttributeError):  # AttributeError: not on Windows
        longest = 255
    while stem and len(os.fsencode(stem + tail)) > longest:
        stem = stem[:-1]
    return stem + tail


def no_more_files() -> bool:
    """Return whether the system lets this program open no further file. SQLite says so of any that it cannot open."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in {errno.EMFILE, errno.ENFILE}
    return False


def try_writing(path: Path, *, size: int = 0) -> None:
    """Do all of `write_whole` that can fail, and leave `path` as it is.

    size: about how many bytes will be needed. Raises OSError for what would make it fail: a name that is too long, no
    such folder, a folder that may not be written or renamed in, or no space.
    """
    with contextlib.suppress(FileNotFoundError):
        path.lstat()
    with _private_file(path) as private:
        with private.open("r+b") as stream:
            stream.write(b"\0" * 4096)
            stream.flush()
            os.fsync(stream.fileno())
        other = private.with_name(private.name.replace(_SUFFIX, f"2{_SUFFIX}"))
        private.replace(other)
        other.replace(private)
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextlib.contextmanager
def _private_file(path: Path) -> Iterator[Path]:
    """Yield a new empty file in the folder of `path`, readable for no one else; it is gone afterwards, or renamed."""
    handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=_SUFFIX, dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}."


def remove_leftovers(path: Path, *, older_than_s: float = 0.0) -> None:
    """Take away the private files of runs that were killed while they wrote `path`.

    Who does not hold the right to write `path` alone leaves young ones: somebody may be at work on them.
    """
    for leftover in path.parent.glob(f"{_prefix(path)}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime >= older_than_s:
                leftover.unlink()


def _take_after(path: Path, private: Path, like: Path | None) -> None:
    """Give the new file the old one's permissions, owner and extended attributes.

    Whether there is an old one or not, only those who may read `like` may read the new one: it holds the same tickets.
    """
    try:
        path.stat()
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        allowed = 0o666 & ~mask
    else:
        allowed = _take_over(path, private)
    if like is not None and not (like.exists() and path.exists() and like.samefile(path)):
        allowed &= (_readers(like, private) if like.exists() else 0) | 0o600
        with contextlib.suppress(OSError, AttributeError):
            os.removexattr(private, _ACCESS_LIST)
    private.chmod(allowed)


def _take_over(path: Path, private: Path) -> int:
    """Copy times, owner and attributes of `path`; return its mode."""
    old = path.stat()
    shutil.copystat(path, private)
    os.utime(private)
    chown = getattr(os, "chown", None)  # not on Windows
    if chown is not None and (old.st_uid, old.st_gid) != (private.stat().st_uid, private.stat().st_gid):
        with contextlib.suppress(PermissionError):
            chown(private, -1, old.st_gid)
        with contextlib.suppress(PermissionError):
            chown(private, old.st_uid, -1)
    return stat.S_IMODE(old.st_mode)


def _readers(like: Path, private: Path) -> int:
    """Return the mode under which `private` shows itself to nobody but those who may read `like`.

    Its group is made the other's; where that cannot be, or an access list says what the group's bits do not, no group
    may read it.
    """
    model = like.stat()
    mode = stat.S_IMODE(model.st_mode)
    if hasattr(os, "chown") and private.stat().st_gid != model.st_gid:
        with contextlib.suppress(PermissionError):
            os.chown(private, -1, model.st_gid)
        if private.stat().st_gid != model.st_gid:
            mode &= ~0o070
    with contextlib.suppress(OSError, AttributeError):
        if _ACCESS_LIST in os.listxattr(like):
            mode &= ~0o070
    return mode


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
