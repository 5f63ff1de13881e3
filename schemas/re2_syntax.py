"""The syntax of RE2's patterns: a text becomes a tree of parts, or is refused.

No matching here: `schemas.re2` makes programs of the trees.
Source: the syntax page of RE2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_REPEAT = 1000
"""RE2's own limit of `{n}`."""

MAX_DEPTH = 100
"""Groups inside each other that are followed."""

Char = Callable[[str], bool]

WORD = ("09", "AZ", "az", "__")
_CLASSES = {"d": ("09",), "w": WORD, "s": ("\t\n", "\f\r", "  ")}
_POSIX = {
    "alnum": ("09", "AZ", "az"),
    "alpha": ("AZ", "az"),
    "ascii": ("\x00\x7f",),
    "blank": ("\t\t", "  "),
    "cntrl": ("\x00\x1f", "\x7f\x7f"),
    "digit": ("09",),
    "graph": ("!~",),
    "lower": ("az",),
    "print": (" ~",),
    "punct": ("!/", ":@", "[`", "{~"),
    "space": ("\t\r", "  "),
    "upper": ("AZ",),
    "word": WORD,
    "xdigit": ("09", "AF", "af"),
}
"""Classes of characters by their ranges: first and last. They know ASCII alone."""

_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<[A-Za-z0-9_]+>")
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|([0-7]{3}|0[0-7]{0,2})")
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_CATEGORY = re.compile(r"([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))")


@dataclass(frozen=True)
class Node:
    """A part of a pattern: `one` character, an `at` (assertion), a `row` or a `choice` of parts, or a `repeat`."""

    kind: str
    char: Char | None = None
    at: str = ""
    parts: tuple[Node, ...] = ()
    least: int = 0
    most: int | None = None


