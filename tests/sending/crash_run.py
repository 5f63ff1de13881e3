"""Send a journal's batches in a process of its own, and be killed at one of its writes.

    crash_run.py '{"journal": ..., "url": ..., "token": ..., "names": [...], "kill_at": 3, "before_commit": true}'

Says how many writes there were, if it lives to tell. `kill_at` 0: never.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from importer.journal import Journal
from importer.journal.batches import Batches
from importer.sending.sender import send
from tests.sending.staging import columns_for, portal_of, schema_of


class DoomedBatches(Batches):
    """Batches whose process ends at the n-th note: before it, or after it is on disk."""

    kill_at = 0
    before_commit = False
    writes = 0

    def note(self, steps):
        type(self).writes += 1
        last = type(self).writes == self.kill_at
        if last and self.before_commit:
            _die()
        super().note(steps)
        if last:
            _die()


class Doomed(Journal):
    """A journal with such batches."""

    def __init__(self, file, record):
        super().__init__(file, record)
        self.batches = DoomedBatches(file, self.rows)


def _die():
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(9)


class Server:
    """Where the sandbox is."""

    def __init__(self, url, token):
        self.base_url, self.token = url, token


async def main(order):
    server = Server(order["url"], order["token"])
    schema = await _schema(server)
    DoomedBatches.kill_at, DoomedBatches.before_commit = order["kill_at"], order["before_commit"]
    with Doomed.open(Path(order["journal"])) as journal:
        async with portal_of(server) as portal:
            await send(journal, portal, columns=columns_for(schema, order["names"]), schema=schema)
    sys.stdout.write(f"{DoomedBatches.writes}\n")


async def _schema(server):
    return await asyncio.to_thread(schema_of, server)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
