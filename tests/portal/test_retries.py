"""What an answer means, and how long to wait before the next attempt."""

import random

import pytest

from importer.portal.retries import Reply, Verdict, judge, policy_of, retry_after_s, wait_s


def reply(status, body=None, **more):
    return Reply(status, body=body, readable=body is not None, **more)


@pytest.mark.parametrize(
    ("given_reply", "verdict"),
    [
        (reply(200, {}), Verdict.ACCEPTED),
        (reply(207, {"results": []}), Verdict.ACCEPTED),
        (reply(204), Verdict.ACCEPTED),
        (reply(200), Verdict.REPEAT),
        (reply(200, []), Verdict.REPEAT),
        (reply(200, "text"), Verdict.REPEAT),
        (reply(None), Verdict.REPEAT),
        (reply(301), Verdict.MISTAKEN),
        (reply(307, {}), Verdict.MISTAKEN),
        (reply(400, {}), Verdict.REFUSED),
        (reply(400), Verdict.REFUSED),
        (reply(400, is_whole=False), Verdict.REPEAT),
        (reply(401), Verdict.UNAUTHORIZED),
        (reply(403, {"category": "MISSING_SCOPES"}), Verdict.FORBIDDEN),
        (reply(403), Verdict.REFUSED),
        (reply(406), Verdict.REFUSED),
        (reply(407), Verdict.MISTAKEN),
        (reply(404, {"category": "OBJECT_NOT_FOUND"}), Verdict.REFUSED),
        (reply(404, {}), Verdict.REPEAT),
        (reply(404), Verdict.REPEAT),
        (reply(405), Verdict.MISTAKEN),
        (reply(409, {}), Verdict.REPEAT),
        (reply(413), Verdict.REFUSED),
        (reply(415, {}), Verdict.MISTAKEN),
        (reply(418, {}), Verdict.REFUSED),
        (reply(422, {}), Verdict.REFUSED),
        (reply(429, {}), Verdict.RATE_LIMITED),
        (reply(429, {"policyName": "DAILY"}), Verdict.DAILY_LIMIT),
        (reply(429, {"message": "You have reached your daily limit."}), Verdict.DAILY_LIMIT),
        (reply(477), Verdict.REPEAT),
        *[(reply(status), Verdict.REPEAT) for status in (408, 423, 425, 500, 501, 502, 503, 504, 521, 524, 530, 599)],
    ],
)
def test_what_an_answer_means(given_reply, verdict):
    assert judge(given_reply, repeats=0) is verdict


def test_a_conflict_is_repeated_once():
    assert judge(reply(409, {}), repeats=1) is Verdict.REFUSED


def test_a_missing_thing_is_final_where_one_thing_was_asked_for():
    assert judge(reply(404, {}), repeats=0, missing_is_final=True) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("body", "policy"),
    [
        ({"policyName": "TEN_SECONDLY_ROLLING"}, "TEN_SECONDLY_ROLLING"),
        ({"policyName": "SECONDLY"}, "SECONDLY"),
        ({"policyName": "DAILY"}, "DAILY"),
        ({"message": "You have reached your secondly limit."}, "SECONDLY"),
        ({"message": "You have reached your ten_secondly_rolling limit."}, "TEN_SECONDLY_ROLLING"),
        ({"message": None, "policyName": 5}, "TEN_SECONDLY_ROLLING"),
        ([], "TEN_SECONDLY_ROLLING"),
    ],
)
def test_the_policy_is_known_by_name_or_by_words(body, policy):
    assert policy_of(reply(429, body)) == policy


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        (" 30 ", 30.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("soon", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 30 * 86_400.0),
        ("Mon, 01 Jan 10000 00:00:00 GMT", None),
        ("-5", None),
        ("", None),
        ("9" * 40, None),
        ("9" * 9, 30 * 86_400.0),
    ],
)
def test_retry_after(text, seconds):
    assert retry_after_s({"retry-after": text}, now=60.0) == seconds


def test_waits_grow_are_jittered_and_bounded():
    """Between half and all of a doubling wait; a lock two seconds at least; never over thirty."""
    rng = random.Random(5)
    waits = [[wait_s(status, repeat, rng=rng) for _ in range(50)] for status in (500, 503, 423) for repeat in range(6)]

    for repeat in range(6):
        stumbled, overloaded, locked = waits[repeat], waits[6 + repeat], waits[12 + repeat]
        assert all(min(30, 2**repeat) / 2 <= wait <= min(30, 2**repeat) for wait in stumbled)
        assert all(min(30, 2**repeat) / 2 <= wait <= min(30, 2**repeat) for wait in overloaded)
        assert all(wait >= 2 for wait in locked)
        assert len(set(stumbled)) > 10
