"""What happens between us and the portal, for progress displays and totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from schemas.message import Message

Kind = Literal["read", "sent", "waiting", "rows"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth showing.

    `read`: keys of tickets were looked up (`done`). `waiting`: a request waits until `until` because of `reason`.
    `sent`: an update request was answered. `rows`: rows got their outcome; `done`, `updated` and `failed` count since
    sending began, `total` the rows there were to send. `requests_a_second`: what the portal's window allows in the
    long run; 0 where it has not said.
    """

    kind: Kind
    done: int = 0
    updated: int = 0
    failed: int = 0
    total: int = 0
    requests: int = 0
    until: datetime | None = None
    reason: Message | None = None
    daily: int | None = None
    daily_remaining: int | None = None
    requests_a_second: float = 0.0


OnEvent = Callable[[Event], None]


def reading(tell: OnEvent, total: int) -> Callable[[int], None]:
    """Return what adds up how many of `total` keys were looked up, and reports it; zero is reported at once."""
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        tell(Event("read", done=min(done, total), total=total))

    if total:
        add(0)
    return add


def ignore(event: Event) -> None:
    """Do nothing with an event."""
    del event


class Counter(Enum):
    """The totals that a batch request may add to."""

    READ = "read"
    UPDATE = "update"


@dataclass(slots=True)
class PortalStats:
    """Requests so far. `read` and `update` count batch requests, repeats included; `retried` repeats of any request;
    `rate_limited` answers of status 429.
    """

    read: int = 0
    update: int = 0
    retried: int = 0
    rate_limited: int = 0

    def count(self, counter: Counter) -> None:
        """Add a request to a total."""
        if counter is Counter.READ:
            self.read += 1
        else:
            self.update += 1

    def as_dict(self) -> dict[str, int]:
        """Return the totals by name."""
        return {
            "read": self.read,
            "update": self.update,
            "retried": self.retried,
            "rate_limited": self.rate_limited,
        }
