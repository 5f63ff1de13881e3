"""What the cells of a column do to the portal's values: overwrite them, fill what is empty, add to them, take away.

In:  what the user wishes for which column; then, cell by cell, the portal's value and the sheet's.
Out: columns that know their policy; the value that is to be there.

All are idempotent: applied to its own result, each changes nothing. An empty value that is asked for clears under each
of them; cells that are to do nothing have been left out by the validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from importer.errors import UsageError
from importer.findings import Finding
from importer.loader.header_text import bare, plain
from importer.model import Change, Columns, Policy, ValueColumn
from schemas.cells import Nearest, fold, quoted, shows_nothing
from schemas.forms import is_own_form
from schemas.message import Message, message
from schemas.property import PortalSchema, Property
from schemas.types.text import MAX_LENGTH, is_html, line_breaks
from schemas.values import same_value, type_of

Apply = Callable[[str, str], str]
"""Of what the portal holds and what a cell says, neither cleared: what is to be there."""

NEEDS_VALUES = frozenset({Policy.FILL_EMPTY, Policy.APPEND, Policy.REMOVE})
"""Policies that depend on what the portal holds."""

_ADDING = frozenset({Policy.APPEND, Policy.REMOVE})


# --- cell by cell ---------------------------------------------------------------------------------------------------


def make_policies(columns: Columns) -> Mapping[str, Apply]:
    """Return, by property, what the policies that depend on the portal's values make of a cell."""
    return {one.definition.name: _make(one) for one in columns.values if one.policy in NEEDS_VALUES}


def _make(column: ValueColumn) -> Apply:
    definition = column.definition
    if column.policy is Policy.FILL_EMPTY:
        return _fill
    if definition.is_multiple:
        order = [option.value for option in definition.options]
        return _take_away if column.policy is Policy.REMOVE else lambda current, asked: unite(current, asked, order)
    lines = _Lines(definition)
    return lines.remove if column.policy is Policy.REMOVE else lines.append


def _fill(current: str, asked: str) -> str:
    return asked if shows_nothing(current) else current


def unite(current: str, added: str, order: Sequence[str]) -> str:
    """Return the options of `current` and of `added`, once each, in the definition's order."""
    held = list(dict.fromkeys(part for part in (*current.split(";"), *added.split(";")) if part))
    places = {value: place for place, value in enumerate(order)}
    return ";".join(sorted(held, key=lambda part: places.get(part, len(places))))


def _take_away(current: str, asked: str) -> str:
    unwanted = set(asked.split(";"))
    held = [part for part in current.split(";") if part]
    left = [part for part in held if part not in unwanted]
    return ";".join(left) if len(left) < len(held) else current


class _Lines:
    """Adds to texts of several lines, or takes lines out of them.

    A cell of several lines is one block: it is there where its lines stand below each other in the text. Lines are
    compared without outer blanks, which the portal cuts off at the ends of a text, and after what its rules normalise.
    """

    def __init__(self, definition: Property) -> None:
        self._definition = definition
        self._is_html = is_html(definition)
        self._break = "<br>" if self._is_html else "\n"

    def append(self, current: str, asked: str) -> str:
        """Return the text with a cell below it."""
        added = line_breaks(asked).strip("\n")
        if shows_nothing(current):
            return added
        if next(self._finds(current, added), None) is not None:
            return current
        ends = line_breaks(current).endswith("\n") and not self._is_html
        return current + ("" if ends else self._break) + added

    def remove(self, current: str, asked: str) -> str:
        """Return the text without the lines of a cell."""
        found = list(self._finds(current, asked))
        if not found:
            return current
        lines, size = self._lines(current), len(self._block(asked))
        gone = {place for start in found for place in range(start, start + size)}
        left = [line for place, line in enumerate(lines) if place not in gone]
        return self._break.join(left) if any(line.strip() for line in left) else ""

    def _finds(self, text: str, asked: str) -> Iterator[int]:
        """Yield the places of the lines at which a cell's begin."""
        lines, block = self._lines(text), self._block(asked)
        for start in range(len(lines) - len(block) + 1):
            if all(map(self._same, block, lines[start : start + len(block)])):
                yield start

    def _block(self, asked: str) -> list[str]:
        lines = self._lines(asked)
        filled = [place for place, line in enumerate(lines) if line.strip()]
        return lines[filled[0] : filled[-1] + 1] if filled else lines

    def _lines(self, text: str) -> list[str]:
        text = line_breaks(text)
        return re.split(r"\n|<br\s*/?>", text) if self._is_html else text.split("\n")

    def _same(self, asked: str, held: str) -> bool:
        asked, held = asked.strip(), held.strip()
        if same_value(self._definition, asked, held):
            return True
        return self._is_html and is_own_form(self._definition, asked, held)


