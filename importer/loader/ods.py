"""ODS workbooks (OpenDocument) as tables.

In:  a path whose content is an OpenDocument spreadsheet.
Out: a `Source`. `content.xml` is read by an XML parser of the standard library, cell by cell.

The stored values are read, not what is shown. Source: OpenDocument 1.3 part 3, 9.1 (tables), 19.385 (value types);
LibreOffice marks error cells with `calcext:value-type="error"`.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from importer.errors import FileError
from importer.loader.column_formats import NotedFormats
from importer.loader.ods_styles import CellStyles
from importer.loader.sheet_table import Grid, GridSource, check_size, stored_grid
from importer.loader.xls import protected
from importer.ooxml.number_format import Format
from importer.ooxml.package import open_zip, read_member, refuse_document_types, stream_member
from importer.ooxml.sheet_parser import SheetFacts
from importer.ooxml.values import Marked, Value, number_value
from importer.ooxml.xml import XML_FAULTS, damaged, local, new_parser, read_elements
from schemas.cells import Kind
from schemas.message import message

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
MAX_CELLS = 20_000_000
"""Filled cells of one sheet, repeated ones counted each: far more than people edit, far less than memory."""

_CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
MAX_SPACES, MAX_REPEATS = 4 << 20, 8 << 20
"""Spaces that are counted and not written, and cells that are repeated by a number, in a whole file."""
_MAX_ROW = 1 << 20
_MAX_COLUMN = 1 << 14
_DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?")
_ERROR_TEXT = re.compile(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|WERT!|NV|BEZUG!)|Err:\d{3}", re.IGNORECASE)


@dataclass(slots=True)
class _Sheet:
    name: str
    style: str
    rows: dict[int, list[tuple[int, Value]]] = field(default_factory=dict)
    facts: SheetFacts = field(default_factory=SheetFacts)
    width: int = 0
    cells: int = 0
    formats: NotedFormats = field(default_factory=NotedFormats)


class OdsSource(GridSource):
    """An OpenDocument spreadsheet."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            archive = open_zip(file)
            _refuse_encrypted(archive)
            refuse_document_types(archive)
            parser = _ContentParser(_styles(archive))
            parser.read(stream_member(archive, _CONTENT))
        self._parsed = {one.name: one for one in parser.sheets}
        super().__init__(path, "ods", [(one.name, one.style not in parser.hidden_styles) for one in parser.sheets])

    def read_grid(self, sheet: str) -> Grid:
        """Return the cells of a sheet."""
        parsed = self._parsed.pop(sheet)
        check_size(len(parsed.rows), parsed.width, filled=parsed.cells)
        rows: dict[int, list[Value]] = {}
        for number in sorted(parsed.rows):
            values = rows[number] = [""] * parsed.width
            for position, value in parsed.rows[number]:
                values[position] = value
        noted = parsed.formats
        grid = stored_grid(rows, parsed.width, parsed.facts)
        return replace(grid, formats=noted.formats, currency_cells=noted.currency_cells)


def _refuse_encrypted(archive: zipfile.ZipFile) -> None:
    if _MANIFEST in archive.namelist():
        names = {element.name for element in read_elements(read_member(archive, _MANIFEST), _MANIFEST)}
        if "encryption-data" in names:
            raise protected()


def _styles(archive: zipfile.ZipFile) -> CellStyles:
    """Return the styles that styles.xml defines."""
    styles = CellStyles()
    if _STYLES in archive.namelist():
        for element in read_elements(read_member(archive, _STYLES), _STYLES):
            styles.start(element.name, element.attributes)
    return styles


