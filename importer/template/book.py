"""Write a workbook of tickets.

In:  columns, tickets with their values in HubSpot's own form, the portal's schema.
Out: an XLSX file: a sheet of tickets with drop-downs, notes and locked columns, a hidden sheet with the lists of the
     drop-downs, and a very hidden one with the values as they were (`importer.loader.fingerprint` reads it back).

Rows are written as they come, so that memory does not grow with their number. Text of the portal is always text,
never a formula.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import TYPE_CHECKING, BinaryIO
from zoneinfo import ZoneInfo

from importer.findings import column_letter
from importer.loader.fingerprint import FACTS, MARK, SHOWN, WIDTH_OF_SHOWN
from importer.loader.header_text import plain
from importer.loader.table import FINGERPRINT_SHEET
from importer.template.cells import choices_of, cut_text, make_cell
from importer.template.drop_downs import Lists, Rows, TemplateColumn, rules_of
from importer.template.style import clip, column_cell, fill, header_cell, plain_cell, width_of
from schemas.message import Message, Translations, message
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET
from schemas.values import type_of

if TYPE_CHECKING:
    from openpyxl import Workbook

TICKETS_SHEET = "Tickets"
KEY_HEADER = "Record ID"
_KEY_WIDTH = 16
_DESCRIPTION_LENGTH = 200


def key_header(schema: PortalSchema) -> str:
    """Return the header of the record IDs: the API's name where another property bears the label."""
    others = (one for one in schema.properties.values() if one.name != TICKET.record_id)
    return TICKET.record_id if any(plain(KEY_HEADER) in map(plain, one.labels) for one in others) else KEY_HEADER


@dataclass(frozen=True, slots=True)
class Template:
    """What a template is made of. `exported_at`: ISO 8601, the moment before the first value was read."""

    columns: tuple[TemplateColumn, ...]
    schema: PortalSchema
    exported_at: str
    translations: Translations = field(default_factory=NullTranslations)
    keeps_values: bool = True
    """Whether the values are noted in it, so that only edited cells count when it is read again."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What the fingerprint remembers of the template as a whole."""
        return {
            "version": 1,
            "exported_at": self.exported_at,
            "portal_id": self.schema.portal_id,
            "time_zone": self.schema.time_zone,
            "read_only": [one.definition.name for one in self.columns if one.definition.read_only],
            "headers": {one.header: one.definition.name for one in self.columns if one.definition.other_labels},
        }


@dataclass(slots=True)
class Count:
    """What was written: tickets, and cells whose text was cut since no cell can hold it whole."""

    tickets: int = 0
    cut: int = 0


def template_columns(
    definitions: Sequence[Property], headers: Sequence[str], schema: PortalSchema
) -> tuple[TemplateColumn, ...]:
    """Return the columns of these properties, with the choices that the portal names."""
    return tuple(
        TemplateColumn(header, one, choices_of(one, schema)) for one, header in zip(definitions, headers, strict=True)
    )


