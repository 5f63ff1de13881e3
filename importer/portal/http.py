"""One request over HTTP, one reply: the only place that knows httpx.

No redirect is followed, so the token goes to no other host. The token is taken out of every body before anybody
reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import httpx
import orjson

from importer.errors import UsageError, reason_of
from importer.portal.clock import Clock
from importer.portal.retries import Reply
from importer.portal.settings import PortalSettings, is_localhost
from importer.portal.trust import causes, lasting_problem, make_context, refused_by_proxy
from schemas.message import Message, message

MAX_BODY = 50_000_000
"""Bytes of an answer, unpacked. A hundred tickets with many full texts come to some tens of millions."""
MAX_PARTS = 1_500_000
"""Objects and lists in an answer; each takes many times its two bytes in memory."""
LARGE = 4_000_000
"""Answers of more bytes than this are read one at a time, so that many of them do not fill the memory."""
MAX_PAGE, MAX_SEEN = 16_384, 300
"""Bytes of a page that are looked at, and characters of it that are shown."""
SCRUBBED = "[token]"

CONNECT_S = 10.0
"""How long a connection may take to be made."""
KEPT_OPEN_S = 30.0
"""How long a connection may idle before it is made anew."""
POOLS, IN_A_POOL = 8, 8
"""Connections are kept in several pools, filled one after the other: with each request that comes or goes, httpcore
looks at each pair of connections of its pool."""
LOOPBACK = ("127.0.0.1", "::1")
"""What localhost means: no name server is asked where the token goes out unencrypted."""

_LAST_PORT = 65_535
_QUOTED = 120
"""Letters of a page that is quoted in a sentence."""

_UNKNOWN_NAME = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)}
"""What name servers answer that do not know a name (RFC 3493, 6.4)."""

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


@dataclass(slots=True)
class _Pool:
    """Some connections, and how many requests are on their way over them."""

    transport: httpx.AsyncBaseTransport
    in_flight: int = 0


class HttpClient:
    """Connections to one portal. `app`: an ASGI application that stands in for it, in this process.

    httpx's transport is used without its client, which looks for cookies, redirects and credentials in every answer.
    timeout_s: an answer that takes longer, from the connection to its last byte, counts as no answer.
    """

    def __init__(self, settings: PortalSettings, *, clock: Clock, app: Any = None, timeout_s: float = 60.0) -> None:
        self._token = settings.token
        self._token_bytes = settings.token.encode()
        self._clock = clock
        self._timeout_s = timeout_s
        self._one_large = asyncio.Lock()
        url = _parse(settings.base_url)
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("Authorization", f"Bearer {settings.token}"),
            ("User-Agent", user_agent()),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
        ]
        self._headers = httpx.Headers(headers)
        self._headers_with_body = httpx.Headers([*headers, ("Content-Type", "application/json")])
        timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s), pool=None)
        self._extensions: dict[str, Any] = {"timeout": timeout.as_dict()}
        self._origins = [settings.base_url]
        if settings.is_loopback and is_localhost(url.host):
            self._origins = [str(url.copy_with(host=one)).rstrip("/") for one in LOOPBACK]
            self._extensions["sni_hostname"] = url.host
        # A proxy of the environment would see plain http, token and all.
        proxy = None if settings.is_loopback or app is not None else proxy_for(settings.base_url)
        self._pools: list[_Pool]
        if app is not None:
            self._pools = [_Pool(httpx.ASGITransport(app=app, raise_app_exceptions=False))]
        else:
            is_secure = url.scheme == "https"
            context = make_context(os.environ) if is_secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            limits = httpx.Limits(keepalive_expiry=KEPT_OPEN_S)
            self._pools = [
                _Pool(httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits, proxy=proxy))
                for _ in range(POOLS)
            ]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools:
            await pool.transport.aclose()

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
        extensions = self._extensions if on_left is None else {**self._extensions, "trace": _trace(on_left)}
        headers = self._headers if content is None else self._headers_with_body
        lost: Reply | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                for origin in self._origins:
                    url = httpx.URL(origin + path, params=query) if query else httpx.URL(origin + path)
                    request = httpx.Request(method, url, headers=headers, content=content, extensions=extensions)
                    try:
                        return await self._exchange(request)
                    except httpx.ConnectError as error:  # localhost may listen at its other address
                        lost = lost or self._lost(error)
                        if lost.lasting:
                            break
        except httpx.RequestError as error:
            return self._lost(error)
        except TimeoutError:
            return Reply(None, problem=message("no answer in time"))
        return lost or Reply(None)

    async def _exchange(self, request: httpx.Request) -> Reply:
        pool = next((one for one in self._pools if one.in_flight < IN_A_POOL), self._pools[-1])
        pool.in_flight += 1
        try:
            return await self._exchange_in(pool.transport, request)
        finally:
            pool.in_flight -= 1

    async def _exchange_in(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Reply:
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
            problem = message("the answer broke off ({reason})", reason=_name(error, self.scrub))
            return Reply(response.status_code, told, problem=problem, is_whole=False)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, turn: contextlib.AsyncExitStack) -> bytearray | None:
        """Return the body, unpacked; None where it is larger than any answer can be. `turn`: of the large ones."""
        body = bytearray()
        waits = True
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_BODY:
                return None
            if waits and len(body) > LARGE:
                await turn.enter_async_context(self._one_large)
                waits = False
        return body

    def _parse(self, status: int, headers: dict[str, str], body: bytearray | None, latency_s: float) -> Reply:
        if body is None or (len(body) > MAX_PARTS and body.count(b"{") + body.count(b"[") > MAX_PARTS):
            return Reply(
                status, headers, problem=message("the answer is too large"), latency_s=latency_s, is_whole=False
            )
        if self._token_bytes in body:
            body = body.replace(self._token_bytes, SCRUBBED.encode())
        if not body or body.isspace():
            problem = message("HTTP {status} without a body", status=status)
            return Reply(status, headers, problem=problem, latency_s=latency_s)
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            page = _seen(body)
            if body.lstrip()[:1] == b"<" and page:
                problem = message(
                    'HTTP {status} with a web page, as a firewall or a proxy sends them: "{page}"',
                    status=status,
                    page=page[:_QUOTED],
                )
            else:
                problem = message("HTTP {status} with a body that is not JSON", status=status)
            return Reply(status, headers, problem=problem, latency_s=latency_s, page=page)
        problem = message("HTTP {status}", status=status)
        return Reply(status, headers, content, readable=True, problem=problem, latency_s=latency_s)

    def _lost(self, error: httpx.RequestError) -> Reply:
        return Reply(
            None,
            problem=_name(error, self.scrub),
            may_have_arrived=not isinstance(error, _NEVER_LEFT),
            lasting=lasting_problem(error)
            or (refused_by_proxy(str(error)) if isinstance(error, httpx.ProxyError) else None),
        )


def _parse(url: str) -> httpx.URL:
    """Return an address in its parts. Raises UsageError for what is no address."""
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UsageError(
            message("HUBSPOT_BASE_URL is not an address: {reason}.", reason=str(error)), code="unsafe_address"
        ) from error


def proxy_for(url: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for an address; None where it names none, or excepts the host.

    Raises UsageError for a proxy that does not speak HTTP, or that is nowhere.
    """
    parts = httpx.URL(url)
    if proxy_bypass(parts.host):
        return None
    named = getproxies()
    address = named.get(parts.scheme) or named.get("all")
    if not address:
        return None
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or not _is_http_address(proxy.url):
        raise UsageError(
            message(
                "The environment names a proxy for {host} whose address cannot be used. It should look like "
                "http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, special characters percent-encoded (`#` as %23). "
                "Correct HTTPS_PROXY, or set NO_PROXY to that host.",
                host=parts.host,
            ),
            code="unsafe_address",
        )
    return proxy


