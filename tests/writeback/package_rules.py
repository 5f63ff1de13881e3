"""What Excel demands of the parts that we write, so that it opens a workbook without repairing it.

Sources: ECMA-376 part 1, 18.3.1.99 (worksheet), 18.5.1 (table), 18.3.1.2 (autoFilter), 18.3.1.10 (cfRule), 18.2.5
(definedName); part 2, 6.5 and 7.2 (relationships, content types); Excel's limits (a text in a formula: 255 characters,
a formula: 8,192).
"""

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree as ET

WORKSHEET = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges "
    "scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr "
    "conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter "
    "rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing "
    "legacyDrawingHF drawingHF picture oleObjects controls webPublishItems AlternateContent tableParts extLst"
)
TABLE = "autoFilter sortState tableColumns tableStyleInfo extLst"
WORKBOOK = (
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences "
    "definedNames calcPr oleSize customWorkbookViews pivotCaches AlternateContent smartTagPr smartTagTypes "
    "webPublishing fileRecoveryPr webPublishObjects extLst"
)
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})(?::([A-Z]{1,3})([1-9]\d{0,6}))?")


def bare(tag):
    return tag.rpartition("}")[2]


def attribute(element, name):
    """Return an attribute whatever its namespace."""
    return next((value for key, value in element.attrib.items() if bare(key) == name), None)


def find(element, name):
    return [one for one in element.iter() if bare(one.tag) == name]


def number(letters):
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - 64
    return value


def corners(reference):
    found = REFERENCE.fullmatch(reference)
    assert found, f"{reference} is no ST_Ref"
    left, top, right, bottom = found.groups()
    area = number(left), int(top), number(right or left), int(bottom or top)
    assert area[0] <= area[2] <= 16_384
    assert area[1] <= area[3] <= 1_048_576
    return area


def in_order(element, names):
    """The children stand in the order that the schema gives them."""
    names = names.split()
    places = [names.index(bare(child.tag)) for child in element if bare(child.tag) in names]
    assert places == sorted(places), [bare(child.tag) for child in element]
    assert {bare(child.tag) for child in element} <= set(names)


class Package:
    def __init__(self, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            assert len({name.lower() for name in names}) == len(names)
            self.parts = {name: archive.read(name) for name in names}
        self.roots = {n: ET.fromstring(c) for n, c in self.parts.items() if n.endswith((".xml", ".rels"))}

    def relations(self, part):
        folder, name = posixpath.split(part)
        root = self.roots.get(f"{folder}/_rels/{name}.rels".lstrip("/"))
        found = {}
        for one in root if root is not None else ():
            assert one.get("Id") not in found
            if one.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, one.get("Target"))).lstrip("/")
                assert target in self.parts, target
                found[one.get("Id")] = (one.get("Type").rpartition("/")[2], target)
            else:
                found[one.get("Id")] = (one.get("Type").rpartition("/")[2], None)
        return found

    def text(self, cell):
        """Return a cell's text; None where it is no string."""
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return "".join(t.text or "" for t in find(cell, "t"))
        if kind == "s":
            part = next(name for name in self.parts if name.lower().endswith("sharedstrings.xml"))
            item = [one for one in self.roots[part] if bare(one.tag) == "si"][int(find(cell, "v")[0].text)]
            return "".join(t.text or "" for t in find(item, "t"))
        return (find(cell, "v") or [cell])[0].text if kind == "str" else None


