"""What to do after an answer: take it, send the request again after a wait, or stop.

Nothing here waits or sends; values in, a decision out.
Source: HubSpot API error handling and usage guidelines; RFC 9110 section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from schemas.message import Message, message

MAX_REPEATS = 5
MAX_TIME_S = 120.0
"""A batch is given up after this many repeats, or this much time."""
MAX_WAIT_S = 30.0
"""The longest wait we choose ourselves."""
LONGEST_WAIT_S = 30 * 86_400.0
"""The longest wait that is believed when the portal asks for it."""
LOCKED_S = 2.0
"""How long a lock (423) lasts."""

OVERLOADED = frozenset({502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530})
REPEATED = OVERLOADED | {404, 408, 423, 425, 429, 477, 500}

HOLD_ALL = frozenset({477, 503})
"""With `Retry-After`, these are about the portal, not about one request."""
MISTAKES = frozenset({405, 411, 415})

NO_ANSWER = message("no answer")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the portal, or the lack of one.

    `status` is None where none came. `body` is the parsed JSON, None where there was none that could be read (then
    `problem` says why). `may_have_arrived`: the request may have been carried out. `lasting`: what no
    repeat changes, and what to do.
    """

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    readable: bool = False
    problem: Message = NO_ANSWER
    may_have_arrived: bool = True
    lasting: Message | None = None
    latency_s: float | None = None
    is_whole: bool = True
    """Whether the answer came to its end: one that broke off says nothing but its status."""
    page: str = ""
    """What a body that is not JSON shows people, the beginning of it."""

    @property
    def is_hubspots(self) -> bool:
        """Whether the body of a refusal is HubSpot's own, not what something on the way says, as a page or in JSON."""
        body = self.body
        marks = {"category", "correlationId"}
        return isinstance(body, dict) and (not marks.isdisjoint(body) or body.get("status") == "error")

    @property
    def says_missing(self) -> bool:
        """Whether it says that tickets do not exist, in HubSpot's own words."""
        return isinstance(self.body, dict) and self.body.get("category") == "OBJECT_NOT_FOUND"

    @property
    def correlation_id(self) -> str:
        """The portal's own mark of this answer, for its support."""
        found = self.body.get("correlationId") if isinstance(self.body, dict) else None
        text = found if isinstance(found, str) else self.headers.get("x-hubspot-correlation-id", "")
        return text if re.fullmatch(r"[0-9A-Za-z_.:-]{1,80}", text) else ""


class Verdict(Enum):
    """What an answer means for its request."""

    ACCEPTED = auto()
    REFUSED = auto()
    """For what it holds: sending it again unchanged is no use."""
    REPEAT = auto()
    RATE_LIMITED = auto()
    DAILY_LIMIT = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    MISTAKEN = auto()
    """The address or the request itself is wrong, whatever the rows: a redirect, a wrong verb."""


def judge(
    reply: Reply,
    *,
    repeats: int,
    missing_is_final: bool = False,
    conflict_is_final: bool = False,
    is_batch: bool = False,
) -> Verdict:
    """Return what a reply means for a request that was repeated `repeats` times before.

    missing_is_final: a 404 says that the thing asked for does not exist; for a batch it says that something is amiss,
    unless it is HubSpot's own for tickets that do not exist. conflict_is_final: a 409 was repeated before, for more
    than this request holds. is_batch: it is about rows, so that one of them may be what a page on the way objects to.
    """
    status = reply.status
    if status is None:
        return Verdict.REPEAT
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        fine = status == HTTPStatus.NO_CONTENT or (reply.readable and isinstance(reply.body, dict))
        return Verdict.ACCEPTED if fine else Verdict.REPEAT
    if status == HTTPStatus.UNAUTHORIZED:
        return Verdict.UNAUTHORIZED
    if status == HTTPStatus.FORBIDDEN and reply.is_hubspots:
        return Verdict.FORBIDDEN
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict.DAILY_LIMIT if policy_of(reply) == "DAILY" else Verdict.RATE_LIMITED
    if status == HTTPStatus.NOT_FOUND and (missing_is_final or reply.says_missing):
        return Verdict.REFUSED
    if (
        status in REPEATED
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or (status == HTTPStatus.CONFLICT and repeats == 0 and not conflict_is_final)
    ):
        return Verdict.REPEAT
    return _judge_refusal(reply, is_batch=is_batch)


def _judge_refusal(reply: Reply, *, is_batch: bool) -> Verdict:
    status = reply.status or 0
    if not reply.is_whole:
        return Verdict.REPEAT  # it names no cause
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Verdict.MISTAKEN
    if status in MISTAKES and (not is_batch or reply.readable):
        return Verdict.MISTAKEN
    return Verdict.REFUSED  # the portal's, or a page of something on the way: a firewall, a proxy


def may_be_written(reply: Reply) -> bool:
    """Return whether a request that got this reply, which is to be repeated, may have been carried out already."""
    return reply.may_have_arrived and reply.status not in {404, 409, 423, 425, 477}


def policy_of(reply: Reply) -> str:
    """Return the policy of a 429: DAILY, SECONDLY or TEN_SECONDLY_ROLLING, by its name or else by its words."""
    body = reply.body if isinstance(reply.body, dict) else {}
    words = " ".join(str(body.get(name) or "") for name in ("policyName", "message")).upper()
    if "DAILY" in words:
        return "DAILY"
    if "SECONDLY" in words and not re.search(r"TEN[_ ]SECONDLY", words):
        return "SECONDLY"
    return "TEN_SECONDLY_ROLLING"


def retry_after_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the seconds that `Retry-After` asks for, given as seconds or as a date; None where it asks nothing."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text):
        return min(float(text), LONGEST_WAIT_S)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT_S)


def wait_s(status: int | None, repeats: int, *, rng: random.Random) -> float:
    """Return how long to wait before the next repeat: doubling, jittered between half and all of it.

    A lock takes at least two seconds. An overloaded portal is spared by fewer requests in flight, not by longer waits.
    """
    wait = min(MAX_WAIT_S, 2.0**repeats) * rng.uniform(0.5, 1.0)
    return max(LOCKED_S, wait) if status == HTTPStatus.LOCKED else wait
