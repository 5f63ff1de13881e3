"""When a request may leave: never over the portal's window, and fewer in flight where the portal is overloaded.

The portal gives its limits in the headers of each answer; until it has, those hold that it gave a run some minutes
before, or else the lowest documented ones. The window rolls, and may be used up at once; what others use of it (the
same token on another machine) shows in the header `Remaining`, and is left to them. The number in flight doubles with
each round trip up to 64; where the portal is overloaded it is halved, and grows by one with each round trip from then
on (additive increase, multiplicative decrease).
Source: HubSpot API usage guidelines; RFC 9110 section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from importer.portal.clock import Clock, StopSignal, pause
from importer.portal.quota import Quota, Window
from schemas.message import Message, message

FIRST_IN_FLIGHT, MOST_IN_FLIGHT = 8, 64
"""Requests in flight: before the first answer, which gives the limits, and from then on. They do not grow step by step:
the window rolls, so what leaves late in the first one leaves late in all."""
MARGIN_S = 0.1
"""Added to the window, since requests reach the portal some time after they leave, and not all equally late."""
MOST_LATE_S = 2.0
"""How much later than it left a request is taken to have been counted, at most: beyond, it is the portal that took
long to answer."""
UNSURE = 0.05
"""Part of the window up to which what others seem to use may be requests of ours that overtook each other."""
MOST_DIGITS = 15
REMEMBER_EVERY_S = 60.0
"""How often a limit that has not changed is noted anew for the runs to come."""
SHOWN_WAIT_S = 1.0
"""Waits from here on are shown."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the portal allows. 0 in `max_requests` and `daily` means that it has not said yet.

    max_requests: in any `interval_s` seconds. daily: calls of the whole account a day; daily_remaining: left of them.
    """

    max_requests: int = 0
    interval_s: float = 10.0
    daily: int = 0
    daily_remaining: int = 0
    remaining: int | None = None
    """Left of the window, as the last answer said."""

    @property
    def requests_a_second(self) -> float:
        """What the window allows in the long run; 0 where it is not known."""
        return self.max_requests / self.interval_s


LOWEST = Limits(max_requests=100)
"""The limits of a free portal. Source: HubSpot API usage guidelines."""


def read_limits(headers: Mapping[str, str], known: Limits) -> Limits:
    """Return `known` with what the headers of an answer say; what isn't a number is ignored."""
    most = _number(headers, "x-hubspot-ratelimit-max")
    interval_ms = _number(headers, "x-hubspot-ratelimit-interval-milliseconds")
    daily = _number(headers, "x-hubspot-ratelimit-daily")
    daily_remaining = _number(headers, "x-hubspot-ratelimit-daily-remaining")
    found = replace(known, remaining=_number(headers, "x-hubspot-ratelimit-remaining"))
    if most:
        interval_s = min(max(interval_ms, 100), 600_000) / 1000 if interval_ms else known.interval_s
        found = replace(found, max_requests=most, interval_s=interval_s)
    if daily and daily_remaining is not None:
        found = replace(found, daily=daily, daily_remaining=daily_remaining)
    return found


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


@dataclass(slots=True)
class Permit:
    """The right of one request to leave.

    kind: requests of one kind take the portal about the same time. left_at: when it left (seconds since 1970).
    """

    number: int
    kind: str
    left_at: float