def write_template(target: BinaryIO, template: Template, tickets: Iterable[tuple[str, Mapping[str, str]]]) -> Count:
    """Write the workbook of `tickets`: (record ID, values by property, "" where unset). Raises OSError."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "import-tickets"
    sheet = _Tickets(book, template)
    lists = Lists(book, template.columns)
    fingerprint = _Fingerprint(book, template)
    count = Count()
    for ticket, values in tickets:
        count.cut += sheet.add(ticket, values)
        if template.keeps_values:
            fingerprint.add(ticket, values)
        count.tickets += 1
    sheet.finish(lists)
    fingerprint.finish()
    book.save(target)
    return count


class _Tickets:
    """The sheet that people edit."""

    def __init__(self, book: Workbook, template: Template) -> None:
        self._columns = template.columns
        self._key_header = key_header(template.schema)
        self._words = template.translations
        self._zone = ZoneInfo(template.schema.time_zone)
        self._pipeline_names = choices_of(Property(TICKET.pipeline, "", "enumeration", "select"), template.schema)
        self._pipelines: list[str] = []
        self._sheet = book.create_sheet(TICKETS_SHEET)
        self._sheet.freeze_panes = "B2"
        self._sheet.page_setup.orientation = "landscape"
        self._sheet.page_setup.fitToHeight = 0
        self._sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self._sheet.print_title_rows = "1:1"
        self._sheet.column_dimensions["A"].width = _KEY_WIDTH
        for position, one in enumerate(self._columns, 1):
            width = width_of(one.header, one.definition, one.choices)
            self._sheet.column_dimensions[column_letter(position)].width = width
        definitions: list[Property | None] = [None, *(one.definition for one in self._columns)]
        headers = [self._key_header, *(one.header for one in self._columns)]
        self._sheet.append(
            [
                header_cell(self._sheet, header, note=self._note(one), read_only=one is None or one.read_only)
                for header, one in zip(headers, definitions, strict=True)
            ]
        )
        self._cells = [column_cell(self._sheet, one) for one in definitions]

    def _note(self, definition: Property | None) -> str:
        return "\n".join(one.render(self._words) for one in _note(definition))

    def add(self, ticket: str, values: Mapping[str, str]) -> int:
        """Write one row; return how many of its cells had to be cut."""
        cut = 0
        fill(self._cells[0], ticket)
        for cell, column in zip(self._cells[1:], self._columns, strict=True):
            value = values.get(column.definition.name, "")
            content = make_cell(column.definition, value, column.choices, self._zone)
            cut += (
                column.choices is None and isinstance(content, str) and len(content) < len(value.replace("\r\n", "\n"))
            )
            fill(cell, content)
        self._sheet.append(self._cells)
        pipeline = values.get(TICKET.pipeline, "")
        self._pipelines.append(self._pipeline_names.show(pipeline) if self._pipeline_names else pipeline)
        return cut

    def finish(self, lists: Lists) -> None:
        """Add what stands behind the rows: drop-downs, filter, protection."""
        from openpyxl.worksheet.filters import AutoFilter
        from openpyxl.worksheet.protection import SheetProtection

        rows = Rows(max(len(self._pipelines), 1) + 1, self._pipelines)
        for position in range(1, len(self._columns) + 1):
            for rule in rules_of(position, self._columns, rows, lists, self._words):
                self._sheet.data_validations.append(rule)
        self._sheet.auto_filter = AutoFilter(ref=f"A1:{column_letter(len(self._columns))}{rows.last}")
        # In this record False allows: people may format, sort and filter, and lift the protection without a password.
        self._sheet.protection = SheetProtection(
            sheet=True, formatCells=False, formatColumns=False, formatRows=False, sort=False, autoFilter=False
        )


class _Fingerprint:
    """The very hidden sheet with the values as they were."""

    def __init__(self, book: Workbook, template: Template) -> None:
        self._names = [one.definition.name for one in template.columns]
        self._choices = {one.definition.name: one.choices for one in template.columns if one.choices is not None}
        self._shown: dict[tuple[str, str], str] = {}
        self._sheet = book.create_sheet(FINGERPRINT_SHEET)
        self._sheet.sheet_state = "veryHidden"
        self._cells = [plain_cell(self._sheet) for _ in range(max(len(self._names), WIDTH_OF_SHOWN) + 1)]
        self._append(MARK, self._names)
        self._append(FACTS, [json.dumps(template.facts)])

    def add(self, ticket: str, values: Mapping[str, str]) -> None:
        """Note the values of one ticket."""
        self._append(ticket, [cut_text(values.get(name, "")) for name in self._names])
        for name, choices in self._choices.items():
            value = values.get(name, "")
            if value and (name, value) not in self._shown:
                self._shown[name, value] = cut_text(choices.show(value))

    def finish(self) -> None:
        """Note how choices were shown."""
        for (name, value), text in self._shown.items():
            if text != value:
                self._append(SHOWN, [name, cut_text(value), text])

    def _append(self, first: str, texts: Sequence[str]) -> None:
        self._sheet.append([fill(cell, text) for cell, text in zip(self._cells, (first, *texts), strict=False)])


def _note(definition: Property | None) -> list[Message]:
    """Return what the note on a header says; the internal name first."""
    if definition is None:
        return [message("{text}", text=TICKET.record_id), message("The ticket; not to be edited.")]
    lines = [message("{text}", text=definition.name)]
    if definition.read_only:
        lines.append(message("Read-only: HubSpot fills it in, and it is not sent."))
    elif definition.is_multiple:
        lines.append(message("Several may be chosen, with ; between them."))
    elif type_of(definition).is_moment:
        lines.append(message("Date and time in the portal's time zone."))
    if definition.unique:
        lines.append(message("No two tickets may have the same value."))
    if definition.description:
        description = clip(" ".join(definition.description.split()), _DESCRIPTION_LENGTH)
        lines.append(message("{text}", text=description))
    return lines
