"""The official client drives a served sandbox over HTTP: its models understand what comes back."""

from collections.abc import Iterator

import pytest

from tests.sandbox_server import SandboxServer

hubspot = pytest.importorskip("hubspot")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="module")
def crm(sandbox):
    return hubspot.HubSpot(access_token=sandbox.token, host=sandbox.base_url).crm


def test_batch_update(crm, sandbox):
    from hubspot.crm.tickets import BatchInputSimplePublicObjectBatchInput, SimplePublicObjectBatchInput

    inputs = [
        SimplePublicObjectBatchInput(
            id="512",
            properties={"subject": "from the official client", "property_number": "18"},
            object_write_trace_id="r2",
        )
    ]

    answer = crm.tickets.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))

    assert answer.status == "COMPLETE"
    [result] = answer.results
    assert (result.id, result.archived) == ("512", False)
    assert result.object_write_trace_id == "r2"
    assert result.properties["property_number"] == "18"
    assert result.created_at.isoformat() == "2019-10-30T03:30:17.883000+00:00"
    assert sandbox.ticket(512)["properties"]["subject"] == "from the official client"


def test_partial_failure(crm):
    from hubspot.crm.tickets import BatchInputSimplePublicObjectBatchInput, SimplePublicObjectBatchInput

    inputs = [
        SimplePublicObjectBatchInput(id="512", properties={"subject": "x"}, object_write_trace_id="r2"),
        SimplePublicObjectBatchInput(id="25099999999", properties={"subject": "x"}, object_write_trace_id="r3"),
    ]

    answer = crm.tickets.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))

    assert [result.id for result in answer.results] == ["512"]
    assert answer.num_errors == 1
    assert answer.errors[0].category == "OBJECT_NOT_FOUND"
    assert answer.errors[0].context["objectWriteTraceId"] == ["r3"]


def test_batch_read_with_history(crm):
    from hubspot.crm.tickets import BatchReadInputSimplePublicObjectId, SimplePublicObjectId

    answer = crm.tickets.batch_api.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id="512")],
            properties=["hs_pipeline_stage", "due_on"],
            properties_with_history=["hs_pipeline_stage"],
        )
    )

    [result] = answer.results
    assert result.properties == {"hs_pipeline_stage": "1", "due_on": None}
    assert result.properties_with_history["hs_pipeline_stage"][0].value == "1"


def test_pages_search_and_one(crm):
    everything = crm.tickets.get_all(properties=["subject"])
    assert len(everything) > 500

    from hubspot.crm.tickets import PublicObjectSearchRequest

    filters = [{"propertyName": "hs_ticket_priority", "operator": "EQ", "value": "HIGH"}]
    found = crm.tickets.search_api.do_search(
        PublicObjectSearchRequest(filter_groups=[{"filters": filters}], properties=["hs_ticket_priority"], limit=200)
    )
    assert found.total == len(found.results) > 50
    assert crm.tickets.basic_api.get_by_id("512").id == "512"


def test_definitions(crm):
    properties = crm.properties.core_api.get_all("tickets").results
    by_name = {one.name: one for one in properties}
    assert by_name["external_ref"].has_unique_value is True
    assert by_name["hs_object_id"].modification_metadata.read_only_value is True
    assert [option.value for option in by_name["hs_ticket_priority"].options] == ["LOW", "MEDIUM", "HIGH", "URGENT"]

    pipelines = crm.pipelines.pipelines_api.get_all("tickets").results
    assert [stage.metadata["ticketState"] for stage in pipelines[0].stages] == ["OPEN", "OPEN", "OPEN", "CLOSED"]

    first = crm.owners.owners_api.get_page(limit=4)
    rest = crm.owners.owners_api.get_page(limit=100, after=first.paging.next.after)
    assert len(first.results) + len(rest.results) == 11
    assert rest.paging is None
    [gone] = crm.owners.owners_api.get_page(archived=True).results
    assert gone.user_id is None


def test_errors(crm, sandbox):
    from hubspot.crm.tickets import ApiException, SimplePublicObjectInput

    with pytest.raises(ApiException) as refused:
        crm.tickets.basic_api.update("512", SimplePublicObjectInput(properties={"hs_ticket_priority": "x"}))
    assert refused.value.status == 400
    assert "INVALID_OPTION" in refused.value.body

    with pytest.raises(ApiException) as missing:
        crm.tickets.basic_api.get_by_id("25099999999")
    assert missing.value.status == 404

    stranger = hubspot.HubSpot(access_token="pat-na1-wrong", host=sandbox.base_url).crm
    with pytest.raises(ApiException) as unknown:
        stranger.tickets.basic_api.get_by_id("512")
    assert unknown.value.status == 401
