"""The styles part with a few entries more: looks of our cells, and the highlight of faulty ones.

An entry that is there already, from an earlier run, is used again, so that running twice adds nothing.
Source: ECMA-376 part 1, 18.8 (order of elements: 18.8.39, styleSheet; 18.8.22, font).
"""

from __future__ import annotations

from typing import NamedTuple

from importer.ooxml.errors import not_as_usual
from importer.ooxml.xml import (
    DECLARATION,
    TRANSITIONAL,
    Edit,
    Element,
    append_inside,
    apply_edits,
    attribute_edit,
    parse,
    whole_number,
)

MOST_FORMATS = 64_000
"""Cell formats in a workbook (Excel specifications and limits: 65,490); beyond it our cells stay plain."""

_ORDER = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
_MINIMAL = (
    '<styleSheet xmlns="{namespace}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
    '</fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="1">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs><cellStyles count="1"><cellStyle '
    'name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class Look(NamedTuple):
    """How a cell of ours looks. Colours are RRGGBB; each fill comes with its own ink, so that both are readable
    whatever the theme. Texts have the number format of text: edited by hand, they still do not become formulas.
    """

    ink: str = ""
    fill: str = ""
    bold: bool = False
    underlined: bool = False
    size: float = 0
    line_below: bool = False
    indent: int = 0
    align: str = ""
    """`left` or `right` where it is not as the kind of value has it."""
    wrap: bool = False
    """Whether the cell shows the lines of its text."""
    text: bool = True
    number_format: int = 0

    def number(self) -> int:
        """Return the built-in number format: 49 is text (ECMA-376 part 1, 18.8.30)."""
        return 49 if self.text else self.number_format


HIGHLIGHT = (
    '<dxf><font><color rgb="FF9C0006"/></font><fill><patternFill patternType="solid"><fgColor rgb="FFFFD9D9"/>'
    '<bgColor rgb="FFFFD9D9"/></patternFill></fill><border><left style="thin"><color rgb="FFC00000"/></left>'
    '<right style="thin"><color rgb="FFC00000"/></right><top style="thin"><color rgb="FFC00000"/></top>'
    '<bottom style="thin"><color rgb="FFC00000"/></bottom></border></dxf>'
)
"""The look of a faulty cell: fill, ink and a frame, so not by colour alone. A dxf's solid fill shows its bgColor."""


def minimal_styles(namespace: str = TRANSITIONAL) -> bytes:
    """Return a styles part for a workbook that has none."""
    return DECLARATION + _MINIMAL.format(namespace=namespace).encode()


class Styles:
    """A styles part to which entries are added; `data()` is the part as it is now."""

    def __init__(self, data: bytes) -> None:
        """Read the part. Raises NotUnderstood where it lacks fonts, fills, borders or cell formats."""
        self._data = data
        self._root = parse(data, "styles.xml")
        self._added: dict[str, list[str]] = {}
        self._known: dict[str, list[object]] = {}
        self._looks: dict[Look, int] = {}
        for name in ("fonts", "fills", "borders", "cellXfs"):
            if self._list(name) is None:
                raise not_as_usual("styles.xml")

    def cell(self, look: Look) -> int:
        """Return the index of a cell format with this look, for the `s` of a cell; 0 where no more fit in."""
        known = self._looks.get(look)
        if known is None:
            formats = self._list("cellXfs")
            assert formats is not None
            full = len(formats.children) + len(self._added.get("cellXfs", ())) >= MOST_FORMATS
            known = self._looks[look] = 0 if full else self._add_format(look)
        return known

    def wrapping(self) -> frozenset[int]:
        """Return the indexes of the cell formats that show several lines."""
        formats = self._list("cellXfs")
        assert formats is not None
        return frozenset(
            index
            for index, one in enumerate(formats.children)
            if (alignment := one.child("alignment")) and alignment.attributes.get("wrapText") in {"1", "true"}
        )

    def highlight(self) -> int:
        """Return the index of our differential format, for a conditional format."""
        return self._entry("dxfs", HIGHLIGHT)

    def data(self) -> bytes:
        """Return the part; the very bytes that came in where nothing was added."""
        edits: list[Edit] = []
        for name, entries in self._added.items():
            new = "".join(entries).encode()
            element = self._list(name)
            if element is None:
                tag = self._root.tag(name)
                whole = f'<{tag} count="{len(entries)}">'.encode() + new + f"</{tag}>".encode()
                place = self._place_for(name)
                edits.append(Edit(place, place, whole))
                continue
            edits += append_inside(element, self._data, new)
            edits += attribute_edit(element, self._data, "count", str(len(element.children) + len(entries)))
        return apply_edits(self._data, edits)

    def _list(self, name: str) -> Element | None:
        return self._root.child(name)

    def _place_for(self, name: str) -> int:
        """Return the offset at which a list that is not there belongs."""
        before = _ORDER[: _ORDER.index(name)]
        earlier = [child.end for child in self._root.children if child.name in before]
        return max(earlier, default=self._root.open_end)

    def _add_format(self, look: Look) -> int:
        font = self._font(look) if look.ink or look.bold or look.underlined or look.size else self._base("fontId")
        fill = self._fill(look.fill) if look.fill else 0
        border = self._border() if look.line_below else 0
        applied = 'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1"'
        start = f'<xf numFmtId="{look.number()}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" {applied}'
        aligned = f' applyAlignment="1"><alignment horizontal="{look.align}" indent="{look.indent}"/></xf>'
        lines = ' applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
        return self._entry("cellXfs", start + (aligned if look.align else lines if look.wrap else "/>"))

    def _base(self, attribute: str) -> int:
        """Return what the workbook's ordinary cells have: the first cell format's font and so on."""
        formats = self._list("cellXfs")
        assert formats is not None
        first = formats.children[0].attributes if formats.children else {}
        return whole_number(first.get(attribute, "0").strip())

    def _font(self, look: Look) -> int:
        """Return the workbook's ordinary font in another ink, weight or size."""
        fonts = self._list("fonts")
        assert fonts is not None
        base = self._base("fontId")
        kept = fonts.children[base].children if base < len(fonts.children) else []
        own = {child.name: self._data[child.start : child.end].decode() for child in kept}
        parts = ["<b/>" if look.bold else "", "<u/>" if look.underlined else ""]
        parts.append(f'<sz val="{look.size:g}"/>' if look.size else own.get("sz", ""))
        parts.append(f'<color rgb="FF{look.ink}"/>' if look.ink else own.get("color", ""))
        parts += [own.get(name, "") for name in ("name", "family", "charset", "scheme")]
        return self._entry("fonts", f"<font>{''.join(parts)}</font>")

    def _fill(self, colour: str) -> int:
        pattern = f'<fgColor rgb="FF{colour}"/><bgColor indexed="64"/>'
        return self._entry("fills", f'<fill><patternFill patternType="solid">{pattern}</patternFill></fill>')

    def _border(self) -> int:
        line = '<bottom style="thin"><color rgb="FF8A94A0"/></bottom>'
        return self._entry("borders", f"<border><left/><right/><top/>{line}<diagonal/></border>")

    def _entry(self, name: str, markup: str) -> int:
        """Return the index of an entry that says this, adding it where there is none."""
        namespace = f' xmlns="{self._root.namespace}"'
        bare = markup if not self._root.prefix else _with_prefix(markup, self._root.prefix)
        declared = f' xmlns:{self._root.prefix}="{self._root.namespace}"' if self._root.prefix else namespace
        head, _, rest = bare.partition(">")
        slash = "/" if head.endswith("/") else ""
        meaning = _meaning(parse(f"{head.removesuffix('/')}{declared}{slash}>{rest}".encode(), "styles.xml"))
        if name not in self._known:
            element = self._list(name)
            self._known[name] = [_meaning(child) for child in element.children] if element else []
        known = self._known[name]
        if meaning in known:
            return known.index(meaning)
        known.append(meaning)
        self._added.setdefault(name, []).append(bare)
        return len(known) - 1


def _meaning(element: Element) -> object:
    """Return what an entry says, whatever its prefix and the order of its attributes."""
    attributes = frozenset(element.attributes.items())
    return element.name, attributes, tuple(_meaning(child) for child in element.children)


def _with_prefix(markup: str, prefix: str) -> str:
    """Return markup of ours, in which every `<` begins a tag, with a prefix on its names. Prefixed ones stay."""
    pieces = []
    for piece in markup.split("<"):
        slash, name = ("/", piece[1:]) if piece.startswith("/") else ("", piece)
        taken = ":" in name.split(" ")[0].split(">")[0] or not name
        pieces.append(piece if taken else f"{slash}{prefix}:{name}")
    return "<".join(pieces)
