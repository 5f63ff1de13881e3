"""HubSpot's tickets as Python sees them: read, update, look up; limits kept, faults outlived.

Everything that may be repeated is repeated here, within bounds. What is left over comes back as an Answer whose
outcome is not known (updates), or is raised (all else). Nobody outside of this package knows HTTP.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from importer.errors import DailyLimit, MissingScope, PortalError, Unauthorized, Unavailable
from importer.portal import definitions, lookup, retries
from importer.portal.answers import Answer, PortalFault, Record, parse_answer, parse_fault, parse_refusal
from importer.portal.budget import Budget, budget_path
from importer.portal.events import Event, OnEvent, PortalStats, ignore
from importer.portal.exchange import Exchange
from importer.portal.limits import Limiter, Limits
from importer.portal.lookup import Missing, Ticket
from importer.portal.retries import Reply, Verdict
from importer.portal.settings import PortalSettings
from importer.portal.waiting import Clock, StopSignal, pause
from schemas.message import Message, message

MAX_INPUTS = 100
"""Tickets in one batch request. Source: HubSpot CRM API, batch limits."""
MAX_HISTORY_INPUTS = 50
"""Tickets in one batch read that asks for histories. Source: HubSpot's refusal of more."""

Signal = Callable[[], None]
Leave = Callable[[], Awaitable[None]]


class Refused(PortalError):
    """The portal refused a request for what it holds; `answer` says why in its own words."""

    code = "rejected"

    def __init__(self, text: Message, answer: Answer) -> None:
        super().__init__(text)
        self.answer = answer


