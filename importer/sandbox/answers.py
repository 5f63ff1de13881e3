"""What goes over the wire: calls as they came in, replies, and the portal's error bodies.

Source of the error shapes: HubSpot, error handling; texts as far as they have been seen, else our own words.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

Json = dict[str, Any]

JSON_TYPE = "application/json;charset=utf-8"
HTML_TYPE = "text/html;charset=utf-8"


@dataclass(slots=True)
class Call:
    """One request. `version` is `v3` or a dated one; `params` are the path's, `query` the address's (last value)."""

    method: str
    path: str
    version: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    token: str
    address: str = ""
    """Path and query as they came."""
    number: int = 0
    scopes: frozenset[str] = frozenset()
    rate_headers: Mapping[str, str] = field(default_factory=dict)
    """What the limits left when it was counted."""

    @property
    def dated_2026_09(self) -> bool:
        """Whether the rules of 2026-09 and later hold."""
        return self.version != "v3" and self.version >= "2026-09"

    def flag(self, name: str) -> bool:
        """A query parameter that is `true` or not."""
        return self.query.get(name, "").lower() == "true"

    def names(self, name: str) -> list[str]:
        """A query parameter that holds names separated by commas."""
        return [part.strip() for part in self.query.get(name, "").split(",") if part.strip()]

    def json(self) -> Json:
        """The body as a JSON object; Refused with the portal's 400 where it is none."""
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            where = f"on line {error.lineno}, column {error.colno}"
            raise refuse(400, f"Invalid input JSON {where}: {error.msg}", category="") from error
        if not isinstance(body, dict):
            raise wrong_type()
        return body


@dataclass(slots=True)
class Reply:
    """An answer before it is written out: `body` is a JSON value, or bytes that go out as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON_TYPE

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else orjson.dumps(self.body)


class Refused(Exception):
    """Ends the handling of a call with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def correlation_id() -> str:
    """A time-ordered UUID (version 7), as the portal gives with every answer. Source: RFC 9562, section 5.7."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def error_body(
    message: str,
    *,
    category: str = "VALIDATION_ERROR",
    context: Mapping[str, Sequence[str]] | None = None,
    errors: Sequence[Json] | None = None,
    links: Mapping[str, str] | None = None,
) -> Json:
    """Body of a plain error: `category`, `context`, `errors` and `links` are left out where empty."""
    body: Json = {"status": "error", "message": message, "correlationId": correlation_id()}
    if context:
        body["context"] = {key: list(values) for key, values in context.items()}
    if errors:
        body["errors"] = list(errors)
    if links:
        body["links"] = dict(links)
    if category:
        body["category"] = category
    return body


def refuse(status: int, message: str, **more: Any) -> Refused:
    """The plain error as an exception; `more` goes to `error_body`."""
    return Refused(Reply(status, error_body(message, **more)))


def required_fields(names: Sequence[str]) -> Refused:
    """400 for a request that lacks required fields."""
    listed = ", ".join(names)
    return refuse(400, f"Invalid input JSON: Some required fields were not set: [{listed}]", category="")


def wrong_type() -> Refused:
    """400 for JSON of another shape than the endpoint takes."""
    return refuse(400, "Invalid input JSON on line 1, column 1: Cannot deserialize value", category="")


def objects(body: Json, name: str, *, needed: bool = True) -> list[Json]:
    """A field that is a list of objects; Refused with 400 where it is not, or where a needed one is missing."""
    found = body.get(name)
    if found is None and not needed:
        return []
    if found is None:
        raise required_fields([name])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise wrong_type()
    return found


def texts(body: Json, name: str) -> list[str]:
    """A field that is a list of texts, empty where it is missing; Refused with 400 where it is something else."""
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise wrong_type()
    return found


def html_page(status: int, title: str) -> Reply:
    """A page of the proxy in front of the portal, as it answers in place of JSON."""
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Reply(status, page.encode(), media_type=HTML_TYPE)
