"""What tests of every package may ask for: a served sandbox, and the program as a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.laws import IS_NIGHTLY
from tests.sandbox_server import SandboxServer

# A slow machine is no fault of the code. The suite draws the same examples each time, so that it never fails for
# somebody else's change; `make fuzz` draws new ones.
settings.register_profile("suite", deadline=None, derandomize=not IS_NIGHTLY)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def served() -> Iterator[SandboxServer]:
    """Return one served sandbox for all tests of a worker."""
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(served: SandboxServer) -> SandboxServer:
    """Return a served sandbox portal, as seeded."""
    return served.as_seeded()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def codes(self) -> list[tuple[int | None, str]]:
        """(row, code) of each error."""
        return [(one["row"], one["code"]) for one in self.summary["errors"]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a state folder of this test's own."""
    folder = tmp_path / "state"
    monkeypatch.setenv("IMPORT_TICKETS_HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("HUBSPOT_ACCESS_TOKEN", "HUBSPOT_BASE_URL", "HUBSPOT_API_VERSION", "IMPORT_TICKETS_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return folder


@pytest.fixture
def program(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Return a function that runs `import-tickets` in this process, without a terminal."""
    from importer.cli.main import main

    def run(*arguments: object, portal: SandboxServer | None = None) -> Ended:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (portal.environment if portal else {}).items():
                patch.setenv(name, value)
            try:
                code = main([str(one) for one in arguments])
            except SystemExit as ended:
                code = int(ended.code or 0)
        shown = capsys.readouterr()
        return Ended(code, shown.out, shown.err)

    return run


@pytest.fixture
def process(home: Path) -> Callable[..., Ended]:
    """Return a function that runs `import-tickets` in a process of its own."""

    def run(*arguments: object, portal: SandboxServer | None = None, **more: Any) -> Ended:
        environment = {**os.environ, **(portal.environment if portal else {})}
        command = [sys.executable, "-m", "importer", *(str(one) for one in arguments)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **more)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run
