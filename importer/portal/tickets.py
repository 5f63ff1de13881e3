"""Find tickets by their keys, and find out why those are missing that are.

batch/read leaves out what it does not have, with an error or without a word: tickets that never were, that are
archived (read again with `archived`, at last one by one), or that were merged into another (a single read of the old
ID leads there). A batch that is refused, or fails to the end while others are read, is divided until the tickets at
fault are alone: they are `unreadable`.
Source: HubSpot batch read reference; merged records as observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol
from unicodedata import normalize
from urllib.parse import quote

from importer.errors import PortalError, Unavailable
from importer.model import fold_key
from importer.portal.clock import StopSignal, together
from importer.portal.errors import Lost, NoSuchPath, Refused
from importer.portal.responses import BatchResult, HistoryEntry, Record
from importer.portal.retries import MAX_REPEATS
from schemas.ticket_object import TICKET

MAX_NAMED_SINGLES = 50
"""Missing tickets of a run that are looked up one by one, with two requests, though the portal said that they do not
exist: merged ones may be reported so, and archived ones. A wrong file must not cost a request a row."""
MAX_QUERY = 12_000
"""Characters of the names in one address. Over some 16,000 in all, the portal answers 414. Source: as observed."""
MOST_REFUSED = 8
"""Keys whose read is refused alone, with none read before, from which on keys are not taken to be the reason."""
MOST_LOST, MOST_PARTS_LOST = 3, 6
"""Batches, and parts of batches, that fail to the end in a row, from which on the portal is taken for down."""
FEW_REPEATS = 2
"""Repeats of a question about a part of a batch that failed, or that only finds out why a ticket is missing."""


class Ticket(NamedTuple):
    """A ticket as it is now. Values are strings, "" where unset; histories are newest first."""

    id: str
    properties: Mapping[str, str]
    history: Mapping[str, tuple[HistoryEntry, ...]] = MappingProxyType({})
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A key without a ticket, and why.

    new_id: where a merged one lives on. error: why the portal does not show it, if it is `unreadable`.
    """

    kind: Literal["not_found", "archived", "merged", "unreadable"]
    new_id: str | None = None
    error: PortalError | None = None

    @property
    def code(self) -> str:
        """The code that a finding about it bears."""
        return self.error.code if self.error is not None else self.kind


Found = dict[str, Ticket | Missing]


class Reader(Protocol):
    """Reads tickets, as `Portal` does."""

    async def read(
        self,
        keys: Sequence[str],
        *,
        id_property: str | None = None,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        archived: bool = False,
        stop: StopSignal | None = None,
        repeats: int = MAX_REPEATS,
    ) -> BatchResult:
        """Read one batch."""

    async def read_one(
        self,
        key: str,
        *,
        id_property: str | None = None,
        properties: Sequence[str] = (),
        archived: bool = False,
        stop: StopSignal | None = None,
        repeats: int = MAX_REPEATS,
    ) -> Record | None:
        """Read one ticket; None where it does not exist."""


@dataclass(slots=True)
class Singles:
    """How many more tickets of a run may be read one by one though the portal said that they do not exist."""

    left: int = MAX_NAMED_SINGLES

    def take(self, count: int) -> int:
        """Return how many of `count` may be read, and take them off."""
        taken = min(count, self.left)
        self.left -= taken
        return taken


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
        return TICKET.history_batch_size if self.history else TICKET.batch_size


def quoted(key: str) -> str:
    """Return a key as a part of a path."""
    return quote(key, safe="")


async def find_tickets(reader: Reader, keys: Sequence[str], asked: Question, singles: Singles) -> Found:
    """Return what each key leads to. It is asked for as it is typed; how keys are compared is the portal's own matter.

    Texts that may be the same (in another case, or in another normal form of Unicode) never stand in one request: so
    what answers to one of them is known. A text that leads nowhere is asked for in its other normal forms, too.
    """
    spellings: dict[str, list[str]] = {}
    for key in keys:
        spellings.setdefault(_spelt(key, asked), []).append(key)
    found: Found = {}
    named: set[str] = set()
    left = await _read_all(reader, list(spellings), asked, found, named)
    if left and asked.id_property is not None:
        left = await _read_other_forms(reader, left, asked, found)
    if left:
        # Once more: an answer with nothing in it says nothing.
        silent = [key for key in left if key not in named]
        await _read_all(reader, silent, asked, found, named, again=True)
        left = [key for key in left if key not in found]
        await _read_archived(reader, left, asked, found)
        await _read_singly(reader, [key for key in left if key not in found], asked, found, named, singles)
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


