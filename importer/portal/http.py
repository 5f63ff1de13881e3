"""One request over HTTP, one reply: with `transport` and `streams`, the only place that knows httpx.

No redirect is followed, so the token goes to no other host. The token is taken out of every body before anybody
reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import importlib.util
import os
import re
import ssl
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType, TracebackType
from typing import Any, Self, cast

import httpx
import orjson

from importer.errors import UsageError
from importer.portal.clock import Clock
from importer.portal.retries import Reply
from importer.portal.settings import PortalSettings
from importer.portal.transport import Transport, proxy_for
from importer.portal.trust import lasting_problem, make_context
from schemas.message import message

MAX_BODY = 60_000_000
"""Bytes of an answer, unpacked. A hundred tickets with many full texts come to some tens of millions."""
MAX_PARTS = 1_500_000
"""Objects and lists in an answer; each takes many times its two bytes in memory."""
LARGE = 4_000_000
"""Answers of more bytes than this are read one at a time, so that many of them do not fill the memory."""
MAX_PAGE, MAX_SEEN = 16_384, 300
"""Bytes of a page that are looked at, and characters of it that are shown."""
SCRUBBED = "[token]"

# httpcore asks for this module many times a request. Where it is missing, Python would search all folders each time.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = cast(ModuleType, None)

_QUOTED = 120
"""Letters of a page that is quoted in a sentence."""

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # no tunnel was made
    httpx.UnsupportedProtocol,
)


def user_agent() -> str:
    """Return the product and its version."""
    try:
        return f"import-tickets/{version('import-tickets')}"
    except PackageNotFoundError:
        return "import-tickets/0"


class Exchange:
    """Connections to one portal. `app`: an ASGI application that stands in for it, in this process.

    They are a stack of transports with one connection each: a pool looks at all its connections whenever one of them
    takes or ends a request, which with 64 of them costs more than all the rest.
    timeout_s: an answer that has not come whole after so long, from the connection to its last byte, is none.
    """

    def __init__(self, settings: PortalSettings, *, clock: Clock, app: Any = None, timeout_s: float = 60.0) -> None:
        self._token = settings.token
        self._token_bytes = settings.token.encode()
        self._base_url = settings.base_url
        self._clock = clock
        self._app = app
        self._timeout_s = timeout_s
        self._one_large = asyncio.Lock()
        headers = [
            ("Host", _host(settings.base_url)),
            ("Authorization", f"Bearer {settings.token}"),
            ("User-Agent", user_agent()),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
        ]
        self._headers = httpx.Headers(headers)
        self._headers_with_body = httpx.Headers([*headers, ("Content-Type", "application/json")])
        timeout = httpx.Timeout(timeout_s, connect=min(10.0, timeout_s), pool=None)
        self._extensions = {"timeout": timeout.as_dict()}
        # A proxy of the environment would see plain http, token and all.
        self._proxy = None if settings.is_loopback or app is not None else proxy_for(settings.base_url)
        is_secure = settings.base_url.startswith("https:")
        self._verify = make_context(os.environ) if is_secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._url_of = lru_cache(maxsize=64)(lambda path: httpx.URL(self._base_url + path))
        self._all: list[httpx.AsyncBaseTransport] = []
        self._idle: list[httpx.AsyncBaseTransport] = []

    def _connect(self) -> httpx.AsyncBaseTransport:
        """Return a transport: the one used last of those that are idle, or a new one."""
        if self._idle:
            return self._idle.pop()
        made: httpx.AsyncBaseTransport
        if self._app is not None:
            made = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        else:
            made = Transport(self._verify, proxy=self._proxy)
        self._all.append(made)
        return made

    async def __aenter__(self) -> Self:
        """Return the pool itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        for transport in self._all:
            await transport.aclose()

    def scrub(self, text: str) -> str:
        """Return a text without the token."""
        return text.replace(self._token, SCRUBBED)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        on_left: Callable[[], None] | None = None,
    ) -> Reply:
        """Send one request and return the reply, whatever happens to it. `on_left` is called once it is written."""
        transport = self._connect()
        if isinstance(transport, Transport):
            transport.on_left = on_left
        url = self._url_of(path) if not query else httpx.URL(self._base_url + path, params=query)
        headers = self._headers if content is None else self._headers_with_body
        request = httpx.Request(method, url, headers=headers, content=content, extensions=self._extensions)
        try:
            async with asyncio.timeout(self._timeout_s):
                reply = await self._exchange(transport, request)
        except httpx.RequestError as error:
            reply = self._lost(error)
        except TimeoutError:  # on no connection may the rest of an answer be taken for the next one
            self._all.remove(transport)
            await transport.aclose()
            return Reply(None, problem="no answer in time")
        # Not where the request was cancelled: its connection may stay taken for ever, and the next would wait for it.
        self._idle.append(transport)
        return reply

    async def _exchange(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Reply:
        start = self._clock.tick()
        response = await transport.handle_async_request(request)
        told = {
            name.decode("latin-1").lower(): self.scrub(value.decode("latin-1")) for name, value in response.headers.raw
        }
        try:
            async with contextlib.AsyncExitStack() as turn:
                body = await self._read(response, turn)
                return self._parse(response.status_code, told, body, self._clock.tick() - start)
        except httpx.RequestError as error:
            problem = f"the answer broke off ({_name(error)})"
            return Reply(response.status_code, told, problem=problem, is_whole=False)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, turn: contextlib.AsyncExitStack) -> bytearray | None:
        """Return the body, unpacked; None where it is larger than any answer can be. `turn`: of the large ones."""
        body = bytearray()
        waits = True
        packed = "content-encoding" in response.headers
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for part in response.aiter_bytes() if packed else response.stream:
            body += part
            if len(body) > MAX_BODY:
                return None
            if waits and len(body) > LARGE:
                await turn.enter_async_context(self._one_large)
                waits = False
        return body

    def _parse(self, status: int, headers: dict[str, str], body: bytearray | None, latency_s: float) -> Reply:
        if body is None or (len(body) > MAX_PARTS and body.count(b"{") + body.count(b"[") > MAX_PARTS):
            return Reply(status, headers, problem="the answer is too large", latency_s=latency_s, is_whole=False)
        if self._token_bytes in body:
            body = body.replace(self._token_bytes, SCRUBBED.encode())
        if not body or body.isspace():
            return Reply(status, headers, problem=f"HTTP {status} without a body", latency_s=latency_s)
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            page = _seen(body)
            if body.lstrip()[:1] == b"<" and page:
                problem = f'HTTP {status} with a web page, as a firewall or a proxy sends them: "{page[:_QUOTED]}"'
            else:
                problem = f"HTTP {status} with a body that is not JSON"
            return Reply(status, headers, problem=problem, latency_s=latency_s, page=page)
        return Reply(status, headers, content, readable=True, problem=f"HTTP {status}", latency_s=latency_s)

    def _lost(self, error: httpx.RequestError) -> Reply:
        return Reply(
            None,
            problem=self.scrub(_name(error)),
            may_have_arrived=not isinstance(error, _NEVER_LEFT),
            lasting=lasting_problem(error),
        )


