"""Whatever is sent, the portal answers as a portal does: never with a fault of its own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox import open_app
from importer.sandbox.options import Limits
from tests.laws import examples

OBJECTS = "/crm/v3/objects/tickets"
NAMES = ["inputs", "id", "properties", "idProperty", "objectWriteTraceId", "propertiesWithHistory", "filterGroups",
         "filters", "propertyName", "operator", "value", "values", "sorts", "limit", "after", "primaryObjectId",
         "objectIdToMerge", "subject", "hs_pipeline", "hs_pipeline_stage", "due_on", "external_ref"]  # fmt: skip
WORDS = ["512", "25012345678", "0", "1", "external_ref", "subject", "EQ", "IN", "HIGH", ";", "", "2026-12-01", "-1"]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)
requests = st.fixed_dictionaries(
    {},
    optional={
        "inputs": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "id": st.sampled_from(WORDS) | values,
                    "properties": st.dictionaries(st.sampled_from(NAMES), values, max_size=3) | values,
                    "idProperty": st.sampled_from(["external_ref", "subject"]) | values,
                    "objectWriteTraceId": values,
                },
            ),
            max_size=3,
        ),
        "filterGroups": st.lists(st.fixed_dictionaries({"filters": st.lists(bodies, max_size=2)}), max_size=2) | values,
        "sorts": st.lists(bodies | st.sampled_from(WORDS), max_size=2) | values,
        "properties": st.lists(st.sampled_from(NAMES), max_size=3) | values,
    },
)


@examples(60)
@given(path=st.sampled_from(["batch/update", "batch/read", "batch/archive", "search", "merge"]), body=requests | values)
def test_any_json_is_answered(law_desk, path, body):
    law_desk.portal.limits.search_rate = 0

    answer = law_desk.call("POST", f"{OBJECTS}/{path}", body)

    assert answer.status_code in (200, 204, 207, 400, 404)
    if answer.status_code >= 400:
        assert answer.json()["status"] == "error"


@examples(30)
@given(content=st.binary(max_size=40) | st.text(max_size=40).map(lambda text: json.dumps({"inputs": text}).encode()))
def test_any_bytes_are_answered(law_desk, content):
    assert law_desk.call("POST", f"{OBJECTS}/batch/update", content=content).status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=-1", "after=x", "limit=0", "dataSensitivity=x&limit=99999999999999999999"]
)
def test_bad_queries(desk, query):
    for path in (OBJECTS, "/crm/v3/owners"):
        assert desk.get(f"{path}?{query}").status_code == 400


def test_an_address_too_long_is_a_page(desk):
    answer = desk.get(f"{OBJECTS}/512?properties={'x' * 20_000}")

    assert answer.status_code == 414
    assert answer.headers["content-type"].startswith("text/html")


def test_a_body_too_large(desk, one):
    desk.order("limits", {"max_body": 1000})

    assert desk.update(one("512", subject="x" * 2000)).status_code == 413
    assert desk.update(one("512", subject="x")).status_code == 200


def test_names_of_headers_come_in_any_case(desk):
    raw = [name.decode() for name, _ in desk.get("/crm/v3/owners").headers.raw]

    assert "X-HubSpot-RateLimit-Max" in raw
    assert "x-hubspot-correlation-id" in raw


def test_an_older_database_is_built_anew(tmp_path):
    app, _, _ = open_app(tmp_path, limits=Limits())
    store = app.state.portal.store
    store._db.execute("PRAGMA user_version=99")
    store._db.execute("UPDATE ticket SET properties='{}' WHERE id=512")
    store.close()

    app, _, _ = open_app(tmp_path)

    assert app.state.portal.store.tickets([512])[512].properties["property_radio"] == "option_1"
    app.state.portal.store.close()
