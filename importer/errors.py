"""What ends a step. The class says what to do next, `exit_code` what the program answers.

ImportTicketsError
├── UsageError            2  fix and run again: bad usage, unreadable file, columns that do not fit
│   ├── FileError            the file cannot be read; knows the place
│   ├── ColumnsError         headers that do not fit; carries findings
│   ├── GuardRail            the plan changes or clears more than allowed
│   ├── NotConfirmed         the question was not answered with yes
│   └── MachineLimit         no more memory, open files or space
├── PortalError           3  stopped by the portal or the network; `resume` goes on where something was sent
│   ├── Unauthorized         401
│   ├── MissingScope         403
│   ├── DailyLimit           the day's calls are used up, or the reserve is reached
│   └── Unavailable          out of reach, or down
├── JournalLost           3  the journal cannot be written while sending; `resume` goes on
│   └── JournalGone          it was removed: there is nothing to go on with
└── Interrupted         130  Ctrl-C or SIGTERM
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from schemas.message import Message, message

if TYPE_CHECKING:
    from importer.findings import Finding


class ImportTicketsError(Exception):
    """A step cannot go on. `code` is one of the codes of `importer.findings`; `text` says what to do."""

    exit_code = 2
    code = ""

    def __init__(self, text: Message, *, code: str = "") -> None:
        super().__init__(str(text))
        self.text = text
        self.code = code or self.code

    @property
    def findings(self) -> Sequence[Finding]:
        """What the error says of single cells or headers; empty where it concerns none."""
        return ()


class UsageError(ImportTicketsError):
    """The user can fix it and run again."""

    code = "bad_usage"


class FileError(UsageError):
    """The file cannot be read or written as asked."""

    code = "unreadable_file"


class NearHeader(NamedTuple):
    """An unknown header, and the one property that it is near to."""

    header: str
    name: str
    label: str


class ColumnsError(UsageError):
    """Headers, key column or rows that do not fit as a whole; names each.

    near: where every one of them would fit as a property that it is near to, these; a person may be asked.
    """

    def __init__(self, found: Sequence[Finding], near: Sequence[NearHeader] = ()) -> None:
        super().__init__(found[0].text, code=found[0].code)
        self._found = tuple(found)
        self.near = tuple(near)

    @property
    def findings(self) -> Sequence[Finding]:
        """The headers at fault."""
        return self._found


class GuardRail(UsageError):
    """The plan would change or clear more cells than the user allowed."""

    code = "guard_rail"


class InvalidRows(UsageError):
    """Rows failed validation, and nobody wants the others sent without them. The rows have codes of their own."""

    code = ""


class ErrorsOnly(InvalidRows):
    """The person wants the errors in the sheet, and the valid rows kept back."""


class NotConfirmed(UsageError):
    """The question was not answered with yes. `answered`: it was with no, which isn't a failure."""

    code = "not_confirmed"

    def __init__(self, text: Message, *, answered: bool = False) -> None:
        super().__init__(text)
        self.answered = answered


class MachineLimit(UsageError):
    """The machine has no more memory, open files or space to give."""

    code = "unavailable"


_REASONS: Mapping[str, Message] = {
    "EACCES": message("Permission denied"),
    "EPERM": message("Operation not permitted"),
    "ENOENT": message("No such file or directory"),
    "EEXIST": message("File exists"),
    "EISDIR": message("Is a directory"),
    "ENOTDIR": message("Not a directory"),
    "EROFS": message("Read-only file system"),
    "ENOSPC": message("No space left on device"),
    "EDQUOT": message("Disk quota exceeded"),
    "EFBIG": message("File too large"),
    "ENAMETOOLONG": message("File name too long"),
    "ELOOP": message("Too many levels of symbolic links"),
    "ETXTBSY": message("Text file busy"),
    "EIO": message("Input/output error"),
    "EBADF": message("Bad file descriptor"),
    "EPIPE": message("Broken pipe"),
    "EMFILE": message("Too many open files"),
    "ENFILE": message("Too many open files in system"),
    "EADDRINUSE": message("Address already in use"),
    "EADDRNOTAVAIL": message("Cannot assign requested address"),
    "ECONNREFUSED": message("connection refused"),
    "ECONNRESET": message("connection reset by peer"),
    "ETIMEDOUT": message("connection timed out"),
    "EHOSTUNREACH": message("no route to host"),
    "ENETUNREACH": message("network is unreachable"),
}
"""What a system says of its refusals, by POSIX's names; not every system has each."""
_REASONS_BY_NUMBER = {getattr(errno, name): text for name, text in _REASONS.items() if hasattr(errno, name)}


def reason_of(error: BaseException) -> Message:
    """Return what the system says of a refusal, in words that can be translated; else what the error itself says."""
    told = getattr(error, "strerror", None)
    known = _REASONS_BY_NUMBER.get(getattr(error, "errno", None) or 0)
    if known is not None and type(error).__module__ == "builtins":  # TLS and name servers have numbers of their own
        return known
    return message("{reason}", reason=str(told or error))


def cannot_write(path: Path | str, error: OSError) -> Message:
    """Return what to say of a file or folder that the system does not let be written."""
    return message("{path} cannot be written ({reason}).", path=str(path), reason=reason_of(error))


def cannot_write_state(home: Path, error: OSError) -> Message:
    """Return what to say of a state folder that the system does not let be written."""
    return message(
        "The state folder {path} cannot be written ({reason}). Set IMPORT_TICKETS_HOME to one that can.",
        path=str(home),
        reason=reason_of(error),
    )


def too_many_files() -> Message:
    """Return what to say where no more files or connections may be opened."""
    return message(
        "This machine cannot open any more files. Raise the limit (`ulimit -n 1024`) or close other "
        "programs, then run again."
    )


def too_little_memory(reason: str) -> Message:
    """Return what to say where the machine gives a program no more memory, or no further thread."""
    return message(
        "The machine gives the program no more memory or threads ({reason}). End other programs, or raise the limits "
        "(`ulimit -v`, `ulimit -u`), then run again.",
        reason=reason,
    )


class PortalError(ImportTicketsError):
    """The portal or the network stopped us."""

    exit_code = 3
    code = "unavailable"


class Unauthorized(PortalError):
    """401: the token is missing, wrong or expired."""

    code = "unauthorized"


class MissingScope(PortalError):
    """403: the token lacks scopes, or its user a permission."""

    code = "missing_scope"


class DailyLimit(PortalError):
    """The day's calls are used up, or the reserve for others is reached."""

    code = "rate_limited"


class Unavailable(PortalError):
    """The portal is out of reach or down."""


class TooManyFailures(PortalError):
    """So many rows were refused that the user wants the rest kept back (`--max-failures`)."""

    code = "guard_rail"


class JournalLost(ImportTicketsError):
    """The journal could not be written: the disk is full, or failed, or somebody locked the file.

    has_sent: whether something may be with the portal. run_id: the run that `resume` goes on with.
    """

    code = "journal_lost"

    def __init__(self, text: Message, *, has_sent: bool, run_id: str | None = None) -> None:
        super().__init__(text)
        self.run_id = run_id
        self.exit_code = 3 if has_sent else 2


class JournalGone(JournalLost):
    """The journal was removed during the run: nothing can be resumed or undone."""


class Interrupted(ImportTicketsError):
    """Ctrl-C or SIGTERM."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__(message("Interrupted."))


class InternalFault(ImportTicketsError):
    """A fault of this program. Nothing is known of what was going on but what the journal says."""

    exit_code = 3
    code = "internal_error"
