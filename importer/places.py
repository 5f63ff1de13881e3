"""Findings at the cell they are about: the cell of a property in a row, or the row's key."""

from __future__ import annotations

from importer.findings import Finding
from importer.model import Columns, ValueColumn
from schemas.message import Message, message


def column_of(columns: Columns, name: str) -> ValueColumn | None:
    """Return the column of a property; None where the sheet has none."""
    return next((column for column in columns.values if column.definition.name == name), None)


def at_cell(columns: Columns, *, row: int, key: str, name: str, value: str, code: str, text: Message) -> Finding:
    """Return a finding at the cell of property `name` in a row."""
    column = column_of(columns, name)
    position, header = (column.position, column.header) if column else (None, None)
    return Finding(code, text, row, position, header, name, key, value)


def at_key(columns: Columns, *, row: int, key: str, code: str, text: Message) -> Finding:
    """Return a finding at the cell that names the row's ticket."""
    column = columns.key
    return Finding(code, text, row, column.position, column.header, column.property_name, key, key)


def made_of(*, sent: str, returned: str, column: str) -> Message:
    """Return what is said of a text that the portal holds in a form of its own."""
    return message('the portal made "{returned}" of "{sent}" in {column}', returned=returned, sent=sent, column=column)
