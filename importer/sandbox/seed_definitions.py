"""What the sandbox portal has besides HubSpot's own properties: custom ones of every kind, pipelines, owners, rules.

All of it is invented. Bodies have the API's own shapes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from importer.sandbox.answers import Json
from schemas import default_portal

_MADE = "2024-02-05T12:00:00.250Z"
_CHANGED = "2025-11-17T18:40:12Z"

Choices = Iterable[tuple[str, str]]


def _property(name: str, label: str, kind: str, field: str, **more: Any) -> Json:
    return {
        "updatedAt": _CHANGED,
        "createdAt": _MADE,
        "name": name,
        "label": label,
        "type": kind,
        "fieldType": field,
        "description": more.pop("description", ""),
        "groupName": "ticketinformation",
        "options": more.pop("options", []),
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "archived": False,
        "hasUniqueValue": False,
        "hidden": False,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
        "formField": True,
        "dataSensitivity": "non_sensitive",
        **more,
    }


def _options(choices: Choices, hidden: Iterable[str] = ()) -> list[Json]:
    kept_back = set(hidden)
    return [
        {"label": label, "value": value, "description": "", "displayOrder": n, "hidden": value in kept_back}
        for n, (value, label) in enumerate(choices)
    ]


_YES_NO = _options([("true", "Yes"), ("false", "No")])


def custom_properties() -> list[Json]:
    """Custom properties of every type, those of the update endpoint's documentation example included."""
    return [*_example_properties(), *_texts(), *_numbers(), *_choices(), *_moments(), *_special()]


def _example_properties() -> list[Json]:
    flavours = [("chocolate", "Chocolate"), ("strawberry", "Strawberry"), ("vanilla", "Vanilla")]
    return [
        _property("my_unique_property_name", "My unique property", "string", "text", hasUniqueValue=True),
        _property("property_checkbox", "Property checkbox", "bool", "booleancheckbox", options=_YES_NO),
        _property("property_date", "Property date", "date", "date"),
        _property(
            "property_dropdown",
            "Property dropdown",
            "enumeration",
            "select",
            options=_options([("choice_a", "Choice A"), ("choice_b", "Choice B"), ("choice_c", "Choice C")]),
        ),
        _property(
            "property_multiple_checkboxes",
            "Property multiple checkboxes",
            "enumeration",
            "checkbox",
            options=_options(flavours),
        ),
        _property("property_number", "Property number", "number", "number", numberDisplayHint="unformatted"),
        _property(
            "property_radio",
            "Property radio",
            "enumeration",
            "radio",
            options=_options([("option_1", "Option 1"), ("option_2", "Option 2")]),
        ),
        _property("property_string", "Property string", "string", "text"),
    ]


def _texts() -> list[Json]:
    return [
        _property("external_ref", "External reference", "string", "text", hasUniqueValue=True),
        _property("internal_notes", "Internal notes", "string", "textarea", textDisplayHint="multi_line"),
        _property("customer_letter", "Letter to the customer", "string", "html"),
        _property("callback_phone", "Callback phone", "string", "phonenumber", textDisplayHint="phone_number"),
        _property("backup_phone", "Backup phone", "phone_number", "phonenumber"),
        _property("contract_file", "Contract", "string", "file", externalOptions=True),
        _property("escalation_reason", "Reason for escalation", "string", "text"),
        _property("invoice_no", "Invoice number", "string", "text"),
        _property("country_code", "Country code", "string", "text"),
        _property("customer_email", "Customer e-mail", "string", "text", textDisplayHint="email"),
        _property("tracking_url", "Tracking link", "string", "text"),
        _property("serial_no", "Serial number", "string", "text"),
        _property("nickname", "Nickname", "string", "text"),
    ]


def _numbers() -> list[Json]:
    return [
        _property("effort_hours", "Effort in hours", "number", "number", numberDisplayHint="formatted"),
        _property("discount_rate", "Discount", "number", "number", numberDisplayHint="percentage"),
        _property(
            "refund_amount",
            "Refund amount",
            "number",
            "number",
            numberDisplayHint="currency",
            showCurrencySymbol=True,
        ),
        _property("downtime", "Downtime", "number", "number", numberDisplayHint="duration"),
        _property("satisfaction", "Satisfaction", "number", "number", numberDisplayHint="formatted"),
    ]


