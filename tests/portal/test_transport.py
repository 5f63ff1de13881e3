"""Requests over real connections: TLS, proxies, connections that are kept, and those that the other side closed."""

import asyncio
import errno
import gc
import json
import os
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.portal import Clock, PortalSettings
from importer.portal.http import HttpClient, proxy_for

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""For localhost, with its key: good for these tests, and for nothing else."""


class Web:
    """A server of a few lines. `seen`: (connection, first line, headers) of each request."""

    def __init__(self, *, tls=False, close_after=0):
        self.seen, self.connections, self.close_after, self.tls = [], 0, close_after, tls
        self._writers = []

    async def __aenter__(self):
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.append(writer)
        number, served = self.connections, 0
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                self.seen.append((number, first, headers))
                if first.startswith("CONNECT"):
                    await self._tunnel(first.split()[1], reader, writer)
                    return
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                answer = json.dumps({"asked": len(body)}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
                served += 1
                if served == self.close_after:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _tunnel(self, address, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        self._writers.append(there_writer)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pass_on(source, target):
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(pass_on(reader, there_writer), pass_on(there_reader, writer))


def connect(url, *, token="pat-na1-very-secret"):
    return HttpClient(PortalSettings(url, token).check(), clock=Clock(), timeout_s=10)


async def ask_twice(connections, *, between_s=0.0):
    replies = []
    for _ in range(2):
        replies.append(await connections.send("POST", "/crm/v3/x", content=b"x" * 300_000))
        await asyncio.sleep(between_s)
    return replies


def test_tls_is_spoken_and_the_connection_kept(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    async def run():
        async with Web(tls=True) as web, connect(f"https://localhost:{web.port}") as connections:
            return await ask_twice(connections), web

    replies, web = asyncio.run(run())

    assert [reply.body for reply in replies] == [{"asked": 300_000}] * 2
    assert {number for number, _, _ in web.seen} == {1}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_nobody_vouches_for_is_fatal(monkeypatch, host):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    async def run():
        async with Web(tls=True) as web, connect(f"https://{host}:{web.port}") as connections:
            return await connections.send("GET", "/crm/v3/x"), web

    reply, web = asyncio.run(run())

    assert (reply.status, reply.may_have_arrived) == (None, False)
    assert "certificate cannot be trusted" in str(reply.lasting)
    assert "SSL_CERT_FILE" in str(reply.lasting)
    assert web.seen == []


def test_a_proxy_sees_a_tunnel_and_no_token(monkeypatch):
    """HTTPS through the proxy of the environment: its own password goes to it, and the token to the portal alone."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    async def run():
        async with Web() as proxy, Web(tls=True) as web:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@127.0.0.1:{proxy.port}")
            settings = PortalSettings(f"https://localhost:{web.port}", "pat-na1-very-secret").check()
            monkeypatch.setattr(PortalSettings, "is_loopback", False)  # else the proxy would not be asked
            async with HttpClient(settings, clock=Clock(), timeout_s=10) as connections:
                return await ask_twice(connections), proxy, web

    replies, proxy, web = asyncio.run(run())

    assert [reply.body for reply in replies] == [{"asked": 300_000}] * 2
    [(_, first, headers)] = proxy.seen
    assert first == f"CONNECT localhost:{web.port} HTTP/1.1"
    assert headers["proxy-authorization"].startswith("Basic ")
    assert "very-secret" not in str(proxy.seen)
    assert all(headers["authorization"] == "Bearer pat-na1-very-secret" for _, _, headers in web.seen)


def test_a_connection_that_the_portal_closed_meanwhile_is_made_anew():
    async def run():
        async with Web(close_after=1) as web, connect(f"http://127.0.0.1:{web.port}") as connections:
            return await ask_twice(connections, between_s=0.05), web

    replies, web = asyncio.run(run())

    assert [reply.status for reply in replies] == [200, 200]
    assert [number for number, _, _ in web.seen] == [1, 2]


def test_nobody_listens():
    async def run():
        async with Web() as web:
            pass  # and is gone again
        async with connect(f"http://127.0.0.1:{web.port}") as connections:
            return await connections.send("GET", "/crm/v3/x")

    reply = asyncio.run(run())

    assert (reply.status, reply.may_have_arrived) == (None, False)
    assert str(reply.problem) == f"no connection: {os.strerror(errno.ECONNREFUSED).lower()}"


def test_a_request_is_told_of_when_it_is_written():
    left = []

    async def run():
        async with Web() as web, connect(f"http://127.0.0.1:{web.port}") as connections:
            await connections.send("POST", "/crm/v3/x", content=b"{}", on_left=lambda: left.append(len(web.seen)))
            await connections.send("GET", "/crm/v3/x")

    asyncio.run(run())

    assert left == [0]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"https_proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"ALL_PROXY": "http://all.example"}, "http://all.example"),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "hubapi.com"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "example.com"}, "http://proxy.example"),
    ],
)
def test_the_proxy_is_the_environments(monkeypatch, environment, expected):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    proxy = proxy_for("https://api.hubapi.com")

    assert (proxy and str(proxy.url)) == expected


@pytest.mark.parametrize(
    "address", ["socks5://proxy.example:1080", "ftp://proxy.example", "http://proxy.example:99999", "http://:3128"]
)
def test_a_proxy_that_cannot_be_one_is_named(monkeypatch, address):
    monkeypatch.setenv("HTTPS_PROXY", address)

    with pytest.raises(UsageError, match=r"proxy for api\.hubapi\.com"):
        proxy_for("https://api.hubapi.com")


@pytest.fixture
def no_collector():
    """What is lost stays lost: the collector would close it some time."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_no_connection_is_left_open_when_its_making_is_given_up():
    """At whichever moment: the portal would keep a place for it, and a one-track server would wait for its request."""

    async def give_up_after(rounds, port):
        async with connect(f"http://127.0.0.1:{port}") as connections:
            asking = asyncio.ensure_future(connections.send("GET", "/crm/v3/x"))
            for _ in range(rounds):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        listening.setblocking(False)
        for rounds in range(30):
            asyncio.run(give_up_after(rounds, listening.getsockname()[1]))
        heard = list(accepted(listening))

    assert heard
    assert set(heard) == {"ended"}


def accepted(listening):
    """For each connection that was made to a port: whether its other end was closed."""
    while True:
        try:
            connection, _ = listening.accept()
        except BlockingIOError:
            return
        with closing(connection):
            connection.settimeout(1)
            try:
                while connection.recv(1_000):  # a request that was written before
                    pass
                yield "ended"
            except ConnectionError:
                yield "ended"
            except TimeoutError:
                yield "open"


def test_localhost_is_both_of_its_addresses():
    """A server may listen at ::1 alone."""

    async def run():
        server = await asyncio.start_server(serve, "::1", 0)
        async with server, connect(f"http://localhost:{server.sockets[0].getsockname()[1]}") as connections:
            return await connections.send("GET", "/crm/v3/x")

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    try:
        reply = asyncio.run(run())
    except OSError:
        pytest.skip("this machine has no IPv6")

    assert (reply.status, reply.body) == (200, {})


def test_a_refused_connection_says_why():
    async def run():
        async with Web() as web:
            pass
        async with connect(f"http://localhost:{web.port}") as connections:
            return await connections.send("GET", "/crm/v3/x")

    assert os.strerror(errno.ECONNREFUSED).lower() in str(asyncio.run(run()).problem)