def _host(url: str) -> str:
    """Return what the header `Host` says. Raises UsageError for what is no address."""
    try:
        return httpx.URL(url).netloc.decode("ascii")
    except httpx.InvalidURL as error:
        raise UsageError(
            message("HUBSPOT_BASE_URL is not an address: {reason}.", reason=str(error)), code="unsafe_address"
        ) from error


def _seen(body: bytes | bytearray) -> str:
    """Return what people see of a page, the beginning of it: its text without tags, scripts and styles."""
    text = body[:MAX_PAGE].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)|<[^>]*(>|$)", " ", text)
    return " ".join(html.unescape(text).split())[:MAX_SEEN]


def _name(error: httpx.RequestError) -> str:
    """Return in a few words what went wrong on the way."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    kinds = {
        httpx.ConnectError: "no connection",
        httpx.RemoteProtocolError: "the connection was cut",
        httpx.ReadError: "the connection was cut",
        httpx.WriteError: "the connection was cut",
        httpx.CloseError: "the connection was cut",
        httpx.ProxyError: "the proxy refused",
        httpx.DecodingError: "a body that cannot be unpacked",
    }
    words = kinds.get(type(error), type(error).__name__)
    detail = str(error).strip()
    return f"{words}: {detail}" if detail and isinstance(error, (httpx.ConnectError, httpx.ProxyError)) else words
