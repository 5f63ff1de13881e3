"""Find tickets by their keys, and find out why those are missing that are.

batch/read leaves out what it does not have, with an error or without a word: tickets that never were, that are
archived (read again with `archived`), or that were merged into another (a single read of the old ID leads there).
Source: HubSpot batch read reference; merged records as observed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

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
    """Return what each key leads to. Keys are compared as the portal does: IDs as numbers, texts without case."""
    spellings: dict[str, list[str]] = {}
    for key in keys:
        spellings.setdefault(_folded(key, asked), []).append(key)
    found: Found = {}
    named: set[str] = set()
    left = await _read_all(portal, list(spellings), asked, found, named)
    if left:
        # Once more: an answer with nothing in it says nothing.
        silent = [key for key in left if key not in named]
        await _read_all(portal, silent, asked, found, named, again=True)
        left = [key for key in left if key not in found]
        await _read_archived(portal, left, asked, found)
        await _read_singly(portal, [key for key in left if key not in found], asked, found, named)
    nowhere = Missing("not_found")
    return {key: found.get(folded, nowhere) for folded, same in spellings.items() for key in same}


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

    await together(*(read(keys[start : start + asked.size]) for start in range(0, len(keys), asked.size)))
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
    told = {_folded(one, asked) for fault in faults for one in fault.ids} & set(batch)
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
    wanted = set(batch)
    for record in answer.results:
        key = _key_of(record, asked)
        if key in wanted:
            found[key] = Ticket(record.id, record.properties, record.history, record.updated_at)
            continue
        for old in record.properties.get(MERGED_IDS, "").replace(",", ";").split(";"):
            if _folded(old.strip(), asked) in wanted:
                found.setdefault(_folded(old.strip(), asked), Missing("merged", record.id))
    for fault in answer.faults:
        if fault.is_missing:
            named.update(_folded(one, asked) for one in fault.ids)


def _key_of(record: Record, asked: Question) -> str:
    """Return the key that a record answers to."""
    return _folded(record.properties.get(asked.id_property, "") if asked.id_property else record.id, asked)


def _folded(key: str, asked: Question) -> str:
    if asked.id_property is not None:
        return key.strip().casefold()
    return key.lstrip("0") or "0" if key.isascii() and key.isdigit() else key


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
        wanted = set(batch)
        for record in answer.results:
            if _key_of(record, asked) in wanted:
                found[_key_of(record, asked)] = Missing("archived")

    await together(*(read(keys[start : start + 100]) for start in range(0, len(keys), 100)))


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
        elif _folded(record.id, asked) != key:
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
        if record is None or _folded(record.id, asked) != key:
            return record
        values |= record.properties
    assert record is not None
    return Record(record.id, "", values, record.updated_at, record.archived)
