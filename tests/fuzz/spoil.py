"""JSON with single nodes dropped, doubled or replaced."""

import functools
from copy import deepcopy

from hypothesis import strategies as st

from importer.sandbox.access import TOKEN

VALUES = st.sampled_from(
    [
        None, True, False, 0, -1, 1e308, 10**18, "", "0", "x", "id", "row-2", "row-3", "25012345001", "25012345013",
        TOKEN,
        [], {}, [None], [[]], {"a": None}, "COMPLETE", "PENDING", "CANCELED", "OBJECT_NOT_FOUND", "VALIDATION_ERROR",
        "\x1b[2J", "\u202e", "2026-02-30T25:00:00Z", "<script>", "Mars/Base", "enumeration", "datetime", "number",
        "bool",
        "date", "string", "MAX_LENGTH", "REGEX", "(", "9" * 400, "hs_pipeline_stage", "subject",
        'Property values were not valid: [{"name": "subject", "message": "\\ud800", "error": ["x"]}]',
    ]
)  # fmt: skip


def places(value, path=()):
    """Yield the path of every node of a JSON value."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from places(child, (*path, name))


def spoiled(value, where, how, new):
    """Return a JSON value with one node dropped, doubled or replaced; `where` is taken modulo the number of nodes."""
    all_places = list(places(value))
    path = all_places[where % len(all_places)]
    if not path:
        return deepcopy(new) if how == "replace" else value
    parent = functools.reduce(lambda node, name: node[name], path[:-1], value)
    if how == "drop":
        del parent[path[-1]]
    elif how == "double" and isinstance(parent, list):
        parent.append(deepcopy(parent[path[-1]]))
    else:
        parent[path[-1]] = deepcopy(new)
    return value
