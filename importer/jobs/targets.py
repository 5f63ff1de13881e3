"""Where a job is going to write, tried before anything is sent: what can only fail afterwards is refused at once."""

from __future__ import annotations

from pathlib import Path

from importer.errors import FileError, UsageError, cannot_write, reason_of
from importer.files import try_writing
from importer.jobs.options import RunOptions
from importer.loader.formats import SPREADSHEETS, WORKBOOKS
from importer.writeback.outputs import Outputs
from schemas.message import message


def check_targets(options: RunOptions, outputs: Outputs) -> None:
    """Raise UsageError where the results or the page could not be written, or would replace a user's file."""
    from importer.writeback import find_output_fault

    file, output = options.file, options.output
    if output is not None:
        outputs.check_name(output)
        if fault := find_output_fault(file, output):
            raise UsageError(fault)
        if not is_same(file, output):
            outputs.check(output, overwrite=options.overwrite)
            _try(output, size=_size(file))
    elif not options.dry_run:
        _try_beside(file)
    check_page(options, outputs)
    check_failed_to(options, outputs)


def check_failed_to(options: RunOptions, outputs: Outputs) -> None:
    """Raise UsageError where `--failed-to` cannot be written, or would replace what it must not."""
    from importer.writeback import find_output_fault

    path = options.failed_to
    if path is None:
        return
    outputs.check_name(path)
    if any(other and is_same(path, other) for other in (options.file, options.output, options.html)):
        raise UsageError(
            message("--failed-to {path} names a file of this run itself; name another one.", path=str(path))
        )
    kind = options.file.suffix.lower()
    if kind not in WORKBOOKS and path.suffix.lower() in WORKBOOKS:
        raise UsageError(
            message("{path} should end in {suffix}: the file is delimited text.", path=str(path), suffix=kind or ".csv")
        )
    if fault := find_output_fault(options.file, path):
        raise UsageError(fault)
    outputs.check(path, overwrite=options.overwrite)
    _try(path)


def check_page(options: RunOptions, outputs: Outputs) -> None:
    """Raise UsageError where `--html` cannot be written, or would replace what it must not."""
    html, others = options.html, (options.file, options.output)
    if html is None:
        return
    outputs.check_name(html)
    if html.suffix.lower() in SPREADSHEETS or any(other and is_same(html, other) for other in others):
        raise UsageError(
            message(
                "--html {page} would put the page in the place of a spreadsheet; name another file.", page=str(html)
            )
        )
    outputs.check(html, overwrite=options.overwrite)
    if not options.dry_run:
        _try(html)


def is_same(one: Path, other: Path) -> bool:
    """Return whether two paths are one file."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _size(file: Path) -> int:
    """Return how large a file is; a plan may be applied where its spreadsheet is not."""
    return file.stat().st_size if file.exists() else 0


def _try(path: Path, *, size: int = 0) -> None:
    try:
        try_writing(path, size=size)
    except OSError as error:
        raise FileError(cannot_write(path, error)) from error


def _try_beside(file: Path) -> None:
    """Raise FileError where neither the file nor results beside it could be written."""
    real = file.resolve()
    try:
        try_writing(real, size=_size(real))
    except OSError as error:
        raise FileError(
            message(
                "The results could not be written into {folder} ({reason}), so nothing was sent. Make room or allow "
                "it, or name another place with --output.",
                folder=str(real.parent),
                reason=reason_of(error),
            )
        ) from error
