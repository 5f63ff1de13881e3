"""What a text can mean where things have a value and a label, as options, pipelines and stages do.

A text that is the label of one thing and the value of another one means either: `--options`, or another cell of the
column, settles it. Nothing is guessed, for a wrong guess is sent in silence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.cells import Problem, Ways, fold, quoted, shown
from schemas.message import Message, message

LABELS, VALUES = "labels", "values"

WAY_NOTICES = {
    LABELS: message('{place}: texts are read as labels of options, because "{proof}" is a label and not a value.'),
    VALUES: message('{place}: texts are read as values of options, because "{proof}" is a value and not a label.'),
}


class Names:
    """Things by their names: as they are written, else without outer blanks, else without case and kinds of blanks."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        pairs = [(name, value) for name, value in pairs if name.strip()]
        self._exact = _grouped(pairs)
        self._bare = _grouped((name.strip(), value) for name, value in pairs)
        self._folded = _grouped((fold(name), value) for name, value in pairs)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the values that bear this name, once each."""
        return self._exact.get(text) or self._bare.get(text.strip()) or self._folded.get(fold(text), ())


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for name, value in pairs:
        found[name][value] = None
    return {name: tuple(values) for name, values in found.items()}


@dataclass(frozen=True, slots=True)
class Meanings:
    """What a text can mean: the thing whose value it is, and those whose label it is."""

    value: str | None
    labelled: tuple[str, ...]

    def chosen(self, way: str | None) -> tuple[str, ...]:
        """Return the values that the text may mean: one where it is clear, none where it is no name at all.

        way: whether texts are labels or values, where that is known.
        """
        if self.value is None or (way == LABELS and self.labelled):
            return self.labelled
        if way == VALUES:
            return (self.value,)
        return tuple(dict.fromkeys((self.value, *self.labelled)))

    @property
    def is_crossed(self) -> bool:
        """Whether the text is the value of one thing and the label of another."""
        return self.value is not None and any(one != self.value for one in self.labelled)

    def ways(self) -> Ways:
        """Return what the text proves of its column: that it holds labels, or values."""
        if self.value is None:
            return (LABELS,) if self.labelled else ()
        if not self.labelled:
            return (VALUES,)
        return (LABELS, VALUES) if self.is_crossed else ()


def crossed(text: str, meanings: Meanings) -> Problem:
    """Return the problem of a text that is the value of one option and the label of another."""
    return Problem(
        "ambiguous_option",
        message(
            '"{value}" is the label of one option (value {values}) and the value of another; say with --options labels '
            "or --options values what this column holds",
            value=shown(text),
            values=quoted([one for one in meanings.labelled if one != meanings.value]),
        ),
    )


def way_notice(way: str | None, place: str, proof: str) -> Message:
    """Return the words for "the cells of this column were read so, because of this one"."""
    return Message(WAY_NOTICES[way or LABELS].template, {"place": place, "proof": shown(proof)})
