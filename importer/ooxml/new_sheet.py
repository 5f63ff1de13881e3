"""What a sheet that we make consists of, whichever workbook it goes into.

Source: ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.13 (col), 18.3.1.66 (pane).
"""

from __future__ import annotations

from collections.abc import Iterable


def frozen_pane(rows: int) -> str:
    """Return what a sheet's view holds so that its first rows stay in view."""
    return (
        f'<pane ySplit="{rows}" topLeftCell="A{rows + 1}" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft"/>'
    )


def column_widths(widths: Iterable[float]) -> str:
    """Return the `cols` element; nothing where there are no widths."""
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{w:g}" customWidth="1"/>' for n, w in enumerate(widths, start=1)
    )
    return f"<cols>{columns}</cols>" if columns else ""


def text_cell(reference: str, content: bytes, style: int = 0) -> bytes:
    """Return a cell that holds a text, never a formula. content: by `xml.text_content`."""
    return b'<c r="%b" s="%d" t="inlineStr"><is><t xml:space="preserve">%b</t></is></c>' % (
        reference.encode(),
        style,
        content,
    )