async def _read_other_forms(reader: Reader, keys: list[str], asked: Question, found: Found) -> list[str]:
    """Ask for texts in their other normal forms: a file from a Mac may hold an accent apart from its letter."""
    forms = {
        key: [form for kind in ("NFC", "NFD") if (form := normalize(kind, key)) != key]
        for key in keys
        if not key.isascii()
    }
    others: Found = {}
    spelt = list(dict.fromkeys(form for one in forms.values() for form in one))
    await _read_all(reader, spelt, replace(asked, on_read=None), others, set())
    for key, one in forms.items():
        if ticket := next((others[form] for form in one if form in others), None):
            found[key] = ticket
    return [key for key in keys if key not in found]


@dataclass(slots=True)
class _Trouble:
    """What went wrong in one look-up: refusals of single keys, and what failed to the end since the last answer."""

    refused: int = 0
    lost: int = 0
    parts_lost: int = 0
    was_read: bool = False

    def note_read(self) -> None:
        self.lost = self.parts_lost = 0
        self.was_read = True

    def note_refused(self, refusal: Refused) -> None:
        """Raises the refusal where it looks as if no key were to blame."""
        self.refused += 1
        if self.refused >= MOST_REFUSED and not self.was_read:
            raise refusal

    def note_lost(self, error: Lost, *, is_part: bool) -> None:
        """Raises the error where the portal looks down."""
        self.lost += not is_part
        self.parts_lost += is_part
        if self.lost >= MOST_LOST or self.parts_lost >= MOST_PARTS_LOST:
            raise error


async def _read_all(
    reader: Reader, keys: list[str], asked: Question, found: Found, named: set[str], *, again: bool = False
) -> list[str]:
    """Read keys in batches into `found`; note in `named` those the portal says are missing; return those not found."""
    names = (*asked.properties, asked.id_property or TICKET.merged_ids)
    trouble = _Trouble(was_read=again)

    async def ask(batch: list[str], *, is_part: bool = False) -> None:
        """Read keys; those that a refusal or a failure is due to are noted, and the others read without them."""
        try:
            answer = await reader.read(
                batch,
                id_property=asked.id_property,
                properties=names,
                history=asked.history,
                stop=asked.stop,
                repeats=min(asked.repeats, FEW_REPEATS) if is_part else asked.repeats,
            )
        except Refused as refusal:
            for part in _parts(batch, refusal, asked, found, named, trouble):
                await ask(part)
        except Lost as error:
            trouble.note_lost(error, is_part=is_part)
            if len(batch) == 1:
                found[batch[0]] = Missing("unreadable", error=error)
            else:
                await together(*(ask(part, is_part=True) for part in _halves(batch)))
        else:
            trouble.note_read()
            _note_answer(answer, batch, asked, found, named)

    async def read(batch: list[str]) -> None:
        await ask(batch)
        if asked.on_read is not None and not again:
            asked.on_read(len(batch))

    await together(*(read(batch) for batch in _batches(keys, asked, asked.size)))
    _raise_if_down(found, keys, trouble)
    return [key for key in keys if key not in found]


def _raise_if_down(found: Found, keys: Sequence[str], trouble: _Trouble) -> None:
    """Raise what a ticket failed for, where nothing at all went through."""
    for key in () if trouble.was_read else keys:
        one = found.get(key)
        if isinstance(one, Missing) and isinstance(one.error, Lost):
            raise one.error


def _halves(batch: list[str]) -> list[list[str]]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _parts(
    batch: list[str], refusal: Refused, asked: Question, found: Found, named: set[str], trouble: _Trouble
) -> list[list[str]]:
    """Return in which parts refused keys are read again; note those it is due to: missing ones, and unreadable ones.

    Raises the refusal where it is about no key.
    """
    faults = refusal.answer.faults
    if any(fault.problems or fault.concerns_request for fault in faults):
        raise refusal
    is_missing = any(fault.is_missing for fault in faults)
    told = _Asked(batch, asked).named(one for fault in faults for one in fault.ids)
    if not told and len(batch) > 1:
        return _halves(batch)
    told = told or set(batch)
    if is_missing:
        trouble.note_read()
        named |= told
    else:
        trouble.note_refused(refusal)
        found.update((key, Missing("unreadable", error=refusal)) for key in told)
    rest = [key for key in batch if key not in told]
    return [rest] if rest else []


