"""A stand-in for a HubSpot portal: an ASGI application with its state in SQLite.

`open_app` gives it in process; `importer.sandbox.serve` serves it on loopback. Of the importer, only
`jobs.connect` and the command that serves it use this package, and of the importer it uses the JSON of the default
portal alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from importer.sandbox.options import Limits, Switches
    from importer.sandbox.store import Store

BASE_URL = "http://127.0.0.1"
"""Address of a sandbox in process; nothing listens there."""

DATABASE = "sandbox.sqlite3"


def open_store(home: Path, *, tickets: int = 0) -> Store:
    """The sandbox's state under `home`, seeded when it is new (`tickets` plain ones more), else as it was left.

    Raises OSError or sqlite3.Error where the folder or the file cannot be used.
    """
    from importer.sandbox.seed import seed
    from importer.sandbox.store import Store

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(home / DATABASE)
    seed(store, tickets=tickets)
    return store


def open_app(
    home: Path, *, limits: Limits | None = None, switches: Switches | None = None, tickets: int = 0
) -> tuple[Starlette, str, str]:
    """The sandbox in process: (ASGI application, base address, token), for `httpx.ASGITransport`.

    State is kept in `home`, so that later runs see what earlier ones wrote.
    """
    from importer.sandbox.access import TOKEN
    from importer.sandbox.app import create_app

    return create_app(open_store(home, tickets=tickets), limits, switches), BASE_URL, TOKEN
