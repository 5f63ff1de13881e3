"""The program as a user runs it, killed at the n-th commit of its journal: before it is on disk, or right after.

    killed_main.py N before|after ARGUMENT...

N 0: it lives, and says on standard error how many commits there were.
"""

import os
import signal
import sqlite3
import sys

KILL_AT, BEFORE = int(sys.argv[1]), sys.argv[2] == "before"
commits = 0


def die():
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(9)


class Mortal(sqlite3.Connection):
    """A connection whose process may not outlive the end of a transaction."""

    def __exit__(self, *error):
        global commits  # noqa: PLW0603 - one count for all connections of the process
        commits += 1
        if commits == KILL_AT and BEFORE:
            die()
        ended = super().__exit__(*error)
        if commits == KILL_AT:
            die()
        return ended


real_connect = sqlite3.connect


def connect(path, *more, **options):
    is_journal = "runs" in str(path)
    return real_connect(path, *more, **options, **({"factory": Mortal} if is_journal else {}))


sqlite3.connect = connect

from importer.cli.main import main  # noqa: E402 - after the connections were made mortal

try:
    code = main(sys.argv[3:])
except SystemExit as ended:
    code = int(ended.code or 0)
sys.stderr.write(f"\ncommits: {commits}\n")
sys.exit(code)
