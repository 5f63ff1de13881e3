"""Names for results that cannot go into the file itself: beside it, and never over anything that is not ours.

In:  the path of the file.
Out: folders and names to try, in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from importer.files import fitting_name
from importer.writeback.outputs import Outputs
from importer.writeback.replace import find_obstacle

_NAMES_TRIED = 1_000


def folders_for(path: Path) -> list[Path]:
    """Return where results may go: beside the file, else where the user stands, else home."""
    folders: list[Path] = []
    for folder in (path.absolute().parent, Path.cwd(), Path.home()):
        if folder not in folders and folder.is_dir() and os.access(folder, os.W_OK):
            folders.append(folder)
    return folders


def free_names(path: Path, folder: Path, outputs: Outputs | None, *, delimited: bool) -> Iterator[Path]:
    """Yield names for the results that nothing has but results of ours, byte for byte as a run left them."""
    suffix = ".csv" if delimited else ".xlsx"
    for number in range(1, _NAMES_TRIED):
        tail = f".results{suffix}" if number == 1 else f".results-{number}{suffix}"
        target = folder / fitting_name(path.stem, tail, folder)
        ours = outputs is not None and outputs.owns(target)
        if not os.path.lexists(target) or (ours and find_obstacle(target) is None):
            yield target
