"""What earlier runs wrote from the same file: what they wrote is no conflict with the sheet they wrote it from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from importer.errors import FileError
from importer.records import Values
from importer.runs.state import StateFolder

if TYPE_CHECKING:
    from importer.journal import Journal


def values_written(journal: Journal, tickets: Collection[str]) -> Mapping[str, Values]:
    """Return, by ticket and property, what runs and undos before this one left in the portal.

    journal: this run's. Only runs on the same file and portal count; of several, the latest. A value is what the
    portal made of it, where its answer said so.
    """
    meta = journal.all_meta()
    state = StateFolder(journal.path.parent.parent)
    found: dict[str, dict[str, str]] = {}
    for run_id in sorted(one for one in state.run_ids() if one != meta["id"]):
        try:
            with state.open_journal(run_id) as earlier:
                if not _same_place(earlier.all_meta(), meta):
                    continue
                for change, returned in earlier.written():
                    if change.ticket in tickets:
                        found.setdefault(change.ticket or "", {}).update({**change.after, **returned})
        except FileError:
            continue  # a damaged journal tells nothing, and conflicts are then told as such
    return found


def _same_place(earlier: Mapping[str, object], now: Mapping[str, object]) -> bool:
    return earlier.get("file") == now.get("file") and _portal(earlier) == _portal(now)


def _portal(meta: Mapping[str, object]) -> object:
    portal = meta.get("portal")
    return portal.get("portal_id") if isinstance(portal, dict) else None
