"""Where a limit of memory leaves no room even for the modules that say so: one sentence, one object of JSON.

Below that limit Python fails wherever an import happens to be, and not always by a MemoryError. So the limit is looked
at before anything else is loaded, and what is said needs nothing else: it is English, and not made by `message`.
"""

from __future__ import annotations

import sys

_LEAST = 64 * 2**20
"""Bytes of address space below which the program may not come as far as its own errors. Measured on Linux."""

_EXIT_CODE = 2
_SENTENCE = (
    "The machine gives the program too little memory to start. End other programs, or raise the limit (`ulimit -v`), "
    "then run again."
)


def is_too_little() -> bool:
    """Whether a limit is set on the memory of this process that leaves no room for it."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    return 0 <= resource.getrlimit(resource.RLIMIT_AS)[0] < _LEAST


def say_too_little(arguments: list[str]) -> int:
    """Say so, under `--json` with the object of a run that sent nothing; return the exit code."""
    print(_SENTENCE, file=sys.stderr)
    if any(one.startswith("--json") for one in arguments):
        import json

        rows = ("total", "updated", "unchanged", "invalid", "failed", "not_sent", "would_update")
        error = dict.fromkeys(("row", "cell", "column", "property", "key", "value"))
        summary = {
            **dict.fromkeys(("run_id", "file", "sheet")),
            "dry_run": "--dry-run" in arguments,
            "settings": None,
            "key": {"column": None, "property": None},
            "rows": dict.fromkeys(rows, 0),
            "cells": {"changed": 0, "cleared": 0},
            "requests": dict.fromkeys(("read", "update", "retried", "rate_limited"), 0),
            "batches": [],
            "errors": [{**error, "code": "unavailable", "message": _SENTENCE}],
            **dict.fromkeys(("report", "started_at", "finished_at")),
            "exit_code": _EXIT_CODE,
        }
        print(json.dumps(summary, indent=2))
    return _EXIT_CODE