class _ContentParser:
    """Goes through content.xml and collects the cells of every sheet."""

    def __init__(self, styles: CellStyles) -> None:
        self.sheets: list[_Sheet] = []
        self.hidden_styles: set[str] = set()
        self._styles = styles
        self._style = ""
        self._row = 0
        self._row_repeat = 1
        self._row_hidden = False
        self._position = 0
        self._column = 0
        self._column_styles: list[tuple[int, str]] = []
        self._cell: dict[str, str] | None = None
        self._covered = False
        self._text: list[str] = []
        self._paragraphs = 0
        self._skipping = 0
        self._spaces = 0
        self._repeated = 0
        self._row_cells: list[tuple[int, Value]] = []
        self._row_formats: list[tuple[int, Format]] = []
        parser = new_parser(_CONTENT)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser

    def read(self, blocks: Iterable[bytes]) -> None:
        """Parse all blocks. Raises FileError."""
        try:
            for block in blocks:
                self._parser.Parse(block, False)
            self._parser.Parse(b"", True)
        except (*XML_FAULTS, OverflowError) as problem:
            raise damaged(_CONTENT) from problem

    def _start(self, name: str, raw: dict[str, str]) -> None:
        tag = local(name)
        if self._skipping or tag == "annotation":
            self._skipping += 1  # a comment's paragraphs are no cell text
            return
        attributes = {local(key): value for key, value in raw.items()} if raw else raw
        if tag in {"table-cell", "covered-table-cell"}:
            self._cell = attributes
            self._covered = tag != "table-cell"
            if any(key.endswith("calcext") or "calcext" in key for key in raw):
                self._cell = attributes | _office_type(raw)
            self._text, self._paragraphs = [], 0
        elif tag == "p" and self._cell is not None:
            if self._paragraphs:
                self._text.append("\n")
            self._paragraphs += 1
        elif tag == "s":
            count = int(attributes.get("c", "1"))
            self._spaces += count
            if not 0 <= count <= MAX_SPACES or self._spaces > MAX_SPACES:
                raise _too_many()
            self._text.append(" " * count)
        elif tag in {"tab", "line-break"}:
            self._text.append("\t" if tag == "tab" else "\n")
        elif tag == "table-row":
            self._start_row(attributes)
        else:
            self._start_other(tag, attributes)

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._row_repeat = int(attributes.get("number-rows-repeated", "1"))
        self._row_hidden = attributes.get("visibility", "visible") != "visible"
        self._position = 0
        self._row_cells, self._row_formats = [], []

    def _start_other(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "table":
            self.sheets.append(_Sheet(attributes.get("name", ""), attributes.get("style-name", "")))
            self._row, self._column, self._column_styles = 1, 0, []
        elif tag == "table-column":
            self._start_columns(attributes)
        elif tag == "style":
            self._style = attributes.get("name", "")
            self._styles.start(tag, attributes)
        elif tag == "table-properties" and attributes.get("display") == "false":
            self.hidden_styles.add(self._style)
        elif not self.sheets:
            self._styles.start(tag, attributes)

    def _start_columns(self, attributes: Mapping[str, str]) -> None:
        repeat = int(attributes.get("number-columns-repeated", "1"))
        if attributes.get("visibility", "visible") != "visible":
            self.sheets[-1].facts.hidden_columns.append((self._column, self._column + repeat - 1))
        self._column_styles.append((self._column, attributes.get("default-cell-style-name", "")))
        self._column += repeat

    def _characters(self, data: str) -> None:
        if self._cell is not None and self._paragraphs and not self._skipping:
            self._text.append(data)

    def _end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        tag = local(name)
        if tag in {"table-cell", "covered-table-cell"}:
            self._end_cell()
        elif tag == "table-row":
            self._end_row()

    def _end_cell(self) -> None:
        attributes = self._cell or {}
        self._cell = None
        repeat = int(attributes.get("number-columns-repeated", "1"))
        sheet = self.sheets[-1]
        value = self._value(attributes)
        rows = int(attributes.get("number-rows-spanned", "1"))
        columns = int(attributes.get("number-columns-spanned", "1"))
        if rows * columns > 1:
            bottom, right = self._row + rows - 1, self._position + columns - 1
            sheet.facts.merged.append((self._row, self._position, bottom, right))
        if value != "" and not self._covered:
            if self._position + repeat > _MAX_COLUMN:
                raise _too_many()
            self._count_repeats(repeat - 1)
            self._row_cells += [(self._position + offset, value) for offset in range(repeat)]
            self._note_format(attributes, repeat)
        self._position += repeat

    def _note_format(self, attributes: Mapping[str, str], repeat: int) -> None:
        """Note what the format of a filled cell says: its language, its currency."""
        language = self._styles.language(self._cell_style(attributes))
        is_number = attributes.get("value-type") == "currency"
        if not language and not is_number:
            return
        form = Format(language=language, currency=attributes.get("currency", "") if is_number else "")
        self._row_formats += [(self._position + offset, form) for offset in range(repeat)]

    def _count_repeats(self, count: int) -> None:
        """Bound the cells that are not written, but repeated by a number."""
        self._repeated += count
        if count < 0 or self._repeated > MAX_REPEATS:
            raise _too_many()

    def _value(self, attributes: Mapping[str, str]) -> Value:
        text = "".join(self._text)
        if "formula" in attributes:
            if not attributes.get("value-type") and not text and self._paragraphs:
                return ""  # LibreOffice writes so an empty text that a formula gave; a paragraph, and no type
            if self._is_truth(attributes, text):
                return attributes["value"] == "1"
        is_number = attributes.get("value-type") == "float"
        return _value(attributes, text, self._styles.format(self._cell_style(attributes)) if is_number else Format())

    def _is_truth(self, attributes: Mapping[str, str], text: str) -> bool:
        """Tell a formula's TRUE or FALSE, stored as 1 or 0: a word is shown, and no format makes it so."""
        is_one = attributes.get("value-type") == "float" and attributes.get("value") in {"0", "1"}
        return is_one and text.isalpha() and not self._styles.has_format(self._cell_style(attributes))

    def _cell_style(self, attributes: Mapping[str, str]) -> str:
        style = attributes.get("style-name")
        if style is None:
            style = next((one for start, one in reversed(self._column_styles) if start <= self._position), "")
        return style

    def _end_row(self) -> None:
        if self._row_cells:
            sheet = self.sheets[-1]
            sheet.cells += len(self._row_cells) * self._row_repeat
            if sheet.cells > MAX_CELLS or self._row + self._row_repeat > _MAX_ROW + 1:
                raise _too_many()
            sheet.width = max(sheet.width, self._row_cells[-1][0] + 1)
            self._count_repeats(len(self._row_cells) * (self._row_repeat - 1))
            for number in range(self._row, self._row + self._row_repeat):
                sheet.rows[number] = self._row_cells
                for position, form in self._row_formats:
                    sheet.formats.note(number, position, form, is_number=True)
                if self._row_hidden:
                    sheet.facts.hidden_rows.append(number)
        self._row += self._row_repeat


def _office_type(raw: Mapping[str, str]) -> dict[str, str]:
    """Return the value type of the standard, and `error` where LibreOffice's own attribute says so."""
    types = {key: value for key, value in raw.items() if local(key) == "value-type"}
    standard = next((value for key, value in types.items() if "calcext" not in key), "")
    own = next((value for key, value in types.items() if "calcext" in key), "")
    return {"value-type": "error" if own == "error" else standard}


def _too_many() -> FileError:
    return FileError(
        message(
            "The file is not read: it repeats cells {count} times and more, as files are built to fill memory. Save "
            "the data as a new workbook, or as CSV.",
            count=MAX_CELLS,
        ),
        code="unsafe_file",
    )


def _value(attributes: Mapping[str, str], text: str, form: Format) -> Value:
    """Return what a cell holds. Raises ValueError for a value that is none of its type."""
    kind = attributes.get("value-type", "")
    has_formula = "formula" in attributes
    if kind == "error" or (has_formula and _ERROR_TEXT.fullmatch(text.strip())):
        return Marked(Kind.ERROR, text.strip() or "#VALUE!")
    if has_formula and not kind and not text:
        return Marked(Kind.NOT_CALCULATED, "")
    if kind in {"float", "percentage", "currency"}:
        number = number_value(attributes["value"], form, 1900)
        if isinstance(number, Marked) and number.kind is Kind.ERROR and number.text.lstrip("-") not in {"NaN", "INF"}:
            raise ValueError(number.text)
        return number
    if kind == "date":
        return _date(attributes["date-value"])
    if kind == "time":
        return _duration(attributes["time-value"])
    if kind == "boolean":
        return attributes["boolean-value"] == "true"
    return attributes.get("string-value", text) if kind == "string" else text


def _date(text: str) -> Value:
    if "T" not in text:
        return dt.date.fromisoformat(text)
    moment = dt.datetime.fromisoformat(text[:26])
    return moment.date() if moment.time() == dt.time() else moment


def _duration(text: str) -> dt.timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, days, hours, minutes, seconds = match.groups(default="0")
    length = dt.timedelta(
        days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds.replace(",", "."))
    )
    return -length if sign == "-" else length
