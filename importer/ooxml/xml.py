"""XML of a workbook's parts: exact, with the addresses of its elements in bytes, and closed to entity tricks.

Three ways to read: `read_elements` gives the start tags of a small part; `new_parser` streams a large one; `parse`
gives a tree whose elements know where they begin and end, so that some bytes change and no other does. Expat reads
every encoding and prefix that XML allows; a document type declaration ends each reading: no spreadsheet program writes
one, and entities that swell or reach for files are declared there. What is to be edited is UTF-8 besides, or else
`NotUnderstood`, so that the caller puts the results elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from xml.parsers import expat

from importer.errors import FileError
from importer.ooxml.errors import NotUnderstood, not_as_usual
from schemas.message import message

TRANSITIONAL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = {
    TRANSITIONAL: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    STRICT: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
"""Namespace of the main markup -> that of `r:id` and of relation types (ECMA-376 parts 1 and 4, annex A)."""
SPREADSHEET_NAMESPACES = frozenset(RELATIONS)

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
CELL_LIMIT = 32_767
"""Characters in a cell, counted as UTF-16 has them (Excel specifications and limits)."""

_TAG_REST = re.compile(rb"""<[^\s/>]+(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_XML_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_MOST_DIGITS = 10
"""Of an `xsd:unsignedInt`, which all numbers of rows, columns and formats are (ECMA-376 part 1, 18.3)."""
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</")
_READING = re.compile(rb"<(?:\w+:)?rPh[\s>].*?</(?:\w+:)?rPh\s*>", re.DOTALL)
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_ATTRIBUTE_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
_FIRST_ELEMENT = re.compile(rb"<[A-Za-z_]")
_LONGEST_BEGINNING = 1 << 20
XML_FAULTS = (expat.ExpatError, LookupError, ValueError)
"""What expat raises for broken XML, for an encoding that Python does not know, and for one of several bytes a sign."""


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTag:
    """A start tag: its name and its parent's, without prefixes, and its attributes likewise."""

    name: str
    parent: str
    attributes: dict[str, str]


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
    """Refuse a part that declares a document type, whatever reads it afterwards.

    A declaration stands before the first element; a part without any element in its first megabyte is refused too.
    """
    beginning = b""
    for block in blocks:
        beginning += block.replace(b"\0", b"")  # so that UTF-16 reads as ASCII
        element = _FIRST_ELEMENT.search(beginning)
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


def read_elements(data: bytes, part: str) -> Iterator[StartTag]:
    """Yield every start tag of a small part in document order. Raises FileError for XML that is broken or unsafe."""
    found: list[StartTag] = []
    path: list[str] = [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(StartTag(local(name), path[-1], {local(key): value for key, value in attributes.items()}))
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


# --- editing ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Element:
    """One element of parsed bytes. Offsets are of bytes: `start` of `<`, `end` behind the last `>`."""

    name: str
    namespace: str
    prefix: str
    attributes: dict[str, str]
    """By name as written, without its namespace: `r:id` is `id`."""
    start: int
    open_end: int
    """Behind the start tag."""
    close: int = 0
    """Where the end tag begins; `open_end` for `<empty/>`."""
    end: int = 0
    children: list[Element] = field(default_factory=list)
    text: str = ""
    """Character data directly inside."""

    @property
    def empty_tag(self) -> bool:
        """Whether it is written `<empty/>`."""
        return self.close == self.end

    def child(self, name: str) -> Element | None:
        """Return the first child of this name in the element's own namespace."""
        return next((c for c in self.children if c.name == name and c.namespace == self.namespace), None)

    def walk(self) -> Iterator[Element]:
        """Yield the element and everything inside, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def tag(self, name: str) -> str:
        """Return a name with this element's prefix."""
        return f"{self.prefix}:{name}" if self.prefix else name


class Edit(NamedTuple):
    """Bytes from `start` to `end` become `new`."""

    start: int
    end: int
    new: bytes


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the data with the edits, which do not overlap; those at one place in the order they are given."""
    pieces = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += [data[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*pieces, data[at:]])


def append_inside(element: Element, data: bytes, new: bytes) -> list[Edit]:
    """Return the edits that put `new` behind the last child of an element."""
    if not element.empty_tag:
        return [Edit(element.close, element.close, new)]
    name = element.tag(element.name).encode()
    slash = data.rindex(b"/", element.start, element.open_end)
    return [Edit(slash, element.open_end, b">" + new + b"</" + name + b">")]


def attribute_edit(element: Element, data: bytes, name: str, value: str) -> list[Edit]:
    """Return the edit that gives an attribute without prefix another value; none where it is not there or the same."""
    if element.attributes.get(name, value) == value:
        return []
    tag = data[element.start : element.open_end]
    found = re.search(rb"""\s%s\s*=\s*("[^"]*"|'[^']*')""" % name.encode(), tag)
    assert found is not None
    start = element.start + found.start(1)
    return [Edit(start, start + len(found[1]), b'"' + value.encode() + b'"')]


def whole_number(text: str | bytes) -> int:
    """Return what a number of a sheet's markup says. Raises NotUnderstood for anything else."""
    if len(text) > _MOST_DIGITS or not text.isdigit() or not text.isascii():
        raise not_as_usual()
    return int(text)


def parse(data: bytes, part: str) -> Element:
    """Return the root of a part. Raises NotUnderstood; `part` names it in the reason."""
    declared = _XML_DECLARATION.match(data)
    if declared and declared[1].lower() != b"utf-8":
        raise NotUnderstood(message("The part {name} of the workbook is not written in UTF-8.", name=part))
    builder = _Builder(data)
    try:
        builder.parser.Parse(data, True)
    except (expat.ExpatError, _DocumentType) as problem:
        raise not_as_usual(part) from problem
    assert builder.root is not None
    return builder.root


class _DocumentType(Exception):
    """A document type declaration: entities could stand for anything."""


class _Builder:
    """Collects elements while expat reads."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._open: list[Element] = []
        self.root: Element | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse

    @staticmethod
    def _refuse(*_: object) -> None:
        raise _DocumentType

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, local, prefix = _named(name)
        start = self.parser.CurrentByteIndex
        tag = _TAG_REST.match(self._data, start)
        if tag is None:
            raise _DocumentType
        plain = {_named(key)[1]: value for key, value in attributes.items()}
        element = Element(local, namespace, prefix, plain, start, tag.end())
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if self._data[element.open_end - 2 : element.open_end] == b"/>":
            element.close = element.end = element.open_end
            return
        element.close = self.parser.CurrentByteIndex
        element.end = self._data.index(b">", element.close) + 1

    def _text(self, text: str) -> None:
        self._open[-1].text += text


def _named(name: str) -> tuple[str, str, str]:
    """Return (namespace, local name, prefix) of expat's `namespace local prefix`, of which parts may lack."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def text_content(text: str, *, limit: bool = True) -> bytes:
    """Return text as the content of a `t` element.

    What XML cannot hold becomes `_xHHHH_`, and a text that looks so already keeps its own meaning (ECMA-376 part 1,
    22.9.2.19, ST_Xstring). With `limit`, over the length a cell may have, it ends in an ellipsis.
    """
    if limit:
        text = within_cell(text)
    if "_x" in text or not text.isprintable():  # what XML cannot hold is never printable
        text = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


def cell_length(text: str) -> int:
    """Return the length of a text as `CELL_LIMIT` counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def within_cell(text: str) -> str:
    """Return a text as a cell can hold it: cut with an ellipsis where it is too long."""
    if len(text) * 2 <= CELL_LIMIT or cell_length(text) <= CELL_LIMIT:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    kept = units[: (CELL_LIMIT - 1) * 2]
    if 0xD8 <= kept[-1] <= 0xDB:
        kept = kept[:-2]
    return kept.decode("utf-16-le", "surrogatepass") + "…"


def attribute_content(text: str) -> str:
    """Return text as the value of an attribute, with the same escapes."""
    text = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.translate(_ATTRIBUTE_ESCAPES)


def item_text(markup: bytes) -> str:
    """Return the text that the markup of an `is` or `si` says, readings of Japanese words aside."""
    joined = b"".join(_TEXT.findall(_READING.sub(b"", markup))).decode("utf-8", "replace")
    plain = unescape(joined.replace("\r\n", "\n").replace("\r", "\n"))
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), plain)
