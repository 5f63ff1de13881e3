"""Names for results that cannot go into the file itself: beside it, and never over anything that is not ours.

In:  the path of the file.
Out: folders and names to try, in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from importer.writeback.annotation import REPORT_SHEET, STATUS_HEADER, NotUnderstood
from importer.writeback.archive import Archive
from importer.writeback.deflate import best_codec
from importer.writeback.package import Package
from importer.writeback.replace import find_obstacle

_NAMES_TRIED = 1_000


def folders_for(path: Path) -> list[Path]:
    """Return where results may go: beside the file, else where the user stands, else home."""
    folders: list[Path] = []
    for folder in (path.absolute().parent, Path.cwd(), Path.home()):
        if folder not in folders and folder.is_dir() and os.access(folder, os.W_OK):
            folders.append(folder)
    return folders


def free_names(path: Path, folder: Path, *, delimited: bool) -> Iterator[Path]:
    """Yield names for the results that nothing has but results of ours."""
    suffix = ".csv" if delimited else ".xlsx"
    for number in range(1, _NAMES_TRIED):
        target = folder / (f"{path.stem}.results{suffix}" if number == 1 else f"{path.stem}.results-{number}{suffix}")
        if not target.exists() or (target.is_file() and _is_ours(target) and find_obstacle(target) is None):
            yield target


def _is_ours(path: Path) -> bool:
    """Return whether a file holds results of an earlier run, and may be written anew."""
    if path.suffix == ".csv":
        with path.open("rb") as stream:
            return STATUS_HEADER.encode() in stream.read(1 << 16).replace(b"\0", b"")
    with path.open("rb") as stream:
        try:
            return Package(Archive(stream, best_codec())).sheet_part(REPORT_SHEET) is not None
        except NotUnderstood:
            return False
