"""The page answers one browser on this machine, and nobody else."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from importer.web.guard import HEADERS, Guard

KEY = "a-key-of-this-process"


@pytest.fixture
def ask():
    app = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse("inside"))])
    transport = httpx.ASGITransport(Guard(app, key=KEY, port=8000))

    async def ask(path="/", *, host="127.0.0.1:8000", **headers):
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(path, headers={"Host": host, **headers})

    def run(*arguments, **more):
        import asyncio

        return asyncio.run(ask(*arguments, **more))

    return run


def test_the_key_becomes_a_cookie_and_leaves_the_address(ask):
    answer = ask(f"/plan?key={KEY}&page=2")

    assert (answer.status_code, answer.headers["location"]) == (303, "/plan?page=2")
    cookie = answer.headers["set-cookie"]
    assert KEY in cookie
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


def test_who_has_the_cookie_is_let_in(ask):
    answer = ask(Cookie=f"import-tickets-8000={KEY}")

    assert (answer.status_code, answer.text) == (200, "inside")
    assert HEADERS.items() <= {name.title(): value for name, value in answer.headers.items()}.items()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/", {}, id="no-key"),
        pytest.param("/?key=another", {}, id="another-key"),
        pytest.param("/?key=", {"Cookie": "import-tickets-8000="}, id="empty-key"),
        pytest.param("/", {"Cookie": "import-tickets-8000=another"}, id="another-cookie"),
        pytest.param(f"/?key={KEY}", {"host": "evil.example:8000"}, id="foreign-host"),
        pytest.param(f"/?key={KEY}", {"host": "127.0.0.1"}, id="host-without-port"),
        pytest.param(f"/?key={KEY}", {"Origin": "https://evil.example"}, id="foreign-origin"),
        pytest.param("/", {"Cookie": f"import-tickets-8000={KEY}", "Origin": "null"}, id="no-origin-of-its-own"),
        pytest.param("/", {"Cookie": f"import-tickets-8000={KEY}", "Origin": "https://127.0.0.1:8000"}, id="https"),
    ],
)
def test_everybody_else_gets_403(ask, path, headers):
    assert ask(path, **headers).status_code == 403
