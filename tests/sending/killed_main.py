"""The program as a user runs it, with trouble at the n-th commit of its journal.

    killed_main.py N before|after|full|once|gone ARGUMENT...

before, after: it is killed before that commit is on disk, or right after. full, once: the disk has no room for that
commit and all later ones, or for that one alone. gone: somebody removes the state folder before it.
fsync, replace, unlink, flock: the N-th call of that fails. write: no file may grow beyond N bytes.
N 0: nothing happens, and it says on standard error how many commits there were.
"""

import errno
import os
import shutil
import signal
import sqlite3
import sys

KILL_AT, TROUBLE = int(sys.argv[1]), sys.argv[2]
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
        strikes = commits == KILL_AT
        if strikes and TROUBLE == "before":
            die()
        if strikes and TROUBLE == "gone":
            shutil.rmtree(os.environ["IMPORT_TICKETS_HOME"])
        if (strikes and TROUBLE == "once") or (TROUBLE == "full" and 0 < KILL_AT <= commits):
            self.rollback()
            raise sqlite3.OperationalError("database or disk is full")
        ended = super().__exit__(*error)
        if strikes and TROUBLE == "after":
            die()
        return ended


real_connect = sqlite3.connect


def connect(path, *more, **options):
    is_journal = "runs" in str(path)
    return real_connect(path, *more, **options, **({"factory": Mortal} if is_journal else {}))


sqlite3.connect = connect


def break_call(module, name):
    """Let the N-th call of a function of the system fail."""
    real = getattr(module, name)
    calls = 0

    def broken(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == KILL_AT:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*arguments, **options)

    setattr(module, name, broken)


if TROUBLE in {"fsync", "replace", "unlink"}:
    break_call(os, TROUBLE)
elif TROUBLE == "flock":
    import fcntl

    break_call(fcntl, TROUBLE)
elif TROUBLE == "write":
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (KILL_AT, KILL_AT))

from importer.cli.main import main  # noqa: E402 - after the connections were made mortal

try:
    code = main(sys.argv[3:])
except SystemExit as ended:
    code = int(ended.code or 0)
sys.stderr.write(f"\ncommits: {commits}\n")
sys.exit(code)
