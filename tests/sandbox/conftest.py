"""The sandbox in process for tests of its answers: one portal per test, called without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from importer.sandbox import open_app
from importer.sandbox.access import TOKEN
from importer.sandbox.options import Limits
from importer.sandbox.portal import Portal

OBJECTS = "/crm/v3/objects/tickets"


class Desk:
    """Calls the portal as a client would, and may look behind the counter at `portal`."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.portal: Portal = app.state.portal

    def call(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN, content: bytes | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
                if content is not None:
                    return await client.request(method, path, content=content)
                return (
                    await client.request(method, path, json=body)
                    if body is not None
                    else await client.request(method, path)
                )

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.call("GET", path, **more)

    def update(self, *inputs: dict[str, Any], version: str = "v3") -> httpx.Response:
        path = f"{OBJECTS}/batch/update" if version == "v3" else f"/crm/objects/{version}/tickets/batch/update"
        return self.call("POST", path, {"inputs": list(inputs)})

    def read(self, *ids: str, properties: tuple[str, ...] = (), query: str = "", **more: Any) -> httpx.Response:
        inputs = [{"id": one} for one in ids]
        body = {"inputs": inputs, "properties": list(properties), "propertiesWithHistory": [], **more}
        return self.call("POST", f"{OBJECTS}/batch/read{query}", body)

    def order(self, path: str, body: Any) -> Any:
        answer = self.call("POST", f"/sandbox/{path}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, kind: str, **more: Any) -> None:
        self.order("faults", {"kind": kind, **more})

    def raw(self, number: str | int) -> dict[str, Any]:
        return self.get(f"/sandbox/tickets/{number}").json()

    def first(self, where: Any) -> str:
        """ID of the first invented ticket that `where` holds for."""
        return next(str(t.id) for t in self.portal.store.every_ticket() if t.id != 512 and where(t))

    def some(self, count: int) -> list[str]:
        """IDs of so many tickets that can be worked with."""
        return [str(ticket.id) for ticket in self.portal.store.page(512, count, archived=False)]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database of a fresh portal."""
    home = tmp_path_factory.mktemp("seeded")
    open_app(home)[0].state.portal.store.close()
    return (home / "sandbox.sqlite3").read_bytes()


@pytest.fixture
def desk(tmp_path, seeded: bytes) -> Iterator[Desk]:
    (tmp_path / "sandbox.sqlite3").write_bytes(seeded)
    app, _, _ = open_app(tmp_path, limits=Limits(rate=0, search_rate=0))
    yield Desk(app)
    app.state.portal.store.close()


def one(number: str | int, trace: str = "", **properties: str) -> dict[str, Any]:
    """One input of an update."""
    made: dict[str, Any] = {"id": str(number), "properties": properties}
    return made | {"objectWriteTraceId": trace} if trace else made


@pytest.fixture(name="one")
def one_fixture() -> Any:
    return one


class LawDesk(Desk):
    """A portal that hypothesis goes on writing to."""

    def pools(self) -> dict[str, Iterator[str]]:
        """Keys of each fate, a dozen at least; none comes twice."""
        tickets = list(self.portal.store.all_tickets())
        live = [str(t.id) for t in tickets if t.archived is None and t.merged_into is None]
        return {
            "good": iter(live[:100]),
            "bad": iter(live[100:200]),
            "missing": (str(25_090_000_000 + n) for n in range(100)),
            "merged": iter([str(t.id) for t in tickets if t.merged_into]),
            "archived": iter([str(t.id) for t in tickets if t.archived is not None]),
        }


@pytest.fixture(scope="module")
def law_desk(tmp_path_factory: pytest.TempPathFactory, seeded: bytes) -> Iterator[LawDesk]:
    home = tmp_path_factory.mktemp("law")
    (home / "sandbox.sqlite3").write_bytes(seeded)
    app, _, _ = open_app(home, limits=Limits(rate=0, search_rate=0))
    yield LawDesk(app)
    app.state.portal.store.close()
