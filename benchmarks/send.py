"""Sending, side by side: this project, the official SDK one batch after another, and the SDK in 16 threads.

    python benchmarks/send.py [--rows 100000] [--sdk-rows 10000] [--latency-ms 300] [--rate 190] [--only ours,...]

One sandbox portal is served for all of them, in a process of its own; each contender runs in a process of its own too,
so that its CPU seconds and memory are its own. Rate 0 is no limit. The SDK sends fewer rows, since it takes minutes.
What the windows held and how many requests were refused is counted by the sandbox, from its own log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]

from measuring import peak_mb  # noqa: E402

VALUES = {
    "hs_ticket_priority": "HIGH",
    "content": "The customer wrote again, and asks for the third time.",
    "source_type": "EMAIL",
    "hs_resolution": "ISSUE_FIXED",
    "hs_ticket_category": "BILLING_ISSUE",
    "due_on": "2026-12-01",
    "order_value": "1234.5",
}
"""Values of eight properties a row, with a subject that differs."""
PORTAL = ("--no-history",)
"""How the portal is served to all: it shares the machine's cores, and would be at work on its histories most of all."""


def used() -> tuple[float, float]:
    """Return (CPU seconds, peak megabytes) of this process so far."""
    return time.process_time(), peak_mb()


def wanted(number: int, names: list[str]) -> dict[str, str]:
    return {"subject": f"Ticket {number}", **{name: VALUES[name] for name in names if name in VALUES}}


# --- contenders ------------------------------------------------------------------------------------------------------


def send_ours(url: str, token: str, ids: list[str], names: list[str], settle_s: float) -> dict[str, float]:
    """The journal's batches through our sender; the plan is made before the clock starts, the journal's share told."""
    from importer.journal import Journal, RunRecord
    from importer.model import Change, CheckedRow, Columns, KeyColumn, ValueColumn
    from importer.portal import Portal, PortalSettings
    from importer.sending.sender import send
    from schemas.property import read_schema

    spent = {"journal_s": 0.0}

    def timed(note):
        def timed_note(steps):
            start = time.perf_counter()
            note(steps)
            spent["journal_s"] += time.perf_counter() - start

        return timed_note

    async def run(folder: Path) -> dict[str, float]:
        async with Portal(PortalSettings(url, token, home=folder)) as portal:
            schema = read_schema(await portal.fetch_bodies())
            values = tuple(ValueColumn(n, name, schema.properties[name]) for n, name in enumerate(names, 1))
            columns = Columns(KeyColumn(0, "id", "id"), values, header_row=1)
            with Journal.create(folder / "runs", RunRecord(id="run")) as journal:
                journal.batches.note = timed(journal.batches.note)
                for part in batched_rows(ids, 10_000):
                    journal.rows.add((CheckedRow(row, key, wanted(row, names)) for row, key in part), fold_keys=False)
                    journal.plan.add(Change(row, key, key, {}, wanted(row, names)) for row, key in part)
                journal.batches.make(100)
                await asyncio.sleep(settle_s)
                cpu_s, _ = used()
                start = time.perf_counter()
                await send(journal, portal, columns=columns, schema=schema)
                seconds = time.perf_counter() - start
                updated = journal.rows.count_by_status().get("updated", 0)
        return {"seconds": seconds, "rows": updated, "cpu_s": used()[0] - cpu_s, **spent}

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def batched_rows(ids: list[str], size: int) -> list[list[tuple[int, str]]]:
    numbered = list(enumerate(ids, 2))
    return [numbered[start : start + size] for start in range(0, len(numbered), size)]


def send_sdk(
    url: str, token: str, ids: list[str], names: list[str], settle_s: float, *, threads: int
) -> dict[str, float]:
    """What scripts do: batches of the SDK's own models; after a 429 the batch waits and goes again."""
    from hubspot import HubSpot
    from hubspot.crm.tickets import ApiException, BatchInputSimplePublicObjectBatchInput, SimplePublicObjectBatchInput

    client = HubSpot(access_token=token)
    api = client.crm.tickets.batch_api
    api.api_client.configuration.host = url
    api.api_client.configuration.connection_pool_maxsize = threads
    api.api_client.rest_client.pool_manager.connection_pool_kw["maxsize"] = threads

    def send_batch(part: list[tuple[int, str]]) -> int:
        inputs = [SimplePublicObjectBatchInput(id=key, properties=wanted(row, names)) for row, key in part]
        while True:
            try:
                answer = api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
            except ApiException as error:
                if error.status != 429:
                    raise
                time.sleep(1)
            else:
                return len(answer.results)

    parts = batched_rows(ids, 100)
    if ids:
        send_batch(parts[0])  # connections and imports are not what is measured
    time.sleep(settle_s)
    cpu_s, _ = used()
    start = time.perf_counter()
    if threads == 1:
        updated = sum(send_batch(part) for part in parts)
    else:
        with ThreadPoolExecutor(threads) as pool:
            updated = sum(pool.map(send_batch, parts))
    return {"seconds": time.perf_counter() - start, "rows": updated, "cpu_s": used()[0] - cpu_s}


