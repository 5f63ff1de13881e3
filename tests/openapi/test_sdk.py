"""The description against the official SDK: the same field names, and models that read the sandbox's answers whole.

The SDK was generated from HubSpot's own descriptions, so what it knows is a second witness. What is listed as ours
alone is newer than the SDK, or was seen in answers of the real portal though its descriptions are silent about it.
"""

import importlib
import json

import pytest

from tests.openapi.description import without_future
from tests.openapi.recorder import call
from tests.sandbox_server import SandboxServer

pytest.importorskip("hubspot")

MODELS = {
    "Ticket": ("tickets", "SimplePublicObject", {"url", "warnings"}),
    "UpdateInput": ("tickets", "SimplePublicObjectBatchInput", set()),
    "BatchUpdate": ("tickets", "BatchInputSimplePublicObjectBatchInput", set()),
    "BatchRead": ("tickets", "BatchReadInputSimplePublicObjectId", set()),
    "BatchAnswer": ("tickets", "BatchResponseSimplePublicObjectWithErrors", set()),
    "BatchError": ("tickets", "StandardError", set()),
    "ErrorDetail": ("tickets", "ErrorDetail", set()),
    "Error": ("tickets", "Error", {"status", "errorType", "policyName", "requestId", "groupName"}),
    "HistoryEntry": ("tickets", "ValueWithTimestamp", set()),
    "Search": ("tickets", "PublicObjectSearchRequest", set()),
    "Filter": ("tickets", "Filter", set()),
    "SearchPage": ("tickets", "CollectionResponseWithTotalSimplePublicObjectForwardPaging", set()),
    "TicketPage": ("tickets", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", set()),
    "Property": (
        "properties",
        "ModelProperty",
        {"dataSensitivity", "sensitiveDataCategories", "numberDisplayHint", "textDisplayHint", "dateDisplayHint"},
    ),
    "Option": ("properties", "Option", set()),
    "Pipeline": ("pipelines", "Pipeline", set()),
    "Stage": ("pipelines", "PipelineStage", set()),
    "Owner": ("owners", "PublicOwner", set()),
    "OwnerPage": ("owners", "CollectionResponsePublicOwnerForwardPaging", set()),
}


def package(area):
    return importlib.import_module(f"hubspot.crm.{area}")


@pytest.mark.parametrize("name", MODELS)
def test_fields_bear_the_names_that_the_sdk_knows(name, description):
    area, model, ours_alone = MODELS[name]
    ours = set(description.content["components"]["schemas"][name]["properties"])

    theirs = set(getattr(package(area), model).attribute_map.values())

    assert ours - theirs == ours_alone


@pytest.fixture(scope="module")
def shared_sandbox():
    with SandboxServer() as server:
        yield server


GOOD = {"id": "512", "properties": {"subject": "x"}, "objectWriteTraceId": "row-2"}
MISSING = {"id": "25099999999", "properties": {"subject": "x"}, "objectWriteTraceId": "row-3"}
READ = {"inputs": [{"id": "512"}], "properties": ["subject"], "propertiesWithHistory": ["subject"]}
HIGH = {"propertyName": "hs_ticket_priority", "operator": "EQ", "value": "HIGH"}
SEARCH = {"filterGroups": [{"filters": [HIGH]}], "limit": 2}
UPDATE = "objects/tickets/batch/update"
CALLS = {
    "updated": ("tickets", "BatchResponseSimplePublicObject", UPDATE, {"inputs": [GOOD]}),
    "partly updated": ("tickets", "BatchResponseSimplePublicObjectWithErrors", UPDATE, {"inputs": [GOOD, MISSING]}),
    "read": ("tickets", "BatchResponseSimplePublicObject", "objects/tickets/batch/read", READ),
    "one": ("tickets", "SimplePublicObjectWithAssociations", "objects/tickets/512", None),
    "not found": ("tickets", "Error", "objects/tickets/25099999999", None),
    "page": ("tickets", MODELS["TicketPage"][1], "objects/tickets?limit=3", None),
    "search": ("tickets", MODELS["SearchPage"][1], "objects/tickets/search", SEARCH),
    "properties": ("properties", "CollectionResponsePropertyNoPaging", "properties/tickets", None),
    "pipelines": ("pipelines", "CollectionResponsePipelineNoPaging", "pipelines/tickets", None),
    "owners": ("owners", MODELS["OwnerPage"][1], "owners?limit=3", None),
}
NOT_IN_THE_SDK = {name for _, _, ours_alone in MODELS.values() for name in ours_alone}


@pytest.mark.parametrize("name", CALLS)
def test_the_sdk_reads_the_sandbox_and_loses_nothing(name, shared_sandbox):
    """What its models give back is what was sent, field by field; moments are compared as moments."""
    area, model, path, body = CALLS[name]
    exchange = call(shared_sandbox, "POST" if body else "GET", f"/crm/v3/{path}", body)
    client = package(area).ApiClient()
    answer = type("Answer", (), {"data": exchange.answer.decode()})()

    read = client.sanitize_for_serialization(client.deserialize(answer, model))

    assert _shape(json.loads(exchange.answer)) == _shape(read)


def _shape(value):
    """Return a value without what the SDK has no field for, without nulls, and with moments to the second."""
    match value:
        case dict():
            kept = {name: one for name, one in without_future(value).items() if one is not None}
            return {name: _shape(one) for name, one in kept.items() if name not in NOT_IN_THE_SDK}
        case list():
            return [_shape(one) for one in value]
        case str() if len(value) >= 20 and value[10] == "T" and value[4] == "-":
            return value[:19]
    return value
