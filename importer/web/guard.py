"""Who may talk to the page: one person's browser on this machine, and nobody else.

A page on loopback can be reached by every program of the machine and, through a browser, by every site that is open in
it. So each request and each web socket needs the key of this process; a foreign Host is refused, against names that
lead here by DNS (DNS rebinding), and a foreign Origin, against other sites' scripts (RFC 6455, section 10.2).
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every answer. The UI library compiles its templates in the browser, hence 'unsafe-eval'."""


class Guard:
    """Let the holder of `key` in, at the addresses of `port` alone; all others get 403.

    The key comes in the address once (`/?key=...`), becomes a cookie, and leaves the address bar by a redirect.
    """

    def __init__(self, app: ASGIApp, *, key: str, port: int) -> None:
        self._app = app
        self._key = key
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"import-tickets-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, set the cookie, or hand the request on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._is_from_here(headers):
            await _refuse(scope, receive, send)
        elif self._is_known(_cookie(headers.get("cookie", ""), self._cookie)):
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "http" and self._has_key(scope):
            await self._let_in(scope, receive, send)
        else:
            await _refuse(scope, receive, send)

    def _is_from_here(self, headers: dict[str, str]) -> bool:
        origin = headers.get("origin")
        return headers.get("host") in self._hosts and (
            origin is None or (origin.removeprefix("http://") in self._hosts and origin.startswith("http://"))
        )

    def _is_known(self, key: str) -> bool:
        return secrets.compare_digest(key.encode("utf-8", "surrogateescape"), self._key.encode())

    def _has_key(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])
        return scope["method"] in {"GET", "HEAD"} and self._is_known(given[0])

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        rest = parse_qs(scope["query_string"].decode("latin-1"))
        del rest["key"]
        query = f"?{urlencode(rest, doseq=True)}" if rest else ""
        answer = RedirectResponse(scope["path"] + query, status_code=303, headers=HEADERS)
        answer.set_cookie(self._cookie, self._key, httponly=True, samesite="strict", path="/")
        await answer(scope, receive, send)


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees 403
        return
    answer = PlainTextResponse(
        "Not for you: open the address that `import-tickets web` printed.\n", status_code=403, headers=HEADERS
    )
    await answer(scope, receive, send)


def _with_headers(send: Send) -> Send:
    """Return a `send` that adds our headers to each answer's own."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in dict(ours)]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return wrapped
