"""When a request may leave: never over the portal's window, and as many in flight as the window can use.

The portal tells its limits in the headers of each answer; until it has, those hold that it told a run some minutes
before, or else the lowest documented ones. The window rolls, and may be used up at once; what others use of it (the
same token on another machine) shows in the header `Remaining`, and is left to them. How many are in flight follows
Little's law, rate x latency: a portal that answers slowly gets more at once, never more than 64, and one that is
overloaded gets fewer.
Source: HubSpot API usage guidelines; RFC 9110 section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from importer.portal.clock import Clock, StopSignal, pause
from importer.portal.quota import Budget, Window
from schemas.message import Message, message

FEWEST, MOST = 8, 64
"""Requests in flight: at least, at most."""
MARGIN_S, CAREFUL_MARGIN_S, MOST_MARGIN_S = 0.02, 0.1, 2.0
"""Added to the window, since requests reach the portal some time after they leave, and not all equally late. It grows
up to the second where what is left of the window tells that it is used to the last, and beyond after a refusal."""
TIGHT, ROOMY = 1, 4
"""A request that left as soon as the window had room for it should find some room more: where it finds so few places
left, the margin grows, where it finds so many, it shrinks again."""
WIDER_S, NARROWER_S = 0.005, 0.001
"""By how much."""
NOTED_S = 0.01
"""Moments that differ by less are not noted anew."""
MOST_LATE_S = 2.0
"""How much later than it left a request is taken to have been counted, at most: beyond, it is the portal that took
long to answer."""
OVERTAKEN_S = 0.1
"""Requests that left so close to each other may have been counted in another order."""
BURST = 0.17
"""A window may be used up at once, and is within this part of it: a portal hit by all of it in one moment counts some
requests late, and then finds the next window overrun."""
CATCH_UP = 20
"""Requests that may leave together, to make up for a wait that took longer than it should."""
HEADROOM = 1.25
"""In flight over what Little's law gives, so that an answer that comes late leaves no gap."""
UNSURE = 0.05
"""Part of the window up to which what others seem to use may be requests of ours that overtook each other."""
MOST_DIGITS = 15
REMEMBER_EVERY_S = 60.0
"""How often a limit that has not changed is noted anew for the runs to come."""
SHOWN_WAIT_S = 1.0
"""Waits from here on are told."""


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


LOWEST = Limits(max_requests=100)
"""The limits of a free portal. Source: HubSpot API usage guidelines."""


def read_limits(headers: Mapping[str, str], known: Limits) -> Limits:
    """Return `known` with what the headers of an answer say; what is no number is passed over."""
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
class Turn:
    """The right of one request to leave, and when it did (seconds since 1970).

    left_at: when it left; at: when the portal may have counted it. noted_at: the moment that the budget has.
    had_to_wait: it left as soon as the window had room for it.
    """

    number: int
    left_at: float
    at: float
    kind: str = ""
    noted_at: float = 0.0
    had_to_wait: bool = False


