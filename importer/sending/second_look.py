"""A plan ages: what a row was planned from is compared with what its ticket holds just before the row leaves.

In:  a change, the values that it was made from, and the ticket as it is now.
Out: what somebody else changed meanwhile, which keeps the row from being sent, and what is still to be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from importer.model import Change, Values, fold_key
from importer.portal import Ticket
from schemas.forms import holds
from schemas.property import Property
from schemas.ticket_object import TICKET
from schemas.values import same_value


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What is seen of one row.

    `before`: as the plan found it. `moved`: properties that hold something else than that, and than the row wants.
    `unseen`: those that the portal does not show any more. `has_other_key`: the row's key names another ticket by now,
    or none. `left`: what is still to be sent, since somebody else may have set some of it, with the values before of
    just that.
    """

    before: Values
    moved: Values
    unseen: tuple[str, ...]
    has_other_key: bool
    left: Change

    @property
    def is_as_planned(self) -> bool:
        """Whether the row may leave."""
        return not (self.moved or self.unseen or self.has_other_key)


def shows_just(change: Change, before: Values, ticket: Ticket, id_property: str | None) -> bool:
    """Return whether a ticket holds, to the letter, what a change was made from: then nobody wrote to it since."""
    return before.items() <= ticket.properties.items() and not _has_other_key(change, ticket, id_property)


def look_again(
    change: Change, before: Values, ticket: Ticket, definitions: Mapping[str, Property], id_property: str | None
) -> SecondLook:
    """Return what has become of what a change was made from.

    before: as the plan found it, with the stage where a pipeline alone is to be changed. What is not known is taken
    for what is there.
    """
    moved: dict[str, str] = {}
    unseen: list[str] = []
    for name, found in before.items():
        current = ticket.properties.get(name)
        if current is None:
            unseen.append(name)
        elif not same_value(definitions.get(name), found, current) and not _wants(change, name, current, definitions):
            moved[name] = current
    left = _left(change, before, ticket, definitions)
    return SecondLook(before, moved, tuple(unseen), _has_other_key(change, ticket, id_property), left)


def _wants(change: Change, name: str, current: str, definitions: Mapping[str, Property]) -> bool:
    return name in change.after and holds(definitions.get(name), change.after[name], current)


def _has_other_key(change: Change, ticket: Ticket, id_property: str | None) -> bool:
    """Whether a ticket lost the unique value by which the row names it: no two tickets hold one."""
    if id_property is None or id_property not in ticket.properties:
        return False
    return fold_key(ticket.properties[id_property], id_property) != fold_key(change.key, id_property)


def _left(change: Change, before: Values, ticket: Ticket, definitions: Mapping[str, Property]) -> Change:
    """Return a change without what the ticket holds by now: an undo would take that from whoever set it.

    A pipeline and its stage go together.
    """
    there = {name for name in change.after if _wants(change, name, ticket.properties.get(name, ""), definitions)}
    pair = {TICKET.pipeline, TICKET.stage} & change.after.keys()
    if not pair <= there:
        there -= pair
    if not before or not there:
        return change._replace(before=before)
    left = {name: value for name, value in change.after.items() if name not in there}
    return change._replace(before={name: value for name, value in before.items() if name not in there}, after=left)
