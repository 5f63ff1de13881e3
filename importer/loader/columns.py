"""Which column is which property, and which one names the ticket.

In:  the headers of a sheet, the portal's properties, and what the user said about columns.
Out: `Columns`; or a ColumnsError that names every header at fault at once.

A header names a property by its internal name (exactly), by its label (case and outer spaces aside), or because the
user mapped it. Nothing is guessed: near misses are suggested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from importer.errors import ColumnsError, FileError, NearHeader
from importer.findings import Finding, column_letter
from importer.loader.dialect import DELIMITERS
from importer.loader.header_matcher import KEY, HeaderMatcher
from importer.loader.header_text import bare, plain
from importer.loader.own import is_own_sheet
from importer.loader.table import SheetInfo, Source, Table
from importer.model import Columns, KeyColumn, ValueColumn
from schemas.cells import Nearest, quoted, visible
from schemas.message import Message, message
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET


def choose_sheet(
    source: Source,
    schema: PortalSchema,
    *,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    id_property: str | None = None,
) -> SheetInfo:
    """Return the sheet to read: the named one, or the only visible one with a key column.

    A sole visible sheet is returned even without a key column, so that `match_columns` can say what its header lacks.
    Raises ColumnsError (`no_such_sheet`, `ambiguous_sheet`, `no_key_column`), FileError (`empty_file`).
    """
    if sheet is not None:
        return _named_sheet(source, sheet)
    candidates = [one for one in source.sheets if one.visible and one.header_row is not None]
    candidates = [one for one in candidates if not is_own_sheet(source, one)]
    if not candidates:
        raise FileError(
            message("The file is empty: none of its visible sheets has any data.")
            if source.sheets and source.sheets[0].name is not None
            else message("The file is empty."),
            code="empty_file",
        )
    matcher = HeaderMatcher(schema, mapping or {})
    keyed = [one for one in candidates if matcher.has_key(one.headers, id_property)]
    if len(keyed) == 1:
        return keyed[0]
    if len(candidates) == 1:
        return candidates[0]
    if keyed:
        raise ColumnsError(
            [
                Finding(
                    "ambiguous_sheet",
                    message(
                        "Several sheets have a column that identifies tickets: {sheets}. Choose one with --sheet.",
                        sheets=_quoted(one.name or "" for one in keyed),
                    ),
                )
            ]
        )
    raise ColumnsError(
        [
            Finding(
                "no_key_column",
                message(
                    "No visible sheet ({sheets}) has a column that identifies tickets in its first row with data. "
                    'Give one of them a column "Record ID", or a column of a unique property, or choose a hidden '
                    "sheet with --sheet.",
                    sheets=_quoted(one.name or "" for one in candidates),
                ),
            )
        ]
    )


def _named_sheet(source: Source, name: str) -> SheetInfo:
    names = [one.name for one in source.sheets if one.name is not None]
    if not names:
        text = message("The file is delimited text and has no sheets. Leave out --sheet {sheet}.", sheet=name)
        raise ColumnsError([Finding("no_such_sheet", text)])
    found = [one for one in source.sheets if one.name == name]
    found = found or [one for one in source.sheets if plain(one.name or "") == plain(name)]
    if len(found) != 1:
        near = Nearest(names)(name, limit=1)
        text = (
            message(
                'There is no sheet "{sheet}"; did you mean {near}? The sheets are: {sheets}.',
                sheet=name,
                near=_quoted(near),
                sheets=_quoted(names),
            )
            if near
            else message('There is no sheet "{sheet}". The sheets are: {sheets}.', sheet=name, sheets=_quoted(names))
        )
        raise ColumnsError([Finding("no_such_sheet", text)])
    if found[0].header_row is None:
        raise FileError(message('The sheet "{sheet}" is empty.', sheet=name), code="empty_file")
    return found[0]


def agreeing_keys(table: Table, matcher: HeaderMatcher, skip: Collection[str] = ()) -> tuple[int, ...]:
    """Return the second and further columns of record IDs that hold in every row what the first one holds.

    Reads the table where there are such columns: exports have both `Record ID` and `Ticket ID`.
    """
    left_out = {plain(one) for one in skip}
    first, *others = [
        place
        for place, header in enumerate(table.headers)
        if place not in table.own.positions and plain(header) not in left_out and matcher.candidates(header) == [KEY]
    ] or [-1]
    for chunk in table.chunks([first, *others]) if others else ():
        keys = [text.strip() for text in chunk.columns[first]]
        others = [place for place in others if [text.strip() for text in chunk.columns[place]] == keys]
    return tuple(others)


def match_columns(
    headers: Sequence[str],
    header_row: int,
    schema: PortalSchema,
    *,
    id_property: str | None = None,
    mapping: Mapping[str, str] | None = None,
    skip: Collection[str] = (),
    skip_unknown: bool = False,
    skip_read_only: bool = False,
    empty_with_data: Collection[int] = (),
    own: Collection[int] = (),
) -> Columns:
    """Return what each column is.

    headers: by position, "" where empty. mapping: header -> property name (or label, or `id`).
    empty_with_data: positions whose header is empty though there is data below.
    own: positions of columns that are not read: our own, and keys that say the same as the first one.
    Raises ColumnsError with a finding for each header at fault.
    """
    matching = _Matching(
        HeaderMatcher(schema, mapping or {}), tuple(headers), header_row, skip, skip_unknown, skip_read_only
    )
    matching.check_delimiter()
    matching.check_options(id_property)
    beside = matching.beside_the_table(empty_with_data, own)
    for position in sorted({*range(len(headers)), *empty_with_data}.difference(own)):
        matching.place(position, empty_with_data=position in empty_with_data and position not in beside)
    return matching.result(id_property)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@dataclass(slots=True)
class _Matching:
    """Puts each column of one sheet in its place."""

    matcher: HeaderMatcher
    headers: tuple[str, ...]
    header_row: int
    skip: Collection[str]
    skip_unknown: bool
    skip_read_only: bool
    found: list[Finding] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notices: list[Message] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    """Property name (`id` for the record ID) -> position of its column."""

    def check_delimiter(self) -> None:
        """Raise ColumnsError where no header fits, and one names tickets and more when cut at another delimiter."""
        filled = [one for one in self.headers if bare(one)]
        if any(map(self.matcher.candidates, filled)):
            return
        for header, delimiter in product(filled, DELIMITERS):
            parts = header.split(delimiter)
            if len(parts) > 1 and self.matcher.has_key(parts, None):
                text = message(
                    "The header only fits where it is cut at another delimiter: {delimiter}. Name it with --delimiter "
                    '"{delimiter}".',
                    delimiter="tab" if delimiter == "\t" else delimiter,
                )
                raise ColumnsError([self._finding("no_key_column", self.headers.index(header), text)])

    def check_options(self, id_property: str | None) -> None:
        """Judge the mapping, the columns to skip and the chosen key before any column."""
        present = {plain(header) for header in self.headers}
        for header, name in self.matcher.mapping.items():
            if header not in present:
                self.notices.append(_not_there("--map", self.matcher.mapped_headers[header], self.headers))
            if len(self.matcher.named(name)) != 1 and header not in present:
                self.found.append(self._unknown(name, None))
        for header in self.skip:
            if plain(header) not in present:
                self.notices.append(_not_there("--skip-column", header, self.headers))
        if id_property is None:
            return
        names = self.matcher.named(id_property)
        if len(names) != 1:
            self.found.append(self._unknown(id_property, None))
        elif names != [KEY] and not self.matcher.properties[names[0]].unique:
            self.found.append(
                Finding(
                    "not_unique_property",
                    message(
                        'The property "{name}" is not unique in the portal, so it cannot name tickets. Use the '
                        'record ID, or a property that is set to "require unique values"{others}.',
                        name=names[0],
                        others=self._unique_ones(),
                    ),
                    property_name=names[0],
                )
            )

    def _unique_ones(self) -> str:
        unique = (one for one in self.matcher.properties.values() if one.unique and one.name != TICKET.record_id)
        names = [one.name for one in unique if not one.read_only and not one.hidden]
        return f": {', '.join(names)}" if names else ""

    def beside_the_table(self, empty_with_data: Collection[int], own: Collection[int]) -> frozenset[int]:
        """Return the columns right of the table behind an empty one, which are no part of it: notes, sums."""
        named = (place for place, header in enumerate(self.headers) if bare(header) and place not in own)
        last = max(named, default=-1)
        if last < 0 or last + 1 in empty_with_data:
            return frozenset()
        found = frozenset(place for place in empty_with_data if place > last)
        if found:
            self.notices.append(
                message(
                    "Cells right of the table, behind an empty column, are not read (column {column} and beyond).",
                    column=column_letter(min(found)),
                )
            )
        return found

    def place(self, position: int, *, empty_with_data: bool) -> None:
        """Decide what the column at `position` is, or note why that cannot be decided."""
        header = self.headers[position] if position < len(self.headers) else ""
        if plain(header) and plain(header) in {plain(one) for one in self.skip}:
            self.left_out.append(header)
        elif not bare(header):
            if empty_with_data:
                self.found.append(self._finding("empty_header", position, _EMPTY_HEADER))
        else:
            self._place_named(position, header)

    def _place_named(self, position: int, header: str) -> None:
        names = self.matcher.candidates(header)
        if not names:
            mapped = self.matcher.mapping.get(plain(header))
            if self.skip_unknown and mapped is None:
                self.left_out.append(header)
            else:
                self.found.append(self._unknown(mapped or header, position))
        elif len(names) > 1:
            text = message(
                'Several properties have the label "{header}": {names}. Name one of them in the header, or with '
                '--map "{header}=NAME".',
                header=header.strip(),
                names=", ".join(names),
            )
            self.found.append(self._finding("ambiguous_header", position, text))
        elif names[0] in self.places:
            self.found.append(self._finding("duplicate_header", position, self._second(names[0]), names[0]))
        else:
            self.places[names[0]] = position

    def _second(self, name: str) -> Message:
        first = self.places[name]
        header, cell = self.headers[first].strip(), f"{column_letter(first)}{self.header_row}"
        if name == KEY:
            return message(
                'Two columns are for the record ID: "{first}" ({cell}) and this one. Leave one of them out with '
                "--skip-column, or delete it.",
                first=header,
                cell=cell,
            )
        return message(
            'Two columns are for {name}: "{first}" ({cell}) and this one. Leave one of them out with '
            "--skip-column, or delete it.",
            name=name,
            first=header,
            cell=cell,
        )

    def _finding(self, code: str, position: int | None, text: Message, name: str | None = None) -> Finding:
        header = self.headers[position] if position is not None and position < len(self.headers) else None
        return Finding(code, text, row=self.header_row, position=position, header=header, property_name=name)

    def _unknown(self, name: str, position: int | None) -> Finding:
        text = _unknown_property(name, self.matcher.nearest(name))
        found = self._finding("unknown_property", position, text)
        return found if position is not None else Finding("unknown_property", text, value=name)

    def result(self, id_property: str | None) -> Columns:
        """Return the columns, or raise ColumnsError with all that was found."""
        key = self._key(id_property)
        values: list[ValueColumn] = []
        modified: ValueColumn | None = None
        for name, position in self.places.items():
            if name == KEY or (key is not None and position == key.position):
                continue
            column = ValueColumn(position, self.headers[position], self.matcher.properties[name])
            if name == TICKET.last_modified:
                modified = column
            elif column.definition.garbled and not column.definition.read_only:
                self.found.append(self._finding("unreadable_property", position, _garbled(column.definition), name))
            elif not column.definition.read_only:
                values.append(column)
            elif self.skip_read_only:
                self.left_out.append(column.header)
            else:
                self.found.append(self._finding("read_only_property", position, _read_only(column.definition), name))
        if self.found or key is None:
            found = sorted(self.found, key=lambda one: -1 if one.position is None else one.position)
            raise ColumnsError(found, self._near_headers())
        return Columns(
            key=key,
            values=tuple(sorted(values, key=lambda one: one.position)),
            header_row=self.header_row,
            modified=modified,
            left_out=tuple(self.left_out),
            notices=tuple(self.notices),
        )

    def _near_headers(self) -> list[NearHeader]:
        """Return what each header at fault is near to; nothing where one is near to none, or is wrong in other ways."""
        near: dict[str, NearHeader] = {}
        for one in self.found:
            is_unknown = one.code == "unknown_property" and one.header is not None
            if not is_unknown or plain(one.header or "") in self.matcher.mapping:
                return []
            header = bare(one.header or "")
            definition = self.matcher.only_near(header)
            if definition is None or definition.name in self.places or definition.name in near:
                return []
            near[definition.name] = NearHeader(header, definition.name, definition.label)
        return list(near.values())

    def _key(self, id_property: str | None) -> KeyColumn | None:
        if id_property is not None:
            return self._chosen_key(id_property)
        if KEY in self.places:
            return KeyColumn(self.places[KEY], self.headers[self.places[KEY]], KEY)
        unique = [name for name in self.places if self.matcher.properties[name].unique]
        if len(unique) == 1:
            return KeyColumn(self.places[unique[0]], self.headers[self.places[unique[0]]], unique[0])
        if unique:
            text = message(
                "Several columns could identify the tickets: {names}. Choose one with --id-property.",
                names=", ".join(unique),
            )
            self.found.append(self._finding("ambiguous_key", None, text))
        else:
            self.found.append(self._finding("no_key_column", None, self._no_key()))
        return None

    def _no_key(self) -> Message:
        others = self._unique_ones()
        if not self.places and not self.left_out:
            return message(
                "No column identifies the tickets. Row {row} is read as the header, because it is the first row "
                "that is not empty: delete everything above the real header, if this isn't it. Otherwise add a "
                'column "Record ID" with the ID of each ticket, or a column of a unique property{others}; or say '
                'which column it is with --map "HEADER=id".',
                row=self.header_row,
                others=others,
            )
        return message(
            'No column identifies the tickets. Add a column "Record ID" with the ID of each ticket, or a '
            'column of a unique property{others}; or say which column it is with --map "HEADER=id".',
            others=others,
        )

    def _chosen_key(self, id_property: str) -> KeyColumn | None:
        names = self.matcher.named(id_property)
        if len(names) != 1 or (names != [KEY] and not self.matcher.properties[names[0]].unique):
            return None  # `check_options` said why
        name = names[0]
        if name not in self.places:
            text = message(
                "No column holds {name}, which --id-property names. Add it, or say which column it is with "
                '--map "HEADER={name}".',
                name=name,
            )
            self.found.append(self._finding("no_key_column", None, text, name))
            return None
        if name != KEY and KEY in self.places:
            header = self.headers[self.places[KEY]]
            self.left_out.append(header)
            self.notices.append(
                message(
                    'The column "{header}" is left out: tickets are identified by {name}.',
                    header=header.strip(),
                    name=name,
                )
            )
        return KeyColumn(self.places[name], self.headers[self.places[name]], name)


def _not_there(option: str, header: str, headers: Sequence[str]) -> Message:
    """Return that an option names a column which is not there, and which was probably meant."""
    near = Nearest([one for one in headers if bare(one)])(header)
    if not near:
        return message('No column is called "{header}", which {option} names.', header=header, option=option)
    return message(
        'No column is called "{header}", which {option} names; did you mean {near}?',
        header=header,
        option=option,
        near=quoted(near),
    )


def _unknown_property(name: str, near: Sequence[Property]) -> Message:
    """Return that no property has a name or label, and which was probably meant."""
    if near:
        return message(
            'The portal has no ticket property "{name}". Did you mean {suggestions}? Rename the column, map it '
            'with --map "HEADER=PROPERTY", or leave it out with --skip-column or --skip-unknown.',
            name=visible(name),
            suggestions=", ".join(
                f'"{one.label}"' if one.name == one.label else f'"{one.label}" ({one.name})' for one in near
            ),
        )
    return message(
        'The portal has no ticket property "{name}". Rename the column, map it with --map "HEADER=PROPERTY", '
        "or leave it out with --skip-column or --skip-unknown.",
        name=visible(name),
    )


_EMPTY_HEADER = message(
    "The column has no header, though there is data below. Name the property in its header cell, or delete the column."
)


def _garbled(definition: Property) -> Message:
    return message(
        'The portal\'s definition of "{label}" ({name}) can\'t be read: its field "{field}" is not as documented. '
        "So its values can't be checked. Leave the column out with --skip-column, or delete it.",
        label=definition.label,
        name=definition.name,
        field=definition.garbled,
    )


def _read_only(definition: Property) -> Message:
    return message(
        'The property "{label}" ({name}) cannot be written: the portal fills it itself. Leave the column out with '
        "--skip-column or --skip-read-only, or delete it.",
        label=definition.label,
        name=definition.name,
    )
