"""Find tickets by their keys, and find out why those are missing that are.

batch/read leaves out what it does not have, with an error or without a word: tickets that never were, that are
archived (read again with `archived`), or that were merged into another (a single read of the old ID leads there).
Source: HubSpot batch read reference; merged records as observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple
from unicodedata import normalize
from urllib.parse import quote

from importer.batcher import fold_key
from importer.errors import Unavailable
from importer.portal.answers import Answer, HistoryEntry, Record
from importer.portal.endings import NoSuchPath, Refused
from importer.portal.waiting import StopSignal, together

if TYPE_CHECKING:
    from importer.portal.client import Portal

MERGED_IDS = "hs_merged_object_ids"
"""Lists the IDs that were merged into a ticket, joined by `;`."""
MAX_NAMED_SINGLES = 100
"""Missing tickets of a run that are looked up one by one though the portal said that they do not exist: merged ones may
be reported so. A wrong file must not cost a request a row."""
PROPERTIES_A_QUERY = 100
MOST_REFUSED = 8
"""Keys whose read is refused alone, with none read before, from which on keys are not taken to be the reason."""
FEW_REPEATS = 2
"""Repeats of a question that only tells why a ticket is missing which the portal says does not exist."""


class Ticket(NamedTuple):
    """A ticket as it is now. Values are strings, "" where unset; histories are newest first."""

    id: str
    properties: Mapping[str, str]
    history: Mapping[str, tuple[HistoryEntry, ...]] = MappingProxyType({})
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A key without a ticket, and why. `new_id`: where a merged one lives on."""

    kind: Literal["not_found", "archived", "merged"]
    new_id: str | None = None


Found = dict[str, Ticket | Missing]


@dataclass(frozen=True, slots=True)
class Question:
    """What to look up of each ticket."""

    id_property: str | None
    properties: tuple[str, ...]
    history: tuple[str, ...]
    stop: StopSignal | None
    repeats: int
    on_read: Callable[[int], None] | None = None

    @property
    def size(self) -> int:
        """Keys in one request."""
        return 50 if self.history else 100


def quoted(key: str) -> str:
    """Return a key as a part of a path."""
    return quote(key, safe="")


async def find_tickets(portal: Portal, keys: Sequence[str], asked: Question) -> Found:
    """Return what each key leads to. It is asked for as it is typed; how keys are compared is the portal's own matter.

    Texts that may be the same (in another case, or in another normal form of Unicode) never stand in one request: so
    what answers to one of them is known. A text that leads nowhere is asked for in its other normal forms, too.
    """
    spellings: dict[str, list[str]] = {}
    for key in keys:
        spellings.setdefault(_spelt(key, asked), []).append(key)
    found: Found = {}
    named: set[str] = set()
    left = await _read_all(portal, list(spellings), asked, found, named)
    if left and asked.id_property is not None:
        left = await _read_other_forms(portal, left, asked, found)
    if left:
        # Once more: an answer with nothing in it says nothing.
        silent = [key for key in left if key not in named]
        await _read_all(portal, silent, asked, found, named, again=True)
        left = [key for key in left if key not in found]
        await _read_archived(portal, left, asked, found)
        await _read_singly(portal, [key for key in left if key not in found], asked, found, named)
    nowhere = Missing("not_found")
    return {key: found.get(spelt, nowhere) for spelt, same in spellings.items() for key in same}


class _Asked:
    """The keys of one request, found by what an answer calls them: exactly, else as the most tolerant portal would."""

    def __init__(self, keys: Sequence[str], asked: Question) -> None:
        self._keys = frozenset(keys)
        self._id_property = asked.id_property
        self._folded = {fold_key(key, asked.id_property): key for key in keys}

    def exactly(self, text: str) -> str | None:
        return text if text in self._keys else None

    def tolerantly(self, text: str) -> str | None:
        return self._folded.get(fold_key(text, self._id_property))

    def named(self, texts: Iterable[str]) -> set[str]:
        """Return the keys that are meant by texts of an error."""
        return {key for text in texts if (key := self.exactly(text) or self.tolerantly(text)) is not None}


def _batches(keys: Sequence[str], asked: Question, size: int) -> Iterator[list[str]]:
    """Yield the keys in requests, none of which holds two that some portal may take for the same."""
    rounds: list[dict[str, str]] = [{}]
    for key in keys:
        folded = fold_key(key, asked.id_property)
        for one in rounds:
            if folded not in one:
                break
        else:
            one = {}
            rounds.append(one)
        one[folded] = key
    for one in rounds:
        spelt = list(one.values())
        yield from (spelt[start : start + size] for start in range(0, len(spelt), size))


async def _read_other_forms(portal: Portal, keys: list[str], asked: Question, found: Found) -> list[str]:
    """Ask for texts in their other normal forms: a file from a Mac may hold an accent apart from its letter."""
    forms = {
        key: [form for kind in ("NFC", "NFD") if (form := normalize(kind, key)) != key]
        for key in keys
        if not key.isascii()
    }
    others: Found = {}
    spelt = list(dict.fromkeys(form for one in forms.values() for form in one))
    await _read_all(portal, spelt, replace(asked, on_read=None), others, set())
    for key, one in forms.items():
        if ticket := next((others[form] for form in one if form in others), None):
            found[key] = ticket
    return [key for key in keys if key not in found]


