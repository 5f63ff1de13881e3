"""Where options come from besides the command line: the environment, and `import-tickets.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.cli.arguments import MANY
from importer.errors import UsageError
from importer.runs.options import PortalAccess
from schemas.message import message

CONFIG_NAME = "import-tickets.toml"
PATHS = frozenset({"output", "html", "schema"})
"""Options that name a file; in a settings file they start at its folder, wherever the program is started."""

DEFAULT_ADDRESS = "https://api.hubapi.com"


def config_path(file: Path | None, named: Path | None) -> Path | None:
    """Return the settings file: what `--config` names, else the one beside the spreadsheet; None without one."""
    if named is not None:
        return named
    beside = file.absolute().parent / CONFIG_NAME if file else None
    return beside if beside and beside.is_file() else None


def config_arguments(path: Path, options: Mapping[str, int], own: Collection[str] | None = None) -> list[str]:
    """Return the arguments that a settings file stands for.

    options: the long options (without dashes) that may stand in it, and how many values each may be given.
    own: those of them that this command has; the others are passed by, for one file serves several commands.
    Raises UsageError for a file that cannot be read, or that holds what is no option.
    """
    try:
        settings = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            message("The settings file {path} cannot be read ({reason}).", path=str(path), reason=reason)
        ) from error
    for section in settings.keys() - {"options", "columns"}:
        raise UsageError(message('{path}: "{name}" is neither [options] nor [columns].', path=str(path), name=section))
    arguments: list[str] = []
    for name, value in _table(settings, "options", path).items():
        option = name.replace("_", "-")
        found = _option(option, value, options, path)
        if own is None or option in own:
            arguments += found
    columns = _table(settings, "columns", path)
    for name in columns.keys() - {"map", "skip"}:
        raise UsageError(message('{path}: [columns] holds "map" and "skip", not "{name}".', path=str(path), name=name))
    for header, target in _table(columns, "map", path).items():
        arguments.append(f"--map={header}={target}")
    skip = columns.get("skip", [])
    headers = skip if isinstance(skip, list) else [skip]
    if not all(isinstance(header, str) for header in headers):
        raise UsageError(message('{path}: "{name}" is a list of headers.', path=str(path), name="skip"))
    arguments += [f"--skip-column={header}" for header in headers]
    return arguments


def _table(settings: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = settings.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(message('{path}: "{name}" must be a table of names and values.', path=str(path), name=name))
    return table


def _option(name: str, value: object, options: Mapping[str, int], path: Path) -> list[str]:
    if name not in options or name in {"config", "help"}:
        raise UsageError(
            message('{path}: there is no option "{name}"; options bear their long names.', path=str(path), name=name)
        )
    if not options[name]:
        if not isinstance(value, bool):
            raise UsageError(message('{path}: "{name}" is true or false.', path=str(path), name=name))
        return [f"--{name}"] if value else []
    values: Sequence[object] = value if isinstance(value, list) and options[name] == MANY else [value]
    if not all(isinstance(one, (str, int, float)) and not isinstance(one, bool) for one in values):
        raise UsageError(message('{path}: "{name}" is a text or a number.', path=str(path), name=name))
    if name in PATHS:
        values = [path.absolute().parent / os.path.expanduser(str(one)) for one in values]  # noqa: PTH111 - Path's raises
    return [f"--{name}={one}" for one in values]


def portal_access(
    environ: Mapping[str, str], *, sandbox: bool, max_rate: int | None, daily_reserve: float
) -> PortalAccess:
    """Return how to reach the portal. The token comes from the environment alone."""
    return PortalAccess(
        base_url=(environ.get("HUBSPOT_BASE_URL") or DEFAULT_ADDRESS).rstrip("/"),
        token=(environ.get("HUBSPOT_ACCESS_TOKEN") or "").strip(),
        version=environ.get("HUBSPOT_API_VERSION") or "v3",
        sandbox=sandbox,
        max_rate=max_rate,
        daily_reserve=daily_reserve,
    )
