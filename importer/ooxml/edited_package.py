"""The workbook's own parts: which part is which sheet, and how sheets of ours are entered and found again.

In:  the package; names of sheets.
Out: the part of a sheet, its tables, and edits of the workbook, its relations and the content types.

Source: ECMA-376 part 2, 6.5 (relationships), 7.2 (content types); part 1, 18.2.19 and 18.2.20 (sheet, sheets).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import count, islice

from importer.ooxml.archive import Archive, Member
from importer.ooxml.errors import NotUnderstood
from importer.ooxml.package import relations_part, target_part
from importer.ooxml.xml import (
    RELATIONS,
    Edit,
    Element,
    append_inside,
    apply_edits,
    attribute_content,
    item_text,
    parse,
    whole_number,
)
from schemas.message import message

CONTENT_TYPES = "[Content_Types].xml"
WORKSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
FILTER_NAME = "_xlnm._FilterDatabase"
_MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_RELATIONS_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ITEM_END = re.compile(rb"</(?:\w+:)?si\s*>|<(?:\w+:)?si\s*/>")
_CELLS_OF_TWO_ROWS = 40
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship of a part: its type's last word, and the part it leads to (None outside the package)."""

    id: str
    kind: str
    target: str | None
    element: Element


class EditedPackage:
    """A workbook's package that is read, and the edits that are collected for the new one.

    `changed` maps the names of parts to their new content; None takes a part away.
    """

    def __init__(self, archive: Archive) -> None:
        """Read the workbook's parts. Raises NotUnderstood for a package that is no spreadsheet."""
        self.archive = archive
        self.changed: dict[str, bytes | None] = {}
        self._parsed: dict[str, tuple[bytes, Element]] = {}
        workbooks = [relation for relation in self.relations("") if relation.kind == "officeDocument"]
        if len(workbooks) != 1 or workbooks[0].target is None:
            raise NotUnderstood(message("The file is not a workbook in the XLSX format."))
        self.workbook = workbooks[0].target
        root = self.root(self.workbook)
        if root.name != "workbook" or root.namespace not in RELATIONS:
            raise NotUnderstood(message("The file is not a workbook in the XLSX format."))
        self.namespace = root.namespace
        self.relation_namespace = RELATIONS[root.namespace]

    @property
    def signed(self) -> bool:
        """Whether the package is signed: any change makes the signature void."""
        return any(relation.kind == "origin" for relation in self.relations(""))

    @property
    def has_macros(self) -> bool:
        """Whether it is a workbook with macros (`.xlsm`), by its content type."""
        return _MACROS.encode() in self.read(CONTENT_TYPES)

    def member(self, part: str) -> Member | None:
        """Return the archive's member of a part."""
        return self.archive.find(part)

    def read(self, part: str) -> bytes:
        """Return a part as it will be: with the edits made so far."""
        member = self.archive.find(part)
        name = member.name if member else part
        changed = self.changed.get(name)
        if changed is not None:
            return changed
        if member is None:
            raise NotUnderstood(message("The part {name} of the workbook is missing.", name=part))
        return self.archive.read(member)

    def root(self, part: str) -> Element:
        """Return a part as it will be, parsed."""
        data = self.read(part)
        known = self._parsed.get(part)
        if known is None or known[0] != data:
            known = self._parsed[part] = data, parse(data, part)
        return known[1]

    def set(self, part: str, content: bytes) -> None:
        """Give a part new content; a part that is the same afterwards is not touched."""
        if content != self.read(part):
            member = self.archive.find(part)
            self.changed[member.name if member else part] = content

    def exists(self, part: str) -> bool:
        """Return whether there is such a part, in the old package or the new."""
        return self.archive.find(part) is not None or any(name.lower() == part.lower() for name in self.changed)

    def relations(self, part: str) -> list[Relation]:
        """Return a part's relationships; of the package itself for `""`."""
        name = relations_part(part)
        if not self.exists(name):
            return []
        root = self.root(name)
        found = []
        for element in root.children:
            attributes = element.attributes
            target = None
            if attributes.get("TargetMode", "Internal") == "Internal":
                target = target_part(part, attributes.get("Target", ""))
            kind = attributes.get("Type", "").rpartition("/")[2]
            found.append(Relation(attributes.get("Id", ""), kind, target, element))
        return found

    def sheet_part(self, name: str) -> str | None:
        """Return a worksheet's part; None where no sheet has this name. Raises NotUnderstood for a chart sheet."""
        entry = self._sheet_entry(name)
        if entry is None:
            return None
        relation = next((r for r in self.relations(self.workbook) if r.id == entry.attributes.get("id")), None)
        if relation is None or relation.kind != "worksheet" or relation.target is None:
            raise NotUnderstood(message("The sheet is not a worksheet."))
        return relation.target

    def _sheet_entry(self, name: str) -> Element | None:
        sheets = self.root(self.workbook).child("sheets")
        entries = sheets.children if sheets else []
        return next((entry for entry in entries if entry.attributes.get("name", "").lower() == name.lower()), None)

    def tables(self, sheet_part: str) -> dict[str, Element]:
        """Return the Excel tables of a sheet: the root of each by its part."""
        parts = [one.target for one in self.relations(sheet_part) if one.kind == "table" and one.target]
        return {part: self.root(part) for part in parts}

    def is_filled_by_query(self, part: str) -> bool:
        """Return whether a query fills a table or a sheet."""
        return any(relation.kind == "queryTable" for relation in self.relations(part))

    def noted_filter(self, sheet: str) -> Element | None:
        """Return the name in which programs note where a sheet's filter is (ECMA-376 part 1, 18.2.5)."""
        root = self.root(self.workbook)
        entry = self._sheet_entry(sheet)
        sheets, names = root.child("sheets"), root.child("definedNames")
        if entry is None or sheets is None or names is None:
            return None
        index = str(sheets.children.index(entry))
        return next(
            (
                one
                for one in names.children
                if one.attributes.get("name") == FILTER_NAME and one.attributes.get("localSheetId") == index
            ),
            None,
        )

    def styles_part(self) -> str | None:
        """Return the styles part."""
        relations = self.relations(self.workbook)
        return next((relation.target for relation in relations if relation.kind == "styles"), None)

    def add_related(self, part: str, kind: str, content_type: str) -> str:
        """Enter a new part in the workbook's relations and the content types; return the relation's ID."""
        name = relations_part(self.workbook)
        data = self.read(name)
        root = self.root(name)
        taken = {relation.id.lower() for relation in self.relations(self.workbook)}
        # IDs that the workbook names without having them: what leads nowhere must not lead to a part of ours.
        taken |= {name.decode().lower() for name in re.findall(rb"rId\d+", self.read(self.workbook))}
        number = next(n for n in count(1) if f"rid{n}" not in taken)
        target = posixpath.relpath(part, posixpath.dirname(self.workbook) or ".")
        relation = (
            f'<{root.tag("Relationship")} Id="rId{number}" Type="{self.relation_namespace}/{kind}" '
            f'Target="{attribute_content(target)}"/>'
        )
        self.set(name, apply_edits(data, append_inside(root, data, relation.encode())))
        types = self.read(CONTENT_TYPES)
        root = self.root(CONTENT_TYPES)
        override = f'<{root.tag("Override")} PartName="/{attribute_content(part)}" ContentType="{content_type}"/>'
        self.set(CONTENT_TYPES, apply_edits(types, append_inside(root, types, override.encode())))
        return f"rId{number}"

    def add_sheet(self, name: str) -> str:
        """Enter a new sheet behind all others; return the name of its part, which is yet to be written."""
        folder = posixpath.join(posixpath.dirname(self.workbook), "worksheets")
        number = next(n for n in range(1, 100_000) if not self.exists(f"{folder}/sheet{n}.xml"))
        part = f"{folder}/sheet{number}.xml"
        self.changed[part] = b""
        relation = self.add_related(part, "worksheet", WORKSHEET_TYPE)
        data = self.read(self.workbook)
        root = self.root(self.workbook)
        sheets = root.child("sheets")
        if sheets is None:
            raise NotUnderstood(message("The file is not a workbook in the XLSX format."))
        ids = [sheet.attributes.get("sheetId", "") for sheet in sheets.children]
        numbers = [whole_number(one) for one in ids if one.isascii() and one.isdigit()]
        entry = (
            f'<{sheets.tag("sheet")} xmlns:r="{self.relation_namespace}" name="{attribute_content(name)}" '
            f'sheetId="{max(numbers, default=0) + 1}" r:id="{relation}"/>'
        )
        self.set(self.workbook, apply_edits(data, append_inside(sheets, data, entry.encode())))
        return part

    def report_part(self, name: str, is_ours: Callable[[Mapping[str, str]], bool]) -> str:
        """Return the part for a sheet of ours: that of an earlier run, emptied of what hung on it, or a new one.

        A sheet of this name that `is_ours` does not know is left alone; ours is then numbered.
        """
        for label in (name, *(f"{name} {number}" for number in range(2, 100))):
            part = self.sheet_part(label)
            if part is None:
                return self.add_sheet(label)
            if is_ours(self._first_texts(part)):
                self._drop_relations(part)
                return part
        raise NotUnderstood(message("Too many sheets are called {name}.", name=name))

    def _drop_relations(self, part: str) -> None:
        """Take away a sheet's relationships, and the parts that only they lead to."""
        member = self.member(relations_part(part))
        if member is None:
            return
        targets = {relation.target for relation in self.relations(part) if relation.target}
        self.changed[member.name] = None
        if targets:
            others = {name for name in self.archive.members if name.endswith(".rels") and name != member.name}
            needed = {r.target for name in others for r in self.relations(_owner(name))}
            for target in targets - needed:
                if found := self.member(target):
                    self.changed[found.name] = None
                    self._drop_override(found.name)

    def _drop_override(self, part: str) -> None:
        types = self.read(CONTENT_TYPES)
        root = self.root(CONTENT_TYPES)
        gone = [c for c in root.children if c.attributes.get("PartName", "").lower() == f"/{part}".lower()]
        self.set(CONTENT_TYPES, apply_edits(types, [Edit(c.start, c.end, b"") for c in gone]))

    def _first_texts(self, part: str) -> dict[str, str]:
        """Return the texts of a sheet's first cells, by their references; those of the first two rows at least."""
        member = self.member(part)
        beginning = next(self.archive.pieces(member), b"") if member else b""
        texts: dict[str, str] = {}
        for found in islice(_CELL.finditer(beginning), _CELLS_OF_TWO_ROWS):
            reference = re.search(rb"\sr=[\"']([A-Z]+[12])[\"']", found[1])
            value = re.search(rb"<(?:\w+:)?v>(\d+)</", found[2] or b"")
            if reference is None:
                break
            shared = re.search(rb"\st=[\"']s[\"']", found[1]) and value
            texts[reference[1].decode()] = (
                self._shared_string(whole_number(value[1])) if shared and value else item_text(found[2] or b"").strip()
            )
        return texts

    def _shared_string(self, index: int) -> str:
        return self.shared_texts({index}).get(index, "").strip()

    def shared_texts(self, indexes: Collection[int]) -> dict[int, str]:
        """Return some texts of the table that cells share (ECMA-376 part 1, 18.4.9), by their index."""
        part = next((r.target for r in self.relations(self.workbook) if r.kind == "sharedStrings"), None)
        member = self.member(part) if part else None
        texts: dict[int, str] = {}
        if member is None or not indexes:
            return texts
        wanted, last = set(indexes), max(indexes)
        count, rest = 0, b""
        for piece in self.archive.pieces(member):
            items = _ITEM_END.split(rest + piece)
            rest = items.pop()
            for index in wanted.intersection(range(count, count + len(items))):
                texts[index] = item_text(items[index - count])
            count += len(items)
            if count > last:
                break
        return texts


def _owner(relations: str) -> str:
    """Return the part whose relationships a part holds."""
    folder, name = posixpath.split(relations)
    return posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))
