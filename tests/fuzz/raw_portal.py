"""A portal whose answers are spoilt on the wire: what lies between the program and a served sandbox.

    with RawPortal(sandbox) as portal:
        portal.spoil = lambda answer: [answer[:100]]       # the pieces of each answer to an update
        ... portal.base_url, portal.token ...

The sandbox has carried out each update before its answer is spoilt, so that what the program says can be compared.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

Pieces = Iterable[bytes | float]
"""What is sent, piece by piece; a number is a wait in seconds. At the end the connection is closed."""


def honest(answer: bytes) -> Pieces:
    """Return the pieces of an answer that is left as it is."""
    return [answer]


class RawPortal:
    """A server of sockets in front of a sandbox; all else is asked of the sandbox itself."""

    def __init__(self, sandbox: Any, path: str = "batch/update") -> None:
        self.sandbox = sandbox
        self.path = path
        self.spoil: Callable[[bytes], Pieces] = honest
        self.times: int | None = None
        """How many answers are spoilt; None: all."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sandbox, name)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client here."""
        return {"HUBSPOT_BASE_URL": self.base_url, "HUBSPOT_ACCESS_TOKEN": self.sandbox.token}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while request := _read_request(connection):
                path = request[0].split(b" ")[1].decode()
                answer = self._ask(*request)
                if self.path not in path or self.times == 0:
                    connection.sendall(answer)
                    continue
                if self.times is not None:
                    self.times -= 1
                for piece in self.spoil(answer):
                    if isinstance(piece, float):
                        time.sleep(piece)
                    else:
                        connection.sendall(piece)
                return

    def _ask(self, first: bytes, head: bytes, body: bytes) -> bytes:
        """Return the sandbox's answer as it would stand on the wire."""
        method, path = first.decode().split(" ")[:2]
        lines = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line]
        headers = {name: value for name, value in lines if name.lower() not in {"host", "accept-encoding"}}
        asked = http.client.HTTPConnection(urlsplit(self.sandbox.base_url).netloc, timeout=60)
        asked.request(method, path, body or None, headers)
        answer = asked.getresponse()
        content = answer.read()
        left_out = {"transfer-encoding", "content-length", "connection"}
        kept = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in left_out]
        asked.close()
        start = [f"HTTP/1.1 {answer.status} {answer.reason}", *kept, f"content-length: {len(content)}", "", ""]
        return "\r\n".join(start).encode("latin-1") + content


def _read_request(connection: socket.socket) -> tuple[bytes, bytes, bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(1 << 16)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(1 << 16)
    first, _, rest = head.partition(b"\r\n")
    return first, rest, body
