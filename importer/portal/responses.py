"""What the portal answered, whatever it looked like: records, errors, problems of single properties.

Tolerant on purpose: every field of an answer may be missing, of another type, or new. What cannot be read is left
out here, and the rows it concerned are then read back. Texts come out free of the token and of control characters.
Sources: HubSpot batch update and batch read references; error handling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, overload

import orjson

from schemas.message import Message

MAX_TEXT = 600
"""Characters of the portal's words that are kept; messages with long option lists have tens of thousands."""

OBJECT_NOT_FOUND = "OBJECT_NOT_FOUND"
"""The category of errors that say that tickets do not exist."""

Scrub = Callable[[str], str]

_OF_THE_REQUEST = (
    "Unable to perform update/upsert by non-unique",
    "Unable to infer object type",
    "Invalid input JSON",
)
"""Beginnings of refusals that no row is to blame for. Source: observed answers of HubSpot."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One value a property had, and since when (ISO 8601). `user`: the ID of the person who set it, where known."""

    value: str
    timestamp: str
    source: str = ""
    """By what way it came, as people read it."""
    user: str = ""
    source_type: str = ""
    """The same as HubSpot names it: `IMPORT`, `CRM_UI`, `INTEGRATION`, `AUTOMATION_PLATFORM`, ..."""


class Record(NamedTuple):
    """One ticket in an answer. Values are strings; null is ""."""

    id: str
    trace_id: str = ""
    properties: Mapping[str, str] = MappingProxyType({})
    updated_at: str = ""
    archived: bool = False
    history: Mapping[str, tuple[HistoryEntry, ...]] = MappingProxyType({})
    warnings: tuple[str, ...] = ()
    """What the portal remarks about a ticket that it wrote."""


class LazyRecords(Sequence[Record]):
    """The tickets of an answer, read when they are looked at. `entries`: as they came, JSON objects."""

    def __init__(self, entries: Sequence[dict[str, Any]] = ()) -> None:
        self.entries = entries
        self._records: tuple[Record, ...] | None = None

    def _all(self) -> tuple[Record, ...]:
        if self._records is None:
            self._records = tuple(_records(self.entries))
        return self._records

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Record]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return len(self.entries)


NO_RECORDS = LazyRecords()


@dataclass(frozen=True, slots=True)
class Problem:
    """What the portal says of one property. `name` is "" where it named none."""

    name: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class PortalFault:
    """One error of an answer. It may name several rows by ID or trace ID, or none."""

    category: str
    text: str
    ids: tuple[str, ...] = ()
    trace_ids: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    scopes: tuple[str, ...] = ()
    is_foreign: bool = False
    """Whether it is a page of something on the way (a firewall, a proxy), not the portal's own answer."""

    @property
    def is_missing(self) -> bool:
        """Whether it says that tickets do not exist."""
        return self.category == OBJECT_NOT_FOUND

    @property
    def concerns_request(self) -> bool:
        """Whether it is about the request itself, so that no row is to blame."""
        return self.text.startswith(_OF_THE_REQUEST)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch request.

    `status`: HTTP status of the last answer, None where none came. `accepted`: it is a 2xx that could be read, and
    `results` and `faults` say what became of the rows. `refused`: nothing was written, `faults` say why. Neither:
    the outcome is not known. `settled`: the portal says that it is done; `working`: that it is at it.
    """

    status: int | None
    accepted: bool = False
    refused: bool = False
    settled: bool = True
    working: bool = False
    results: LazyRecords = NO_RECORDS
    faults: tuple[PortalFault, ...] = ()
    correlation_id: str = ""
    problem: Message | None = None
    """Why the outcome is not known, in a few words."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the answer says of the batch as a whole, by the portal's own names: `status`, `requestedAt`, `startedAt`,
    `completedAt`, `links`, `warnings`, and of its `errors` the first ones."""


def parse_answer(status: int, body: Any, *, scrub: Scrub, correlation_id: str = "") -> BatchResult:
    """Return what a batch answer with a readable 2xx body says; `body` is the parsed JSON object, None if empty."""
    content: Mapping[str, Any] = body if isinstance(body, dict) else {}
    life, errors = _text(content.get("status")), list(_errors(content))
    return BatchResult(
        status,
        accepted=True,
        settled=life in {"", "COMPLETE"},
        working=life in {"PENDING", "PROCESSING"},
        results=LazyRecords(_objects(content.get("results"))),
        faults=tuple(parse_fault(one, scrub=scrub) for one in errors),
        correlation_id=correlation_id,
        told=_life(content, errors, scrub),
    )


def _errors(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the errors of a batch answer, wherever it has them: beside the results, a level down, among or in them."""
    yield from _error_entries(body.get("errors"))
    for part in body.values():
        if isinstance(part, dict):
            yield from _error_entries(part.get("errors"))
    for entry in _objects(body.get("results")):
        if entry.get("status") == "error":
            yield entry
        elif "errors" in entry:
            marks = {"ids": [entry.get("id")], "objectWriteTraceId": [entry.get("objectWriteTraceId")]}
            yield from ({"context": marks} | one for one in _error_entries(entry["errors"]))


