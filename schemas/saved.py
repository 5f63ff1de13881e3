"""Saved schemas: what `schema pull` writes and `--schema` reads, and the schema of a fresh portal.

A saved schema is one JSON object: the API's own bodies by name (`properties`, `pipelines`, `owners`, `validations`,
`account`, `translations`, `language`), and what it is in `format`. A bare body of the properties endpoint, {"results":
[...]}, is read too; it lacks the rest, so pipelines are HubSpot's default ones, owners are known by ID alone, and
times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from schemas.default_portal import body as default_body
from schemas.property import PortalSchema, read_schema

FORMAT = "import-tickets schema 1"
BODIES = ("properties", "pipelines", "owners", "validations", "account", "translations", "language")


class NotASchema(ValueError):
    """The file holds no schema; the text says why."""


def schema_bytes(bodies: Mapping[str, Any]) -> bytes:
    """Return what a file holds that keeps the portal's bodies."""
    kept = {name: bodies[name] for name in BODIES if bodies.get(name) is not None}
    how = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps({"format": FORMAT, **kept}, option=how)


def read_saved_schema(path: Path) -> PortalSchema:
    """Return the schema that a file holds.

    Raises NotASchema (a ValueError) for a file that holds none, OSError for one that cannot be read.
    """
    try:
        body = orjson.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise NotASchema(f"it is not JSON ({error})") from error
    return parse_saved_schema(body)


def parse_saved_schema(body: Any) -> PortalSchema:
    """Return the schema that the JSON of a saved schema, or of the properties endpoint, holds. Raises NotASchema."""
    if not isinstance(body, dict):
        raise NotASchema("it holds no object")
    bodies = {"properties": body} if isinstance(body.get("results"), list) else body
    if not isinstance(bodies.get("properties"), dict):
        raise NotASchema('it has neither "properties" nor "results"')
    try:
        schema = read_schema(bodies)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotASchema(f"a definition in it is not as the API gives them ({error!r})") from error
    if "pipelines" not in bodies:
        schema = replace(schema, pipelines=load_default_portal().pipelines)
    return schema


def load_default_portal() -> PortalSchema:
    """Return the schema of a fresh portal: HubSpot's default properties and pipeline; no owners are known."""
    return read_schema(
        {name: default_body(name) for name in BODIES if name not in {"owners", "translations", "language"}}
    )
