"""Calls as they go over the wire; and a proxy on loopback that passes them on to a served sandbox and keeps them."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from tests.openapi.description import Exchange

_OF_ONE_CONNECTION = ("host", "connection", "content-length", "transfer-encoding", "date", "server")


def send(place: str, method: str, target: str, headers: dict[str, str], body: bytes) -> Exchange:
    """Send one request to `host:port` and return it with its answer."""
    connection = http.client.HTTPConnection(place, timeout=60)
    try:
        connection.request(method, target, body or None, {**headers, "accept-encoding": "identity"})
        answer = connection.getresponse()
        answer_headers = {name.lower(): value for name, value in answer.getheaders()}
        return Exchange(method, target, headers, body, answer.status, answer_headers, answer.read())
    finally:
        connection.close()


def call(sandbox, method: str, target: str, content: object = None) -> Exchange:
    """Call a served sandbox as its own client would."""
    headers = {"authorization": f"Bearer {sandbox.token}"} | ({"content-type": "application/json"} if content else {})
    body = json.dumps(content).encode() if content else b""
    return send(urlsplit(sandbox.base_url).netloc, method, target, headers, body)


class Recorder:
    """Runs while it is entered; `exchanges` holds what went through, `environment` leads a client here."""

    def __init__(self, sandbox) -> None:
        self.exchanges: list[Exchange] = []
        place, exchanges = urlsplit(sandbox.base_url).netloc, self.exchanges

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                passed = {name: value for name, value in headers.items() if name not in _OF_ONE_CONNECTION}
                exchange = send(place, self.command, self.path, passed, body)
                exchanges.append(exchange)
                self.send_response(exchange.status)
                for name, value in exchange.answer_headers.items():
                    if name not in _OF_ONE_CONNECTION:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(exchange.answer)))
                self.end_headers()
                self.wfile.write(exchange.answer)

            do_GET = do_POST = do_PATCH = pass_on  # noqa: N815 - the names that the library asks for

            def log_message(self, *_):
                """Say nothing on standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        port = self._server.server_port
        self.environment = {"HUBSPOT_BASE_URL": f"http://127.0.0.1:{port}", "HUBSPOT_ACCESS_TOKEN": sandbox.token}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
