"""Tokens, scopes, rate limits, and the headers of every answer."""

import asyncio

import httpx
import pytest

from importer.sandbox import open_app
from importer.sandbox.access import TOKEN
from importer.sandbox.limits import Limiter
from importer.sandbox.options import Limits

PATH = "/crm/v3/owners"


@pytest.mark.parametrize("token", ["", "pat-na1-wrong"])
def test_no_or_wrong_token(desk, token):
    answer = desk.get(PATH, token=token)

    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"
    assert answer.json()["message"].startswith("Authentication credentials not found.")


def test_expired_token(desk):
    desk.order("tokens", {"token": "old", "expired_at": "2020-01-01T00:00:00Z"})

    answer = desk.get(PATH, token="old")

    assert answer.status_code == 401
    assert answer.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert answer.json()["context"] == {"expire time": ["2020-01-01T00:00:00Z"]}


def test_garbage_token_that_expired_in_1970(desk):
    desk.order("switches", {"garbage_token_expired": True})

    answer = desk.get(PATH, token="garbage")

    assert answer.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert answer.json()["context"] == {"expire time": ["1970-01-01T00:00:00Z"]}


def test_revoked_token(desk):
    desk.order("tokens", {"token": "second"})
    assert desk.get(PATH, token="second").status_code == 200

    desk.call("DELETE", "/sandbox/tokens?token=second")

    assert desk.get(PATH, token="second").status_code == 401


def test_missing_scopes(desk):
    desk.order("tokens", {"token": "tickets", "scopes": ["tickets"]})
    desk.order("tokens", {"token": "owners", "scopes": ["crm.objects.owners.read"]})

    answer = desk.get(PATH, token="tickets")
    assert answer.status_code == 403
    body = answer.json()
    assert body["category"] == "MISSING_SCOPES"
    assert body["message"].startswith("This app hasn't been granted all required scopes to make this call.")
    assert body["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.owners.read"]}
    assert desk.get("/crm/v3/objects/tickets", token="tickets").status_code == 200
    assert desk.get("/crm/v3/objects/tickets", token="owners").status_code == 403
    assert desk.get("/account-info/v3/details", token="owners").status_code == 200


def test_headers_of_every_answer(desk):
    for answer in (desk.get(PATH), desk.get("/crm/v3/properties/tickets/no_such"), desk.get(PATH, token="")):
        assert answer.headers["content-type"] == "application/json;charset=utf-8"
        assert answer.headers["x-hubspot-correlation-id"] == answer.headers["x-request-id"]
        assert answer.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
        if answer.status_code >= 400:
            assert answer.json()["correlationId"] == answer.headers["x-request-id"]
            assert answer.json()["correlationId"][14] == "7"


def test_window_full(tmp_path):
    app, base_url, _ = open_app(tmp_path, limits=Limits(rate=3, daily=100))

    async def ask():
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url, headers=headers) as client:
            return [await client.get(PATH) for _ in range(4)]

    answers = asyncio.run(ask())
    app.state.portal.store.close()

    assert [a.headers["x-hubspot-ratelimit-remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert [a.headers["x-hubspot-ratelimit-daily-remaining"] for a in answers] == ["99", "98", "97", "97"]
    refused = answers[3]
    assert refused.status_code == 429
    assert "retry-after" not in refused.headers
    body = refused.json()
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert body["message"] == "You have reached your ten_secondly_rolling limit."


def test_a_call_counts_when_it_arrives_not_when_its_turn_comes(tmp_path):
    """While the portal is busy, two calls are counted and wait; the third is refused at once, as by a gateway."""
    app, base_url, _ = open_app(tmp_path, limits=Limits(rate=2))
    portal = app.state.portal

    async def ask():
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url, headers=headers) as client:
            async with portal.turn:
                calls = [asyncio.create_task(client.get(PATH)) for _ in range(3)]
                done, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
                refused = [call.result().status_code for call in done]
                left = len(waiting)
            return refused, left, [await call for call in calls]

    refused, left, answers = asyncio.run(ask())
    portal.store.close()

    assert (refused, left) == ([429], 2)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-hubspot-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]


def test_day_used_up(desk):
    desk.order("limits", {"daily": 10, "used_today": 9})

    assert desk.get(PATH).status_code == 200
    refused = desk.get(PATH)
    assert refused.status_code == 429
    assert refused.json()["policyName"] == "DAILY"
    assert refused.headers["x-hubspot-ratelimit-daily-remaining"] == "0"


def test_searches_have_a_limit_of_their_own(desk):
    desk.order("limits", {"search_rate": 2})

    answers = [desk.call("POST", "/crm/v3/objects/tickets/search", {"limit": 1}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "SECONDLY"
    assert not any("x-hubspot-ratelimit-max" in answer.headers for answer in answers)


def test_the_window_rolls_and_refused_calls_do_not_count():
    now = [0.0]
    limiter = Limiter(Limits(rate=2, window_ms=10_000, daily=0), tick=lambda: now[0])

    def take(at, token="a"):
        now[0] = at
        refused = limiter.take(token, search=False, now_ms=0, zone="UTC")
        return refused is None

    assert [take(0), take(6), take(9), take(9, "b")] == [True, True, False, True]
    assert [take(10.0), take(10.1), take(15.9), take(16.0)] == [True, False, False, True]


def test_without_limits_the_headers_allow_everything(desk):
    answer = desk.get(PATH)

    assert answer.status_code == 200
    assert int(answer.headers["x-hubspot-ratelimit-remaining"]) > 100_000
