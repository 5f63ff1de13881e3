"""The stream that people read: lines and drawings, the same on a terminal, in a pipe and in a file.

Colours and moving lines only on a terminal, and none where NO_COLOR is set (https://no-color.org); elsewhere plain
lines that are never folded. Text from the sheet or the portal is never taken for markup, and brings no control
characters. rich is imported when something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from importer.labels import plain_text
from schemas.message import Message, Translations

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

HEADER_LENGTH = 24
"""Longer headers are cut in tables."""
WIDE = 100
"""On narrower terminals, headers are cut shorter."""
_UNFOLDED = 1000
"""The width where there is no terminal: lines are as long as they are."""


class Screen:
    """Writes on `stream` in the language of `translations`. `width` stands in for the terminal's own."""

    def __init__(self, translations: Translations, stream: TextIO, *, width: int | None = None) -> None:
        self.translations = translations
        self.stream = stream
        self.interactive = stream.isatty()
        self._width = width
        self._console: Console | None = None

    def words(self, text: Message) -> str:
        """Return a text in the language of the person."""
        return text.render(self.translations)

    @property
    def can_unicode(self) -> bool:
        """Whether signs beyond a code page can be written."""
        return (getattr(self.stream, "encoding", None) or "utf-8").lower().startswith("utf")

    def write(self, line: str, *, style: str = "", fold: bool = True) -> None:
        """Write a line of ours; where there is no terminal, without rich."""
        line = "\n".join(map(plain_text, line.split("\n")))
        if not self.interactive:
            self.stream.write(f"{line}\n")
            self.stream.flush()
            return
        from rich.padding import Padding
        from rich.text import Text

        bare = line.lstrip(" ")
        text = Text(bare, style=style)
        indent = len(line) - len(bare)
        if indent and fold:  # so that what is folded stays below its beginning
            self.console().print(Padding(text, (0, 0, 0, indent), expand=False))
        else:
            self.console().print(Text(" " * indent) + text, soft_wrap=not fold)

    def fold(self, words: Sequence[str]) -> str:
        """Return words in lines of the terminal's width, with room for the cursor behind each."""
        from rich.cells import cell_len

        lines = [words[0]]
        for word in words[1:]:
            if cell_len(lines[-1]) + 1 + cell_len(word) < self.console().width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return "\n".join(lines)

    def draw(self, drawing: RenderableType) -> None:
        """Draw a table, indented, or a line of several colours."""
        from rich.padding import Padding
        from rich.table import Table

        console = self.console()
        if isinstance(drawing, Table):
            drawing = Padding(drawing, (0, 0, 0, 2), expand=False)
        if self.interactive:
            console.print(drawing)
            return
        with console.capture() as captured:
            console.print(drawing, soft_wrap=True)
        self.stream.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
        self.stream.flush()

    def console(self) -> Console:
        """Return rich's console on the stream."""
        if self._console is None:
            from rich.console import Console

            width = self._width if self.interactive else _UNFOLDED
            self._console = Console(file=self.stream, markup=False, emoji=False, highlight=False, width=width)
        return self._console

    def table(self, headers: Sequence[Message] = (), *, right: tuple[int, ...] = ()) -> Table:
        """Return a table without lines, to be filled and drawn; without headers, its columns come with its rows."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=bool(headers), pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for index, header in enumerate(headers):
            title = Text(self.words(header))
            table.add_column(title, justify="right" if index in right else "left", overflow="fold")
        return table
