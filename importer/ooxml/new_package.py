"""A new workbook, written part by part as its sheets are made: nothing of it is held in memory.

In:  the sheets, each as the pieces of its XML.
Out: an XLSX package.

Source: ECMA-376 part 2, 6.5 (relationships), 7.2 (content types); part 1, 18.2 (workbook).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, Literal

from importer.ooxml.archive import ArchiveWriter
from importer.ooxml.deflate import best_codec
from importer.ooxml.edited_package import CONTENT_TYPES, FILTER_NAME, STYLES_TYPE, WORKSHEET_TYPE
from importer.ooxml.xml import DECLARATION, RELATIONS, TRANSITIONAL, attribute_content, text_content

WORKBOOK = "xl/workbook.xml"
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FIRST_SHEET = 4
State = Literal["visible", "hidden", "veryHidden"]


class NewPackage:
    """A workbook that is being written."""

    def __init__(self, target: BinaryIO, styles: bytes) -> None:
        self._out = ArchiveWriter(target, best_codec())
        self._sheets: list[tuple[str, State]] = []
        self._filters: dict[int, str] = {}
        # First of all: by the name of its first part a file is known for a workbook.
        self._put("_rels/.rels", 1, _relations_text([("officeDocument", WORKBOOK)]))
        self._out.write("xl/styles.xml", [styles], 3)

    def write_sheet(self, name: str, pieces: Iterable[bytes], *, state: State = "visible") -> None:
        """Write the next sheet."""
        self._sheets.append((name, state))
        number = len(self._sheets)
        self._out.write(f"xl/worksheets/sheet{number}.xml", pieces, _FIRST_SHEET + number)

    def note_filter(self, area: str) -> None:
        """Say what area (`$A$1:$E$9`) the `autoFilter` of the last sheet has: programs note it in the workbook, too."""
        self._filters[len(self._sheets) - 1] = area

    def close(self, *, comment: bytes = b"") -> None:
        """Write what leads to the sheets, and the directory. The stream stays open."""
        relations = RELATIONS[TRANSITIONAL]
        numbers = range(1, len(self._sheets) + 1)
        start = DECLARATION.decode()
        overrides = [(WORKBOOK, _MAIN_TYPE), ("xl/styles.xml", STYLES_TYPE)]
        overrides += [(f"xl/worksheets/sheet{number}.xml", WORKSHEET_TYPE) for number in numbers]
        targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers] + [("styles", "styles.xml")]
        self._put(
            CONTENT_TYPES,
            0,
            f'{start}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="{_RELATIONS_TYPE}"'
            '/><Default Extension="xml" ContentType="application/xml"/>'
            + "".join(f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in overrides)
            + "</Types>",
        )
        self._put("xl/_rels/workbook.xml.rels", 2, _relations_text(targets))
        self._put(
            WORKBOOK,
            _FIRST_SHEET,
            f'{start}<workbook xmlns="{TRANSITIONAL}" xmlns:r="{relations}"><bookViews><workbookView/></bookViews>'
            f"<sheets>{self._entries()}</sheets>{self._filter_names()}</workbook>",
        )
        self._out.close(comment)

    def _put(self, name: str, rank: int, text: str) -> None:
        self._out.write(name, [text.encode()], rank)

    def _entries(self) -> str:
        return "".join(
            f'<sheet name="{attribute_content(name)}" sheetId="{number}"'
            + (f' state="{state}"' if state != "visible" else "")
            + f' r:id="rId{number}"/>'
            for number, (name, state) in enumerate(self._sheets, start=1)
        )

    def _filter_names(self) -> str:
        """Return the names in which programs note where filters are (ECMA-376 part 1, 18.2.5)."""
        names = "".join(
            f'<definedName name="{FILTER_NAME}" localSheetId="{index}" hidden="1">'
            + text_content(f"{quoted_sheet(self._sheets[index][0])}!{area}").decode()
            + "</definedName>"
            for index, area in self._filters.items()
        )
        return f"<definedNames>{names}</definedNames>" if names else ""


def quoted_sheet(name: str) -> str:
    """Return a sheet's name as references have it."""
    return "'" + name.replace("'", "''") + "'"


def _relations_text(targets: Iterable[tuple[str, str]]) -> str:
    kinds = RELATIONS[TRANSITIONAL]
    found = "".join(
        f'<Relationship Id="rId{number}" Type="{kinds}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{DECLARATION.decode()}<Relationships xmlns="{_PACKAGE}/relationships">{found}</Relationships>'
