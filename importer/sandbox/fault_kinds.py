"""What each kind of fault does to an answer. How faults are asked for, and what the kinds mean: `faults`."""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson

from importer.sandbox.access import missing_scopes
from importer.sandbox.answers import Call, Json, Refused, Reply, error_body, html_page
from importer.sandbox.faults import Fault
from importer.sandbox.limits import too_many
from importer.sandbox.portal import Portal
from importer.sandbox.tickets import record, values_of


class Cut(Exception):
    """The connection ends. `content`: bytes of the answer that still go out; `reset`: by a TCP reset."""

    def __init__(self, *, reset: bool = False, reply: Reply | None = None) -> None:
        super().__init__("connection cut")
        self.reset = reset
        self.reply = reply


# Before the portal has done anything ----------------------------------------------------------------------------

_TITLES = {
    404: "Error 404 Not Found",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
    521: "Error 521: Web server is down",
    522: "Error 522: Connection timed out",
    523: "Error 523: Origin is unreachable",
    524: "Error 524: A timeout occurred",
}


def _status(fault: Fault, _call: Call) -> Reply:
    more, status = fault.more, int(fault.more.get("status", 500))
    if status == 429:
        reply = too_many(more.get("policy", "TEN_SECONDLY_ROLLING"), bare=bool(more.get("bare")))
    elif more.get("html", status >= 500):
        reply = html_page(status, _TITLES.get(status, f"Error {status}"))
    else:
        texts = {423: "The resource is locked.", 477: "This account is being migrated to another data center."}
        reply = Reply(status, error_body(texts.get(status, "internal error"), category=""))
    if "body" in more:
        reply.body = more["body"].encode() if isinstance(more["body"], str) else more["body"]
    reply.headers |= more.get("headers", {})
    if "retry_after" in more or status == 477:
        reply.headers["Retry-After"] = str(more.get("retry_after", 2))
    return reply


def _unauthorized(fault: Fault, _call: Call) -> Reply:
    if fault.kind == "unauthorized":
        return Reply(401, error_body("Authentication credentials not found.", category="INVALID_AUTHENTICATION"))
    ago, when = ("5 second(s)", "2026-11-23T14:15:03Z")
    if fault.kind == "expired_1970":
        ago, when = ("20780 day(s)", "1970-01-01T00:00:00Z")
    text = f"The OAuth token used to make this call expired {ago} ago."
    return Reply(401, error_body(text, category="EXPIRED_AUTHENTICATION", context={"expire time": [when]}))


def _missing_scopes(fault: Fault, _call: Call) -> Reply:
    return missing_scopes(fault.more.get("scopes", ["tickets"])).reply


def _forbidden(_fault: Fault, _call: Call) -> Reply:
    return Reply(403, error_body("The user does not have permission for this object type.", category="FORBIDDEN"))


def _whole_batch(fault: Fault, _call: Call) -> Reply:
    message = fault.more.get("message")
    if message is None:
        name = fault.more.get("property", "subject")
        item = {"isValid": False, "message": "The value is not valid.", "error": "INVALID", "name": name}
        message = f"Property values were not valid: {orjson.dumps([item]).decode()}"
    return Reply(400, error_body(message))


def _plain(status: int, category: str, message: str) -> Callable[[Fault, Call], Reply]:
    return lambda _fault, _call: Reply(status, error_body(message, category=category))


def _redirect(fault: Fault, _call: Call) -> Reply:
    return Reply(307, b"", headers={"Location": fault.more.get("location", "https://elsewhere.invalid/")})


def _cut(fault: Fault, _call: Call) -> Reply:
    raise Cut(reset=bool(fault.more.get("reset")))


def _echo_token(_fault: Fault, call: Call) -> Reply:
    return Reply(400, error_body(f"Could not use Bearer {call.token} for this call."))


# After it has written -------------------------------------------------------------------------------------------