class Parser:
    """Reads a pattern. Raises ValueError for what RE2 does not have, or this module does not know."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._flags: frozenset[str] = frozenset()
        self._depth = 0

    def parse(self) -> Node:
        """Return the tree of the whole pattern."""
        node = self._choice()
        if self._at < len(self._text):
            raise ValueError(f"a ) too many at {self._at}")
        return node

    def _choice(self) -> Node:
        flags = self._flags
        rows = [self._row()]
        while self._take("|"):
            rows.append(self._row())
        self._flags = flags
        return rows[0] if len(rows) == 1 else Node("choice", parts=tuple(rows))

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            if (literal := self._quoted()) is not None:
                parts += [self._literal(one) for one in literal]
                if literal:
                    parts[-1] = self._repeated(parts[-1])
            elif (atom := self._atom()) is not None:
                parts.append(self._repeated(atom))
        return Node("row", parts=tuple(parts))

    def _quoted(self) -> str | None:
        if not self._text.startswith("\\Q", self._at):
            return None
        end = self._text.find("\\E", self._at)
        literal = self._text[self._at + 2 : end if end >= 0 else None]
        self._at = end + 2 if end >= 0 else len(self._text)
        return literal

    def _repeated(self, atom: Node) -> Node:
        counts = self._counts()
        if counts is None:
            return atom
        self._take("?")  # as few or as many: the same texts match
        if self._counts() is not None:
            raise ValueError("a repeat of a repeat")
        return Node("repeat", parts=(atom,), least=counts[0], most=counts[1])

    def _counts(self) -> tuple[int, int | None] | None:
        for mark, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(mark):
                return counts
        found = _COUNT.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise ValueError(f"a repeat {found[0]}")
        return least, most

    def _atom(self) -> Node | None:
        """Return the next part, or None where it was but flags."""
        char = self._text[self._at]
        if char == "(":
            return self._group()
        if char == "[":
            return self._one(self._set())
        self._at += 1
        if char == "^":
            return Node("at", at="line start" if "m" in self._flags else "start")
        if char == "$":
            return Node("at", at="line end" if "m" in self._flags else "end")
        if char == ".":
            return Node("one", char=_anything if "s" in self._flags else _not_a_line_feed)
        if char == "\\":
            return self._escaped()
        if char in "*+?":
            raise ValueError(f"nothing to repeat at {self._at}")
        return self._literal(char)

    def _group(self) -> Node | None:
        before = self._flags
        if found := _FLAGS.match(self._text, self._at):
            self._at = found.end()
            self._flags = (self._flags | frozenset(found[1])) - frozenset(found[2] or "")
            if found[3] == ")":
                return None
        elif found := _NAMED.match(self._text, self._at):
            self._at = found.end()
        elif self._text.startswith("(?", self._at):
            raise ValueError(f"a group of a kind that RE2 does not have at {self._at}")
        else:
            self._at += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError("too many groups inside each other")
        inner = self._choice()
        if not self._take(")"):
            raise ValueError("a ( too many")
        self._depth -= 1
        self._flags = before
        return inner

    def _escaped(self) -> Node:
        for name, at in (("A", "start"), ("z", "end"), ("b", "word edge"), ("B", "no word edge")):
            if self._take(name):
                return Node("at", at=at)
        found = self._class() or self._category()
        return self._one(found) if found else self._literal(self._character())

    def _class(self) -> Char | None:
        letter = self._text[self._at : self._at + 1]
        if letter.lower() not in _CLASSES or not letter:
            return None
        self._at += 1
        inside = within(_CLASSES[letter.lower()])
        return inside if letter.islower() else _other_than(inside)

    def _category(self) -> Char | None:
        found = _CATEGORY.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        name = found[3] or found[4]
        if name != "Any" and not re.fullmatch("[CLMNPSZ][a-z]?", name):
            raise ValueError(f"the script {name}")

        def inside(char: str) -> bool:
            return name == "Any" or unicodedata.category(char).startswith(name)

        return _other_than(inside) if (found[1] == "P") != bool(found[2]) else inside

    def _character(self) -> str:
        """Return the character that stands behind a backslash."""
        if found := _CODE.match(self._text, self._at):
            self._at = found.end()
            return chr(int(found[3], 8) if found[3] else int(found[1] or found[2], 16))
        char = self._text[self._at : self._at + 1]
        self._at += 1
        if char in _CONTROLS and char:
            return _CONTROLS[char]
        if not char or char.isalnum():
            raise ValueError(f"\\{char}")
        return char

    def _set(self) -> Char:
        self._at += 1
        negated = self._take("^")
        members: list[Char] = []
        first = True
        while first or self._text[self._at : self._at + 1] != "]":
            first = False
            members.append(self._posix() or self._member())
        self._at += 1

        def inside(char: str) -> bool:
            return any(member(char) for member in members)

        folded = _without_case(inside) if "i" in self._flags else inside
        return _other_than(folded) if negated else folded

    def _posix(self) -> Char | None:
        found = _POSIX_CLASS.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        if found[2] not in _POSIX:
            raise ValueError(f"the class {found[2]}")
        inside = within(_POSIX[found[2]])
        return _other_than(inside) if found[1] else inside

    def _member(self) -> Char:
        """Return a character of a set, a range of them, or a class."""
        if self._take("\\"):
            if found := self._class() or self._category():
                return found
            first = self._character()
        else:
            first = self._next()
        following = self._text[self._at : self._at + 2]
        if following[:1] != "-" or following[1:] in {"", "]"}:
            return within([first * 2])
        self._at += 1
        last = self._character() if self._take("\\") else self._next()
        if last < first:
            raise ValueError(f"the range {first}-{last}")
        return within([first + last])

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise ValueError("a [ too many")
        self._at += 1
        return self._text[self._at - 1]

    def _literal(self, char: str) -> Node:
        return self._one(_without_case(char.__eq__) if "i" in self._flags else char.__eq__)

    def _one(self, char: Char) -> Node:
        return Node("one", char=char)

    def _take(self, mark: str) -> bool:
        if self._text.startswith(mark, self._at):
            self._at += len(mark)
            return True
        return False


def _anything(_: str) -> bool:
    return True


def _not_a_line_feed(char: str) -> bool:
    return char != "\n"


def _other_than(inside: Char) -> Char:
    return lambda char: not inside(char)


def _without_case(inside: Char) -> Char:
    return lambda char: inside(char) or inside(char.lower()) or inside(char.upper())


def within(ranges: Iterable[str]) -> Char:
    """Return whether a character lies in one of some ranges, each written by its first and its last character."""
    pairs = [(one[0], one[1]) for one in ranges]
    return lambda char: any(first <= char <= last for first, last in pairs)
