"""Properties, pipelines, owners, rules, account: as the API gives them, in every version."""

import pytest

from schemas import default_portal

VERSIONS = [
    ("/crm/v3/properties", "/crm/v3/pipelines", "/crm/v3/owners", "/crm/v3/property-validations", "/account-info/v3"),
    *(
        (
            f"/crm/properties/{version}",
            f"/crm/pipelines/{version}",
            f"/crm/owners/{version}",
            f"/crm/property-validations/{version}",
            f"/account-info/{version}",
        )
        for version in ("2025-09", "2026-03", "2026-09")
    ),
]


@pytest.mark.parametrize(("properties", "pipelines", "owners", "rules", "account"), VERSIONS)
def test_every_address_in_every_version(desk, properties, pipelines, owners, rules, account):
    assert len(desk.get(f"{properties}/tickets").json()["results"]) > 198
    assert desk.get(f"{properties}/0-5/subject").json()["name"] == "subject"
    assert [p["id"] for p in desk.get(f"{pipelines}/tickets").json()["results"]] == ["0", "75283641", "81930257"]
    assert desk.get(f"{pipelines}/tickets/75283641").json()["label"] == "Returns"
    assert len(desk.get(f"{pipelines}/tickets/75283641/stages").json()["results"]) == 4
    assert desk.get(f"{pipelines}/tickets/0/stages/4").json()["metadata"]["ticketState"] == "CLOSED"
    assert len(desk.get(owners).json()["results"]) == 11
    assert desk.get(f"{owners}/51230011").json()["firstName"] == "Ana"
    entries = {e["propertyName"]: e["propertyValidationRules"] for e in desk.get(f"{rules}/0-5").json()["results"]}
    assert entries["country_code"][0] == {
        "ruleType": "MAX_LENGTH", "ruleArguments": ["2"], "shouldApplyNormalization": False
    }  # fmt: skip
    assert desk.get(f"{rules}/0-5/serial_no").json()["results"][0]["ruleType"] == "REGEX"
    assert desk.get(f"{rules}/0-5/serial_no/rule-type/REGEX").json()["ruleArguments"][0] == "^[A-Z]{2}-[0-9]{4}$"
    assert desk.get(f"{account}/details").json()["timeZone"] == "America/Sao_Paulo"
    assert desk.get(f"{account}/api-usage/daily/private-apps").json()["results"][0]["fetchStatus"] == "SUCCESS"


def test_default_properties_come_as_the_default_portal_has_them(desk):
    shipped = {body["name"]: body for body in default_portal.body("properties")["results"]}

    served = {body["name"]: body for body in desk.get("/crm/v3/properties/tickets").json()["results"]}

    for name, body in shipped.items():
        assert {key: served[name][key] for key in body} == body
        assert served[name].keys() - body.keys() == {"futureField"}


def test_traits_a_client_must_know(desk):
    served = {body["name"]: body for body in desk.get("/crm/v3/properties/tickets").json()["results"]}

    assert served["hs_ticket_category"]["fieldType"] == "checkbox"
    for name in ("createdate", "closed_date"):
        assert (served[name]["type"], served[name]["fieldType"]) == ("datetime", "date")
        assert served[name]["modificationMetadata"]["readOnlyValue"] is False
    for name in ("hubspot_owner_id", "hs_pipeline", "hs_pipeline_stage"):
        assert served[name]["externalOptions"] is True
        assert served[name]["options"] == []
    assert served["hubspot_owner_id"]["referencedObjectType"] == "OWNER"
    assert served["hs_object_id"]["hasUniqueValue"] is False
    assert list(served) == sorted(served)


def test_sensitive_properties_only_when_asked_for_and_allowed(desk, one):
    path = "/crm/v3/properties/tickets"
    desk.order("tokens", {"token": "plain", "scopes": ["tickets"]})

    assert "health_note" not in desk.get(path).text
    asked = desk.get(f"{path}?dataSensitivity=sensitive").json()["results"]
    assert [body["name"] for body in asked] == ["health_note"]
    assert desk.get(f"{path}?dataSensitivity=secret").status_code == 400

    refused = desk.get(f"{path}?dataSensitivity=sensitive", token="plain")
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["context"]["requiredGranularScopes"] == ["tickets.sensitive.v2"]
    assert desk.get(f"{path}/health_note", token="plain").status_code == 404
    batch = {"inputs": [one("512", health_note="x")]}
    unknown = desk.call("POST", "/crm/v3/objects/tickets/batch/update", batch, token="plain")
    assert "PROPERTY_DOESNT_EXIST" in unknown.json()["message"]
    assert desk.update(one("512", health_note="x")).status_code == 200


def test_one_property(desk):
    assert desk.get("/crm/v3/properties/tickets/no_such").status_code == 404
    assert desk.get("/crm/v3/properties/tickets/no_such").json()["category"] == "OBJECT_NOT_FOUND"
    old = desk.get("/crm/v3/properties/tickets/region").json() | {"archived": True}
    desk.order("definitions/property", old)

    assert desk.get("/crm/v3/properties/tickets/region").status_code == 404
    assert desk.get("/crm/v3/properties/tickets/region?archived=true").status_code == 200
    assert [b["name"] for b in desk.get("/crm/v3/properties/tickets?archived=true").json()["results"]] == ["region"]


def test_labels_follow_the_locale(desk):
    served = {b["name"]: b["label"] for b in desk.get("/crm/v3/properties/tickets?locale=pt-br").json()["results"]}
    english = {b["name"]: b["label"] for b in desk.get("/crm/v3/properties/tickets?locale=en").json()["results"]}

    assert served["hs_ticket_priority"] == "Prioridade"
    assert served["region"] == "Region"
    assert sum(served[name] != english[name] for name in served) > 80
    assert english["hs_ticket_priority"] == "Priority"


