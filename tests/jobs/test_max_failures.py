"""`--max-failures`: a run stops once so many rows were refused, and a resume goes on with the others."""

import json

from tests.sandbox_server import SandboxServer

REFUSAL = json.dumps({"status": "error", "category": "VALIDATION_ERROR", "message": "the value was refused"})


def test_a_run_stops_at_so_many_refused_rows_and_says_how_to_go_on(sheet, program):
    with SandboxServer(tickets=300) as portal:
        keys = [key for key, one in portal.tickets().items() if not one["archived"] and not one["merged_into"]][-300:]
        edits = [(key, f"{'wrong' if n < 90 else 'right'} {n}") for n, key in enumerate(keys)]
        path = sheet(("Record ID", "Ticket name"), *edits)
        portal.fault("status", status=400, path="batch/update", holds='"wrong ', body=REFUSAL, times=None)

        stopped = program(path, "--yes", "--json", "--max-failures", "2", portal=portal)

        assert stopped.code == 3, stopped.err
        rows = stopped.summary["rows"]
        assert 2 <= rows["failed"] < 90
        assert rows["not_sent"] > 0
        assert rows["failed"] + rows["updated"] + rows["not_sent"] == 300
        assert "rows were refused" in stopped.err
        assert "import-tickets resume" in stopped.err
        portal.calm()
        resumed = program("resume", stopped.summary["run_id"], "--json", portal=portal)
        assert resumed.code == 1, resumed.err
        assert resumed.summary["rows"]["updated"] == 300 - rows["failed"]
