"""HubSpot's tickets as Python sees them: read, update, look up; limits kept, faults outlived.

Everything that may be repeated is repeated, within bounds. What is left over comes back as a BatchResult whose outcome
is not known (updates), or is raised (all else). No code outside this package handles HTTP replies.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import orjson

from importer.portal import errors, metadata, retries, tickets
from importer.portal.clock import Clock, StopSignal
from importer.portal.events import Counter, OnEvent, PortalStats, ignore
from importer.portal.http import HttpClient
from importer.portal.limits import Limiter, Limits
from importer.portal.metadata import Gap
from importer.portal.quota import Quota, quota_path
from importer.portal.responses import BatchResult, Record, parse_answer
from importer.portal.retries import Reply, Verdict
from importer.portal.retrying import Call, RetryingClient, Signal
from importer.portal.settings import PortalSettings
from importer.portal.tickets import Missing, Ticket
from schemas.message import Message
from schemas.ticket_object import TICKET


class Portal:
    """A portal, as an async context manager.

    app: an ASGI application that stands in for it. on_event: called for waits and requests. clock, rng: stand-ins for
    tests. timeout_s: how long one answer may take; the portal's own proxy gives up after 100 s.
    Raises UsageError (`no_token`, `unsafe_address`) for settings that cannot be used.
    """

    def __init__(
        self,
        settings: PortalSettings,
        *,
        app: Any = None,
        on_event: OnEvent | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self.settings = settings.check()
        self.clock = clock or Clock()
        self.on_event: OnEvent = on_event or ignore
        self.gaps: Mapping[str, Gap] = {}
        """What the portal withheld from `fetch_bodies`, by name."""
        self._singles = tickets.Singles()
        self._http = HttpClient(self.settings, clock=self.clock, app=app, timeout_s=timeout_s)
        home = self.settings.home
        self._quota = Quota(home and quota_path(home, self.settings.base_url, self.settings.token))
        self._limiter = Limiter(self._quota, self.clock, max_rate=settings.max_rate, on_wait=self._report_wait)
        self._calls = RetryingClient(
            self.settings,
            self._http,
            self._limiter,
            clock=self.clock,
            rng=rng or random.Random(),  # noqa: S311 - jitter
            on_event=self.on_event,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)
        self._quota.close()

    @property
    def limits(self) -> Limits:
        """What the portal allows, as far as its answers have said, lowered to `--max-rate`."""
        return self._limiter.allowed

    @property
    def latency_s(self) -> float:
        """How long answers have taken of late; 0 while there was none."""
        return self._limiter.latency_s

    @property
    def stats(self) -> PortalStats:
        """How many requests there were."""
        return self._calls.stats

    @property
    def time_zone(self) -> str:
        """The portal's time zone, once it is known: IANA name."""
        return self._calls.time_zone

    @time_zone.setter
    def time_zone(self, name: str) -> None:
        self._calls.time_zone = name

    def _report_wait(self, seconds: float, reason: Message) -> None:
        self._calls.report_wait(seconds, reason)

    async def update(
        self,
        inputs: Sequence[Mapping[str, Any]],
        *,
        is_part: bool = False,
        stop: StopSignal | None = None,
        repeats: int = retries.MAX_REPEATS,
        on_leave: Signal | None = None,
        on_doubt: Signal | None = None,
    ) -> BatchResult:
        """Send one batch of updates and return what became of it.

        is_part: they were refused together with others, so that a conflict is not repeated again.
        on_leave: called before each time that the request leaves; on_doubt: after a time that it may have been carried
        out without an answer. Faults are outlived within bounds; where they last, the answer is neither accepted nor
        refused.
        Raises Unauthorized, MissingScope, DailyLimit, Unavailable (the portal asks for a long wait), Halted.
        """
        call = Call(
            "POST",
            self.settings.path("objects", f"{TICKET.path}/batch/update"),
            content=orjson.dumps({"inputs": inputs}),
            counter=Counter.UPDATE,
            conflict_is_final=is_part,
            stop=stop,
            repeats=repeats,
            on_leave=on_leave,
            on_doubt=on_doubt,
        )
        reply, verdict = await self._calls.make(call)
        if verdict is Verdict.ACCEPTED:
            return self._answer(reply)
        if verdict is Verdict.REFUSED:
            return errors.refusal(reply, scrub=self._http.scrub)
        return BatchResult(reply.status, correlation_id=reply.correlation_id, problem=reply.problem)

    async def read(
        self,
        keys: Sequence[str],
        *,
        id_property: str | None = None,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        archived: bool = False,
        stop: StopSignal | None = None,
        repeats: int = retries.MAX_REPEATS,
    ) -> BatchResult:
        """Read one batch of tickets: at most 100 keys, 50 where histories are asked for.

        Raises Refused, Unavailable and the errors of `update`.
        """
        most = TICKET.history_batch_size if history else TICKET.batch_size
        if not 1 <= len(keys) <= most:
            raise ValueError(f"1 to {most} keys can be read at once, not {len(keys)}")
        body: dict[str, Any] = {
            "inputs": [{"id": key} for key in keys],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        if id_property is not None:
            body["idProperty"] = id_property
        call = Call(
            "POST",
            self.settings.path("objects", f"{TICKET.path}/batch/read"),
            query={"archived": "true"} if archived else None,
            content=orjson.dumps(body),
            counter=Counter.READ,
            missing_is_final=archived,
            stop=stop,
            repeats=repeats,
        )
        return self._answer(await self._accepted(call))

    async def find_tickets(
        self,
        keys: Sequence[str],
        *,
        id_property: str | None = None,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        stop: StopSignal | None = None,
        repeats: int = retries.MAX_REPEATS,
        on_read: Callable[[int], None] | None = None,
    ) -> dict[str, Ticket | Missing]:
        """Look up any number of tickets; every key has an entry. Requests of 100 (50 with histories) are in flight.

        on_read: called with the number of keys of each answer.
        Raises the errors of `read`.
        """
        asked = tickets.Question(id_property, tuple(properties), tuple(history), stop, repeats, on_read)
        return await tickets.find_tickets(self, keys, asked, self._singles)

    async def read_one(
        self,
        key: str,
        *,
        id_property: str | None = None,
        properties: Sequence[str] = (),
        archived: bool = False,
        stop: StopSignal | None = None,
        repeats: int = retries.MAX_REPEATS,
    ) -> Record | None:
        """Read one ticket by its key, or None; an ID that was merged away gives the ticket it lives on in."""
        asked = {
            "idProperty": id_property,
            "properties": ",".join(properties),
            "archived": "true" if archived else "",
        }
        body = await self.get(
            self.settings.path("objects", f"{TICKET.path}/{tickets.quoted(key)}"),
            query={name: value for name, value in asked.items() if value} or None,
            stop=stop,
            repeats=repeats,
        )
        records = parse_answer(200, {"results": [body]}, scrub=self._http.scrub).results
        return records[0] if records else None

    async def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Search tickets; `body` and the page returned are the endpoint's own. A search lags behind writes.

        Raises Refused, Unavailable and the errors of `update`. Source: HubSpot CRM search.
        """
        path = self.settings.path("objects", f"{TICKET.path}/search")
        reply = await self._accepted(Call("POST", path, content=orjson.dumps(body), metered=False))
        return dict(reply.body or {})

    async def fetch_bodies(self) -> dict[str, Any]:
        """Fetch all that rows are checked against: what `schemas.property.read_schema` takes, by name.

        What the portal withholds is missing (`owners` is None), and stands in `gaps`; sensitive properties are
        there if the scope is. Raises Unauthorized, MissingScope, Unavailable.
        """
        bodies, self.gaps = await metadata.fetch_bodies(self.get, self.settings)
        zone = (bodies.get("account") or {}).get("timeZone")
        self.time_zone = zone if isinstance(zone, str) and zone else self.time_zone
        return bodies

    async def account(self) -> dict[str, Any]:
        """Return the account details. Raises as `get` does."""
        return await self.get(self.settings.path("account-info", "details")) or {}

    async def get(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        stop: StopSignal | None = None,
        repeats: int = retries.MAX_REPEATS,
    ) -> dict[str, Any] | None:
        """Return the JSON object at `path`, or None where the portal says that there is no such thing.

        Raises Unauthorized, MissingScope, DailyLimit, Refused, Unavailable; NoSuchPath for an address that is no API's.
        """
        call = Call("GET", path, query=query, missing_is_final=True, stop=stop, repeats=repeats)
        reply, verdict = await self._calls.make(call)
        if verdict is Verdict.REFUSED and reply.status == HTTPStatus.NOT_FOUND:
            if reply.readable:
                return None
            raise errors.no_such_path(self.settings.base_url, path)
        if verdict is not Verdict.ACCEPTED:
            raise errors.unaccepted(reply, verdict, scrub=self._http.scrub)
        return dict(reply.body or {})

    async def probe(self, path: str, *, query: Mapping[str, str] | None = None) -> Reply:
        """Ask once, and return whatever came back: for those who look at the connection itself."""
        return await self._calls.make_once(Call("GET", path, query=query))

    async def _accepted(self, call: Call) -> Reply:
        """Make a call and return its answer. Raises Refused or Unavailable for any but an accepted one."""
        reply, verdict = await self._calls.make(call)
        if verdict is not Verdict.ACCEPTED:
            raise errors.unaccepted(reply, verdict, scrub=self._http.scrub)
        return reply

    def _answer(self, reply: Reply) -> BatchResult:
        return parse_answer(reply.status or 0, reply.body, scrub=self._http.scrub, correlation_id=reply.correlation_id)