def _error_entries(errors: Any) -> Iterator[dict[str, Any]]:
    """Yield what stands under `errors` as objects: a list, one alone, one for each ID; of objects or of texts."""
    if isinstance(errors, dict):
        if "message" in errors or "category" in errors:
            errors = [errors]
        else:
            errors = [{"context": {"ids": [key]}} | one for key, one in errors.items() if isinstance(one, dict)]
    for one in errors if isinstance(errors, list) else [errors]:
        if isinstance(one, dict):
            yield one
        elif isinstance(one, str) and one:
            yield {"message": one}


_LIFE = ("status", "requestedAt", "startedAt", "completedAt")
_ERRORS_KEPT = 5


def _life(body: Mapping[str, Any], errors: Sequence[Mapping[str, Any]], scrub: Scrub) -> dict[str, Any]:
    """Return what a batch answer says of itself, as JSON."""
    told: dict[str, Any] = {name: _tidy(body[name], scrub) for name in _LIFE if type(body.get(name)) is str}
    if isinstance(links := body.get("links"), dict):
        told["links"] = _links(links, scrub)
    if warnings := list(_error_entries(body.get("warnings"))):
        told["warnings"] = [_tidy(_text(one.get("message")), scrub) for one in warnings[:_ERRORS_KEPT]]
    if errors:
        told["errors"] = [_error(one, scrub) for one in errors[:_ERRORS_KEPT]]
    return told


def _error(body: Mapping[str, Any], scrub: Scrub) -> dict[str, Any]:
    error: dict[str, Any] = {
        name: _tidy(_text(body.get(name)), scrub) for name in ("category", "subCategory", "message") if body.get(name)
    }
    if isinstance(links := body.get("links"), dict) and links:
        error["links"] = _links(links, scrub)
    return error


def _links(links: Mapping[str, Any], scrub: Scrub) -> dict[str, str]:
    return {_tidy(str(name), scrub): _tidy(_text(one), scrub) for name, one in list(links.items())[:_ERRORS_KEPT]}


def parse_refusal(status: int, body: Any, *, scrub: Scrub, correlation_id: str = "", page: str = "") -> BatchResult:
    """Return what the refusal of a whole request says; `body` is HubSpot's own JSON, None where it was none.

    page: what people see of a body that was none.
    """
    if not isinstance(body, dict):
        text = _tidy(f"HTTP {status} {page}", scrub)
        return BatchResult(status, refused=True, faults=(PortalFault("", text, is_foreign=bool(page)),))
    fault = parse_fault(body, scrub=scrub)
    if not fault.text:
        fault = replace(fault, text=f"HTTP {status}")
    told = {"errors": [_error(body, scrub)]}
    return BatchResult(status, refused=True, faults=(fault,), correlation_id=correlation_id, told=told)


def parse_fault(body: Mapping[str, Any], *, scrub: Scrub) -> PortalFault:
    """Return the error that a plain error body, or an entry of `errors`, describes.

    Ids, trace ids and names come from its context, from the contexts of its details, and from its message; problems
    from the JSON inside the message and from the details, since either list may be the shorter one.
    """
    words = str(body.get("message") or "")
    details = _objects(body.get("errors"))
    contexts = [one for one in (body.get("context"), *(d.get("context") for d in details)) if isinstance(one, dict)]
    problems = _merge_problems(
        [*_problems_in(words), *_objects(body.get("validationResults"))], details, contexts, scrub=scrub
    )
    unheld = tuple(_unique_values(contexts))
    return PortalFault(
        category=OBJECT_NOT_FOUND if unheld else _text(body.get("category")),
        text=_tidy(_bare(words), scrub),
        ids=_unique((*_from(contexts, "ids"), *_ids_in(words), *unheld)),
        trace_ids=_unique(_from(contexts, "objectWriteTraceId")),
        problems=problems,
        scopes=_unique(scrub(one) for one in _from(contexts, "requiredGranularScopes")),
    )


def _records(entries: Iterable[dict[str, Any]]) -> Iterator[Record]:
    for entry in entries:
        identifier = _text(entry.get("id"))
        if not identifier:
            continue
        values, history = entry.get("properties"), entry.get("propertiesWithHistory")
        yield Record(
            identifier,
            _text(entry.get("objectWriteTraceId")),
            _values(values) if isinstance(values, dict) else {},
            _text(entry.get("updatedAt")),
            entry.get("archived") is True,
            {name: _history(one) for name, one in history.items()} if isinstance(history, dict) else _NOTHING,
            tuple(_tidy(_text(one.get("message")), str) for one in _error_entries(entry.get("warnings"))),
        )


