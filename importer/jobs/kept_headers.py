"""Keep what a person said of headers in the settings file beside FILE, for the next file like it.

In:  headers and the properties they stand for.
Out: `import-tickets.toml` with them under [columns.map]; what it held stays as it was, byte for byte.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from importer.errors import reason_of
from importer.files import write_whole
from importer.jobs.options import Ui
from schemas.message import message

CONFIG_NAME = "import-tickets.toml"
_MAP = re.compile(r"^\[columns\.map\][ \t]*(?:#[^\r\n]*)?(?=\r?$)", re.MULTILINE)


def offer_to_keep(headers: Mapping[str, str], file: Path, ui: Ui) -> None:
    """Ask whether to keep what headers stand for, where the settings file can be added to; keep it."""
    path = file.absolute().parent / CONFIG_NAME
    try:
        old = path.read_bytes().decode("utf-8") if path.exists() else ""
        new = _with_headers(old, headers)
    except (OSError, ValueError):  # not readable, or not TOML: then nothing was taken from it either
        return
    if new is None or not ui.ask(message("Keep that in {path} for the next files there?", path=str(path))):
        return
    content = new.encode("utf-8")
    try:
        write_whole(path, lambda out: out.write(content))
    except OSError as error:
        ui.say(message("{path} could not be written ({reason}).", path=str(path), reason=reason_of(error)))


def _with_headers(old: str, headers: Mapping[str, str]) -> str | None:
    """Return the settings with these headers; None where they cannot be added without touching other lines."""
    before = tomllib.loads(old.removeprefix("\ufeff"))
    end = "\r\n" if "\r\n" in old else "\n"
    lines = end.join(
        f"{json.dumps(header, ensure_ascii=False)} = {json.dumps(name)}" for header, name in headers.items()
    )
    if found := _MAP.search(old):
        new = f"{old[: found.end()]}{end}{lines}{old[found.end() :]}"
    else:
        gap = "" if not old or old.endswith(("\n\n", "\r\n\r\n")) else end if old.endswith("\n") else 2 * end
        new = f"{old}{gap}[columns.map]{end}{lines}{end}"
    try:
        after: dict[str, Any] = tomllib.loads(new.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return None
    columns = before.get("columns", {})
    wanted = {**before, "columns": {**columns, "map": {**columns.get("map", {}), **headers}}}
    return new if after == wanted else None