def too_long(change: Change, columns: Columns) -> Finding | None:
    """Return a finding for a text that a cell would make longer than the portal takes."""
    for column in columns.values:
        value = change.after.get(column.definition.name, "")
        if column.policy is Policy.APPEND and len(value) > MAX_LENGTH:
            text = message(
                "with this cell below it, the text would have {length} characters, and the portal takes {limit}; make "
                "room in the ticket, or leave the cell empty",
                length=len(value),
                limit=MAX_LENGTH,
            )
            name, added = column.definition.name, value[-MAX_LENGTH:]
            return columns.finding("too_long", text, row=change.row, key=change.key, name=name, value=added)
    return None


# --- which column has which -----------------------------------------------------------------------------------------


def assign_policies(
    columns: Columns, wishes: Sequence[tuple[str, str]], schema: PortalSchema, headers: Collection[str]
) -> Columns:
    """Return the columns with their policies. wishes: (header or property, policy); the last one for a column counts.

    headers: all of the sheet. Raises UsageError for a policy that cannot be, and for a header that neither the sheet
    nor the portal knows: an unseen typing error would let empty cells clear.
    """
    chosen: dict[int, Policy] = {}
    notices: list[Message] = []
    for header, policy in wishes:
        found = _column(columns, header)
        if found is not None:
            chosen[found.position] = Policy(policy)
        elif plain(header) in {plain(one) for one in (columns.key.header, columns.key.property_name)}:
            raise UsageError(
                message(
                    '"{header}" identifies the tickets and is never written, so it cannot have a policy.', header=header
                )
            )
        elif plain(header) not in {plain(one) for one in (*headers, *_names(schema))}:
            raise _unknown(header, [*headers, *_names(schema)])
        else:
            notices.append(message('No column is called "{header}", which --policy names.', header=header))
    values = tuple(replace(one, policy=chosen.get(one.position, one.policy)) for one in columns.values)
    for one in values:
        if one.policy in _ADDING and not type_of(one.definition).has_parts(one.definition):
            raise UsageError(
                message(
                    '"{header}" can\'t have the policy {policy}: that is for texts of several lines and for properties '
                    "of several options. The others are overwrite, keep-blank and fill-empty.",
                    header=one.header,
                    policy=str(one.policy),
                )
            )
    return replace(columns, values=values, notices=(*columns.notices, *notices))


def _column(columns: Columns, header: str) -> ValueColumn | None:
    """Return the column of this header, else of this property, else of this label."""
    for bears in (
        lambda one: plain(one.header) == plain(header),
        lambda one: one.definition.name == bare(header),
        lambda one: plain(one.definition.label) == plain(header),
    ):
        for one in columns.values:
            if bears(one):
                return one
    return None


def _names(schema: PortalSchema) -> Iterator[str]:
    for one in schema.properties.values():
        yield one.name
        yield one.label


def _unknown(header: str, known: Sequence[str]) -> UsageError:
    near = Nearest([one for one in known if one.strip()])(header)
    if near:
        return UsageError(
            message(
                '--policy names a column "{header}", which doesn\'t exist; did you mean {near}?',
                header=header,
                near=quoted(near),
            )
        )
    return UsageError(message('--policy names a column "{header}", which doesn\'t exist.', header=header))


def check_values_are_read(columns: Columns) -> None:
    """Raise UsageError for a policy that depends on the portal's values, where they are not read (`--no-diff`)."""
    for one in columns.values:
        if one.policy in NEEDS_VALUES:
            raise UsageError(
                message(
                    'The policy {policy} of "{header}" needs the portal\'s current values, which --no-diff does not '
                    "read. Leave out --no-diff, or choose overwrite or keep-blank.",
                    policy=str(one.policy),
                    header=one.header,
                )
            )


def check_clear_word(columns: Columns, schema: PortalSchema, word: str) -> None:
    """Raise UsageError where an option, a stage, a pipeline or an owner of a column bears the clear word."""
    for column in columns.values:
        if fold(word) in {fold(one) for one in type_of(column.definition).names(column.definition, schema)}:
            raise UsageError(
                message(
                    '--clear-word "{word}" is also a value of "{header}", so a cell that holds it is ambiguous. Choose '
                    "another word.",
                    word=word,
                    header=column.header,
                )
            )


def notices_of(columns: Columns) -> list[Message]:
    """Return the words of the plan for the policies that it follows."""
    words = {
        Policy.KEEP_BLANK: message("empty cells change nothing"),
        Policy.FILL_EMPTY: message("only where the portal has nothing"),
        Policy.APPEND: message("added to what the portal has"),
        Policy.REMOVE: message("taken away from what the portal has"),
    }
    return [
        message('"{column}": {what} ({policy}).', column=one.header, what=words[one.policy], policy=str(one.policy))
        for one in columns.values
        if one.policy in words
    ]
