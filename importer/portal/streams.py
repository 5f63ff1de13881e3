"""Connections of asyncio in the shape that httpcore asks for; its own go through anyio, at thrice the work.

A request is written in one piece, once all of it is there: its head and its body in one packet, one system call.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import aiohappyeyeballs
import httpcore

from importer.portal.settings import is_localhost

ADDRESS_DELAY_S = 0.25
"""Where a host has several addresses, the next is tried after so long. Source: RFC 8305."""
LOOPBACK = ("127.0.0.1", "::1")


class Network(httpcore.AsyncNetworkBackend):
    """Makes connections. `on_write` is called each time that a request is handed to the system."""

    def __init__(self, on_write: Callable[[], None]) -> None:
        self._on_write = on_write

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to a host. Raises ConnectError, ConnectTimeout."""
        del local_address, socket_options
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    async def _connect(self, host: str, port: int) -> _Stream:
        # Not asyncio's own race of addresses: given up in its last moment, it leaves a connected socket open, and in
        # Python 3.11 it breaks down where two addresses answer at once.
        loop = asyncio.get_running_loop()
        # No name server is asked where the token goes out unencrypted.
        hosts = LOOPBACK if is_localhost(host) else (host,)
        addresses = [one for name in hosts for one in await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
        connected = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=ADDRESS_DELAY_S)
        _, stream = await loop.create_connection(lambda: _Stream(self._on_write), sock=connected)
        return stream


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection. What came in is kept until it is read; httpcore reads one answer before it asks for another."""

    _transport: asyncio.Transport

    def __init__(self, on_write: Callable[[], None]) -> None:
        self._on_write = on_write
        self._unsent: list[bytes] = []
        self._unread: list[bytes] = []
        self._waiting: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None

    # --- what asyncio calls -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread.append(data)
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # --- what httpcore calls ------------------------------------------------------------------------------------

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - its signature
        """Take a part of a request; it leaves when an answer is waited for."""
        del timeout
        if self._ended:
            raise httpcore.WriteError(str(self._error or ""))
        self._unsent.append(buffer)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - its signature
        """Return what came in, at least a byte; nothing where the other side ended. Raises ReadError, ReadTimeout."""
        del max_bytes  # the parser takes any number
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
            self._on_write()
        if not self._unread and not self._ended:
            await self._wait(timeout)
        if self._unread:
            data = self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
            self._unread.clear()
            return data
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    async def _wait(self, seconds: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = waiting = loop.create_future()
        alarm = loop.call_later(seconds, _time_out, waiting) if seconds is not None else None
        try:
            await waiting
        finally:
            self._waiting = None
            if alarm is not None:
                alarm.cancel()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Go on in secret. Raises ConnectError, ConnectTimeout."""
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                self._transport, self, ssl_context, server_hostname=server_hostname, ssl_handshake_timeout=timeout
            )
        except (OSError, ssl.SSLError) as error:
            self._transport.abort()
            _refuse(error)
        if transport is None:
            _refuse(ConnectionResetError("the connection was closed"))
        self._transport = transport
        return self

    async def aclose(self) -> None:
        """End the connection at once: nothing is left to be said."""
        self._transport.abort()

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks about a connection: whether TLS is on, and whether it can still be used."""
        if info == "is_readable":
            return self._ended or bool(self._unread) or _is_readable(self._transport.get_extra_info("socket"))
        return self._transport.get_extra_info(info)


def _time_out(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(httpcore.ReadTimeout())


def _refuse(error: Exception) -> NoReturn:
    if isinstance(error, TimeoutError | ConnectionAbortedError) and "handshake" in str(error):
        raise httpcore.ConnectTimeout(str(error)) from error
    raise httpcore.ConnectError(str(error)) from error


def _is_readable(sock: Any) -> bool:
    """Whether an idle connection has something to say: that it was closed, though the event loop did not look yet."""
    if sock is None or sock.fileno() < 0:
        return True
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock.fileno()], [], [], 0)[0])
