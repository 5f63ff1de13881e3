"""What the portal answered to each batch, as scripts and people are told of it."""

import pytest
from office import A, B, read_rows


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELED", "PENDING", "PROCESSING"])
def test_the_portals_answers_stand_in_the_summary(portal, sheet, program, state):
    """Whatever state the endpoint says a batch is in: what it said, and the truth about each row."""
    portal.fault("state", path="batch/update", state=state, drop=1)
    edits = sheet(("Record ID", "subject"), (A, "New"), (B, "Newer"))

    ended = program(edits, "--yes", "--json", portal=portal)

    [batch] = ended.summary["batches"]
    assert ended.summary["rows"]["updated"] == 2
    assert (batch["status"], batch["rows"], batch["inputs"], batch["http_status"]) == (state, [2, 3], 2, 200)
    assert batch["requestedAt"].endswith("Z")
    assert batch["completedAt"] >= batch["startedAt"]
    assert batch["correlationId"]
    assert batch["links"] == {}
    messages = " ".join(row["Import message"] for row in read_rows(edits))
    assert ("read back" in messages) == (state != "COMPLETE")
