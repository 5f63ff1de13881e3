"""What a cell is edited with: a list of options, stages or owners, a calendar, or a line of text.

In:  a property of the schema.
Out: an element, and the text that a cell is to hold.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from importer.jobs.corrections import choices
from schemas.property import PortalSchema
from schemas.types.text import TEXT
from schemas.values import type_of

Editor = Callable[[], str]
"""Returns what was chosen or typed, as a cell holds it."""


def add_editor(schema: PortalSchema, name: str | None, *, label: str, value: str) -> Editor:
    """Add the editor of a property's cells; `value`: what it begins with."""
    definition = schema.properties.get(name or "")
    options = dict(choices(schema, name))
    kind = type_of(definition) if definition else TEXT
    if not options and kind.input_rule == "true or false":
        options = {"true": "true", "false": "false"}
    if options:
        several = definition is not None and definition.is_multiple
        chosen = [one for one in value.split(";") if one in options] if several else value if value in options else None
        select = ui.select(options, value=chosen, label=label, with_input=True, multiple=several)
        select.props("outlined dense" + (" use-chips" if several else ""))
        return lambda: ";".join(select.value or ()) if several else str(select.value or "")
    is_date = kind.input_rule == "date"
    field = ui.input(label, value="" if is_date else value).props("outlined dense autocomplete=off")
    if is_date:
        field.props(f"type={'datetime-local' if kind.is_moment else 'date'} stack-label")
    return lambda: str(field.value or "").strip().replace("T", " " if kind.is_moment else "T")
