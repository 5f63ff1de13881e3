"""One call of the API with all its repeats: within the limits, until its answer is final."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from importer.portal import errors, retries
from importer.portal.clock import Clock, StopSignal, pause
from importer.portal.events import Counter, Event, OnEvent, PortalStats
from importer.portal.http import HttpClient
from importer.portal.limits import Limiter
from importer.portal.retries import Reply, Verdict
from importer.portal.settings import PortalSettings
from schemas.message import Message, message

Signal = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask, and how.

    counter: the total of `PortalStats` it adds to. metered: it counts in the window. missing_is_final: a
    404 says that the thing asked for does not exist. conflict_is_final: a 409 is not repeated. on_leave: called before
    each time that it leaves. on_doubt: called after each time that it may have been carried out without an answer.
    """

    method: str
    path: str
    query: Mapping[str, str] | None = None
    content: bytes | None = None
    counter: Counter | None = None
    metered: bool = True
    missing_is_final: bool = False
    conflict_is_final: bool = False
    repeats: int = retries.MAX_REPEATS
    stop: StopSignal | None = None
    on_leave: Signal | None = None
    on_doubt: Signal | None = None


class RetryingClient:
    """Makes calls. `time_zone` is the portal's, for the moments it shows to people."""

    def __init__(
        self,
        settings: PortalSettings,
        http: HttpClient,
        limiter: Limiter,
        *,
        clock: Clock,
        rng: random.Random,
        on_event: OnEvent,
    ) -> None:
        self.stats = PortalStats()
        self.time_zone = "UTC"
        self._settings = settings
        self._http = http
        self._limiter = limiter
        self._clock = clock
        self._rng = rng
        self._on_event = on_event
        self._served = 0
        """Requests that were neither turned away nor lost."""

    async def make(self, call: Call) -> tuple[Reply, Verdict]:
        """Make a call until its answer is final or the bounds are reached; return that answer and what it means.

        Raises Unauthorized, MissingScope, DailyLimit, Unavailable where no call has a chance any more; Halted.
        """
        repeated, served = 0, self._served
        started: float | None = None
        while True:
            reply = await self.make_once(call)
            started = self._clock.tick() if started is None else started
            verdict = retries.judge(
                reply,
                repeats=repeated,
                missing_is_final=call.missing_is_final,
                conflict_is_final=call.conflict_is_final,
                is_batch=call.counter is not None,
            )
            self._raise_if_final(reply, verdict)
            if verdict in {Verdict.ACCEPTED, Verdict.REFUSED}:
                return reply, verdict
            if call.on_doubt is not None and verdict is Verdict.REPEAT and retries.may_be_written(reply):
                call.on_doubt()
            wait = self._wait_before_repeat(call, reply, verdict, repeated)
            # Turned away while others were served, it stands in a queue; the time is its bound then.
            repeated += 0 if verdict is Verdict.RATE_LIMITED and self._served > served else 1
            served = self._served
            spent = self._clock.tick() - started
            if reply.lasting or repeated > call.repeats or spent + wait > retries.MAX_TIME_S:
                return reply, verdict
            self.stats.retried += 1
            await pause(self._clock, wait, call.stop)

    async def make_once(self, call: Call) -> Reply:
        """Wait until the request may leave, and send it once."""
        if not call.metered:
            return await self._http.send(call.method, call.path, query=call.query, content=call.content)
        check, kind = (None, "") if call.counter is None else (self._keep_reserve, call.counter.value)
        permit = await self._limiter.acquire(call.stop, kind=kind, check=check)
        reply = Reply(None)
        try:
            if call.counter is not None:
                self.stats.count(call.counter)
            if call.on_leave is not None:
                call.on_leave()
            reply = await self._http.send(
                call.method,
                call.path,
                query=call.query,
                content=call.content,
                on_left=lambda: self._limiter.note_left(permit),
            )
        finally:
            status = reply.status or HTTPStatus.BAD_GATEWAY
            fine = status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
            self._served += fine
            self._limiter.release(permit, reply.headers, latency_s=reply.latency_s if fine else None)
        return reply

    def report_wait(self, seconds: float, reason: Message) -> None:
        """Tell that something waits for so long."""
        limits = self._limiter.allowed
        self._on_event(
            Event(
                "waiting",
                until=datetime.fromtimestamp(self._clock.time() + seconds, UTC),
                reason=reason,
                daily=limits.daily or None,
                daily_remaining=limits.daily_remaining if limits.daily else None,
                requests_a_second=limits.requests_a_second,
            )
        )

    def _wait_before_repeat(self, call: Call, reply: Reply, verdict: Verdict, repeated: int) -> float:
        """Return how long this call waits by itself, and hold all of them where the portal asks for it.

        Raises Unavailable where the portal asks for a wait that is no use to sit out.
        """
        asked = retries.retry_after_s(reply.headers, now=self._clock.time())
        if asked is not None and asked > retries.MAX_TIME_S:
            raise errors.asks_to_wait(errors.in_zone(self._clock.time() + asked, self.time_zone))
        if verdict is Verdict.RATE_LIMITED:
            self.stats.rate_limited += 1
            if not call.metered:
                return 1.0 if asked is None else asked
            step = 1.0 if asked is None and retries.policy_of(reply) == "SECONDLY" else asked
            self._limiter.refused(retry_after_s=step)
            return 0.0
        if reply.status in retries.OVERLOADED or reply.status is None:
            self._limiter.slow_down()
        if asked is not None and reply.status in retries.HOLD_ALL:
            self._limiter.hold(asked, message("the portal asks to wait"))
        wait = retries.wait_s(reply.status, repeated, rng=self._rng) if asked is None else asked
        self.report_wait(wait, message("the portal did not answer as it should ({problem})", problem=reply.problem))
        return wait

    def _raise_if_final(self, reply: Reply, verdict: Verdict) -> None:
        if verdict is Verdict.ACCEPTED:
            return
        error = errors.final_error(
            reply,
            verdict,
            base_url=self._settings.base_url,
            resets_at=self._resets_at(),
            scrub=self._http.scrub,
        )
        if error is None:
            return
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.stats.rate_limited += 1
        raise error

    def _keep_reserve(self, in_flight: int) -> None:
        """Raise DailyLimit once the calls left of the day are those that are reserved for others."""
        limits, reserve = self._limiter.limits, self._settings.daily_reserve
        if limits.daily and limits.daily_remaining - in_flight <= limits.daily * reserve / 100:
            raise errors.reserve_reached(limits, reserve, self._resets_at())

    def _resets_at(self) -> Message:
        return errors.next_midnight(self._clock.time(), self.time_zone)