class Limiter:
    """Lets requests leave one by one, in the order they asked. `on_wait` is called for waits worth showing."""

    def __init__(
        self,
        quota: Quota,
        clock: Clock,
        *,
        max_rate: int | None = None,
        on_wait: Callable[[float, Message], None] | None = None,
    ) -> None:
        self._quota = quota
        self._clock = clock
        known = quota.remembered(clock.time())
        self.limits = Limits() if known is None else Limits(*known)
        self.latency_s = 0.0
        """How long answers have taken of late; 0 while there was none."""
        self._remembered_at = -math.inf
        self._max_rate = max_rate
        self._on_wait = on_wait
        self._order = asyncio.Lock()
        self._changed = asyncio.Event()
        self._in_flight = 0
        self._ceiling = float(MOST_IN_FLIGHT)
        self._slowed_at = -math.inf
        self._shortest_s: dict[str, float] = {}  # by kind of request: from leaving to its answer
        self._held_until = 0.0
        self._held_for: Message | None = None
        self._refusals = 0
        self._others, self._others_until = 0, 0.0

    @property
    def allowed(self) -> Limits:
        """The portal's limits, lowered to `--max-rate`."""
        if not self._max_rate or not self.limits.max_requests:
            return self.limits
        own = max(1, math.floor(self._max_rate * self.limits.interval_s / 10))
        return replace(self.limits, max_requests=min(own, self.limits.max_requests))

    @property
    def most_in_flight(self) -> int:
        """How many requests may be in flight now."""
        return int(self._ceiling) if self.latency_s else FIRST_IN_FLIGHT

    async def acquire(
        self, stop: StopSignal | None = None, *, kind: str = "", check: Callable[[int], None] | None = None
    ) -> Permit:
        """Return once a request may leave. Every permit is given back with `release`.

        check: called before it leaves, with the number in flight; it may raise.
        Raises Halted as soon as a stop is asked for.
        """
        async with self._order:
            while True:
                if stop is not None:
                    stop.check()
                if check is not None:
                    check(self._in_flight)
                now = self._clock.time()
                if self._in_flight >= self.most_in_flight:
                    await self._wait_for_change(stop)
                elif self._held_until > now:
                    await self._wait(self._held_until - now, self._held_for, stop)
                else:
                    number, wait_s = self._quota.take(now, self._windows(now))
                    if number:
                        self._in_flight += 1
                        return Permit(number, kind, now)
                    await self._wait(wait_s, None, stop)

    def note_left(self, permit: Permit) -> None:
        """Take note that a request has left only now: its connection had to be made first."""
        permit.left_at = self._clock.time()

    def release(self, permit: Permit, headers: Mapping[str, str], *, latency_s: float | None) -> None:
        """Take back a permit; `headers` are those of its answer, `latency_s` how long that took (None: it failed)."""
        self._in_flight -= 1
        self._note_limits(read_limits(headers, self.limits))
        self._note_others(self._note_arrival(permit, answered=latency_s is not None))
        if latency_s is not None:
            self.latency_s = self.latency_s * 0.9 + latency_s * 0.1 if self.latency_s else latency_s
            self._ceiling = min(float(MOST_IN_FLIGHT), self._ceiling + 1 / self._ceiling)
            self._refusals = 0
        self._changed.set()

    def _note_limits(self, found: Limits) -> None:
        """Take over what an answer says, and pass it on to runs that come after."""
        now = self._clock.time()
        said, before = (found.max_requests, found.interval_s), (self.limits.max_requests, self.limits.interval_s)
        if found.max_requests and (said != before or now - self._remembered_at >= REMEMBER_EVERY_S):
            self._quota.remember(*said, now)
            self._remembered_at = now
        self.limits = found

    def _note_arrival(self, permit: Permit, *, answered: bool) -> float:
        """Return when the portal may have counted a request, and keep its place in the window from then on.

        That is the time of its answer less the shortest that an answer of its kind ever took; a request without an
        answer may have been counted until now.
        """
        now = self._clock.time()
        shortest_s = 0.0
        if answered:
            shortest_s = min(now - permit.left_at, self._shortest_s.get(permit.kind, math.inf))
            self._shortest_s[permit.kind] = shortest_s
        counted_at = min(now - shortest_s, permit.left_at + MOST_LATE_S)
        self._quota.move(permit.number, counted_at)
        return counted_at

    def _note_others(self, counted_at: float) -> None:
        """Note how many requests of others the portal must have counted, for as long as they may count.

        All of ours that may have been counted are taken off, those too that left soon after the one whose answer this
        is: so where nobody else is, this is next to none, in whatever order requests arrive.
        """
        limits, now = self.limits, self._clock.time()
        if limits.remaining is None or limits.remaining * 2 >= limits.max_requests:
            return
        ours = self._quota.count(counted_at - limits.interval_s - MARGIN_S, counted_at + MARGIN_S)
        others = limits.max_requests - limits.remaining - ours
        if others > limits.max_requests * UNSURE and (others >= self._others or now >= self._others_until):
            self._others, self._others_until = others, now + limits.interval_s

    def hold(self, seconds: float, reason: Message) -> None:
        """Let nothing leave for so long."""
        until = self._clock.time() + seconds
        if until > self._held_until:
            self._held_until, self._held_for = until, reason

    def refused(self, *, retry_after_s: float | None) -> None:
        """Wait for the window after a 429: as long as the portal says, else growing steps of a second up to ten."""
        if self._held_until <= self._clock.time():
            self._refusals += 1
        step_s = min(10.0, 2.0 ** (self._refusals - 1))
        self.hold(
            step_s if retry_after_s is None else retry_after_s,
            message("HubSpot's rate limit is reached"),
        )

    def slow_down(self) -> None:
        """Halve the number in flight, once a second at most: the portal is overloaded."""
        now = self._clock.tick()
        if now - self._slowed_at >= 1:
            self._slowed_at = now
            self._ceiling = max(2.0, min(self._ceiling, float(self._in_flight + 1)) / 2)

    def _windows(self, now: float) -> tuple[Window, ...]:
        limits = self.limits if self.limits.max_requests else LOWEST
        others = self._others if now < self._others_until else 0
        portal = Window(max(1, limits.max_requests - others), limits.interval_s + MARGIN_S)
        return (portal, Window(self._max_rate, 10.0, own=True)) if self._max_rate else (portal,)

    async def _wait(self, seconds: float, reason: Message | None, stop: StopSignal | None) -> None:
        if seconds >= SHOWN_WAIT_S and self._on_wait is not None:
            self._on_wait(seconds, reason or message("HubSpot's rate limit is reached"))
        await pause(self._clock, seconds + 0.001, stop)

    async def _wait_for_change(self, stop: StopSignal | None) -> None:
        self._changed.clear()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        forget = stop.listen(wake) if stop is not None else None
        try:
            await self._changed.wait()
        finally:
            if forget is not None:
                forget()