def _cut_after(fault: Fault, _reply: Reply) -> Reply:
    raise Cut(reset=bool(fault.more.get("reset")))


def _cut_midway(_fault: Fault, reply: Reply) -> Reply:
    raise Cut(reply=reply)


def _status_after(fault: Fault, _reply: Reply) -> Reply:
    return _status(Fault("status", more={"status": 504} | fault.more), _NO_CALL)


def _truncated(_fault: Fault, reply: Reply) -> Reply:
    content = reply.content()
    return Reply(reply.status, content[: len(content) * 2 // 3], reply.headers)


def _not_json(_fault: Fault, _reply: Reply) -> Reply:
    return html_page(200, "Just a moment...")


def _empty(_fault: Fault, reply: Reply) -> Reply:
    return Reply(204, None, reply.headers)


def _not_an_object(fault: Fault, reply: Reply) -> Reply:
    return Reply(200, orjson.dumps(fault.more.get("body", [])), reply.headers)


def _nothing(fault: Fault, reply: Reply) -> Reply:
    body = _body(reply)
    body["results"] = []
    body.pop("errors", None)
    body.pop("numErrors", None)
    return Reply(int(fault.more.get("status", 207)), body, reply.headers)


def _errors_in_200(_fault: Fault, reply: Reply) -> Reply:
    return Reply(200, reply.body, reply.headers) if reply.status == 207 else reply


def _state(fault: Fault, reply: Reply) -> Reply:
    body = _body(reply)
    results = body.get("results", [])
    body["results"] = results[int(fault.more.get("drop", (len(results) + 1) // 2)) :]
    body["status"] = fault.more.get("state", "CANCELED")
    return reply


def _drop_results(fault: Fault, reply: Reply) -> Reply:
    body = _body(reply)
    body["results"] = body.get("results", [])[int(fault.more.get("drop", 1)) :]
    if "state" in fault.more:
        body["status"] = fault.more["state"]
    return reply


def _group_errors(_fault: Fault, reply: Reply) -> Reply:
    body = _body(reply)
    errors = body.get("errors") or []
    groups: dict[tuple[str, str], Json] = {}
    for error in errors:
        first = groups.setdefault((error["category"], error["message"]), error)
        if first is not error:
            for key, values in error.get("context", {}).items():
                first.setdefault("context", {}).setdefault(key, []).extend(values)
    if errors:
        body["errors"] = list(groups.values())
        body["numErrors"] = len(groups)
    return reply


def _context(fault: Fault, reply: Reply) -> Reply:
    for error in _body(reply).get("errors") or []:
        context = error.get("context", {})
        if fault.kind == "no_context":
            error.pop("context", None)
        elif fault.kind == "no_ids":
            context.pop("ids", None)
        else:
            context["ids"] = [""]
    return reply


def _no_trace(_fault: Fault, reply: Reply) -> Reply:
    body = _body(reply)
    for entry in body.get("results", []):
        entry.pop("objectWriteTraceId", None)
    for error in body.get("errors") or []:
        error.get("context", {}).pop("objectWriteTraceId", None)
    return reply


def _message(fault: Fault, reply: Reply) -> Reply:
    body = _body(reply)
    for error in [body, *(body.get("errors") or [])]:
        text = error.get("message", "")
        if fault.kind == "no_name" and text:
            error["message"] = re.sub(r',"name":"[^"]*"', "", text)
        elif fault.kind == "cut_message" and "[{" in text:
            error["message"] = text[: text.index("[{") + (len(text) - text.index("[{")) // 2]
    if fault.kind == "short_errors" and reply.status == 400:
        body["errors"] = (body.get("errors") or [])[1:]
    return reply


def _body(reply: Reply) -> Json:
    return reply.body if isinstance(reply.body, dict) else {}


_NO_CALL = Call("", "", "", {}, {}, b"", "")

BEFORE: dict[str, Callable[[Fault, Call], Reply]] = {
    "status": _status,
    "unauthorized": _unauthorized,
    "expired": _unauthorized,
    "expired_1970": _unauthorized,
    "missing_scopes": _missing_scopes,
    "forbidden": _forbidden,
    "whole_batch": _whole_batch,
    "conflict": _plain(409, "CONFLICT", "The object was changed at the same time."),
    "not_found": _plain(404, "OBJECT_NOT_FOUND", "resource not found"),
    "too_large": _plain(413, "VALIDATION_ERROR", "Request entity too large"),
    "redirect": _redirect,
    "cut_before": _cut,
    "echo_token": _echo_token,
}
"""Kinds that answer in the portal's place."""

AFTER: dict[str, Callable[[Fault, Reply], Reply]] = {
    "cut_after": _cut_after,
    "cut_midway": _cut_midway,
    "status_after": _status_after,
    "truncated": _truncated,
    "not_json": _not_json,
    "empty": _empty,
    "not_an_object": _not_an_object,
    "nothing": _nothing,
    "errors_in_200": _errors_in_200,
    "state": _state,
    "drop_results": _drop_results,
    "group_errors": _group_errors,
    "no_context": _context,
    "no_ids": _context,
    "blank_id": _context,
    "no_trace": _no_trace,
    "no_name": _message,
    "short_errors": _message,
    "cut_message": _message,
}
"""Kinds that spoil the portal's answer."""

_OF_BATCHES = frozenset({"nothing", "state", "drop_results", "group_errors"})
"""Kinds that leave a refusal as it is: it has no results."""

KINDS = frozenset({*BEFORE, *AFTER, "hang", "latency", "not_written", "mixed"})
"""All of them; the last four change a call's way, not an answer."""


def without_inputs(call: Call, fault: Fault) -> tuple[Call, list[Json]]:
    """The call without its first inputs, and these: what a portal does that loses some of them."""
    try:
        body = orjson.loads(call.body)
        drop = int(fault.more.get("drop", 1))
        dropped, body["inputs"] = body["inputs"][:drop], body["inputs"][drop:]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return call, []
    call.body = orjson.dumps(body)
    return call, dropped


def tell_of(unwritten: list[Json], reply: Reply, fault: Fault, portal: Portal) -> None:
    """Let the answer say of unwritten inputs what `told` asks for: results with the old values, or errors."""
    body, told = _body(reply), fault.more.get("told")
    ids = {int(one["id"]): one for one in unwritten if str(one.get("id", "")).isdigit()}
    if told == "old":
        for number, ticket in portal.store.tickets(list(ids)).items():
            one = ids[number]
            found = record(
                portal, ticket, dict.fromkeys(one["properties"]) | values_of(portal, ticket, one["properties"])
            )
            body.setdefault("results", []).append(found | {"objectWriteTraceId": one.get("objectWriteTraceId")})
    elif told == "error" and unwritten:
        category = fault.more.get("category", "INTERNAL_ERROR")
        body.setdefault("errors", []).extend(
            {
                "status": "error",
                "category": category,
                "message": "Please try again.",
                "context": {"ids": [str(one["id"])], "objectWriteTraceId": [one.get("objectWriteTraceId", "")]},
            }
            for one in unwritten
        )
        body["numErrors"] = len(body["errors"])
        reply.status = 207


def answer_before(fault: Fault, call: Call) -> Reply | None:
    """The reply of a fault that answers in the portal's place; None where the portal shall answer."""
    make = BEFORE.get(fault.kind)
    try:
        return make(fault, call) if make else None
    except Refused as refused:
        return refused.reply


def spoil(fault: Fault, reply: Reply) -> Reply:
    """The portal's answer as the fault leaves it; raises Cut where nothing of it arrives."""
    change = AFTER.get(fault.kind)
    if change is None or (fault.kind in _OF_BATCHES and reply.status >= 300):
        return reply
    return change(fault, reply)
