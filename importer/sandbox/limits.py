"""The portal's rate limits: a rolling window for each token, a day for the account, and a second for searches.

The window rolls: a call counts until `window_ms` after it was made. Refused calls count in no window.
Source: HubSpot, usage guidelines and error handling.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from importer.sandbox.answers import Json, Reply, correlation_id
from importer.sandbox.options import Limits

UNLIMITED = 1_000_000
"""What the headers say where there is no limit, so that a client that steers by them is not held back."""

_GROUPS = {
    "TEN_SECONDLY_ROLLING": "publicapi:private_app-api-calls-ten-secondly:123456:4242",
    "SECONDLY": "publicapi:crm-search-api-calls-per-second:4242",
    "DAILY": "publicapi:private-apps-api-calls-daily:4242",
}


class Limiter:
    """Counts calls against `limits`, which may change at any time. `tick`: a clock that only goes forward, seconds."""

    def __init__(self, limits: Limits, tick: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._tick = tick
        self._windows: dict[str, deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day: date | None = None
        self.used_today = limits.used_today

    def take(self, token: str, *, search: bool, now_ms: int, zone: str) -> Reply | None:
        """Count one call, or the 429 that refuses it."""
        self._turn_day(now_ms, zone)
        if self.limits.daily and self.used_today >= self.limits.daily:
            return too_many("DAILY")
        window = self._searches if search else self._windows.setdefault(token, deque())
        length_s = 1.0 if search else self.limits.window_ms / 1000
        most = self.limits.search_rate if search else self.limits.rate
        self._roll(window, length_s)
        if most and len(window) >= most:
            return too_many("SECONDLY" if search else "TEN_SECONDLY_ROLLING")
        window.append(self._tick())
        self.used_today += 1
        return None

    def headers(self, token: str, *, search: bool) -> dict[str, str]:
        """The headers that say what is left now; searches have none."""
        if search:
            return {}
        limits, window = self.limits, self._windows.get(token, deque[float]())
        self._roll(window, limits.window_ms / 1000)
        most, day = limits.rate or UNLIMITED, limits.daily or UNLIMITED * 1000
        return {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(0, most - len(window))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(limits.window_ms),
            "X-HubSpot-RateLimit-Daily": str(day),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, day - self.used_today)),
            "X-HubSpot-RateLimit-Secondly": "19",
            "X-HubSpot-RateLimit-Secondly-Remaining": "18",
        }

    def forget_windows(self) -> None:
        """Count no call that was made until now against the windows."""
        self._windows.clear()
        self._searches.clear()

    def usage(self, now_ms: int, zone: str) -> tuple[int, int, datetime]:
        """Calls allowed and made today, and when the day ends, in the portal's zone."""
        self._turn_day(now_ms, zone)
        tomorrow = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date() + timedelta(days=1)
        midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone))
        return self.limits.daily or UNLIMITED * 1000, self.used_today, midnight

    def _roll(self, window: deque[float], length_s: float) -> None:
        edge = self._tick() - length_s
        while window and window[0] <= edge:
            window.popleft()

    def _turn_day(self, now_ms: int, zone: str) -> None:
        today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date()
        if self._day is not None and today != self._day:
            self.used_today = 0
        self._day = today


def too_many(policy: str, *, bare: bool = False) -> Reply:
    """The 429 of a policy, without `Retry-After`. `bare`: the older body, which does not name the policy."""
    words = policy.lower()
    if bare:
        body: Json = {
            "status": "error",
            "message": f"You have reached your {words} limit.",
            "correlationId": correlation_id(),
            "category": "RATE_LIMITS",
        }
        return Reply(429, body)
    return Reply(
        429,
        {
            "status": "error",
            "message": f"You have reached your {words} limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": correlation_id(),
            "policyName": policy,
            "groupName": _GROUPS.get(policy, "publicapi:api-calls"),
        },
    )