CONTENDERS = {
    "ours": send_ours,
    "sdk": lambda *more: send_sdk(*more, threads=1),
    "sdk-16-threads": lambda *more: send_sdk(*more, threads=16),
}


# --- the measurement -------------------------------------------------------------------------------------------------


def measure(server, name: str, rows: int, *, limited: bool = True) -> dict[str, float]:
    """Run one contender in a process of its own; return what it and the sandbox counted.

    limited: the portal has a window, and what was asked before the clock starts is to be out of it.
    """
    server.forget_requests()
    settle_s = 10.5 if limited else 0
    order = {"name": name, "url": server.base_url, "token": server.token, "rows": rows, "settle_s": settle_s}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, "--contender", json.dumps(order)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found = json.loads(ended.stdout)
    log = server.requests("batch/update")
    moments = sorted(datetime.fromisoformat(entry["at"]).timestamp() for entry in log if entry["status"] < 300)
    found["refused"] = sum(entry["status"] == 429 for entry in log)
    found["busiest_window"] = max(
        (sum(moment <= other < moment + 10 for other in moments) for moment in moments[:: max(1, len(moments) // 200)]),
        default=0,
    )
    return found


def contend(order: dict[str, str]) -> None:
    """Be one contender, and say what was measured as JSON."""
    from tests.sandbox_server import SandboxServer

    server = SandboxServer.__new__(SandboxServer)
    server.base_url, server.token = order["url"], order["token"]
    rows = int(order["rows"])
    properties = {one["name"] for one in server.call("GET", "/crm/v3/properties/tickets")[1]["results"]}
    names = ["subject", *(name for name in VALUES if name in properties)]
    ids = [key for key, one in server.tickets().items() if not one["archived"] and not one["merged_into"]][:rows]
    found = CONTENDERS[order["name"]](order["url"], order["token"], ids, names, order["settle_s"])
    print(json.dumps({**found, "asked": len(ids), "properties": len(names), "peak_mb": used()[1]}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sdk-rows", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=float, default=300)
    parser.add_argument("--rate", type=int, default=190)
    parser.add_argument("--only", default=",".join(CONTENDERS))
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        contend(json.loads(options.contender))
        return
    from tests.sandbox_server import SandboxServer

    print(f"{options.latency_ms:g} ms an answer, {options.rate or 'no limit of'} requests in 10 s")
    titles = ["contender", "rows", "seconds", "rows/s", "of the limit", "CPU s/100k", "peak MB", "429s", "busiest 10 s"]
    print("| " + " | ".join([*titles, "journal"]) + " |\n" + "| --- " * 10 + "|")
    how = {"tickets": options.rows + 1000, "rate": options.rate, "latency_ms": options.latency_ms}
    with SandboxServer(**how, options=PORTAL) as server:
        for name in options.only.split(","):
            rows = options.rows if name == "ours" else min(options.rows, options.sdk_rows)
            found = measure(server, name, rows, limited=options.rate > 0)
            print(line(name, found, options), flush=True)


def line(name: str, found: dict[str, float], options: argparse.Namespace) -> str:
    """Return a contender's line of the table. `of the limit`: time over what the limit itself needs."""
    seconds, rows = found["seconds"], found["rows"]
    requests = -(-found["asked"] // 100)
    floor = (requests - 1) // options.rate * 10 + options.latency_ms / 1000 if options.rate else 0
    cells = [
        name,
        f"{rows:,.0f}",
        f"{seconds:.1f}",
        f"{rows / seconds:,.0f}",
        f"{seconds / floor:.3f}" if floor else "",
        f"{found['cpu_s'] / rows * 100_000:.1f}",
        f"{found['peak_mb']:.0f}",
        f"{found['refused']}",
        f"{found['busiest_window']}",
        f"{found['journal_s'] / seconds:.1%}" if "journal_s" in found else "",
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