def _note_answer(answer: BatchResult, batch: Sequence[str], asked: Question, found: Found, named: set[str]) -> None:
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
            merged = record.properties.get(TICKET.merged_ids, "").replace(",", ";").split(";")
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


async def _read_archived(reader: Reader, keys: list[str], asked: Question, found: Found) -> None:
    names = [asked.id_property] if asked.id_property else []

    async def read(batch: list[str]) -> None:
        try:
            answer = await reader.read(
                batch,
                id_property=asked.id_property,
                properties=names,
                archived=True,
                stop=asked.stop,
                repeats=min(asked.repeats, FEW_REPEATS),
            )
        except Refused as refusal:
            told = _Asked(batch, asked).named(
                one for fault in refusal.answer.faults if fault.is_missing for one in fault.ids
            )
            rest = [key for key in batch if key not in told]
            if 0 < len(rest) < len(batch):
                await read(rest)
            return  # it only finds out why they are missing
        except Unavailable:
            return
        wanted = _Asked(batch, asked)
        for key in wanted.named(_called(record, asked) for record in answer.results):
            found[key] = Missing("archived")

    await together(*(read(batch) for batch in _batches(keys, asked, TICKET.batch_size)))


async def _read_singly(
    reader: Reader, keys: list[str], asked: Question, found: Found, named: set[str], singles: Singles
) -> None:
    """Look up one by one the keys that are still missing.

    Only so does the portal lead from a merged ID to the new one, and show an archived ticket for certain.
    """
    silent = [key for key in keys if key not in named] if asked.id_property is None else []
    rest = [key for key in keys if key not in silent]
    rest = rest[: singles.take(len(rest))]
    trouble = _Trouble(was_read=True)

    async def read(key: str) -> None:
        is_sure = key in silent
        try:
            found[key] = await _look_up(reader, key, asked, is_sure=is_sure)
        except NoSuchPath:
            found[key] = Missing("not_found")
        except (Refused, Lost) as error:
            if isinstance(error, Lost) and is_sure:
                trouble.note_lost(error, is_part=True)
            found[key] = Missing("unreadable", error=error) if is_sure else Missing("not_found")

    await together(*(read(key) for key in (*silent, *rest)))


async def _look_up(reader: Reader, key: str, asked: Question, *, is_sure: bool) -> Ticket | Missing:
    """Return what a single read says of a key that no batch shows. is_sure: ask again and again if need be."""
    repeats = asked.repeats if is_sure else min(asked.repeats, FEW_REPEATS)
    if asked.id_property is None:
        record = await _read_whole(reader, key, asked, repeats=repeats)
        if record is not None:
            if fold_key(record.id, None) != key:
                return Missing("merged", record.id)
            if record.archived:
                return Missing("archived")
            return Ticket(record.id, record.properties, record.history, record.updated_at)
    record = await reader.read_one(
        key, id_property=asked.id_property, archived=True, stop=asked.stop, repeats=min(asked.repeats, FEW_REPEATS)
    )
    return Missing("not_found") if record is None else Missing("archived")


async def _read_whole(reader: Reader, key: str, asked: Question, *, repeats: int) -> Record | None:
    """Read one ticket with all properties asked for, some at a time since they stand in the address."""
    values: dict[str, str] = {}
    record: Record | None = None
    for part in _by_address([*asked.properties, TICKET.merged_ids]):
        record = await reader.read_one(key, properties=part, stop=asked.stop, repeats=repeats)
        if record is None or fold_key(record.id, None) != key:
            return record
        values |= record.properties
    assert record is not None
    return Record(record.id, "", values, record.updated_at, record.archived)


def _by_address(names: Sequence[str]) -> list[list[str]]:
    """Return names in as few parts as fit an address each."""
    parts: list[list[str]] = [[]]
    length = 0
    for name in names:
        size = len(quoted(name)) + len("%2C")
        if parts[-1] and length + size > MAX_QUERY:
            parts.append([])
            length = 0
        parts[-1].append(name)
        length += size
    return parts
