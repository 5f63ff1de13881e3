"""Why a file should not be replaced: it is open in another program, or read-only.

How it is replaced stands in `importer.files`.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from importer.files import Busy, Moved, remove_leftovers
from importer.files import write_whole as put_in_place
from schemas.message import Message, message

__all__ = ["Busy", "Moved", "find_obstacle", "put_in_place", "remove_leftovers"]


def find_obstacle(path: Path) -> Message | None:
    """Return why a file should not be replaced, as a sentence; None where nothing speaks against it.

    Excel and Word mark an open file with `~$NAME` beside it, LibreOffice with `.~lock.NAME#`.
    """
    for owner, program in ((f"~${path.name}", "Excel"), (f".~lock.{path.name}#", "LibreOffice")):
        if os.path.lexists(path.parent / owner):  # never raises: no program makes one whose name would be too long
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
