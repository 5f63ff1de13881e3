"""The file in which a plan waits for a second person: JSON Lines, or a workbook that holds the same lines.

In:  a journal whose plan is made; or a path.
Out: the file; or what it holds, once every byte of it is known to be what the planning wrote.

First a line with the facts of the plan, then one for each row and each finding, then one with their number and the
SHA-256 of all before it. Behind it notes may follow, who approved and who applied it, each with a digest over the one
before. That shows mistakes and damage. It does not keep out anyone who means to deceive: whoever can write the file
can also work out digests.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from importer.errors import FileError, UsageError, cannot_write
from importer.files import Busy, Moved, write_whole
from importer.jobs.plan_book import (
    holds_notes,
    is_book,
    is_sealed,
    lines_of_book,
    shows_what_it_holds,
    write_book,
    write_noted,
)
from importer.journal import RunRecord
from importer.loader.file_errors import file_errors
from importer.ooxml.errors import NotUnderstood
from schemas.message import Message, Translations, message

FORMAT = 1
BOOK_SUFFIX = ".xlsx"
_END = b'{"rows":'
_KEPT = (
    "sheet", "digest", "dialect", "headers", "header_row", "own", "own_names", "key", "columns", "portal", "schema",
    "diff", "compared_at",
)  # fmt: skip
"""The facts of a run that its plan takes along: none of them says where on a machine anything is."""

Record = dict[str, Any]


def dump_line(record: object) -> bytes:
    """Return a record as its line has it, byte for byte."""
    return orjson.dumps(record) + b"\n"


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan file that was read, and is as it was written."""

    path: Path
    head: Mapping[str, Any]
    digest: str
    """SHA-256 of all lines of the plan itself: by it a plan is known again."""
    count: int
    """Lines between the first one and the digest."""
    notes: tuple[Mapping[str, Any], ...]
    last: str
    """The digest of the last note; of the plan, where there is none."""
    state: tuple[int, ...]
    """What the system said of the file before it was read: another one by now has another."""

    @property
    def planned(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.head["planned"]
        return found

    @property
    def approved(self) -> list[Mapping[str, str]]:
        """Who approved, in that order."""
        return [note["approved"] for note in self.notes if "approved" in note]

    @property
    def applied(self) -> Mapping[str, str] | None:
        """Who applied it last: an application that was killed before it sent anything may have been noted first."""
        return next((note["applied"] for note in reversed(self.notes) if "applied" in note), None)

    @property
    def is_approved(self) -> bool:
        """Whether somebody approved it who is neither by account nor by key the one who planned."""
        return any(not is_same_person(self.planned, one) for one in self.approved)

    def record(self) -> RunRecord:
        """Return the facts of the run that planned, as far as the plan has them. Raises UsageError `plan_altered`."""
        try:
            return RunRecord.from_json(RunRecord().to_json() | {name: self.head["run"][name] for name in _KEPT})
        except (KeyError, TypeError, ValueError) as error:
            raise altered(self.path, message("its first line is not that of a plan")) from error

    def records(self) -> Iterator[Record]:
        """Yield the rows and findings. Raises UsageError `plan_altered` where the file is another one by now."""
        hasher = hashlib.sha256()
        for number, line in enumerate(_lines_of(self.path)):
            if number > self.count:
                break
            hasher.update(line)
            if number:
                yield orjson.loads(line)
        if hasher.hexdigest() != self.digest:
            raise altered(self.path, message("it changed while it was read"))


def is_same_person(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether two notes are by one account, or by one state folder's key."""
    return one["account"].casefold() == other["account"].casefold() or one["key"] == other["key"]


def altered(path: Path, reason: Message) -> UsageError:
    """Return the error for a file that is not as the planning wrote it."""
    return UsageError(
        message(
            "{path} is not a plan as `import-tickets plan` wrote it: {reason}. Nothing was sent. Get the file anew, or "
            "make a new plan.",
            path=str(path),
            reason=reason,
        ),
        code="plan_altered",
    )


def kept_facts(record: RunRecord) -> Mapping[str, Any]:
    """Return what a plan takes along of the run that made it."""
    facts = record.to_json()
    return {name: facts[name] for name in _KEPT}


def plan_lines(head: Mapping[str, Any], records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the lines of a new plan."""
    hasher, count = hashlib.sha256(), -1
    for record in chain([_first(head)], records):
        line = dump_line(record)
        hasher.update(line)
        count += 1
        yield line
    yield dump_line({"rows": count, "sha256": hasher.hexdigest()})


def _first(head: Mapping[str, Any]) -> Record:
    return {"import-tickets plan": FORMAT, **head}


def note_line(last: str, note: Mapping[str, Any]) -> bytes:
    """Return the line of a note; `last`: the digest before it."""
    return dump_line({**note, "sha256": _chained(last, note)})


def _chained(last: str, note: Mapping[str, Any]) -> str:
    return hashlib.sha256(last.encode() + dump_line(note)).hexdigest()


def read_plan(path: Path) -> PlanFile:
    """Read a plan file and make sure that nothing in it was altered.

    Raises FileError where it cannot be read, UsageError `plan_altered` where it is not as it was written.
    """
    state = _state_of(path)
    hasher, count, head = hashlib.sha256(), -1, b""
    digest = last = ""
    notes: list[Mapping[str, Any]] = []
    for line in _lines_of(path):
        if digest:
            notes.append(_read_note(path, line, last))
            last = notes[-1]["sha256"]
        elif count >= 0 and line.startswith(_END):
            digest = last = hasher.hexdigest()
            if line != dump_line({"rows": count, "sha256": digest}):
                raise altered(path, message("something in it was changed since"))
        else:
            head = head or line
            hasher.update(line)
            count += 1
    if not digest:
        raise altered(path, message("its end is missing"))
    try:
        facts = orjson.loads(head)
    except ValueError:
        facts = None
    if not isinstance(facts, dict) or facts.get("import-tickets plan") != FORMAT:
        raise altered(path, message("another version of import-tickets made it"))
    plan = PlanFile(path, facts, digest, count, tuple(notes), last, state)
    _check_book(plan)
    return plan


def _state_of(path: Path) -> tuple[int, ...]:
    with file_errors(path):
        found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _check_book(plan: PlanFile) -> None:
    """Raise UsageError `plan_altered` where a workbook is not as we wrote it, or shows people something else.

    Another program may have saved it anew: then what it shows is compared with the plan it holds.
    """
    path = plan.path
    if not is_book(path):
        return
    sealed = is_sealed(path)
    if sealed is False:
        raise altered(path, message("something in it was changed since"))
    try:
        if sealed is None and not shows_what_it_holds(path, islice(_lines_of(path), plan.count + 1)):
            raise altered(path, message("its visible cells are not those of the plan"))
    except (FileError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise altered(path, message("its visible cells are not those of the plan")) from error


def _read_note(path: Path, line: bytes, last: str) -> Mapping[str, Any]:
    try:
        note = orjson.loads(line)
        told = {name: value for name, value in note.items() if name != "sha256"}
        is_ours = line == note_line(last, told) and bool(told.keys() <= {"approved", "applied"} and told)
    except (ValueError, AttributeError, TypeError):
        is_ours = False
    if not is_ours:
        raise altered(path, message("a note behind the plan was changed since"))
    found: Mapping[str, Any] = note
    return found


def _lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of the plan and its notes."""
    with file_errors(path):
        if not path.is_dir() and not stat.S_ISREG(path.stat().st_mode):
            raise altered(path, message("it is not a regular file"))
        if not is_book(path):
            with path.open("rb") as file:
                yield from file
            return
    try:
        yield from lines_of_book(path)
    except FileError as error:
        raise UsageError(
            message(
                "{path} is not a plan as `import-tickets plan` wrote it. {reason} Nothing was sent. Get the file anew, "
                "or make a new plan.",
                path=str(path),
                reason=error.text,
            ),
            code="plan_altered",
        ) from error


def write_plan(
    path: Path,
    head: Mapping[str, Any],
    records: Iterable[Record],
    *,
    like: Path,
    check: Callable[[Path], object],
    words: Translations,
) -> None:
    """Write a new plan file, which only those may read who may read `like`; `records` are gone through twice.

    words: the language of what people read in it.

    Raises FileError where it cannot be.
    """

    def put(stream: BinaryIO) -> None:
        lines = plan_lines(head, records)
        if path.suffix.lower() == BOOK_SUFFIX:
            write_book(orjson.loads(dump_line(_first(head))), records, lines, stream, words)
        else:
            stream.writelines(lines)

    _write(path, put, like=like, check=check)


def add_note(plan: PlanFile, note: Mapping[str, Any], words: Translations) -> None:
    """Write a note behind a plan.

    Raises FileError where it cannot be written, or was written by somebody else since it was read.
    """
    path = plan.path
    lines = [*map(dump_line, plan.notes), note_line(plan.last, note)]
    with file_errors(path):
        in_book = is_book(path)

    def put(stream: BinaryIO) -> None:
        if in_book:
            write_noted(path, plan.head, [*plan.notes, note], lines, stream, words)
        else:
            stream.writelines(chain(_lines_of(path), lines[-1:]))

    def check(new: Path) -> None:
        if not holds_notes(new, lines) if in_book else read_plan(new).notes[:-1] != plan.notes:
            raise Moved

    _write(path, put, like=path, check=check, unless=lambda: _state_of(path) != plan.state)


def _write(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    like: Path,
    check: Callable[[Path], object],
    unless: Callable[[], bool] = lambda: False,
) -> None:
    try:
        write_whole(path, write, like=like, check=check, unless=unless)
    except Moved as error:
        raise FileError(
            message("{path} was changed by another program just now. Check it, and run again.", path=str(path)),
            code="file_changed",
        ) from error
    except NotUnderstood as error:
        raise altered(path, error.reason) from error
    except (Busy, OSError) as error:
        raise FileError(cannot_write(path, error)) from error