def _is_http_address(url: httpx.URL) -> bool:
    return url.scheme in {"http", "https"} and bool(url.host) and 0 < (url.port or 1) <= _LAST_PORT


def _trace(on_left: Callable[[], None]) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """Return what httpx calls at each step of a request. Source: HTTPX, Extensions, "trace"."""

    async def trace(step: str, details: Mapping[str, Any]) -> None:
        del details
        if step == "http11.send_request_body.complete":
            on_left()

    return trace


def _seen(body: bytes | bytearray) -> str:
    """Return what people see of a page, the beginning of it: its text without tags, scripts and styles."""
    text = body[:MAX_PAGE].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)|<[^>]*(>|$)", " ", text)
    return " ".join(html.unescape(text).split())[:MAX_SEEN]


_KINDS: Mapping[type[httpx.RequestError], Message] = {
    httpx.ConnectError: message("no connection"),
    httpx.RemoteProtocolError: message("the connection was cut"),
    httpx.ReadError: message("the connection was cut"),
    httpx.WriteError: message("the connection was cut"),
    httpx.CloseError: message("the connection was cut"),
    httpx.ProxyError: message("the proxy refused"),
    httpx.DecodingError: message("a body that cannot be unpacked"),
}


def _name(error: httpx.RequestError, scrub: Callable[[str], str]) -> Message:
    """Return in a few words what went wrong on the way."""
    if isinstance(error, httpx.TimeoutException):
        return message("no answer in time")
    words = _KINDS.get(type(error)) or message("{kind}", kind=type(error).__name__)
    if not isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return words
    # Of several addresses, httpx says no more than that none answered.
    reasons = [one for one in causes(error) if isinstance(one, OSError) and one.errno is not None]
    detail = _detail(reasons[-1] if reasons else error, scrub)
    return message("{what}: {reason}", what=words, reason=detail) if str(detail) else words


def _detail(error: BaseException, scrub: Callable[[str], str]) -> Message:
    if isinstance(error, socket.gaierror) and error.errno in _UNKNOWN_NAME:
        return message("no such host is known")
    known = reason_of(error)
    return known if not known.values else message("{reason}", reason=scrub(str(error).strip()))
