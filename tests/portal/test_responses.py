"""Whatever the portal says is understood as far as it goes, and nothing it says can break the importer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.portal.responses import MAX_TEXT, HistoryEntry, Problem, parse_answer, parse_fault, parse_refusal
from tests.laws import examples


def scrub(text):
    return text.replace("SECRET", "[token]")


def fault(**body):
    return parse_fault(body, scrub=scrub)


def item(
    name="hs_ticket_priority", message="Urgentt was not one of the allowed options: [LOW]", error="INVALID_OPTION"
):
    return {"isValid": False, "message": message, "error": error, "name": name}


def invalid(*items):
    return f"Property values were not valid: {json.dumps(items)}"


PRIORITY = Problem("hs_ticket_priority", "INVALID_OPTION", "Urgentt was not one of the allowed options: [LOW]")


def test_a_refusal_tells_of_each_property():
    found = fault(category="VALIDATION_ERROR", message=invalid(item(), item("due_on", "not midnight!", "INVALID_DATE")))

    assert found.problems == (PRIORITY, Problem("due_on", "INVALID_DATE", "not midnight!"))
    assert found.text == "Property values were not valid"


def test_both_lists_of_problems_are_read():
    """The list in the message and the one beside it: either may be the shorter."""
    details = [
        {"message": "Urgentt was ...", "code": "INVALID_OPTION", "context": {"propertyName": ["hs_ticket_priority"]}},
        {"message": "not midnight!", "code": "INVALID_DATE", "context": {"propertyName": ["due_on"]}},
    ]

    found = fault(message=invalid(item(), item("content", "too long", "TOO_LONG")), errors=details)

    assert [problem.name for problem in found.problems] == ["hs_ticket_priority", "content", "due_on"]
    assert found.problems[0] == PRIORITY


def test_problems_may_stand_in_a_list_of_their_own():
    assert fault(message="invalid", validationResults=[item()]).problems == (PRIORITY,)


def test_a_message_that_was_cut_tells_of_what_is_whole():
    words = invalid(item(), item("due_on", "not midnight!", "INVALID_DATE"))

    for end in range(len(words)):
        found = fault(message=words[:end])
        assert all(problem.name in {"hs_ticket_priority", "due_on"} for problem in found.problems)
    assert fault(message=words[:-20]).problems == (PRIORITY,)


def test_half_a_surrogate_pair_is_no_trouble():
    """JSON can write one, UTF-8 cannot."""
    (problem,) = fault(message='invalid: [{"name": "a\\ud800", "message": "b\\ud800"}, {"cut').problems

    assert (problem.name, problem.text) == ("a?", "b?")


def test_a_problem_without_a_name_keeps_its_words():
    assert fault(message=invalid({"message": "no", "error": "X"})).problems == (Problem("", "X", "no"),)


def test_names_alone_are_problems_too():
    assert fault(message="bad", context={"propertyName": ["due_on"]}).problems == (Problem("due_on", "", ""),)


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"context": {"ids": ["1", "", "2", "1"]}}, ("1", "2")),
        ({"context": {"ids": "7"}}, ("7",)),
        ({"context": {"ids": [25012345678]}}, ("25012345678",)),
        ({"message": "Duplicate IDs found in batch input: [5, 6]. IDs must be unique"}, ("5", "6")),
        (
            {
                "message": "Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType="
                "TICKET}, propertyName=ref, value=A} on 12. 34 already has that value."
            },
            ("12",),
        ),
        ({"errors": [{"context": {"ids": ["3"]}}]}, ("3",)),
        ({"context": None}, ()),
        ({"context": [1]}, ()),
    ],
)
def test_ids_are_found_wherever_they_stand(body, ids):
    assert fault(**body).ids == ids


def test_scopes_are_found_in_both_places():
    inside = {"errors": [{"context": {"requiredGranularScopes": ["tickets", "other"]}}]}

    assert fault(**inside).scopes == ("tickets", "other")
    assert fault(context={"requiredGranularScopes": ["tickets"]}).scopes == ("tickets",)


def test_texts_bear_no_token_no_controls_and_an_end():
    found = fault(message="a SECRET\x1b[31m\n\u202eb" + "x" * 10_000, errors=[{"message": "SECRET", "code": "C"}])

    assert found.text.startswith("a [token] [31m bxxx")
    assert len(found.text) == MAX_TEXT
    assert found.problems == (Problem("", "C", "[token]"),)


def test_records_as_the_documentation_has_them():
    body = {
        "status": "COMPLETE",
        "results": [
            {
                "id": "512",
                "properties": {"a": "1", "b": None, "c": True, "d": 2.5, "e": {"x": 1}},
                "updatedAt": "2019-12-07T16:50:06.678Z",
                "archived": False,
                "objectWriteTraceId": "row-2",
                "something_new": [1],
                "propertiesWithHistory": {
                    "a": [
                        {"value": "0", "timestamp": "2026-11-23T14:15:03Z", "sourceType": "CRM_UI"},
                        {"value": "1", "timestamp": "2026-11-23T14:15:03.120Z", "updatedByUserId": 77},
                        {"value": "without a moment"},
                        "no object",
                    ]
                },
            }
        ],
    }

    (record,) = parse_answer(200, body, scrub=scrub).results

    assert (record.id, record.trace_id, record.updated_at) == ("512", "row-2", "2019-12-07T16:50:06.678Z")
    assert record.properties == {"a": "1", "b": "", "c": "true", "d": "2.5", "e": '{"x": 1}'}
    assert record.history["a"] == (
        HistoryEntry("1", "2026-11-23T14:15:03.120Z", "", "77"),
        HistoryEntry("0", "2026-11-23T14:15:03Z", "CRM_UI", "", "CRM_UI"),
    )


@pytest.mark.parametrize(
    ("life", "settled", "working"),
    [
        ("COMPLETE", True, False),
        (None, True, False),
        ("CANCELED", False, False),
        ("PENDING", False, True),
        ("PROCESSING", False, True),
        ("NEW_STATE", False, False),
        ([], False, False),
    ],
)
def test_the_state_of_a_batch(life, settled, working):
    answer = parse_answer(200, {"status": life}, scrub=scrub)

    assert (answer.settled, answer.working) == (settled, working)


ERROR = {"status": "error", "category": "VALIDATION_ERROR", "message": "no", "context": {"ids": ["7"]}}


@pytest.mark.parametrize(
    "body",
    [
        {"results": [], "errors": [ERROR]},
        {"results": [], "errors": ERROR},
        {"results": [], "errors": {"7": {"message": "no"}}},
        {"results": [], "data": {"errors": [ERROR]}},
        {"results": [ERROR]},
        {"results": [{"id": "7", "errors": [{"message": "no"}]}]},
    ],
)
def test_errors_are_read_wherever_they_stand(body):
    answer = parse_answer(200, body, scrub=scrub)

    assert [(one.text, one.ids) for one in answer.faults] == [("no", ("7",))]
    assert answer.told["errors"][0]["message"] == "no"


def test_errors_and_warnings_may_be_texts():
    body = {"results": [{"id": "7", "warnings": ["mind"]}], "errors": ["no SECRET"], "warnings": ["slow SECRET"]}

    answer = parse_answer(200, body, scrub=scrub)

    assert [one.text for one in answer.faults] == ["no [token]"]
    assert answer.told["warnings"] == ["slow [token]"]
    assert answer.results[0].warnings == ("mind",)


def test_a_refusal_without_words_is_told_by_its_status():
    assert parse_refusal(413, None, scrub=scrub).faults[0].text == "HTTP 413"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("SECRET"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)
KEYS = [
    "status",
    "results",
    "errors",
    "message",
    "context",
    "id",
    "ids",
    "properties",
    "objectWriteTraceId",
    "category",
]
BODIES = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


@examples(100)
@given(body=BODIES)
def test_any_json_is_understood_without_a_token_in_the_result(body):
    answer = parse_answer(200, body, scrub=scrub)
    refusal = parse_refusal(400, body, scrub=scrub)

    assert answer.accepted
    assert refusal.refused
    words = [f.text for f in (*answer.faults, *refusal.faults)]
    words += [problem.text for f in (*answer.faults, *refusal.faults) for problem in f.problems]
    assert all("SECRET" not in text and len(text) <= MAX_TEXT for text in words)
    assert all(isinstance(value, str) for record in answer.results for value in record.properties.values())
