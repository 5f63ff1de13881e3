"""Our two columns in the data's own filter or Excel table: what sorts and filters the rows takes them along.

In:  the tables of a sheet, the reference of its filter, and where our columns stand.
Out: wider references; a table's part with two columns more.

A filter or a table is joined where its first row is the header row, the key column is in it, and it ends at the last
data column; one that holds our columns already stays as it is. A table that a query or an XML map fills is left alone:
it would drop them.
Source: ECMA-376 part 1, 18.5.1 (table, tableColumns), 18.3.1.2 (autoFilter), 18.3.1.92 (sortState).
"""

from __future__ import annotations

from collections.abc import Sequence

from importer.ooxml.xml import (
    Edit,
    Element,
    append_inside,
    apply_edits,
    attribute_content,
    attribute_edit,
    whole_number,
)
from importer.writeback.areas import Area


def widen_filter(element: Element, data: bytes, old: Area, new: Area) -> list[Edit]:
    """Return the edits that let an `autoFilter`, and the sorting noted in it, end where `new` does."""
    edits: list[Edit] = []
    for one in element.walk():
        area = Area.of(one.attributes.get("ref", "")) if one.name in {"autoFilter", "sortState"} else None
        if area is not None and area.last == old.last and area.first == old.first:
            edits += attribute_edit(one, data, "ref", str(area._replace(last=new.last)))
    return edits


def join_table(table: Element, data: bytes, new: Area, names: Sequence[str]) -> bytes:
    """Return a table's part that ends where `new` does; `names` are the headers of the columns that come in."""
    old = Area.of(table.attributes["ref"])
    columns = table.child("tableColumns")
    assert old is not None
    assert columns is not None
    ids = [whole_number(one.attributes.get("id", "0")) for one in columns.children]
    tag = columns.tag("tableColumn")
    added = "".join(
        f'<{tag} id="{number}" name="{attribute_content(name)}"/>'
        for number, name in enumerate(names, start=max(ids, default=0) + 1)
    )
    edits = attribute_edit(table, data, "ref", str(new))
    for child in table.children:
        edits += widen_filter(child, data, old, new)
    edits += attribute_edit(columns, data, "count", str(len(columns.children) + len(names)))
    edits += append_inside(columns, data, added.encode())
    return apply_edits(data, edits)


def is_fixed(table: Element) -> bool:
    """Return whether a table must stay as it is: it has no header row, no columns, or something else fills it."""
    attributes = table.attributes
    columns = table.child("tableColumns")
    filled = attributes.get("tableType", "worksheet") != "worksheet" or "connectionId" in attributes
    return filled or attributes.get("headerRowCount", "1") != "1" or columns is None or not columns.children
