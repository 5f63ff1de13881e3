"""What a cell is edited with: a list of options, stages or owners, a calendar, or a line of text.

In:  a property of the schema.
Out: an element, and the text that a cell is to hold.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from importer.jobs.corrections import choices
from schemas.property import PortalSchema

Editor = Callable[[], str]
"""Returns what was chosen or typed, as a cell holds it."""


def add_editor(schema: PortalSchema, name: str | None, *, label: str, value: str) -> Editor:
    """Add the editor of a property's cells; `value`: what it begins with."""
    definition = schema.properties.get(name or "")
    options = dict(choices(schema, name))
    kind = definition.type if definition else ""
    if not options and kind == "bool":
        options = {"true": "true", "false": "false"}
    if options:
        several = definition is not None and definition.is_multiple
        chosen = [one for one in value.split(";") if one in options] if several else value if value in options else None
        select = ui.select(options, value=chosen, label=label, with_input=True, multiple=several)
        select.props("outlined dense" + (" use-chips" if several else ""))
        return lambda: ";".join(select.value or ()) if several else str(select.value or "")
    types = {"date": "date", "datetime": "datetime-local"}
    field = ui.input(label, value=value if kind not in types else "").props("outlined dense autocomplete=off")
    if kind in types:
        field.props(f"type={types[kind]} stack-label")
    return lambda: str(field.value or "").strip().replace("T", " " if kind == "datetime" else "T")
