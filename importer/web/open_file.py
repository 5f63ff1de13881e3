"""Open a file of this machine in the program that its user opens it with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path


def open_file(path: Path) -> bool:
    """Open a file as a double click would; return whether there is something to open it with."""
    if sys.platform == "win32":
        try:
            os.startfile(path)  # noqa: S606 - the user's own file, at the user's own wish
        except OSError:
            return False
        return True
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if program is None or not path.is_file():
        return False
    nothing = subprocess.DEVNULL
    # a session of its own: what ends the page does not end the spreadsheet program
    start = partial(subprocess.run, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, check=False)
    threading.Thread(target=start, args=([program, str(path)],), name="open", daemon=True).start()
    return True
