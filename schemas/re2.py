"""RE2's patterns, as the portal's rules have them, matched in time linear in the text.

Python's own `re` reads another language: POSIX classes mean something else to it, and the end of a text and the letters
of words are others. And it takes time exponential in the text for rules as harmless as `^([A-Za-z]+ ?)+$`: one long
cell would stop a run for good.

A pattern becomes a small program, whose places are all followed at once, as RE2 itself does it, and remembered.
Source: the syntax page of RE2; Russ Cox, "Regular Expression Matching: the Virtual Machine Approach".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.re2_syntax import WORD, Char, Node, Parser, within

MAX_PROGRAM = 20_000
"""Instructions of one pattern: more come of counted repeats inside each other, which RE2 refuses as well."""

MAX_KNOWN = 10_000
"""Sets of places that an automaton remembers."""


@dataclass(slots=True)
class _Step:
    """An instruction: eat a character, or look around, or end, or neither; then go on at each of `to`."""

    char: Char | None = None
    at: str = ""
    ends: bool = False
    to: tuple[int, ...] = ()


def _program(node: Node) -> list[_Step]:
    """Return the instructions of a pattern; the first one begins it, the last one ends it."""
    steps: list[_Step] = []
    _write(node, steps)
    steps.append(_Step(ends=True))
    return steps


def _write(node: Node, steps: list[_Step]) -> None:
    """Append the instructions of a part; it ends where the next one begins."""
    if len(steps) > MAX_PROGRAM:
        raise ValueError("too many repeats inside each other")
    if node.kind in {"one", "at"}:
        steps.append(_Step(node.char, node.at, to=(len(steps) + 1,)))
    elif node.kind == "row":
        for part in node.parts:
            _write(part, steps)
    elif node.kind == "choice":
        _write_choice(node.parts, steps)
    else:
        _write_repeat(node, steps)


def _write_choice(parts: Iterable[Node], steps: list[_Step]) -> None:
    fork = _Step()
    steps.append(fork)
    begins, exits = [], []
    for part in parts:
        begins.append(len(steps))
        _write(part, steps)
        exits.append(_Step())
        steps.append(exits[-1])
    fork.to = tuple(begins)
    for one in exits:
        one.to = (len(steps),)


def _write_repeat(node: Node, steps: list[_Step]) -> None:
    part = node.parts[0]
    for _ in range(node.least):
        _write(part, steps)
    forks = []
    for _ in range(1 if node.most is None else node.most - node.least):
        place, fork = len(steps), _Step()
        steps.append(fork)
        _write(part, steps)
        if node.most is None:
            steps.append(_Step(to=(place,)))
        fork.to = (place + 1,)
        forks.append(fork)
    for fork in forks:
        fork.to += (len(steps),)


class Pattern:
    """A pattern ready to match. Raises ValueError for one that is not RE2's, or has parts not known here."""

    def __init__(self, pattern: str) -> None:
        steps = _program(Parser(pattern).parse())
        self._whole = _Automaton(steps, anywhere=False)
        self._part = _Automaton(steps, anywhere=True)

    def fullmatch(self, text: str) -> bool:
        """Return whether the whole text matches."""
        return self._whole.matches(text)

    def search(self, text: str) -> bool:
        """Return whether any part of the text matches."""
        return self._part.matches(text)


@dataclass(slots=True)
class _State:
    """Where a program may be behind a character (`before` stands for all of its kind), and where it goes from there.

    True stands for a match that is sure, False for one that is not possible any more.
    """

    places: frozenset[int]
    before: str
    nexts: dict[str, _State | bool] = field(default_factory=dict)


class _Automaton:
    """Follows a program through texts, from their beginning or from anywhere in them."""

    def __init__(self, steps: list[_Step], *, anywhere: bool) -> None:
        self._steps = steps
        self._anywhere = anywhere
        self._states: dict[tuple[frozenset[int], str], _State] = {}

    def matches(self, text: str) -> bool:
        state: _State | bool = self._state(frozenset({0}), "")
        for char in text:
            assert isinstance(state, _State)
            following = state.nexts.get(char)
            state = self._follow(state, char) if following is None else following
            if state is True or state is False:
                return state
        assert isinstance(state, _State)
        return any(one.ends for one in self._reached(state, ""))

    def _state(self, places: frozenset[int], before: str) -> _State:
        key = (places, before)
        if key not in self._states:
            if len(self._states) > MAX_KNOWN:
                self._states.clear()
            self._states[key] = _State(places, before)
        return self._states[key]

    def _follow(self, state: _State, char: str) -> _State | bool:
        reached = self._reached(state, char)
        eaten = {to for one in reached if one.char and one.char(char) for to in one.to}
        found: _State | bool
        if self._anywhere and any(one.ends for one in reached):
            found = True
        elif not eaten and not self._anywhere:
            found = False
        else:
            kind = "a" if _is_word(char) else char if char == "\n" else "-"
            found = self._state(frozenset(eaten | {0} if self._anywhere else eaten), kind)
        state.nexts[char] = found
        return found

    def _reached(self, state: _State, after: str) -> list[_Step]:
        """Return the instructions that are reached without eating a character."""
        seen, left, found = set(state.places), list(state.places), []
        while left:
            step = self._steps[left.pop()]
            found.append(step)
            if step.char is None and (not step.at or _stands(step.at, state.before, after)):
                new = set(step.to) - seen
                seen |= new
                left += new
        return found


def _stands(at: str, before: str, after: str) -> bool:
    """Return whether an assertion holds between two characters, "" where there is none."""
    if at == "start" or (at == "line start" and before != "\n"):
        return not before
    if at == "end" or (at == "line end" and after != "\n"):
        return not after
    if at in {"line start", "line end"}:
        return True
    edge = bool(before and _is_word(before)) != bool(after and _is_word(after))
    return edge if at == "word edge" else not edge


_is_word = within(WORD)