async def _read_all(
    portal: Portal, keys: list[str], asked: Question, found: Found, named: set[str], *, again: bool = False
) -> list[str]:
    """Read keys in batches into `found`; note in `named` those the portal says are missing; return those not found."""
    names = (*asked.properties, asked.id_property or MERGED_IDS)

    refused: list[Refused] = []

    async def ask(batch: list[str]) -> None:
        """Read keys; those that a refusal is due to are named, and the others read without them."""
        try:
            answer = await portal.read(
                batch,
                id_property=asked.id_property,
                properties=names,
                history=asked.history,
                stop=asked.stop,
                repeats=asked.repeats,
            )
        except Refused as refusal:
            parts = _parts(batch, refusal, asked, named)
            if len(batch) == 1 and not refusal.answer.faults[0].ids:
                refused.append(refusal)
            if len(refused) >= MOST_REFUSED and not found:
                raise  # it looks as if no key were to blame
            for part in parts:
                await ask(part)
        else:
            _note_answer(answer, batch, asked, found, named)

    async def read(batch: list[str]) -> None:
        await ask(batch)
        if asked.on_read is not None and not again:
            asked.on_read(len(batch))

    await together(*(read(batch) for batch in _batches(keys, asked, asked.size)))
    if refused and not found:
        raise refused[0]
    return [key for key in keys if key not in found]


def _parts(batch: list[str], refusal: Refused, asked: Question, named: set[str]) -> list[list[str]]:
    """Return in which parts refused keys are read again; note in `named` those it is due to.

    Raises the refusal where it is about no key.
    """
    faults = refusal.answer.faults
    if any(fault.problems or fault.concerns_request for fault in faults):
        raise refusal
    told = _Asked(batch, asked).named(one for fault in faults for one in fault.ids)
    named |= told
    if told:
        rest = [key for key in batch if key not in told]
        return [rest] if rest else []
    if len(batch) == 1:
        named.add(batch[0])
        return []
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _note_answer(answer: Answer, batch: Sequence[str], asked: Question, found: Found, named: set[str]) -> None:
    wanted = _Asked(batch, asked)
    exact: set[str] = set()
    for record in answer.results:
        called = _called(record, asked)
        key = wanted.exactly(called)
        if key is not None:
            exact.add(key)
        else:
            key = wanted.tolerantly(called)
        if key is not None and (called == key or key not in exact):
            found[key] = Ticket(record.id, record.properties, record.history, record.updated_at)
        if key is None and asked.id_property is None:
            merged = record.properties.get(MERGED_IDS, "").replace(",", ";").split(";")
            for old in wanted.named(one.strip() for one in merged):
                found.setdefault(old, Missing("merged", record.id))
    for fault in answer.faults:
        if fault.is_missing:
            named |= wanted.named(fault.ids)


def _called(record: Record, asked: Question) -> str:
    """Return what a record is called where it is asked for."""
    return record.properties.get(asked.id_property, "") if asked.id_property else record.id


def _spelt(key: str, asked: Question) -> str:
    """Return a key as it is asked for: without the zeros before a number, and the blanks around a text."""
    return fold_key(key, None) if asked.id_property is None else key.strip()


async def _read_archived(portal: Portal, keys: list[str], asked: Question, found: Found) -> None:
    names = [asked.id_property] if asked.id_property else []

    async def read(batch: list[str]) -> None:
        try:
            answer = await portal.read(
                batch,
                id_property=asked.id_property,
                properties=names,
                archived=True,
                stop=asked.stop,
                repeats=min(asked.repeats, FEW_REPEATS),
            )
        except (Refused, Unavailable):
            return  # it only tells why they are missing
        wanted = _Asked(batch, asked)
        for key in wanted.named(_called(record, asked) for record in answer.results):
            found[key] = Missing("archived")

    await together(*(read(batch) for batch in _batches(keys, asked, 100)))


async def _read_singly(portal: Portal, keys: list[str], asked: Question, found: Found, named: set[str]) -> None:
    """Look up one by one the IDs that are still missing: only so does the portal lead from a merged one to the new."""
    if asked.id_property is not None:
        return
    silent = [key for key in keys if key not in named]
    told = [key for key in keys if key in named][: portal.named_singles_left]
    portal.named_singles_left -= len(told)

    async def read(key: str) -> None:
        try:
            record = await _read_whole(portal, key, asked, sure=key not in named)
        except (Refused, NoSuchPath):
            record = None
        except Unavailable:
            if key not in named:
                raise
            record = None
        if record is None:
            found[key] = Missing("not_found")
        elif fold_key(record.id, None) != key:
            found[key] = Missing("merged", record.id)
        elif record.archived:
            found[key] = Missing("archived")
        else:
            found[key] = Ticket(record.id, record.properties, record.history, record.updated_at)

    await together(*(read(key) for key in (*silent, *told)))


async def _read_whole(portal: Portal, key: str, asked: Question, *, sure: bool) -> Record | None:
    """Read one ticket with all properties asked for, some at a time since they stand in the address.

    sure: whether it is asked again and again where there is no answer.
    """
    repeats = asked.repeats if sure else min(asked.repeats, FEW_REPEATS)
    names = [*asked.properties, MERGED_IDS]
    values: dict[str, str] = {}
    record: Record | None = None
    for start in range(0, len(names), PROPERTIES_A_QUERY):
        part = names[start : start + PROPERTIES_A_QUERY]
        record = await portal.read_one(key, properties=part, stop=asked.stop, repeats=repeats)
        if record is None or fold_key(record.id, None) != key:
            return record
        values |= record.properties
    assert record is not None
    return Record(record.id, "", values, record.updated_at, record.archived)