class Limiter:
    """Lets requests leave one by one, in the order they asked. `on_wait` is told of waits worth showing."""

    def __init__(
        self,
        budget: Budget,
        clock: Clock,
        *,
        max_rate: int | None = None,
        on_wait: Callable[[float, Message], None] | None = None,
    ) -> None:
        self._budget = budget
        self._clock = clock
        known = budget.remembered(clock.time())
        self.limits = Limits() if known is None else Limits(*known)
        self._remembered_at = -math.inf
        self._max_rate = max_rate
        self._on_wait = on_wait
        self._order = asyncio.Lock()
        self._changed = asyncio.Event()
        self._in_flight = 0
        self._ceiling = float(MOST)
        self._latency_s: float | None = None
        self._margin_s = MARGIN_S
        self._fastest_s: dict[str, float] = {}  # by kind of request
        self._answered: deque[tuple[Turn, float]] = deque()  # within the last window, and when
        self._held_until = 0.0
        self._next_at = 0.0
        self._held_for: Message | None = None
        self._refusals = 0
        self._others: deque[tuple[int, float]] = deque()  # (requests, seen at), falling
        self._slowed_at = -math.inf

    @property
    def allowed(self) -> Limits:
        """The portal's limits, lowered to `--max-rate`."""
        if not self._max_rate or not self.limits.max_requests:
            return self.limits
        own = max(1, math.floor(self._max_rate * self.limits.interval_s / 10))
        return replace(self.limits, max_requests=min(own, self.limits.max_requests))

    @property
    def _pace_s(self) -> float:
        """Seconds between two requests while the window has room."""
        limits = self.allowed if self.limits.max_requests else LOWEST
        return limits.interval_s * BURST / limits.max_requests

    @property
    def latency_s(self) -> float:
        """How long answers have taken of late; 0 while there was none."""
        return self._latency_s or 0.0

    async def enter(
        self, stop: StopSignal | None = None, *, kind: str = "", check: Callable[[int], None] | None = None
    ) -> Turn:
        """Return once a request may leave. Every turn is given back with `leave`.

        kind: requests of one kind take the portal about the same time.
        check: called before it leaves, with the number in flight; it may raise.
        Raises Halted as soon as somebody asks to stop.
        """
        had_to_wait = False
        async with self._order:
            while True:
                if stop is not None:
                    stop.check()
                if check is not None:
                    check(self._in_flight)
                if self._in_flight >= self.most_in_flight():
                    await self._wait_for_change(stop)
                    continue
                now = self._clock.time()
                if self._held_until > now:
                    await self._wait(self._held_until - now, self._held_for, stop)
                    continue
                if self._next_at > now:
                    await pause(self._clock, self._next_at - now, stop)
                    continue
                number, wait_s = self._budget.take(now, self._windows(now))
                if number:
                    self._next_at = max(self._next_at, now - CATCH_UP * self._pace_s) + self._pace_s
                    self._in_flight += 1
                    return Turn(number, now, now, kind, now, had_to_wait)
                had_to_wait = True
                await self._wait(wait_s, None, stop)

    def moved(self, turn: Turn) -> None:
        """Take note that a request has left only now: its connection had to be made first."""
        turn.left_at = turn.at = self._clock.time()

    def leave(self, turn: Turn, headers: Mapping[str, str], *, latency_s: float | None) -> None:
        """Take back a turn; `headers` are those of its answer, `latency_s` how long that took (None: it failed)."""
        self._in_flight -= 1
        self._note_limits(read_limits(headers, self.limits))
        self._note_arrival(turn, answered=latency_s is not None)
        if turn.had_to_wait and latency_s is not None and self.limits.remaining is not None:
            self._adjust_margin(self.limits.remaining)
        if self.limits.remaining is not None and self.limits.remaining * 2 < self.limits.max_requests:
            self._note_others(turn)
        if latency_s is not None:
            self._latency_s = latency_s if self._latency_s is None else self._latency_s * 0.9 + latency_s * 0.1
            self._ceiling = min(MOST, self._ceiling + 1 / max(1.0, self._ceiling))
            self._refusals = 0
        self._changed.set()

    def _note_limits(self, found: Limits) -> None:
        """Take over what an answer says, and pass it on to runs that come after."""
        now = self._clock.time()
        told, before = (found.max_requests, found.interval_s), (self.limits.max_requests, self.limits.interval_s)
        if found.max_requests and (told != before or now - self._remembered_at >= REMEMBER_EVERY_S):
            self._budget.remember(*told, now)
            self._remembered_at = now
        self.limits = found

    def _note_arrival(self, turn: Turn, *, answered: bool) -> None:
        """Note how late the portal may have counted a request: its answer's time less the shortest its kind ever took.

        A request that waited on its way, or in front of a busy portal, so keeps its place in the window for longer. It
        may as well have been counted at once, and worked on for long: to believe that it was not costs some tenths of a
        second a window, and a refusal costs a second.
        """
        now = self._clock.time()
        while self._answered and now - self._answered[0][1] > self.limits.interval_s + MOST_LATE_S:
            self._answered.popleft()
        if not answered:
            self._move(turn, now)
            return
        took_s, fastest_s = now - turn.left_at, self._fastest_s.get(turn.kind, math.inf)
        self._fastest_s[turn.kind] = min(fastest_s, took_s)
        self._move(turn, now - self._fastest_s[turn.kind])
        self._answered.append((turn, now))
        if took_s < fastest_s:  # those before it were later than they seemed
            for earlier, answered_at in self._answered:
                if earlier.kind == turn.kind:
                    self._move(earlier, answered_at - took_s)

    def _move(self, turn: Turn, arrived: float) -> None:
        """Note when a request arrived at the portal, so far as that can be believed."""
        if arrived - turn.left_at > MOST_LATE_S:
            self._widen_margin()
        turn.at = max(turn.at, min(arrived, turn.left_at + MOST_LATE_S))
        if turn.at - turn.noted_at > NOTED_S:
            turn.noted_at = turn.at
            self._budget.move(turn.number, turn.at)

    def _adjust_margin(self, remaining: int) -> None:
        """Keep just so far from the edge of the window that the portal never finds it overrun."""
        if remaining <= TIGHT:
            self._widen_margin()
        elif remaining >= ROOMY and MARGIN_S < self._margin_s <= CAREFUL_MARGIN_S:
            self._margin_s = max(MARGIN_S, self._margin_s - NARROWER_S)

    def _widen_margin(self) -> None:
        self._margin_s = max(self._margin_s, min(CAREFUL_MARGIN_S, self._margin_s + WIDER_S))

    def _note_others(self, turn: Turn) -> None:
        """Note how many requests of others the portal must have counted, for as long as they may count.

        All of ours that may have been counted are taken off, those too that left soon after the one whose answer this
        is: so where nobody else is, this is next to none, in whatever order requests arrive.
        """
        limits = self.limits
        slack_s = max(OVERTAKEN_S, self._margin_s)
        ours = self._budget.count(turn.at - limits.interval_s - slack_s, turn.at + slack_s)
        others = limits.max_requests - (limits.remaining or 0) - ours
        if others > limits.max_requests * UNSURE:
            while self._others and self._others[-1][0] <= others:
                self._others.pop()
            self._others.append((others, self._clock.time()))

    def hold(self, seconds: float, reason: Message) -> None:
        """Let nothing leave for so long."""
        until = self._clock.time() + seconds
        if until > self._held_until:
            self._held_until, self._held_for = until, reason

    def refused(self, *, retry_after_s: float | None) -> None:
        """Wait for the window after a 429: as long as the portal says, else growing steps of a second up to ten."""
        if self._held_until <= self._clock.time():
            self._refusals += 1
            self._margin_s = min(MOST_MARGIN_S, max(CAREFUL_MARGIN_S, self._margin_s * 2))
        step_s = min(10.0, 2.0 ** (self._refusals - 1))
        self.hold(
            step_s if retry_after_s is None else retry_after_s,
            message("the portal has had as many requests as it allows for now"),
        )

    def slow_down(self) -> None:
        """Halve the number in flight, once a second at most: the portal is overloaded."""
        now = self._clock.tick()
        if now - self._slowed_at >= 1:
            self._slowed_at = now
            self._ceiling = max(2.0, min(self._ceiling, float(self._in_flight + 1)) / 2)

    def most_in_flight(self) -> int:
        """Return how many requests may be in flight now."""
        if self._latency_s is None:
            return int(min(FEWEST, self._ceiling))
        wanted = math.ceil(self._latency_s / self._pace_s * HEADROOM)
        return int(max(1, min(self._ceiling, max(FEWEST, wanted), MOST)))

    def _windows(self, now: float) -> tuple[Window, ...]:
        limits = self.limits if self.limits.max_requests else LOWEST
        while self._others and now - self._others[0][1] >= limits.interval_s:
            self._others.popleft()
        others = self._others[0][0] if self._others else 0
        portal = Window(max(1, limits.max_requests - others), limits.interval_s + self._margin_s)
        if not self._max_rate:
            return (portal,)
        return (portal, Window(self._max_rate, 10.0, own=True))

    async def _wait(self, seconds: float, reason: Message | None, stop: StopSignal | None) -> None:
        if seconds >= SHOWN_WAIT_S and self._on_wait is not None:
            self._on_wait(seconds, reason or message("the rate limit of the portal"))
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
