"""Which files are this program's own earlier output, unchanged since: those it may replace without being asked to.

In:  the state folder.
Out: answers about paths, from the digests that are noted before a file takes its place.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from importer.errors import FileError, cannot_write
from importer.files import write_whole
from schemas.message import message

_KEPT = 4
"""Digests kept of one path: one is noted before its file is in place, and a crash may leave the file before it."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The digests of what was written, in the state folder: one small file for each path."""

    home: Path

    def owns(self, path: Path) -> bool:
        """Return whether `path` is a file that this program wrote, byte for byte as it was left."""
        known = self._digests(path)
        try:
            return bool(known) and path.is_file() and _digest(path) in known
        except OSError:
            return False

    def may_replace(self, path: Path, *, overwrite: bool) -> bool:
        """Return whether `path` may be written: it is free, ours, or the user said so."""
        return overwrite or not os.path.lexists(path) or self.owns(path)

    def check(self, path: Path, *, overwrite: bool) -> None:
        """Raise FileError where `path` cannot become a file of ours: its folder is missing, or it is a user's file."""
        self.check_name(path)
        if not path.parent.is_dir():
            raise FileError(message("There is no folder {path} to write to.", path=str(path.parent)))
        if path.is_dir():
            raise FileError(message("{path} is a folder; name a file.", path=str(path)))
        if path.exists() and not path.is_file():
            raise FileError(
                message("{path} isn't a regular file, and is never replaced; name another one.", path=str(path))
            )
        if not self.may_replace(path, overwrite=overwrite):
            raise FileError(
                message("{path} exists already. Name another file, or add --overwrite to replace it.", path=str(path))
            )

    def check_name(self, path: Path) -> None:
        """Raise FileError where the file system does not even take the name: too long, or not to be looked at."""
        try:
            path.lstat()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise FileError(cannot_write(path, error)) from error

    def noting(self, path: Path) -> Callable[[Path], None]:
        """Return what notes the digest of a finished file that is about to become `path`: a `check` of write_whole."""
        return lambda finished: self.note(path, finished)

    def note(self, path: Path, finished: Path | None = None) -> None:
        """Note that `path` holds, or is about to hold, what `finished` does. A state folder that fails is passed by.

        Without the note, the file is taken for the user's own and never replaced: that is the safe side.
        """
        entry = self._entry(path)
        try:
            digests = [*self._digests(path), _digest(finished or path)][-_KEPT:]
            entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = json.dumps({"path": str(path.absolute()), "sha256": digests}).encode()
            write_whole(entry, lambda stream: stream.write(content), check=lambda private: private.chmod(0o600))
        except OSError:
            return

    def _entry(self, path: Path) -> Path:
        real = path.absolute().parent.resolve() / path.name
        return self.home / "outputs" / f"{hashlib.sha256(os.fsencode(real)).hexdigest()[:32]}.json"

    def _digests(self, path: Path) -> list[str]:
        try:
            found = json.loads(self._entry(path).read_text("utf-8"))["sha256"]
            return [str(one) for one in found]
        except (OSError, ValueError, KeyError, TypeError):
            return []


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