def check_package(data):
    """Check what we may have touched; return {table's display name: its columns' names}."""
    package = Package(data)
    workbook = next(target for kind, target in package.relations("").values() if kind == "officeDocument")
    root = package.roots[workbook]
    in_order(root, WORKBOOK)
    related = package.relations(workbook)
    sheets = find(root, "sheet")
    assert len({one.get("sheetId") for one in sheets}) == len(sheets)
    assert len({one.get("name").lower() for one in sheets}) == len(sheets)
    styles = next(target for kind, target in related.values() if kind == "styles")
    dxfs = [len(one) for one in package.roots[styles] if bare(one.tag) == "dxfs"]
    tables, ids = {}, []
    for index, sheet in enumerate(sheets):
        part = related[attribute(sheet, "id")][1]
        worksheet = package.roots[part]
        if bare(worksheet.tag) != "worksheet":
            continue
        in_order(worksheet, WORKSHEET)
        check_formats(worksheet, (dxfs or [0])[0])
        check_filter(worksheet, root, index)
        found = [target for kind, target in package.relations(part).values() if kind == "table"]
        assert len(found) == len(find(worksheet, "tablePart"))
        areas = []
        for one in found:
            name, columns = check_table(package, worksheet, package.roots[one])
            assert name.lower() not in {n.lower() for n in tables}
            tables[name] = columns
            ids.append(package.roots[one].get("id"))
            areas.append(corners(package.roots[one].get("ref")))
        for n, a in enumerate(areas):
            for b in areas[n + 1 :]:
                assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1], "two tables overlap"
    assert len(set(ids)) == len(ids)
    types = package.roots["[Content_Types].xml"]
    overrides = [one.get("PartName").lower() for one in types if bare(one.tag) == "Override"]
    assert len(set(overrides)) == len(overrides)
    assert {one.lstrip("/") for one in overrides} <= {name.lower() for name in package.parts}
    return tables


def check_filter(worksheet, workbook, index):
    filters = [one for one in worksheet if bare(one.tag) == "autoFilter"]
    if not filters:
        return
    area = corners(filters[0].get("ref"))
    for column in find(filters[0], "filterColumn"):
        assert 0 <= int(column.get("colId")) <= area[2] - area[0]
    noted = [
        one.text.rpartition("!")[2].replace("$", "")
        for one in find(workbook, "definedName")
        if one.get("name") == "_xlnm._FilterDatabase" and one.get("localSheetId") == str(index)
    ]
    assert noted in ([], [filters[0].get("ref")])


def check_table(package, worksheet, table):
    in_order(table, TABLE)
    left, top, right, bottom = corners(table.get("ref"))
    for one in table:
        if bare(one.tag) == "autoFilter":
            inner = corners(one.get("ref"))
            assert inner[:3] == (left, top, right)
            assert inner[3] == bottom - int(table.get("totalsRowCount", "0"))
    columns = find(table, "tableColumn")
    holder = find(table, "tableColumns")[0]
    assert holder.get("count", str(len(columns))) == str(len(columns))
    assert len(columns) == right - left + 1
    ids = [int(one.get("id")) for one in columns]
    assert min(ids) >= 1
    assert len(set(ids)) == len(ids)
    names = [one.get("name") for one in columns]
    assert len({name.casefold() for name in names}) == len(names)
    cells = {one.get("r"): one for one in find(worksheet, "c")}
    if table.get("headerRowCount", "1") == "1":
        for place, name in enumerate(names, start=left):
            letters = next(r for r in cells if r.endswith(str(top)) and corners(r)[:2] == (place, top))
            assert package.text(cells[letters]) == name, f"the header cell {letters} and the table's column differ"
    return table.get("displayName"), names


def check_formats(worksheet, formats):
    priorities = []
    for block in [one for one in worksheet if bare(one.tag) == "conditionalFormatting"]:
        for area in block.get("sqref").split():
            corners(area)
        for rule in find(block, "cfRule"):
            priorities.append(int(rule.get("priority")))
            if rule.get("dxfId") is not None:
                assert int(rule.get("dxfId")) < formats
            for formula in find(rule, "formula"):
                assert 0 < len(formula.text) <= 8_192
                assert all(
                    len(text.replace('""', '"')) <= 255 for text in re.findall(r'"((?:[^"]|"")*)"', formula.text)
                )
    assert min(priorities, default=1) >= 1
