"""The sandbox portal in a process of its own, as a client meets it, for tests of every package.

    with SandboxServer() as sandbox:
        sandbox.fault("status", status=502, path="batch/update")
        ... HUBSPOT_BASE_URL = sandbox.base_url, HUBSPOT_ACCESS_TOKEN = sandbox.token ...
        assert sandbox.ticket("512")["properties"]["subject"] == "..."

What can be asked under `/sandbox` is described in `importer/sandbox/control.py`, faults in `faults.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from importer.sandbox.options import Limits, Switches

ROOT = Path(__file__).parent.parent


class SandboxServer:
    """A served sandbox; it runs from `__init__` to `stop`. `rate` 0 = no limit; `options`: further arguments."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        rate: int = 0,
        latency_ms: float = 0,
        tickets: int = 0,
        options: tuple[str, ...] = (),
    ) -> None:
        self._temporary = None if home else tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True)
        self.home = home or Path(self._temporary.name if self._temporary else "")
        arguments = ["--port", "0", "--home", str(self.home), "--rate", str(rate), "--tickets", str(tickets)]
        command = [sys.executable, "-m", "importer.sandbox", *arguments, "--latency-ms", str(latency_ms), *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        assert self.process.stdout is not None
        said = dict(self.process.stdout.readline().strip().partition("=")[::2] for _ in range(2))
        if "HUBSPOT_BASE_URL" not in said:
            self.stop()
            raise RuntimeError(f"the sandbox did not start: exit {self.process.returncode}")
        self.base_url = said["HUBSPOT_BASE_URL"]
        self.token = said["HUBSPOT_ACCESS_TOKEN"]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client here."""
        return {"HUBSPOT_BASE_URL": self.base_url, "HUBSPOT_ACCESS_TOKEN": self.token}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """End it as Ctrl-C or a service manager would; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()
        if self._temporary:
            self._temporary.cleanup()
        return self.process.returncode

    def control(self, path: str, body: Any = None, *, method: str = "") -> Any:
        """One order under `/sandbox/`: GET without a body, else POST, unless `method` says otherwise."""
        data = None if body is None else json.dumps(body).encode()
        verb = method or ("GET" if body is None else "POST")
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.base_url}/sandbox/{path}", data=data, method=verb, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        """One call of the API: (status, JSON body or text). An order of tests, not a client."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.base_url}{path}", data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode()

    def fault(self, kind: str, **more: Any) -> None:
        """Ask for a fault; the next call gets it unless `times`, `path`, `after`, `probability` say otherwise."""
        self.control("faults", {"kind": kind, **more})

    def faults(self) -> list[dict[str, Any]]:
        """The faults asked for, with how often each struck."""
        found: list[dict[str, Any]] = self.control("faults")
        return found

    def calm(self) -> None:
        """Forget all faults."""
        self.control("faults", method="DELETE")

    def switch(self, **switches: Any) -> None:
        """Turn switches (`importer/sandbox/options.py`)."""
        self.control("switches", switches)

    def limits(self, **limits: Any) -> None:
        """Set latency and limits (`importer/sandbox/options.py`)."""
        self.control("limits", limits)

    def ticket(self, number: str | int) -> dict[str, Any]:
        """One ticket raw, with its history."""
        found: dict[str, Any] = self.control(f"tickets/{number}")
        return found

    def tickets(self) -> dict[str, dict[str, Any]]:
        """All tickets raw, by ID."""
        return {ticket["id"]: ticket for ticket in self.control("tickets")}

    def change(self, number: str | int, properties: dict[str, str], **more: Any) -> None:
        """What a colleague changes in HubSpot meanwhile: `at` (ISO text), `user`, `automatic`."""
        self.control(f"tickets/{number}", {"properties": properties, **more})

    def archive(self, number: str | int) -> None:
        """Archive a ticket."""
        self.control(f"tickets/{number}/archive", {})

    def merge(self, primary: str | int, other: str | int) -> str:
        """Merge two tickets; the ID of the new one."""
        return str(self.control("merge", {"primary": str(primary), "other": str(other)})["id"])

    def define(self, kind: str, body: dict[str, Any]) -> None:
        """Add or replace a property, pipeline, owner, rule, condition or the account."""
        self.control(f"definitions/{kind}", body)

    def add_token(self, token: str, **more: Any) -> None:
        """Let in another token: `scopes`, `expired_at`."""
        self.control("tokens", {"token": token, **more})

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The API calls so far whose path contains `path`."""
        return [entry for entry in self.control("requests") if path in entry["path"]]

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.control("requests", method="DELETE")

    def as_seeded(self) -> Self:
        """Put everything back: tickets, definitions, faults, switches, limits (none), clock, our token; return this."""
        self.reset()
        self.control("clock", {})
        self.add_token(self.token)
        self.switch(**{one.name: one.default for one in fields(Switches)})
        self.limits(**{one.name: one.default for one in fields(Limits)} | {"rate": 0, "used_today": 0})
        self.forget_requests()
        return self

    def reset(self, tickets: int = 0) -> None:
        """The portal as seeded, without faults; switches and limits stay."""
        self.control("reset", {"tickets": tickets})
