"""Who plans, approves and applies on this machine, and which plans were applied from it.

The account is the operating system's; the key is made once for each state folder. Both guard against mistakes, such as
approving one's own plan, and against nothing else: an account can be named otherwise, a key deleted.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import platform
import secrets
from collections.abc import Mapping
from pathlib import Path

from importer.errors import FileError, UsageError, cannot_write_state
from importer.jobs.state import StateFolder
from importer.journal.run_record import now
from schemas.message import message

_KEY = "plan-key"
_UNSENT = frozenset({"reading", "planned", "refused"})
"""States of runs that have sent nothing: a plan that such a run was to apply is not applied."""


def who_am_i(state: StateFolder) -> Mapping[str, str]:
    """Return the account, the machine, the key's digest and this moment. Raises FileError where no key can be kept."""
    account = ""
    with contextlib.suppress(KeyError, OSError, ImportError):  # what `getpass` raises where nobody has a name
        account = getpass.getuser()
    return {"account": account, "machine": platform.node(), "key": _key_digest(state), "at": now()}


def _key_digest(state: StateFolder) -> str:
    path = state.home / _KEY
    try:
        state.make_home()
        with contextlib.suppress(FileExistsError):
            _create(path, secrets.token_hex(32))
        key = path.read_bytes()
    except OSError as error:
        raise FileError(cannot_write_state(state.home, error)) from error
    return hashlib.sha256(key).hexdigest()[:32]


def _create(path: Path, content: str) -> None:
    """Make a file that its user alone may read. Raises FileExistsError where it is there."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def applied_from_here(state: StateFolder, digest: str) -> str | None:
    """Return the run that applied a plan from this state folder; None where none has sent anything of it."""
    try:
        run = str(json.loads(_mark(state, digest).read_text("utf-8"))["run"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "?"
    return None if sent_nothing(state, run) else run


def sent_nothing(state: StateFolder, run: str) -> bool:
    """Whether a run of this state folder ended, or was killed, before it sent anything."""
    with contextlib.suppress(UsageError, FileError):
        return state.read_record(run).state in _UNSENT
    return False


def mark_applied(state: StateFolder, digest: str, run: str) -> None:
    """Note that a run is about to apply a plan. Raises FileError where that cannot be noted, or was noted meanwhile."""
    path = _mark(state, digest)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and applied_from_here(state, digest) is None:
            path.unlink()
        _create(path, json.dumps({"run": run, "at": now()}))
    except FileExistsError as error:
        raise FileError(
            message("The plan is being applied by another run just now. Nothing was sent."), code="plan_applied"
        ) from error
    except OSError as error:
        raise FileError(cannot_write_state(state.home, error)) from error


def _mark(state: StateFolder, digest: str) -> Path:
    return state.home / "plans" / f"{digest[:32]}.json"
