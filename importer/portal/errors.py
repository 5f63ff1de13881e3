"""Why no request has a chance any more, in words: the errors that the portal's answers end in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import orjson

from importer.errors import DailyLimit, MissingScope, PortalError, Unauthorized, Unavailable
from importer.labels import moment_words, zone_of
from importer.portal.limits import Limits
from importer.portal.responses import BatchResult, parse_fault, parse_refusal
from importer.portal.retries import Reply, Verdict
from schemas.message import Message, message

Scrub = Callable[[str], str]


class Refused(PortalError):
    """The portal refused a request for what it holds; `answer` says why in its own words."""

    code = "rejected"

    def __init__(self, text: Message, answer: BatchResult) -> None:
        super().__init__(text)
        self.answer = answer


class Lost(Unavailable):
    """No answer that is any use came to one request, however often it was sent; others may go through."""


class NoSuchPath(Unavailable):
    """The portal has no such endpoint: the address or the version is wrong, or it does not offer this."""


def final_error(
    reply: Reply, verdict: Verdict, *, base_url: str, resets_at: Message, scrub: Scrub
) -> PortalError | None:
    """Return the error of an answer after which nothing else has a chance either; None for any other answer.

    resets_at: when the day's calls come back, as people read it.
    """
    if verdict is Verdict.UNAUTHORIZED:
        return Unauthorized(
            message(
                "The portal does not accept the token: it is wrong, was rotated or has expired (an OAuth access "
                "token lives 30 minutes). Set HUBSPOT_ACCESS_TOKEN to one that works, or keep one with "
                "`import-tickets login`."
            )
        )
    if verdict is Verdict.FORBIDDEN:
        return MissingScope(_forbidden(reply, scrub))
    if verdict is Verdict.DAILY_LIMIT:
        return DailyLimit(
            message(
                "The portal's daily API calls are used up. They are reset at {time}; go on then with "
                "`import-tickets resume`, or run the file again where nothing was sent.",
                time=resets_at,
            )
        )
    if verdict is Verdict.MISTAKEN and not reply.headers.get("location"):
        return Unavailable(
            message(
                "{url} does not answer as HubSpot's API does (HTTP {status}). Check HUBSPOT_BASE_URL.",
                url=base_url,
                status=reply.status or 0,
            )
        )
    if verdict is Verdict.MISTAKEN:
        return Unavailable(
            message(
                "{url} does not answer as HubSpot's API does (HTTP {status} {where}). Redirects are not followed, "
                "since they would show the token to another host. Check HUBSPOT_BASE_URL.",
                url=base_url,
                status=reply.status or 0,
                where=reply.headers["location"].split("?")[0][:200],
            )
        )
    return None


def _forbidden(reply: Reply, scrub: Scrub) -> Message:
    fault = parse_fault(reply.body if isinstance(reply.body, dict) else {}, scrub=scrub)
    if fault.scopes:
        return message(
            "The token lacks a scope that this needs; any one of these is enough: {scopes}. Add it to the key in "
            "HubSpot's settings.",
            scopes=", ".join(fault.scopes[:10]),
        )
    return message("The portal forbids this: {text}", text=fault.text or f"HTTP {reply.status}")


def refusal(reply: Reply, *, scrub: Scrub) -> BatchResult:
    """Return what a refusal says, the portal's own or that of something on the way."""
    is_error = reply.is_hubspots or (isinstance(reply.body, dict) and "message" in reply.body)
    body = reply.body if is_error else None
    words = reply.page if reply.body is None else orjson.dumps(reply.body).decode()
    return parse_refusal(reply.status or 0, body, scrub=scrub, correlation_id=reply.correlation_id, page=words)


def unaccepted(reply: Reply, verdict: Verdict, *, scrub: Scrub) -> PortalError:
    """Return the error of an answer that does not serve a caller who needs one: Refused, or Unavailable."""
    if verdict is Verdict.REFUSED:
        answer = refusal(reply, scrub=scrub)
        fault = answer.faults[0]
        if fault.is_foreign:
            return Refused(
                message(
                    "Something on the way to the portal (a firewall or a proxy) refused a request: {text}",
                    text=fault.text,
                ),
                answer,
            )
        words = " ".join([fault.text, *(problem.text for problem in fault.problems)])
        return Refused(message("The portal refused a request: {text}", text=words), answer)
    if reply.lasting is not None:
        return Unavailable(reply.lasting)
    problem = reply.problem
    if isinstance(reply.body, dict) and (words := parse_fault(reply.body, scrub=scrub).text):
        problem = message("{what}: {reason}", what=problem, reason=words)
    is_its_own = verdict is Verdict.REPEAT
    return (Lost if is_its_own else Unavailable)(
        message(
            "The portal is out of reach ({problem}). Try again later; what was confirmed until now is kept.",
            problem=problem,
        )
    )


def no_such_path(base_url: str, path: str) -> NoSuchPath:
    """Return the error of an address that leads to no API."""
    return NoSuchPath(
        message(
            "{url} does not answer as HubSpot's API does: there is no {path}. Check HUBSPOT_BASE_URL and "
            "HUBSPOT_API_VERSION.",
            url=base_url,
            path=path,
        )
    )


def asks_to_wait(until: Message) -> Unavailable:
    """Return the error of a portal that asks for a wait that is no use to sit out."""
    return Unavailable(
        message(
            "The portal asks to try again at {time}; it may be moving between data centres. Go on then with "
            "`import-tickets resume`, or run the file again where nothing was sent.",
            time=until,
        )
    )


def reserve_reached(limits: Limits, reserve: float, resets_at: Message) -> DailyLimit:
    """Return the error of a run that would use the calls of the day that are reserved for others."""
    return DailyLimit(
        message(
            "{left} of the portal's {daily} daily API calls are left, and {reserve} % are reserved for other "
            "integrations (--daily-reserve). They are reset at {time}; go on then with `import-tickets "
            "resume`, or run the file again where nothing was sent.",
            left=limits.daily_remaining,
            daily=limits.daily,
            reserve=f"{reserve:g}",
            time=resets_at,
        )
    )


def next_midnight(now: float, zone_name: str) -> Message:
    """Return when the day of a portal ends, in its own zone. `now`: seconds since 1970."""
    zone = zone_of(zone_name)
    midnight = datetime.combine(datetime.fromtimestamp(now, zone).date() + timedelta(days=1), datetime.min.time(), zone)
    return moment_words(midnight, zone.key)


def in_zone(moment: float, zone_name: str) -> Message:
    """Return a moment (seconds since 1970) as people in a portal's zone read it."""
    zone = zone_of(zone_name)
    return moment_words(datetime.fromtimestamp(moment, zone), zone.key)
