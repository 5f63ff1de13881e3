"""Parts of a workbook as XML: exact, and closed to entity tricks.

A document type declaration ends the reading: no spreadsheet program writes one, and entities that swell or reach for
files are declared there. Expat reads every encoding and prefix that XML allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from importer.errors import FileError
from schemas.message import message

SPREADSHEET_NAMESPACES = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",  # strict, ECMA-376 part 1, annex A
    }
)


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag: its name and its parent's, without prefixes, and its attributes likewise."""

    name: str
    parent: str
    attributes: dict[str, str]


_ELEMENT = re.compile(rb"<[A-Za-z_]")
_LONGEST_BEGINNING = 1 << 20

XML_FAULTS = (expat.ExpatError, LookupError, ValueError)
"""What expat raises for broken XML, for an encoding that Python does not know, and for one of several bytes a sign."""


def local(name: str) -> str:
    """Return an expat name without its namespace."""
    return name.rpartition(" ")[2]


def new_parser(part: str) -> expat.XMLParserType:
    """Return a parser that gives names as `namespace name` and refuses document type declarations.

    part: the member's name, for the message.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise _declares_type(part)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _declares_type(part: str) -> FileError:
    return FileError(
        message(
            "The part {part} of the file declares a document type, as attacks by XML entities do and spreadsheet "
            "programs never do. It is not read. Ask whoever made the file for a copy saved by a spreadsheet program.",
            part=part,
        ),
        code="unsafe_file",
    )


def check_beginning(blocks: Iterable[bytes], part: str) -> None:
    """Refuse a part that declares a document type, whoever reads it afterwards.

    A declaration stands before the first element; a part without any element in its first megabyte is refused too.
    """
    beginning = b""
    for block in blocks:
        beginning += block.replace(b"\0", b"")  # so that UTF-16 reads as ASCII
        element = _ELEMENT.search(beginning)
        if b"<!DOCTYPE" in beginning[: element.start() if element else None].upper():
            raise _declares_type(part)
        if element:
            return
        if len(beginning) > _LONGEST_BEGINNING:
            raise damaged(part)


def damaged(part: str) -> FileError:
    """Return the error for a part that is not the XML it should be."""
    return FileError(
        message(
            "The file is damaged: its part {part} cannot be read. Open it in a spreadsheet program, let that repair "
            "it, and save it again.",
            part=part,
        )
    )


def contradicts(part: str, what: str) -> FileError:
    """Return the error for a part that says two things of one row, cell or relation."""
    return FileError(
        message(
            "The workbook contradicts itself: in its part {part}, {what} stands twice or in the wrong place, and "
            "programs do not agree on what then counts. Open it in a spreadsheet program, let that repair it, check "
            "the rows, and save it again.",
            part=part,
            what=what,
        )
    )


def read_elements(data: bytes, part: str) -> Iterator[Element]:
    """Yield every start tag of a small part in document order. Raises FileError for XML that is broken or unsafe."""
    found: list[Element] = []
    path: list[str] = [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(Element(local(name), path[-1], {local(key): value for key, value in attributes.items()}))
        path.append(local(name))

    def end(_: str) -> None:
        path.pop()

    parser = new_parser(part)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except XML_FAULTS as problem:
        raise damaged(part) from problem
    yield from found