class Portal:
    """A portal, as an async context manager.

    app: an ASGI application that stands in for it. on_event: told of waits and requests. clock, rng: stand-ins for
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
        self.stats = PortalStats()
        self.clock = clock or Clock()
        self.time_zone = "UTC"
        self.on_event: OnEvent = on_event or ignore
        self._rng = rng or random.Random()  # noqa: S311 - jitter
        self._exchange = Exchange(self.settings, clock=self.clock, app=app, timeout_s=timeout_s)
        home = self.settings.home
        self._budget = Budget(home and budget_path(home, self.settings.base_url, self.settings.token))
        self._limiter = Limiter(self._budget, self.clock, max_rate=settings.max_rate, on_wait=self._tell_wait)

    async def __aenter__(self) -> Self:
        """Return the portal itself; nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self._exchange.__aexit__(kind, error, trace)
        self._budget.close()

    @property
    def limits(self) -> Limits:
        """What the portal allows, as far as its answers have said, lowered to `--max-rate`."""
        return self._limiter.allowed

    # --- tickets ------------------------------------------------------------------------------------------------

    async def update(
        self,
        inputs: Sequence[Mapping[str, Any]],
        *,
        stop: StopSignal | None = None,
        on_leave: Leave | None = None,
        on_doubt: Signal | None = None,
    ) -> Answer:
        """Send one batch of updates and return what became of it.

        on_leave: called before each time that the request leaves; on_doubt: after a time that it may have been carried
        out without an answer. Faults are outlived within bounds; where they last,
        the answer is neither accepted nor refused.
        Raises Unauthorized, MissingScope, DailyLimit, Unavailable (the portal asks for a long wait), Halted.
        """
        content = orjson.dumps({"inputs": inputs})
        path = self.settings.path("objects", "tickets/batch/update")
        reply, verdict = await self._repeat(
            "POST", path, content=content, count="update", stop=stop, on_leave=on_leave, on_doubt=on_doubt
        )
        if verdict is Verdict.ACCEPTED:
            return parse_answer(
                reply.status or 0, reply.body, scrub=self._exchange.scrub, correlation_id=reply.correlation_id
            )
        if verdict is Verdict.REFUSED:
            return parse_refusal(
                reply.status or 0, reply.body, scrub=self._exchange.scrub, correlation_id=reply.correlation_id
            )
        return Answer(reply.status, correlation_id=reply.correlation_id, problem=reply.problem)

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
    ) -> Answer:
        """Read one batch of tickets: at most 100 keys, 50 where histories are asked for.

        Raises Refused, Unavailable and the errors of `update`.
        """
        most = MAX_HISTORY_INPUTS if history else MAX_INPUTS
        if not 1 <= len(keys) <= most:
            raise ValueError(f"1 to {most} keys can be read at once, not {len(keys)}")
        body: dict[str, Any] = {
            "inputs": [{"id": key} for key in keys],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        if id_property is not None:
            body["idProperty"] = id_property
        reply, verdict = await self._repeat(
            "POST",
            self.settings.path("objects", "tickets/batch/read"),
            query={"archived": "true"} if archived else None,
            content=orjson.dumps(body),
            count="read",
            stop=stop,
            repeats=repeats,
        )
        self._require(reply, verdict)
        return parse_answer(
            reply.status or 0, reply.body, scrub=self._exchange.scrub, correlation_id=reply.correlation_id
        )

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

        on_read: told how many keys each answer was about.
        Raises the errors of `read`.
        """
        asked = lookup.Question(id_property, tuple(properties), tuple(history), stop, repeats, on_read)
        return await lookup.find_tickets(self, keys, asked)

    async def read_one(
        self, key: str, *, properties: Sequence[str] = (), stop: StopSignal | None = None
    ) -> Record | None:
        """Read one ticket by its record ID, or None; an ID that was merged away gives the ticket it lives on in."""
        body = await self.get(
            self.settings.path("objects", f"tickets/{lookup.quoted(key)}"),
            query={"properties": ",".join(properties)} if properties else None,
            stop=stop,
        )
        records = parse_answer(200, {"results": [body]}, scrub=self._exchange.scrub).results
        return records[0] if records else None

    async def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Search tickets; `body` and the page returned are the endpoint's own. A search lags behind writes.

        Raises Refused, Unavailable and the errors of `update`. Source: HubSpot CRM search.
        """
        reply, verdict = await self._repeat(
            "POST", self.settings.path("objects", "tickets/search"), content=orjson.dumps(body), metered=False
        )
        self._require(reply, verdict)
        return dict(reply.body)

    # --- the portal itself --------------------------------------------------------------------------------------

    async def fetch_bodies(self) -> dict[str, Any]:
        """Fetch all that rows are checked against: what `schemas.property.read_schema` takes, by name.

        `owners` is None without the scope for them; sensitive properties are there if the scope is.
        Raises Unauthorized, MissingScope, Unavailable.
        """
        bodies = await definitions.fetch_bodies(self)
        self.time_zone = (bodies.get("account") or {}).get("timeZone") or self.time_zone
        return bodies

    async def account(self) -> dict[str, Any]:
        """Return the account details. Raises as `get` does."""
        return await self.get(self.settings.path("account-info", "details")) or {}

    async def usage(self) -> dict[str, Any]:
        """Return the calls used today, as the portal's cache has them. Raises as `get` does."""
        path = self.settings.path("account-info", "api-usage/daily/private-apps")
        return await self.get(path) or {}

    async def get(
        self, path: str, *, query: Mapping[str, str] | None = None, stop: StopSignal | None = None
    ) -> dict[str, Any] | None:
        """Return the JSON object at `path`, or None where the portal says that there is no such thing.

        Raises Unauthorized, MissingScope, DailyLimit, Unavailable (an address that is no API's too), Refused.
        """
        reply, verdict = await self._repeat("GET", path, query=query, missing_is_final=True, stop=stop)
        if verdict is Verdict.REFUSED and reply.status == HTTPStatus.NOT_FOUND:
            if reply.readable:
                return None
            raise Unavailable(
                message(
                    "{url} does not answer as HubSpot's API does: there is no {path}. Check HUBSPOT_BASE_URL and "
                    "HUBSPOT_API_VERSION.",
                    url=self.settings.base_url,
                    path=path,
                )
            )
        self._require(reply, verdict)
        return dict(reply.body) if isinstance(reply.body, dict) else {}

    async def probe(self, path: str, *, query: Mapping[str, str] | None = None) -> Reply:
        """Ask once, and return whatever came back: for those who look at the connection itself."""
        return await self._once(
            "GET", path, query=query, content=None, count="", metered=True, stop=None, on_leave=None
        )  # fmt: skip

    # --- one request, with its repeats --------------------------------------------------------------------------

    async def _repeat(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        count: str = "",
        missing_is_final: bool = False,
        metered: bool = True,
        repeats: int = retries.MAX_REPEATS,
        stop: StopSignal | None = None,
        on_leave: Leave | None = None,
        on_doubt: Signal | None = None,
    ) -> tuple[Reply, Verdict]:
        """Send a request until its answer is final or the bounds are reached; return that answer and what it means.

        count: which total of `stats` it adds to. metered: it counts in the window.
        """
        repeated = 0
        started: float | None = None
        while True:
            reply = await self._once(
                    method, path, query=query, content=content, count=count, metered=metered, stop=stop,
                    on_leave=on_leave,
                )  # fmt: skip
            started = self.clock.tick() if started is None else started
            verdict = retries.judge(reply, repeats=repeated, missing_is_final=missing_is_final)
            self._raise_if_final(reply, verdict)
            if verdict in {Verdict.ACCEPTED, Verdict.REFUSED}:
                return reply, verdict
            if on_doubt is not None and verdict is Verdict.REPEAT and retries.may_be_written(reply):
                on_doubt()
            wait = self._wait_before_repeat(reply, verdict, repeated, metered=metered)
            limited = verdict is Verdict.RATE_LIMITED
            repeated += 0 if limited else 1
            spent = self.clock.tick() - started
            if reply.fatal or repeated > repeats or spent + wait > retries.MAX_TIME_S:
                return reply, verdict
            self.stats.retried += 1
            await pause(self.clock, wait, stop)

    async def _once(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        content: bytes | None,
        count: str,
        metered: bool,
        stop: StopSignal | None,
        on_leave: Leave | None,
    ) -> Reply:
        """Wait for a turn, send once, give the turn back."""
        if not metered:
            return await self._exchange.send(method, path, query=query, content=content)
        turn = await self._limiter.enter(stop, kind=count, check=self._keep_reserve if count else None)
        reply = Reply(None)
        try:
            if count:
                setattr(self.stats, count, getattr(self.stats, count) + 1)
            if on_leave is not None:
                await on_leave()
            reply = await self._exchange.send(
                method, path, query=query, content=content, on_left=lambda: self._limiter.moved(turn)
            )
        finally:
            status = reply.status or HTTPStatus.BAD_GATEWAY
            fine = status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
            self._limiter.leave(turn, reply.headers, latency_s=reply.latency_s if fine else None)
        return reply

    def _wait_before_repeat(self, reply: Reply, verdict: Verdict, repeated: int, *, metered: bool) -> float:
        """Return how long this request waits by itself, and hold all of them where the portal asks for it.

        Raises Unavailable where the portal asks for a wait that is no use to sit out.
        """
        asked = retries.retry_after_s(reply.headers, now=self.clock.time())
        if asked is not None and asked > retries.MAX_TIME_S:
            raise Unavailable(
                message(
                    "The portal asks to come back at {time}; it may be moving between data centres. What was not sent "
                    "is kept: go on then with `import-tickets resume`.",
                    time=self._in_zone(self.clock.time() + asked),
                )
            )
        if verdict is Verdict.RATE_LIMITED:
            self.stats.rate_limited += 1
            if not metered:
                return 1.0 if asked is None else asked
            step = 1.0 if asked is None and retries.policy_of(reply) == "SECONDLY" else asked
            self._limiter.refused(retry_after_s=step)
            return 0.0
        if reply.status in retries.OVERLOADED or reply.status is None:
            self._limiter.slow_down()
        if asked is not None and reply.status in {477, 503}:
            self._limiter.hold(asked, message("the portal asks to wait"))
        wait = retries.wait_s(reply.status, repeated, rng=self._rng) if asked is None else asked
        self._tell_wait(wait, message("the portal did not answer as it should ({problem})", problem=reply.problem))
        return wait

    def _raise_if_final(self, reply: Reply, verdict: Verdict) -> None:
        """Raise where no request has a chance any more."""
        if verdict is Verdict.UNAUTHORIZED:
            raise Unauthorized(
                message(
                    "The portal does not accept the token: it is wrong, was rotated or has expired (an OAuth access "
                    "token lives 30 minutes). Set HUBSPOT_ACCESS_TOKEN to one that works."
                )
            )
        if verdict is Verdict.FORBIDDEN:
            raise MissingScope(self._forbidden(reply))
        if verdict is Verdict.DAILY_LIMIT:
            self.stats.rate_limited += 1
            raise DailyLimit(
                message(
                    "The portal's calls of this day are used up. They come back at {time}; go on then with "
                    "`import-tickets resume`.",
                    time=self._next_midnight(),
                )
            )
        if verdict is Verdict.MISTAKEN:
            where = reply.headers.get("location", "").split("?")[0]
            raise Unavailable(
                message(
                    "{url} does not answer as HubSpot's API does (HTTP {status} {where}). Redirects are not followed, "
                    "since they would show the token to another host. Check HUBSPOT_BASE_URL.",
                    url=self.settings.base_url,
                    status=reply.status or 0,
                    where=where[:200],
                )
            )

    def _forbidden(self, reply: Reply) -> Message:
        fault = self._fault(reply)
        if fault.scopes:
            return message(
                "The token lacks a scope that this needs; any one of these is enough: {scopes}. Add it to the key in "
                "HubSpot's settings.",
                scopes=", ".join(fault.scopes[:10]),
            )
        return message("The portal forbids this: {text}", text=fault.text or f"HTTP {reply.status}")

    def _require(self, reply: Reply, verdict: Verdict) -> None:
        """Raise unless the answer was accepted."""
        if verdict is Verdict.ACCEPTED:
            return
        if verdict is Verdict.REFUSED:
            answer = parse_refusal(
                reply.status or 0, reply.body, scrub=self._exchange.scrub, correlation_id=reply.correlation_id
            )
            fault = answer.faults[0]
            words = " ".join([fault.text, *(problem.text for problem in fault.problems)])
            raise Refused(message("The portal refused a request: {text}", text=words), answer)
        raise Unavailable(
            message(
                "The portal is out of reach ({problem}). Try again later; what was confirmed until now is kept.",
                problem=reply.problem,
            )
        )

    def _fault(self, reply: Reply) -> PortalFault:
        return parse_fault(reply.body if isinstance(reply.body, dict) else {}, scrub=self._exchange.scrub)

    def _keep_reserve(self, in_flight: int) -> None:
        """Raise DailyLimit once the calls left of the day are those that are reserved for others."""
        limits = self._limiter.limits
        reserve = limits.daily * self.settings.daily_reserve / 100
        if limits.daily and limits.daily_remaining - in_flight <= reserve:
            raise DailyLimit(
                message(
                    "{left} of the portal's {daily} calls of this day are left, and {reserve} % are reserved for "
                    "others (--daily-reserve). They come back at {time}; go on then with `import-tickets resume`.",
                    left=limits.daily_remaining,
                    daily=limits.daily,
                    reserve=f"{self.settings.daily_reserve:g}",
                    time=self._next_midnight(),
                )
            )

    def _next_midnight(self) -> str:
        zone = _zone(self.time_zone)
        now = datetime.fromtimestamp(self.clock.time(), zone)
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), zone)
        return f"{midnight:%Y-%m-%d %H:%M} ({zone.key})"

    def _in_zone(self, moment: float) -> str:
        zone = _zone(self.time_zone)
        return f"{datetime.fromtimestamp(moment, zone):%Y-%m-%d %H:%M} ({zone.key})"

    def _tell_wait(self, seconds: float, reason: Message) -> None:
        until = datetime.fromtimestamp(self.clock.time() + seconds, UTC)
        limits = self._limiter.limits
        self.on_event(
            Event(
                "waiting",
                until=until,
                reason=reason,
                daily=limits.daily or None,
                daily_remaining=limits.daily_remaining if limits.daily else None,
            )
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
