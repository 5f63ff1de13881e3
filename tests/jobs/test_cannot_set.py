"""What the portal says beforehand that it will refuse is said in the plan, and nothing of it is sent."""

import pytest

from tests.jobs.office import A, C, values


@pytest.mark.parametrize("column", [("Ticket status",), ("Pipeline", "Ticket status")])
def test_a_stage_that_the_api_may_not_set(portal, program, sheet, column):
    _, pipeline = portal.call("GET", "/crm/v3/pipelines/tickets/0")
    pipeline["stages"][1]["writePermissions"] = "READ_ONLY"
    portal.define("pipeline", pipeline)
    for ticket, stage in ((A, "1"), (C, "2")):
        portal.change(ticket, {"hs_pipeline": "0", "hs_pipeline_stage": stage})
    locked = ("Support Pipeline", "Waiting on contact")[-len(column) :]
    path = sheet(("Record ID", *column, "subject"), (A, *locked, "Mine"), (C, *locked, "Mine"))

    ended = program(path, "--yes", "--on-invalid", "skip", "--json", portal=portal)

    assert (ended.code, ended.codes) == (1, [(2, "cannot_set")])
    [error] = ended.summary["errors"]
    assert (error["property"], "Waiting on contact" in error["message"]) == ("hs_pipeline_stage", True)
    assert ended.summary["rows"]["updated"] == 1
    assert values(portal, C)["subject"] == "Mine"
    assert values(portal, A)["subject"] != "Mine"


def test_a_property_whose_field_type_alone_says_that_it_is_calculated(portal, program, sheet):
    shape = {"type": "number", "fieldType": "calculation_equation", "groupName": "ticketinformation"}
    portal.define("property", {"name": "effort", "label": "Effort", **shape})
    path = sheet(("Record ID", "Effort"), (A, "5"))

    ended = program(path, "--yes", "--json", portal=portal)

    assert (ended.code, ended.codes) == (2, [(1, "read_only_property")])