def test_only_some_properties(desk):
    asked = desk.get("/crm/v3/properties/tickets?properties=subject,region").json()["results"]

    assert [body["name"] for body in asked] == ["region", "subject"]


def test_label_of_a_default_property_repeated(desk):
    """A portal's admin may give a custom property the label of a default one."""
    body = desk.get("/crm/v3/properties/tickets/region").json()
    desk.order("definitions/property", body | {"name": "my_priority", "label": "Priority"})

    labels = [b["label"] for b in desk.get("/crm/v3/properties/tickets").json()["results"]]
    assert labels.count("Priority") == 2


def test_archived_pipelines_and_stages_still_held_by_tickets(desk, one):
    pipeline = desk.get("/crm/v3/pipelines/tickets/75283641").json()
    stages = [stage | {"archived": stage["id"] == "149215502"} for stage in pipeline["stages"]]
    number = desk.first(lambda t: t.properties["hs_pipeline_stage"] == "149215502")
    desk.order("definitions/pipeline", pipeline | {"stages": stages})

    served = desk.get("/crm/v3/pipelines/tickets").json()["results"][1]
    assert "149215502" not in [stage["id"] for stage in served["stages"]]
    held = desk.read(number).json()["results"][0]["properties"]
    assert held["hs_pipeline_stage"] == "149215502"
    assert desk.update(one(number, hs_pipeline_stage="149215502")).status_code == 200  # it has it already
    other = desk.first(lambda t: t.properties["hs_pipeline_stage"] == "149215501")
    assert desk.update(one(other, hs_pipeline_stage="149215502")).status_code == 400


def test_locked_stage(desk, one):
    pipeline = desk.get("/crm/v3/pipelines/tickets/0").json()
    pipeline["stages"][1]["writePermissions"] = "READ_ONLY"
    desk.order("definitions/pipeline", pipeline)

    assert "READ_ONLY_VALUE" in desk.update(one("512", hs_pipeline_stage="2")).json()["message"]


def test_owners_page_by_page(desk):
    seen, after = [], ""
    while True:
        body = desk.get(f"/crm/v3/owners/?limit=4{after}").json()
        seen += [owner["id"] for owner in body["results"]]
        if "paging" not in body:
            break
        after = f"&after={body['paging']['next']['after']}"

    assert len(seen) == len(set(seen)) == 11
    assert desk.get("/crm/v3/owners?limit=500").status_code == 200
    assert desk.get("/crm/v3/owners?limit=501").status_code == 400


def test_deactivated_owners_only_when_asked_for(desk):
    [gone] = desk.get("/crm/v3/owners?archived=true").json()["results"]

    assert gone["userId"] is None
    assert desk.get(f"/crm/v3/owners/{gone['id']}").status_code == 404
    assert desk.get(f"/crm/v3/owners/{gone['id']}?archived=true").status_code == 200


def test_owners_by_mail_and_by_user(desk):
    [found] = desk.get("/crm/v3/owners?email=Ana.Souza@example.com").json()["results"]

    assert found["id"] == "51230011"
    assert desk.get("/crm/v3/owners/9100001?idProperty=userId").json()["id"] == "51230011"


def test_usage_counts_calls_until_midnight_there(desk):
    desk.order("clock", {"now": "2026-11-23T14:15:03Z"})
    desk.portal.limiter.used_today = 0
    for _ in range(3):
        desk.get("/crm/v3/owners")

    [entry] = desk.get("/account-info/v3/api-usage/daily/private-apps").json()["results"]
    assert entry["name"] == "private-apps-api-calls-daily"
    assert (entry["usageLimit"], entry["currentUsage"]) == (625_000, 4)
    assert entry["resetsAt"] == "2026-11-24T03:00:00Z"

    desk.order("clock", {"now": "2026-11-24T03:00:01Z"})
    [entry] = desk.get("/account-info/v3/api-usage/daily/private-apps").json()["results"]
    assert entry["currentUsage"] == 1


def test_offset_is_todays(desk):
    desk.order("definitions/account", desk.get("/account-info/v3/details").json() | {"timeZone": "Europe/Berlin"})
    desk.order("clock", {"now": "2026-07-01T00:00:00Z"})
    assert desk.get("/account-info/v3/details").json()["utcOffset"] == "+02:00"
    desk.order("clock", {"now": "2026-12-01T00:00:00Z"})
    assert desk.get("/account-info/v3/details").json()["utcOffsetMilliseconds"] == 3_600_000


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v4/objects/tickets",
        "/crm/objects/2025-03/tickets",
        "/crm/objects/v3/tickets",
        "/nothing/here",
        "/crm/v3/imports/1/errors",
    ],
)
def test_unknown_paths_are_pages(desk, path):
    answer = desk.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_other_objects_and_verbs(desk):
    assert desk.get("/crm/v3/objects/unicorns/1").json()["message"] == "Unable to infer object type from: unicorns"
    assert desk.get("/crm/v3/property-validations/tickets").status_code == 400
    assert desk.call("PUT", "/crm/v3/objects/tickets/512", {}).status_code == 405


def test_fields_nobody_knows_can_be_had_without(desk):
    desk.order("switches", {"unknown_fields": False})

    for path in ("/crm/v3/objects/tickets", "/crm/v3/properties/tickets", "/crm/v3/owners"):
        assert "futureField" not in desk.get(path).text
