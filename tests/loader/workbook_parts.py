"""Workbooks written part by part, for what no library writes."""

import zipfile
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def sheet_xml(rows: str, *, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    return f'<worksheet xmlns="{namespace}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def row(number: int, cells: str) -> str:
    return f'<row r="{number}">{cells}</row>'


def styles_xml(codes: dict[int, str], ids: list[int]) -> str:
    """Styles with number formats of one's own, and a cell style for each format ID."""
    own = "".join(f'<numFmt numFmtId="{one}" formatCode="{code}"/>' for one, code in codes.items())
    formats = "".join(f'<xf numFmtId="{one}" fontId="0" fillId="0" borderId="0"/>' for one in ids)
    return (
        f'<styleSheet xmlns="{MAIN}">'
        + (f'<numFmts count="{len(codes)}">{own}</numFmts>' if codes else "")
        + f'<cellXfs count="{len(ids)}">{formats}</cellXfs></styleSheet>'
    )


def strings_xml(items: list[str]) -> str:
    return f'<sst xmlns="{MAIN}">' + "".join(f"<si>{item}</si>" for item in items) + "</sst>"


def write_package(
    path: Path,
    sheet: str | bytes,
    *,
    styles: str | None = None,
    strings: str | None = None,
    properties: str = "",
    namespace: str = MAIN,
    macros: bool = False,
    absolute: bool = False,
    extra: dict[str, str | bytes] | None = None,
) -> Path:
    """Write a workbook with one sheet, `Sheet1`, whose part is `sheet` as it stands.

    absolute: relations name their targets from the package's root.
    """
    parts: dict[str, str | bytes] = {
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": (
            f'<workbook xmlns="{namespace}" xmlns:r="{_RELATIONS}">{properties}'
            '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/worksheets/sheet1.xml": sheet,
    }
    relations = {"rId1": ("worksheet", "worksheets/sheet1.xml")}
    overrides = {"/xl/workbook.xml": f"{_TYPES}.sheet.main+xml", "/xl/worksheets/sheet1.xml": f"{_TYPES}.worksheet+xml"}
    if styles is not None:
        parts["xl/styles.xml"] = styles
        relations["rId2"] = ("styles", "styles.xml")
        overrides["/xl/styles.xml"] = f"{_TYPES}.styles+xml"
    if strings is not None:
        parts["xl/sharedStrings.xml"] = strings
        relations["rId3"] = ("sharedStrings", "sharedStrings.xml")
        overrides["/xl/sharedStrings.xml"] = f"{_TYPES}.sharedStrings+xml"
    if macros:
        parts["xl/vbaProject.bin"] = b"macros"
        relations["rId4"] = ("vbaProject", "vbaProject.bin")
    if absolute:
        relations = {one: (kind, f"/xl/{target}") for one, (kind, target) in relations.items()}
    parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
    parts["[Content_Types].xml"] = (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides.items())
        + "</Types>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | (extra or {})).items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # without the clock
    return path


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="{one}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
            for one, (kind, target) in targets.items()
        )
        + "</Relationships>"
    )