def _choices() -> list[Json]:
    products = [
        ("router", "Router"),
        ("switch", "Switch"),
        ("access_point", "Access point"),
        ("camera", "Camera"),
        ("nobreak", "No-break"),
    ]
    regions = [("north", "North"), ("northeast", "Northeast"), ("midwest", "Midwest"), ("southeast", "Southeast")]
    tiers = [
        ("bronze", "Bronze"),
        ("silver", "Silver"),
        ("gold_2024", "Gold"),
        ("gold_2025", "Gold"),
        ("platinum_trial", "Platinum (trial)"),
    ]
    return [
        _property("affected_products", "Affected products", "enumeration", "checkbox", options=_options(products)),
        _property("region", "Region", "enumeration", "select", options=_options([*regions, ("south", "South")])),
        _property(
            "support_tier",
            "Support tier",
            "enumeration",
            "select",
            options=_options(tiers, hidden=["platinum_trial"]),
            description="Two of its options share a label, one is hidden.",
        ),
        _property(
            "preferred_channel",
            "Preferred channel",
            "enumeration",
            "radio",
            options=_options([("email", "E-mail"), ("phone", "Phone"), ("whatsapp", "WhatsApp")]),
        ),
        _property("escalated", "Escalated to engineering", "bool", "booleancheckbox", options=_YES_NO),
        _property("reproducible", "Reproducible", "enumeration", "booleancheckbox", options=_YES_NO),
        _property(
            "legacy_reason",
            "Legacy reason",
            "enumeration",
            "select",
            options=_options([("Late delivery ", "Late delivery"), ("Wrong\u00a0item", "Wrong item")]),
            description="Values from an old import: an outer blank, a no-break space.",
        ),
        _property(
            "reviewer_id",
            "Reviewer",
            "enumeration",
            "select",
            externalOptions=True,
            referencedObjectType="OWNER",
        ),
    ]


def _moments() -> list[Json]:
    return [
        _property("due_on", "Due on", "date", "date", dateDisplayHint="absolute"),
        _property("visit_on", "Visit on", "date", "date", dateDisplayHint="absolute"),
        _property("install_date", "Installed on", "date", "date", dateDisplayHint="absolute_with_relative"),
        _property("next_contact_at", "Next contact", "datetime", "date", dateDisplayHint="absolute"),
    ]


