"""Damage as strategies: to bytes, to markup, to the members of a ZIP file."""

import io
import re
import warnings
import zipfile
from typing import NamedTuple

from hypothesis import strategies as st

INTERESTING = [
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b'"', b'""', b"\r", b"\n", b"\r\n", b",", b";", b"\t", b"|", b"'",
    b"=", b"+", b"@", b"\x1b[2J", "\u202e".encode(), "\U0001f525".encode(), b"\x85", b"\x1a", b"PK\x03\x04", b"sep=;\n",
    b"9" * 40, b"2.50123E+10", b"1e999", b"NaN", b"-0", b" ", b"\xa0", b"<script>", b"]]>", b"&", b"<", b">",
]  # fmt: skip

TEXTS = [
    b"", b" ", b"0", b"-1", b"1", b"1e999", b"-1e-999", b"NaN", b"INF", b"99999999999999999999", b"1048577", b"2958466",
    b"-0.5", b"60", b"0x1F", b"1,5", b"TRUE", b"#N/A", b"#BOGUS!", b"2026-02-30", b"2026-03-04T12:30:00Z", b"&#0;",
    b"&#xD800;",
    b"&#x1F525;", b"&bogus;", b"&lt;script&gt;", b"_x000D_", b"_x0000_", b"]]>", b"a" * 40_000, b"\xff", b"\0",
    b"[h]:mm:ss",
    b"General;General;General;General;General", b'"', b"[$-F800]", b"yyyy", b"0%", b"00000",
]  # fmt: skip

ATTRIBUTES = [
    b"", b"0", b"1", b"-1", b"999999999999", b"A1", b"XFD1048576", b"XFE1", b"ZZZZZZ1", b"a1", b"A0", b"1A", b"A1:B2",
    b"B2:A1",
    b"s", b"str", b"inlineStr", b"b", b"e", b"n", b"d", b"bogus", b"preserve", b"true", b"hidden", b"rId1", b"rId99",
    b"../../../etc/passwd", b"/xl/workbook.xml", b"worksheets/sheet1.xml", b"External", b"&#10;", b"&amp;", b"\xff",
    b"4294967296",
]  # fmt: skip

SNIPPETS = [
    b"<!-- > -->", b"<![CDATA[<c>]]>", b"<?x y?>", b"<!DOCTYPE x [<!ENTITY e 'eee'>]>", b"<c/>",
    b'<c r="A1"><v>1</v></c>',
    b'<c r="B2" t="s"><v>99999</v></c>', b'<c r="C3"><f>1</f></c>', b'<row r="2"/>', b"<row><c><v>1</v></c></row>",
    b"</row>",
    b"<row>", b"</sheetData>", b"<sheetData/>", b"<is><t>x</t></is>", b'<mergeCell ref="A2:A3"/>',
    b'<mergeCells><mergeCell ref="A2:B3"/></mergeCells>',
    b"<v>1</v>", b"<f/>", b'<x:c xmlns:x="urn:x"/>', b"<extLst/>", b'<cfRule type="x"/>', b"<si><t/></si>", b"<cols/>",
]  # fmt: skip


DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "double", "cut", "move", "flip"]),
        st.integers(0, 10**6),
        st.integers(1, 64),
        st.sampled_from(INTERESTING) | st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)
"""What happens to bytes, step by step: how, where (modulo their number), to how many of them, with which new ones."""


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """Return bytes with some of them flipped, added, taken away, doubled, moved, or cut off."""
    return DAMAGE.map(lambda steps: damage(data, steps))


