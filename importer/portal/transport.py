"""httpx's transport over asyncio's own streams: one connection, kept open, through the environment's proxy.

httpx's default reads and writes through anyio, and its client looks for cookies, redirects and credentials at every
answer: together as much work as all the rest of a batch. Nothing of that is wanted here, so requests are handed to the
transport itself, and the transport to `httpcore`, httpx's engine, with the streams below. No redirect is ever followed.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from importer.errors import UsageError
from importer.portal.streams import Network
from schemas.message import message

KEPT_OPEN_S = 30.0
"""How long a connection may idle before it is made anew."""

_TRANSLATED = {
    one: getattr(httpx, one.__name__)
    for one in (
        httpcore.ConnectError,
        httpcore.ConnectTimeout,
        httpcore.ReadError,
        httpcore.ReadTimeout,
        httpcore.WriteError,
        httpcore.WriteTimeout,
        httpcore.PoolTimeout,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
        httpcore.LocalProtocolError,
        httpcore.RemoteProtocolError,
    )
}
"""httpcore's errors, and httpx's of the same name."""


class Transport(httpx.AsyncBaseTransport):
    """One connection. `proxy`: as `proxy_for` returns it. `on_left` is called once a request is written."""

    def __init__(self, verify: ssl.SSLContext, *, proxy: httpx.Proxy | None = None) -> None:
        self.on_left: Callable[[], None] | None = None
        self._options: dict[str, Any] = {
            "ssl_context": verify,
            "keepalive_expiry": KEPT_OPEN_S,
            "network_backend": Network(self._tell_left),
        }
        self._connection: httpcore.AsyncHTTPConnection | None = None
        self._through: httpcore.AsyncHTTPProxy | None = None
        if proxy is not None:
            self._through = httpcore.AsyncHTTPProxy(
                proxy_url=_core_url(proxy.url),
                proxy_auth=proxy.raw_auth,
                proxy_headers=proxy.headers.raw,
                proxy_ssl_context=proxy.ssl_context,
                max_connections=1,
                **self._options,
            )

    def _tell_left(self) -> None:
        if self.on_left is not None:
            self.on_left()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body of its answer is read from the stream of the response."""
        asked = httpcore.Request(
            request.method,
            _core_url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _translated():
            way = self._through or await self._open(asked.url.origin)
            answer = await way.handle_async_request(asked)
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    async def _open(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """Return the connection, made anew where it was closed or idled for too long."""
        if self._connection is not None and self._connection.has_expired():
            await self._connection.aclose()
            self._connection = None
        if self._connection is None or self._connection.is_closed():
            self._connection = httpcore.AsyncHTTPConnection(origin, **self._options)
        return self._connection

    async def aclose(self) -> None:
        """Close the connection."""
        for one in (self._connection, self._through):
            if one is not None:
                await one.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it comes in."""

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        if isinstance(self._stream, httpx.AsyncByteStream) or hasattr(self._stream, "aclose"):
            await self._stream.aclose()


def proxy_for(url: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for an address; None where it names none, or excepts the host.

    Raises UsageError for a proxy that does not speak HTTP.
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
    if proxy is None or proxy.url.scheme not in {"http", "https"}:
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


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except tuple(_TRANSLATED) as error:
        raise _TRANSLATED[type(error)](str(error)) from error
