"""Where the results go: into the file, to the path the user named, or beside the file with a reason.

In:  see `write_back`.
Out: `Written`.

The file is only replaced if it is still the one that was read, byte for byte: in a file saved meanwhile, rows may have
moved, and an outcome beside another row is worse than none.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from importer.errors import FileError, reason_of
from importer.findings import REPORT_COLUMNS
from importer.loader.formats import FORMATS, ONLY_READ, WORKBOOKS
from importer.ooxml.archive import Archive
from importer.ooxml.deflate import best_codec
from importer.ooxml.edited_package import EditedPackage
from importer.ooxml.errors import NotUnderstood, not_as_usual
from importer.ooxml.package import Package
from importer.writeback import delimited, workbook
from importer.writeback.annotation import Annotation, Dialect, Written
from importer.writeback.check import Damaged, check_delimited, check_keys, check_workbook
from importer.writeback.outputs import Outputs
from importer.writeback.plain_copy import Value, notes_alone, read_values, write_values
from importer.writeback.replace import Busy, Moved, find_obstacle, put_in_place, remove_leftovers
from importer.writeback.results_path import folders_for, free_names
from schemas.message import Message, message

_PLAIN, _WITH_MACROS = FORMATS["xlsx"].endings, FORMATS["xlsm"].endings
_SHEET = "Tickets"
"""The name of the sheet where delimited text becomes a workbook."""


def write_back(
    path: Path,
    annotation: Annotation,
    *,
    output: Path | None = None,
    digest: str,
    outputs: Outputs | None = None,
    overwrite: bool = False,
    coming: Callable[[str], object] = lambda _: None,
) -> Written:
    """Write the results and return where they are.

    path: the file that was read. It is replaced, unless `output` names another one.
    digest: SHA-256 (hex) of its bytes as they were read; if they are others now, it is left alone.
    coming: gets the digest of the annotated file before it takes the file's place, so that a process that is killed in
    between can recognise it later.
    outputs: notes what is written elsewhere than into the file; `output` replaces nothing else without `overwrite`.
    Returns with `path` None where nothing could be written anywhere; does not raise for what the file system refuses.
    """
    job = _Job(path, annotation, digest, outputs, coming)
    if output is not None and not _same_file(path, output):
        if outputs is not None and not outputs.may_replace(output, overwrite=overwrite):
            return job.beside(
                message("{name} was replaced by another file during the run, and was left as it is.", name=output.name)
            )
        return job.to_output(output)
    return job.in_place()


def find_output_fault(path: Path, output: Path) -> Message | None:
    """Return why `--output` will not do for this file, as a sentence, before anything is sent; None where it will."""
    folder = output.parent
    if output.is_dir():
        return message("{output} is a folder; --output names a file.", output=str(output))
    if not folder.is_dir():
        return message("{output} cannot be written: {folder} is not a folder.", output=str(output), folder=str(folder))
    if not os.access(folder, os.W_OK) or (output.exists() and not os.access(output, os.W_OK)):
        return message("{output} cannot be written to.", output=str(output))
    suffix, old_suffix = output.suffix.lower(), path.suffix.lower()
    if suffix in _WITH_MACROS and old_suffix not in _WITH_MACROS:
        return message("{output} should end in .xlsx: there are no macros in the file.", output=str(output))
    if not _is_workbook_name(output) and old_suffix in WORKBOOKS:
        return message("{output} should end in .xlsx: the file is a workbook.", output=str(output))
    if suffix in ONLY_READ:
        return message("{output} should end in .xlsx: that is what is written.", output=str(output))
    return None


def _is_workbook_name(path: Path) -> bool:
    return path.suffix.lower() in WORKBOOKS - ONLY_READ


def _cut_links(path: Path, names: int) -> tuple[Message, ...]:
    """Return what to say where a file had several names: the others hold it as it was."""
    if names <= 1:
        return ()
    return (
        message(
            "{name} has other names (hard links), which still hold it as it was: the results are under this name "
            "alone.",
            name=path.name,
        ),
    )


def _same_file(path: Path, output: Path) -> bool:
    return output.exists() and path.exists() and output.samefile(path)


def _write_plain(rows: Iterator[list[Value]], annotation: Annotation, stream: BinaryIO) -> None:
    with tempfile.TemporaryFile() as plain:
        table = cast(BinaryIO, plain)
        named = replace(annotation, sheet=annotation.sheet or _SHEET)
        write_values(rows, named.sheet or _SHEET, annotation.header_row, table)
        workbook.annotate(table, stream, named)


@dataclass
class _Job:
    """One file's results."""

    path: Path
    annotation: Annotation
    digest: str
    outputs: Outputs | None = None
    coming: Callable[[str], object] = lambda _: None

    def _put(
        self,
        target: Path,
        write: Callable[[BinaryIO], object],
        *,
        like: Path,
        check: Callable[[Path], object] = lambda _: None,
        unless: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write a file whole, and note it as ours where it is not the user's own."""
        own = not _same_file(self.path, target)

        def look(new: Path) -> None:
            check(new)
            if not own:
                self.coming(_digest(new))
            elif self.outputs is not None:
                self.outputs.note(target, new)

        remove_leftovers(target)  # the run holds the right to write here alone
        put_in_place(target, write, like=like, check=look, unless=unless)

    @property
    def delimited(self) -> bool:
        return self.annotation.sheet is None

    def in_place(self) -> Written:
        """Annotate the file itself, or write beside it."""
        try:
            real = self.path.resolve(strict=True)
            names = real.stat().st_nlink
            reason = find_obstacle(real) or self._unfit_for_patch(real)
        except OSError:
            return self.beside(message("{name} is gone.", name=self.path.name), unread=True)
        if reason is None:
            try:
                self._annotate(real, real)
            except Moved:
                return self.beside(self._changed(), unread=True)
            except NotUnderstood as problem:
                reason = problem.reason
            except (Busy, OSError, Damaged) as problem:
                reason = _reason(problem, self.path)
            else:
                return Written(self.path, beside=False, notices=_cut_links(self.path, names))
        return self.beside(reason)

    def to_output(self, output: Path) -> Written:
        """Write to the path the user named, and leave the file alone."""
        notices: list[Message] = []
        try:
            return Written(output, beside=False, notices=self._write_copy(output))
        except Moved:
            notices.append(self._changed())
            try:
                self._put(output, self._notes_alone(output), like=self.path)
                return Written(output, beside=False, notices=tuple(notices))
            except (Busy, OSError) as problem:
                reason = _reason(problem, output)
        except (Busy, OSError, Damaged) as problem:
            reason = _reason(problem, output)
        return self.beside(reason)

    def _changed(self) -> Message:
        return message(
            "{name} has changed since it was read; rows may have moved, so nothing is written into it.",
            name=self.path.name,
        )

    def _unfit_for_patch(self, real: Path) -> Message | None:
        """Return why a workbook is not annotated in place although it could be read."""
        if self.delimited:
            return None
        kind = _kind(real)
        if kind != "xlsx":
            return message("{name} is in a format that is only read.", name=self.path.name)
        with real.open("rb") as stream:
            try:
                if EditedPackage(Archive(stream, best_codec())).signed:
                    return message("{name} is signed; any change would make the signature void.", name=self.path.name)
            except NotUnderstood as problem:
                return problem.reason
        return None

    def _annotate(self, source: Path, target: Path) -> None:
        """Write an annotated copy of `source` that takes the place of `target`.

        Raises Moved, NotUnderstood, Busy, Damaged, OSError; then nothing has changed.
        """
        if self.delimited:
            self._annotate_delimited(source, target)
        else:
            self._annotate_workbook(source, target)

    def _annotate_delimited(self, source: Path, target: Path) -> None:
        dialect = self.annotation.dialect or _dialect(source)
        state = source.stat()
        size = 0

        def write(stream: BinaryIO) -> None:
            nonlocal size
            with source.open("rb") as original, ThreadPoolExecutor(1) as beside:
                read = _Digest(beside)
                delimited.annotate(original, stream, self.annotation.with_keys(), dialect, on_bytes=read.update)
                size = stream.tell()
                if read.hexdigest() != self.digest:
                    raise Moved

        def check(new: Path) -> None:
            check_delimited(source, new, size, self.annotation, dialect)
            kept = [n for n in range(len(self.annotation.headers)) if n not in self.annotation.own]
            if (key := self.annotation.key_position) in kept:
                check_keys(new, replace(self.annotation, dialect=dialect), kept.index(key), len(kept))

        self._put(target, write, like=source, check=check, unless=lambda: _state(source) != _state_of(state))

    def _annotate_workbook(self, source: Path, target: Path) -> None:
        codec = best_codec()
        state = source.stat()
        done: list[workbook.Patched] = []

        def write(stream: BinaryIO) -> None:
            with source.open("rb") as original:
                if hashlib.file_digest(original, "sha256").hexdigest() != self.digest:
                    raise Moved
                done.append(workbook.annotate(original, stream, self.annotation, codec=codec))
                if done[-1].sheet_part.lower() != _part_that_is_read(source, self.annotation.sheet):
                    raise not_as_usual()

        def check(new: Path) -> None:
            check_workbook(source, new, done[-1], codec)
            if self.annotation.key_position is not None:
                check_keys(new, self.annotation, self.annotation.key_position, done[-1].place.status)

        self._put(target, write, like=source, check=check, unless=lambda: _state(source) != _state_of(state))

    def _write_copy(self, target: Path) -> tuple[Message, ...]:
        """Write an annotated copy to another path: the file itself with the results, or its values with them.

        Returns notices. Raises Moved, Busy, Damaged, OSError.
        """
        try:
            real = self.path.resolve(strict=True)
        except OSError:
            raise Moved from None
        if self.delimited and _is_workbook_name(target):
            reason = message("{name} is delimited text and {results} a workbook.", name=real.name, results=target.name)
        elif self.delimited or (_kind(real) == "xlsx" and _suits(real, target)):
            try:
                self._annotate(real, target)
            except NotUnderstood as problem:
                reason = problem.reason
            else:
                return ()
        else:
            reason = message("{name} is in a format that is only read.", name=self.path.name)
        if _digest(real) != self.digest:
            raise Moved
        with_values = True

        def write(stream: BinaryIO) -> None:
            nonlocal with_values
            try:
                _write_plain(read_values(real, self.annotation), self.annotation, stream)
            except NotUnderstood:
                with_values = False
                stream.seek(0)
                stream.truncate()
                self._notes_alone(target)(stream)

        self._put(target, write, like=real)
        if with_values:
            told = message("{results} holds the values alone, without formats and formulas.", results=target.name)
        else:
            told = message("{results} holds the results alone: row, key, status and message.", results=target.name)
        return reason, told

    def _notes_alone(self, target: Path) -> Callable[[BinaryIO], None]:
        """Return what writes the results without the rows they belong to: row number, key, status, message."""
        annotation = replace(
            self.annotation,
            headers=("Row", "Key"),
            own=(None, None),
            names=REPORT_COLUMNS,
            key_position=None,
            faulty=(),
            dialect=_Utf8(),
        )

        def write(stream: BinaryIO) -> None:
            rows = notes_alone(self.annotation)
            if _is_workbook_name(target):
                _write_plain(rows, annotation, stream)
                return
            with tempfile.TemporaryFile() as table:
                table.write(b"\xef\xbb\xbf")
                for row in rows:
                    table.write(",".join(_csv_field(value) for value in row).encode("utf-8", "replace") + b"\r\n")
                table.seek(0)
                delimited.annotate(cast(BinaryIO, table), stream, annotation, _Utf8())

        return write

    def _where(self, target: Path) -> Message:
        if not self.path.exists():
            return message("The results are in {path}.", path=str(target))
        return message("The results are in {results}; {name} is as it was.", results=str(target), name=self.path.name)

    def beside(self, reason: Message, *, unread: bool = False) -> Written:
        """Write the results next to the file, or where else it is possible; `unread`: the file is not what was read."""
        notices = [reason]
        unread = unread or not _can_read(self.path)
        for folder in folders_for(self.path):
            for target in free_names(self.path, folder, self.outputs, delimited=self.delimited):
                try:
                    if unread:
                        self._put(target, self._notes_alone(target), like=self.path)
                    else:
                        try:
                            notices += [note for note in self._write_copy(target) if note != reason]
                        except (Moved, Damaged) as problem:
                            notices += [self._changed()] if isinstance(problem, Moved) else []
                            self._put(target, self._notes_alone(target), like=self.path)
                except Busy:
                    continue
                except OSError:
                    break
                notices.append(self._where(target))
                return Written(target, beside=True, notices=tuple(notices))
        notices.append(
            message(
                "The results could not be written to a spreadsheet anywhere; they are kept with the run: "
                "`import-tickets runs show RUN --csv PATH` writes them."
            )
        )
        return Written(None, beside=True, notices=tuple(notices))


class _Digest:
    """SHA-256 of blocks, reckoned in another thread while this one works on them (hashlib lets go of the lock)."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._hash = hashlib.sha256()
        self._last: Future[None] | None = None

    def update(self, block: bytes) -> None:
        """Take the next block; no more than one waits."""
        self._settle()
        self._last = self._thread.submit(self._hash.update, block)

    def hexdigest(self) -> str:
        """Return the digest of all blocks."""
        self._settle()
        return self._hash.hexdigest()

    def _settle(self) -> None:
        if self._last is not None:
            self._last.result()


@dataclass(frozen=True)
class _Utf8:
    """How our own tables are written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    separator_line: bool = False


def _csv_field(value: Value) -> str:
    text = str(int(value)) if isinstance(value, float) else str(value)
    if text[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        text = "'" + text
    return '"' + text.replace('"', '""').replace("\n", " ").replace("\r", " ") + '"'


def _kind(path: Path) -> str:
    """Return `xlsx` for an Office Open XML package, else another word."""
    with path.open("rb") as stream:
        try:
            EditedPackage(Archive(stream, best_codec()))
        except NotUnderstood:
            stream.seek(0)
            return "zip" if stream.read(4) == b"PK\x03\x04" else "other"
    return "xlsx"


def _part_that_is_read(path: Path, sheet: str | None) -> str | None:
    """Return the part that the loader takes for a sheet, in lower case; None where it finds none."""
    try:
        with Package(path) as package:
            return next((one.part.lower() for one in package.sheets if one.name == sheet), None)
    except FileError:
        return None


def _suits(path: Path, target: Path) -> bool:
    """Return whether a copy may bear the target's name: Excel opens macros in `.xlsm` alone, and none in it."""
    with path.open("rb") as stream:
        try:
            macros = EditedPackage(Archive(stream, best_codec())).has_macros
        except NotUnderstood:
            return False
    return macros == (target.suffix.lower() in _WITH_MACROS)


def _dialect(path: Path) -> Dialect:
    """Look again at how a delimited file is written."""
    from importer.loader.delimited import open_delimited

    try:
        return open_delimited(path).dialect
    except FileError as problem:
        raise Moved from problem


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _can_read(path: Path) -> bool:
    """Return whether the file can be opened now: on Windows another program may keep it to itself."""
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError:
        return False
    return True


def _state_of(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_ino, state.st_size, state.st_mtime_ns


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        return _state_of(path.stat())
    except OSError:
        return None


def _reason(problem: Exception, path: Path) -> Message:
    """Return why a file could not be written, as a sentence."""
    if isinstance(problem, Damaged):
        return message("The annotated copy of {name} did not read back as it should.", name=path.name)
    if isinstance(problem, Busy):
        return message("{name} is open in another program.", name=path.name)
    number = problem.errno if isinstance(problem, OSError) else None
    if number in {errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC}:
        return message("There is no space left to write {name}.", name=path.name)
    return message("{name} could not be written ({problem}).", name=path.name, problem=reason_of(problem))
