"""Group planned changes into update inputs that the portal will accept.

In:  the changes of one batch, in row order.
Out: inputs, each with its trace ID; never two with one ID in a request, never one without properties.

No I/O here: the sender sends, the journal remembers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from importer.model import Change, fold_key
from schemas.ticket_object import TICKET

Input = dict[str, Any]


def make_inputs(changes: Sequence[Change], *, id_property: str | None) -> list[Input]:
    """Return the inputs of one request, in the order of `changes`.

    id_property: the unique property whose values the keys are; None for record IDs.
    Raises ValueError where the request would be refused for its form: too many inputs, one ID twice, no properties.
    """
    if len(changes) > TICKET.batch_size:
        raise ValueError(f"at most {TICKET.batch_size} inputs fit a request, not {len(changes)}")
    if len({change.key for change in changes}) < len(changes):
        raise ValueError("two inputs of one request bear the same ID")
    if any(not change.after for change in changes):
        raise ValueError("an input without properties is never sent")
    more = {} if id_property is None else {"idProperty": id_property}
    return [
        {"id": change.key, **more, "properties": change.after, "objectWriteTraceId": change.trace_id}
        for change in changes
    ]


def without_overlap(changes: Sequence[Change], *, id_property: str | None) -> list[tuple[Change, ...]]:
    """Return the changes in groups to be sent one after another, none of which holds a ticket twice."""
    keys = {change.key for change in changes}
    is_plain = id_property is None and not any(key[:1] == "0" for key in keys)  # the usual case
    if len(keys if is_plain else {fold_key(change.key, id_property) for change in changes}) == len(changes):
        return [tuple(changes)] if changes else []
    groups: list[dict[str, Change]] = []
    for change in changes:
        key = fold_key(change.key, id_property)
        group = next((one for one in groups if key not in one), None)
        if group is None:
            group = {}
            groups.append(group)
        group[key] = change
    return [tuple(group.values()) for group in groups]
