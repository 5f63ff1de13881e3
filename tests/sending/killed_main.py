"""The program as a user runs it, with trouble at the n-th commit of its journal.

    killed_main.py N before|after|full|once|gone ARGUMENT...

before, after: it is killed before that commit is on disk, or right after. full, once: the disk has no room for that
commit and all later ones, or for that one alone. gone: somebody removes the state folder before it.
fail-CALL: the N-th call of a function of the system (CALLS) fails. before-CALL, after-CALL: it is killed there.
write: no file may grow beyond N bytes. files, memory: it may open N files, have N MB.
N 0: nothing happens. It says on standard error when the program begins, and in the end how many commits and calls
there were.
"""

import contextlib
import errno
import importlib
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


CALLS = {"fsync": "os", "replace": "os", "unlink": "os", "flock": "fcntl"}
LIMITS = {"write": ("RLIMIT_FSIZE", 1), "files": ("RLIMIT_NOFILE", 1), "memory": ("RLIMIT_AS", 2**20)}
calls = dict.fromkeys(CALLS, 0)


def break_call(module, name):
    """Count the calls of a function of the system; the N-th one fails, or is the last thing the process does."""
    real = getattr(module, name)

    def broken(*arguments, **options):
        calls[name] += 1
        how = TROUBLE.removesuffix(f"-{name}") if calls[name] == KILL_AT else ""
        if how == "fail":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if how == "before":
            die()
        ended = real(*arguments, **options)
        if how == "after":
            die()
        return ended

    setattr(module, name, broken)


for name, module in CALLS.items():
    with contextlib.suppress(ImportError, AttributeError):
        break_call(importlib.import_module(module), name)
if KILL_AT and TROUBLE in LIMITS:
    import resource

    kind, unit = LIMITS[TROUBLE]
    resource.setrlimit(getattr(resource, kind), (KILL_AT * unit, KILL_AT * unit))

from importer.cli.main import main  # noqa: E402 - after the connections were made mortal

sys.stderr.write("the program began\n")
try:
    code = main(sys.argv[3:])
except SystemExit as ended:
    code = int(ended.code or 0)
sys.stderr.write("".join(f"\n{name}: {count}" for name, count in {**calls, "commits": commits}.items()))
sys.exit(code)