def damage(data: bytes, steps) -> bytes:
    """Return bytes after `DAMAGE`."""
    for how, where, count, new in steps:
        at = where % (len(data) + 1)
        before, piece, rest = data[:at], data[at : at + count], data[at + count :]
        match how:
            case "set":
                data = before + new + data[at + len(new) :]
            case "insert":
                data = before + new + piece + rest
            case "delete":
                data = before + rest
            case "double":
                data = before + piece * 2 + rest
            case "cut":
                data = before
            case "move":
                data = rest[: at // 2] + piece + rest[at // 2 :] if at > len(data) // 2 else rest + before + piece
            case "flip":
                data = before + bytes(one ^ (1 << count % 8) for one in piece[:1]) + piece[1:] + rest
    return data


@st.composite
def odd_markup(draw, xml: bytes, *, most: int = 4) -> bytes:
    """Return markup with tags and texts exchanged, doubled or dropped, and attributes that no program writes."""
    pieces = re.findall(rb"<[^>]*>|[^<]+", xml)
    for _ in range(draw(st.integers(1, most))):
        if pieces:
            change = draw(st.sampled_from([_drop, _double, _swap, _add, _retext, _reattribute, _strip]))
            change(draw, pieces, draw(st.integers(0, len(pieces) - 1)))
    xml = b"".join(pieces)
    return draw(st.sampled_from([xml] * 12 + [xml.decode("utf-8", "replace").encode("utf-16")]))


def _drop(_draw, pieces, at):
    del pieces[at]


def _double(_draw, pieces, at):
    pieces.insert(at, pieces[at])


def _swap(draw, pieces, at):
    other = draw(st.integers(0, len(pieces) - 1))
    pieces[at], pieces[other] = pieces[other], pieces[at]


def _add(draw, pieces, at):
    pieces.insert(at, draw(st.sampled_from(TEXTS + SNIPPETS)))


def _retext(draw, pieces, at):
    texts = [place for place, piece in enumerate(pieces) if not piece.startswith(b"<")] or [at]
    pieces[draw(st.sampled_from(texts))] = draw(st.sampled_from(TEXTS))


def _reattribute(draw, pieces, _at):
    _replace_one(draw, pieces, rb'="[^"]*"', lambda: b'="' + draw(st.sampled_from(ATTRIBUTES)) + b'"')


def _strip(draw, pieces, _at):
    _replace_one(draw, pieces, rb'\s[\w:]+="[^"]*"', lambda: b"")


def _replace_one(draw, pieces, pattern, make):
    found = [place for place, piece in enumerate(pieces) if re.search(pattern, piece)]
    if found:
        place = draw(st.sampled_from(found))
        which = draw(st.sampled_from(list(re.finditer(pattern, pieces[place]))))
        pieces[place] = pieces[place][: which.start()] + make() + pieces[place][which.end() :]


@st.composite
def odd_package(draw, data: bytes) -> bytes:
    """Return a ZIP file whose members are damaged, renamed, missing, twice there, or other members' content."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    names = [name for name, _ in members]
    likely = [
        n
        for n, name in enumerate(names)
        if re.search(r"sheet\d*\.xml$|content\.xml$|workbook\.xml$|sharedStrings", name)
    ]
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(likely) | st.integers(0, len(members) - 1)) % len(members)
        name, content = members[place]
        match draw(st.sampled_from(["markup"] * 6 + ["bytes", "missing", "double", "rename", "swap", "empty"])):
            case "markup":
                content = draw(odd_markup(content))
            case "bytes":
                content = draw(damaged(content))
            case "missing" if len(members) > 1:
                del members[place]
                continue
            case "double":
                members.append((name, draw(odd_markup(content))))
            case "rename":
                name = draw(
                    st.sampled_from([name.upper(), name.replace("/", "\\"), "../" + name, "/" + name, name + "\0", "x"])
                )
            case "swap":
                content = draw(st.sampled_from(members))[1]
            case "empty":
                content = b""
        members[place] = (name, content)
    return _packed(draw, members)


def _packed(draw, members) -> bytes:
    target = io.BytesIO()
    method = draw(
        st.sampled_from([zipfile.ZIP_DEFLATED] * 6 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # zipfile warns of a name that is there twice; others just write it
        with zipfile.ZipFile(target, "w", method) as archive:
            for name, content in members:
                archive.writestr(zipfile.ZipInfo(name), content, method)
            archive.comment = draw(st.sampled_from([b""] * 6 + [b"PK\x05\x06" + b"\0" * 18]))
    return target.getvalue()


@st.composite
def delimited_texts(draw) -> bytes:
    """Return text made of what delimited files are made of."""
    alphabet = st.sampled_from(
        [
            "Record ID",
            "subject",
            "25012345001",
            "1",
            "x",
            "é",
            "漢",
            ",",
            ",",
            ";",
            "\t",
            "|",
            '"',
            '""',
            "\n",
            "\r\n",
            "\r",
            " ",
            "\0",
            "sep=;",
            "\u2028",
        ]
    )
    text = "".join(draw(st.lists(alphabet, max_size=30)))
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "utf-32", "shift_jis"])
    )
    return text.encode(encoding, "replace")


class Drawn(NamedTuple):
    """A file as drawn; told of by its size, for its bytes are kept in a file where they break a law."""

    suffix: str
    content: bytes

    def __repr__(self) -> str:
        return f"<{len(self.content)} bytes of {self.suffix}>"


@st.composite
def spreadsheets(draw, files) -> Drawn:
    """Return a damaged seed, or something that is no spreadsheet."""
    suffix, content = files[draw(st.sampled_from(sorted(files)))]
    if suffix == ".csv":
        suffix = draw(st.sampled_from([".csv", ".csv", ".txt", ".xlsx"]))
        return Drawn(suffix, draw(damaged(content) | delimited_texts()))
    if content.startswith(b"PK"):
        return Drawn(suffix, draw(odd_package(content) | damaged(content)))
    return Drawn(suffix, draw(damaged(content)))