def _special() -> list[Json]:
    read_only = {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": True}
    return [
        _property(
            "priority_score",
            "Priority score",
            "number",
            "calculation_equation",
            calculated=True,
            calculationFormula="if(string(hs_ticket_priority) = 'URGENT', 10, 1)",
            modificationMetadata=read_only,
            formField=False,
        ),
        _property(
            "health_note",
            "Health note",
            "string",
            "textarea",
            dataSensitivity="sensitive",
            sensitiveDataCategories=["HIPAA"],
        ),
    ]


def _rule(kind: str, *arguments: str, normalises: bool = False) -> Json:
    return {"ruleType": kind, "ruleArguments": list(arguments), "shouldApplyNormalization": normalises}


def rules() -> list[Json]:
    """Validation rules, an entry for each property that has some."""
    by_name = {
        "invoice_no": [_rule("MIN_LENGTH", "4"), _rule("MAX_LENGTH", "12"), _rule("ALPHANUMERIC", "ALPHANUMERIC")],
        "country_code": [
            _rule("MAX_LENGTH", "2"),
            _rule("ALPHANUMERIC", "ALPHA_ONLY"),
            _rule("FORMAT", "UPPER"),
        ],
        "customer_email": [_rule("EMAIL")],
        "tracking_url": [_rule("URL")],
        "serial_no": [_rule("REGEX", "^[A-Z]{2}-[0-9]{4}$", "Two letters, a hyphen, four digits")],
        "nickname": [_rule("WHITESPACE", "TRIM", normalises=True)],
        "satisfaction": [_rule("MIN_NUMBER", "1"), _rule("MAX_NUMBER", "10"), _rule("DECIMAL", "1")],
        "install_date": [_rule("START_DATE", "1577836800000"), _rule("END_DATE", "1924905600000")],
        "visit_on": [_rule("DAYS_OF_WEEK", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")],
    }
    return [{"propertyName": name, "propertyValidationRules": entries} for name, entries in by_name.items()]


def conditions() -> list[Json]:
    """Properties that others require; enforced from 2026-09 on."""
    return [{"if": {"escalated": "true"}, "required": ["escalation_reason"]}]


def _stage(number: str, label: str, order: int, state: str) -> Json:
    return {
        "id": number,
        "label": label,
        "displayOrder": order,
        "metadata": {"isClosed": str(state == "CLOSED").lower(), "ticketState": state},
        "createdAt": _MADE,
        "updatedAt": _MADE,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def pipelines() -> list[Json]:
    """Three pipelines: the built-in one and two later ones. "New" and "Closed" are stages of two of them."""
    returns = [
        _stage("149215501", "New", 0, "OPEN"),
        _stage("149215502", "In transit", 1, "OPEN"),
        _stage("149215503", "Inspected", 2, "OPEN"),
        _stage("149215504", "Closed", 3, "CLOSED"),
    ]
    installs = [
        _stage("162700811", "Scheduled", 0, "OPEN"),
        _stage("162700812", "On site", 1, "OPEN"),
        _stage("162700813", "Installed", 2, "CLOSED"),
    ]
    later = {"createdAt": _MADE, "updatedAt": _CHANGED, "archived": False}
    built_in: list[Json] = default_portal.body("pipelines")["results"]
    return [
        *built_in,
        {"id": "75283641", "label": "Returns", "displayOrder": 1, "stages": returns, **later},
        {"id": "81930257", "label": "Installations", "displayOrder": 2, "stages": installs, **later},
    ]


def stage_properties(later: Iterable[Json]) -> list[Json]:
    """The dates and times that HubSpot keeps for each stage of these pipelines, patterned on the built-in stage `1`."""
    every: list[Json] = default_portal.body("properties")["results"]
    patterns = [body for body in every if body["name"].startswith(("hs_v2_", "hs_date_", "hs_time_in_"))]
    made = []
    for pipeline in later:
        for stage in pipeline["stages"]:
            for body in patterns:
                head, _, number = body["name"].rpartition("_")
                if number == "1":
                    label = body["label"].replace("New (Support Pipeline)", f"{stage['label']} ({pipeline['label']})")
                    made.append(body | {"name": f"{head}_{stage['id']}", "label": label})
    return made


_OWNERS = (
    # id, user, first name, last name, team, archived
    ("51230011", 9100001, "Ana", "Souza", 1, False),
    ("51230012", 9100002, "Bruno", "Carvalho", 1, False),
    ("51230013", 9100003, "Carla", "Mendes", 1, False),
    ("51230014", 9100004, "Diego", "Nogueira", 2, False),
    ("51230015", 9100005, "Elisa", "Prado", 2, False),
    ("51230016", 9100006, "Felipe", "Araújo", 2, False),
    ("51230017", 9100007, "Maria", "Silva", 1, False),
    ("51230018", 9100008, "Maria", "Silva", 3, False),
    ("51230019", 9100009, "Grace", "O'Neill", 3, False),
    ("51230020", 9100010, "Hugo", "Weiß", 3, False),
    ("51230021", 9100011, "Irene", "Teixeira", 2, False),
    ("51230022", 9100012, "João", "Batista", 1, True),
)

_TEAMS = {1: ("2100401", "Support"), 2: ("2100402", "Field service"), 3: ("2100403", "Key accounts")}


def owners() -> list[Json]:
    """A dozen owners: two of one name, one deactivated."""
    made = []
    for number, user, first, last, team, archived in _OWNERS:
        twin = first == "Maria" and number.endswith("8")
        plain = f"{first}.{last}".lower().translate(str.maketrans("ãúß", "aus", "'"))
        body: Json = {
            "id": number,
            "email": f"{plain}{'2' if twin else ''}@example.com",
            "type": "PERSON",
            "firstName": first,
            "lastName": last,
            "userId": None if archived else user,
            "userIdIncludingInactive": user,
            "createdAt": _MADE,
            "updatedAt": _CHANGED,
            "archived": archived,
        }
        if not archived:
            body["teams"] = [{"id": _TEAMS[team][0], "name": _TEAMS[team][1], "primary": True}]
        made.append(body)
    return made


def account() -> Json:
    """A Brazilian portal."""
    return {
        "portalId": 4242,
        "portalName": "Sandbox",
        "accountType": "DEVELOPER_TEST",
        "timeZone": "America/Sao_Paulo",
        "companyCurrency": "BRL",
        "additionalCurrencies": ["USD"],
        "utcOffset": "-03:00",
        "utcOffsetMilliseconds": -10_800_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }
