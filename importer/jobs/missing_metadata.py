"""What the portal withheld about its tickets, and whether this file can do without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from importer.jobs.options import ReadOptions, Ui
from importer.model import Columns
from schemas.message import Message, message
from schemas.property import Property
from schemas.ticket_object import OWNERS_SCOPE, TICKET
from schemas.values import type_of

if TYPE_CHECKING:
    from importer.portal.metadata import Gap


def tell_gaps(gaps: Mapping[str, Gap], columns: Columns, read: ReadOptions, ui: Ui) -> None:
    """Say what of the portal's definitions is missing, where the columns of the file depend on it.

    Raises the portal's error where it is only out of order, and judging without it could send a wrong value.
    """
    read_columns = [*columns.values, *([columns.modified] if columns.modified else [])]
    needed = _needed([column.definition for column in read_columns], has_zone=read.time_zone is not None)
    needed.setdefault("validations", _NO_RULES)
    for name, notice in needed.items():
        gap = gaps.get(name)
        if gap is None:
            continue
        if gap.error is not None and not gap.is_lasting and name != "validations":
            raise gap.error
        ui.say(notice)


_NO_RULES = message("The portal's validation rules cannot be read; it will apply them itself when rows are sent.")


def _needed(definitions: list[Property], *, has_zone: bool) -> dict[str, Message]:
    """Return what these properties depend on, with what is said where it is missing."""
    found: dict[str, Message] = {}
    for definition in definitions:
        if definition.name in {TICKET.pipeline, TICKET.stage}:
            found["pipelines"] = message(
                "The portal's pipelines cannot be read, so pipelines and stages are accepted by ID only."
            )
        elif definition.is_owner:
            found["owners"] = message(
                "The portal's owners cannot be read (that needs a token with the scope {scope}), so owners are "
                "accepted by ID only.",
                scope=OWNERS_SCOPE,
            )
        elif type_of(definition).is_moment and not has_zone:
            found["account"] = message(
                "The portal's time zone cannot be read, so times without a zone are read in UTC; --timezone sets "
                "another one."
            )
    return found