_TEXTS, _TEXTS_AND_NULLS = {str}, {str, type(None)}


def _values(values: dict[str, Any]) -> dict[str, str]:
    kinds = set(map(type, values.values()))
    if kinds == _TEXTS:
        return values
    if kinds <= _TEXTS_AND_NULLS:  # the usual case
        return {name: value or "" for name, value in values.items()}
    return {name: _text(value) for name, value in values.items()}


def _history(entries: Any) -> tuple[HistoryEntry, ...]:
    """Return a property's history, the newest value first, as the portal gives it."""
    found = [
        HistoryEntry(
            _text(one.get("value")),
            _text(one.get("timestamp")),
            _text(one.get("sourceLabel") or one.get("sourceType")),
            _text(one.get("updatedByUserId")),
            _text(one.get("sourceType")),
        )
        for one in _objects(entries)
        if one.get("timestamp")
    ]
    return tuple(sorted(found, key=lambda one: one.timestamp.removesuffix("Z"), reverse=True))


def _merge_problems(
    embedded: Iterable[Mapping[str, Any]],
    details: Iterable[Mapping[str, Any]],
    contexts: list[dict[str, Any]],
    *,
    scrub: Scrub,
) -> tuple[Problem, ...]:
    """Return the problems of both lists, each once, those of the message first."""
    found: dict[tuple[str, str], Problem] = {}
    for one in embedded:
        problem = Problem(_text(one.get("name")), _text(one.get("error")), _tidy(_text(one.get("message")), scrub))
        found.setdefault((problem.name, problem.code), problem)
    for one in details:
        context = one.get("context")
        names = _from([context], "propertyName") if isinstance(context, dict) else ()
        for name in names or ("",):
            problem = Problem(name, _text(one.get("code")), _tidy(_text(one.get("message")), scrub))
            known = any(problem.name == other.name for other in found.values())
            if problem.text and not (known and (problem.name, problem.code) not in found and not problem.code):
                found.setdefault((problem.name, problem.code), problem)
    if not found:
        for name in _from(contexts, "propertyName"):
            found.setdefault((name, ""), Problem(name, "", ""))
    return tuple(found.values())


_LIST_START = re.compile(r"\[\s*\{")


def _problems_in(words: str) -> list[dict[str, Any]]:
    """Return the objects of the JSON list inside a message, as many as are whole where it was cut."""
    start = _LIST_START.search(words)
    if start is None:
        return []
    try:
        whole = orjson.loads(words[start.start() :])
        return [one for one in whole if isinstance(one, dict)] if isinstance(whole, list) else []
    except orjson.JSONDecodeError:
        pass
    decoder, place = json.JSONDecoder(), start.end() - 1
    found: list[dict[str, Any]] = []
    while True:
        try:
            one, place = decoder.raw_decode(words, place)
        except (json.JSONDecodeError, RecursionError):
            return found
        if isinstance(one, dict):
            # Half a surrogate pair can be written in JSON, and nowhere else.
            found.append(json.loads(json.dumps(one, ensure_ascii=False).encode(errors="replace")))
        while place < len(words) and words[place] in ", \n\t":
            place += 1


def _bare(words: str) -> str:
    """Return a message without the JSON inside it, which is shown property by property."""
    start = _LIST_START.search(words)
    return words[: start.start()].rstrip(" :") if start else words


_NAMED_IDS = (
    re.compile(r"Duplicate IDs found in batch input: \[([^\]]{1,4000})\]"),
    re.compile(r"^Cannot set PropertyValueCoordinates\{.{1,2000}?\} on ([^\s.]{1,200})\."),
)
"""Messages that name the rows at fault by ID, in words alone. Source: observed answers of HubSpot."""


def _ids_in(words: str) -> Iterator[str]:
    for pattern in _NAMED_IDS:
        if found := pattern.search(words):
            yield from (one.strip() for one in found[1].split(","))


def _unique_values(contexts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the unique values that no ticket holds, of entries that end in `property:value`."""
    for entry in _from(contexts, "missingObjectPropertyValueCoordinates"):
        yield entry.rpartition(":")[2]


def _from(contexts: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    found: list[str] = []
    for context in contexts:
        value = context.get(name)
        found.extend(_text(one) for one in (value if isinstance(value, list) else (value,)))
    return tuple(one for one in found if one)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in texts if one))


def _objects(entries: Any) -> list[dict[str, Any]]:
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _text(value: Any) -> str:
    """Return a JSON value as the string that a property holds: null is ""."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


_NOTHING: Mapping[str, tuple[HistoryEntry, ...]] = MappingProxyType({})

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def _tidy(words: str, scrub: Scrub) -> str:
    """Return the portal's words fit to be stored and shown: no token, no control characters, not endless."""
    text = _CONTROLS.sub(" ", scrub(words)).strip()
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
