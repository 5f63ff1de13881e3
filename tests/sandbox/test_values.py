"""What the portal takes as a value of each kind, and what it keeps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox.options import Switches
from importer.sandbox.values import ValueRefused, acceptor, apply_rules, iso, parse_ms

REFUSED = [
    ("no_such", "x", "PROPERTY_DOESNT_EXIST", 'Property "no_such" does not exist'),
    ("priority_score", "5", "READ_ONLY_VALUE", '"priority_score" is a calculated property; its value cannot be set.'),
    ("hs_object_id", "5", "READ_ONLY_VALUE", '"hs_object_id" is a read only property; its value cannot be set.'),
    ("hs_customer_agent_ticket_status", "NONE", "READ_ONLY_VALUE", "calculated"),
    ("hs_ticket_priority", "High", "INVALID_OPTION", "High was not one of the allowed options: [LOW, MEDIUM, HIGH"),
    ("support_tier", "Gold", "INVALID_OPTION", "Gold was not one of the allowed options"),
    ("hs_ticket_language_ai_tag", "klingon", "INVALID_OPTION", "[af, als, am, "),
    ("affected_products", "router;toaster", "INVALID_OPTION", "toaster was not one of the allowed options"),
    ("legacy_reason", "Late delivery", "INVALID_OPTION", "[Late delivery , Wrong\u00a0item]"),
    ("hubspot_owner_id", "ana.souza@example.com", "INVALID_INTEGER", "was not a valid integer (for owner ID)."),
    ("hubspot_owner_id", "9100001", "INVALID_OWNER_ID", "9100001"),
    ("property_checkbox", "Yes", "INVALID_OPTION", "Yes was not one of the allowed options: [true, false]"),
    ("property_checkbox", "TRUE", "INVALID_OPTION", ""),
    ("effort_hours", "1,5", "INVALID_INTEGER", "1,5 was not a valid number"),
    ("effort_hours", "R$ 5", "INVALID_INTEGER", ""),
    ("effort_hours", "5%", "INVALID_INTEGER", ""),
    ("effort_hours", " 5", "INVALID_INTEGER", ""),
    ("due_on", "1635535865", "INVALID_DATE", "1635535865 is at 22:18:55.865 UTC, not midnight!"),
    ("due_on", "01/02/2026", "INVALID_DATE", ""),
    ("due_on", "2026-02-30", "INVALID_DATE", ""),
    ("due_on", "2026-01-02T00:00:00Z", "INVALID_DATE", ""),
    ("next_contact_at", "tomorrow", "INVALID_LONG", "tomorrow was not a valid long."),
    ("next_contact_at", "2026-01-02", "INVALID_LONG", ""),
    ("internal_notes", "x" * 65_537, "VALUE_TOO_LONG", ""),
    ("invoice_no", "abc", "INVALID_MIN_LENGTH", "at least 4"),
    ("country_code", "B1", "INVALID_ALPHA", "Enter only letters"),
    ("satisfaction", "11", "INVALID_MAX_NUMBER", ""),
    ("satisfaction", "7.25", "INVALID_DECIMAL", ""),
    ("serial_no", "AB-123", "INVALID_REGEX", "Two letters, a hyphen, four digits"),
    ("visit_on", "2026-11-22", "INVALID_DAYS_OF_WEEK", "MONDAY"),
]

TAKEN = [
    ("hs_ticket_category", "BILLING_ISSUE;FEATURE_REQUEST", "BILLING_ISSUE;FEATURE_REQUEST"),
    ("affected_products", "camera;camera;router", "camera;router"),
    ("support_tier", "platinum_trial", "platinum_trial"),
    ("legacy_reason", "Late delivery ", "Late delivery "),
    ("hubspot_owner_id", "51230022", "51230022"),
    ("reproducible", "false", "false"),
    ("effort_hours", "12.50", "12.50"),
    ("effort_hours", "1e3", "1e3"),
    ("effort_hours", "-0.5", "-0.5"),
    ("due_on", "2026-12-01", "2026-12-01"),
    ("due_on", "1572480000000", "2019-10-31"),
    ("next_contact_at", "2026-03-04T12:30:00.000Z", "2026-03-04T12:30:00Z"),
    ("next_contact_at", "2026-03-04T12:30:00.120-03:00", "2026-03-04T15:30:00.120Z"),
    ("next_contact_at", "2026-03-04T12:30:00", "2026-03-04T12:30:00Z"),
    ("next_contact_at", "1572480000000", "2019-10-31T00:00:00Z"),
    ("next_contact_at", "1572480000", "1970-01-19T04:48:00Z"),
    ("content", " a\nb \t", " a\nb \t"),
    ("internal_notes", "x" * 65_536, "x" * 65_536),
    ("hs_all_assigned_business_unit_ids", "77;78", "77;78"),
    ("hs_external_object_ids", "anything", "anything"),
    ("nickname", "  Zé ", "Zé"),
    ("country_code", "BR", "BR"),
    ("visit_on", "2026-11-23", "2026-11-23"),
]


@pytest.mark.parametrize(("name", "value", "code", "text"), REFUSED)
def test_refused(desk, one, name, value, code, text):
    body = desk.update(one("512", **{name: value})).json()

    message = body["message"]
    [item] = json.loads(message[message.index("[") :])
    assert (item["name"], item["error"]) == (name, code)
    assert text in item["message"]
    assert body["errors"][0]["context"] == {"propertyName": [name]}


@pytest.mark.parametrize(("name", "value", "kept"), TAKEN)
def test_taken(desk, one, name, value, kept):
    answer = desk.update(one("512", **{name: value}))

    assert answer.status_code == 200, answer.text
    read = desk.read("512", properties=(name,)).json()["results"][0]["properties"][name]
    assert read == desk.raw(512)["properties"][name] == kept


def test_all_faults_of_a_row_are_listed(desk, one):
    body = desk.update(one("512", hs_ticket_priority="x", due_on="y", effort_hours="z")).json()

    assert len(json.loads(body["message"][body["message"].index("[") :])) == len(body["errors"]) == 3


def test_switches_of_values(desk, one):
    def sent_and_read(name, value):
        assert desk.update(one("512", **{name: value})).status_code == 200
        return desk.read("512", properties=(name,)).json()["results"][0]["properties"][name]

    desk.order("switches", {"numbers": "tolerant", "numbers_read_back": "tidy"})
    assert sent_and_read("effort_hours", "+12.50") == "+12.5"
    assert sent_and_read("effort_hours", "5.") == "5"
    desk.order("switches", {"dates_read_back": "milliseconds"})
    assert sent_and_read("due_on", "2019-10-31") == "1572480000000"
    desk.order("switches", {"checkbox_order": "reversed"})
    assert sent_and_read("affected_products", "router;camera") == "camera;router"
    desk.order("switches", {"trim_text": True, "lower_unique": True, "clean_html": True})
    assert sent_and_read("property_string", "  x ") == "x"
    assert sent_and_read("external_ref", "AbC") == "abc"
    assert sent_and_read("customer_letter", "<P>Hi<script>x()</script></P>") == "<p>Hi</p>"
    desk.order("switches", {"datetime_without_zone": "refuse"})
    assert desk.update(one("512", next_contact_at="2026-03-04T12:30:00")).status_code == 400


@given(st.integers(min_value=-(10**13), max_value=4 * 10**12))
def test_a_moment_survives_being_written_out(ms):
    assert parse_ms(iso(ms)) == ms if ms >= -62_135_596_800_000 else True


@given(st.text(min_size=1))
def test_no_text_breaks_an_acceptor(text):
    """Whatever is sent, a value is taken or refused."""
    for kind, field in (("number", "number"), ("date", "date"), ("datetime", "date"), ("bool", "booleancheckbox")):
        for tidy in (False, True):
            take = acceptor(
                {"type": kind, "fieldType": field, "options": []}, owners=(), switches=Switches(), tidy_dates=tidy
            )
            try:
                said = take(text)
            except ValueRefused as refused:
                said = refused.text
            assert said


NOW_MS = 1_795_443_303_000  # 2026-11-23T14:15:03Z, a Monday

RULES = [
    ("MIN_LENGTH", ["3"], "abc", "ab"),
    ("MAX_LENGTH", ["3"], "abc", "abcd"),
    ("ALPHANUMERIC", ["ALPHANUMERIC"], "a1", "a-1"),
    ("ALPHANUMERIC", ["NUMERIC_ONLY"], "12", "1a"),
    ("SPECIAL_CHARACTERS", ["NOT_ALLOWED"], "a b1", "a&b"),
    ("WHITESPACE", ["ALL"], "ab", "a b"),
    ("WHITESPACE", ["TRIM"], "a b", " ab"),
    ("FORMAT", ["CAPITALIZATION"], "Ana Souza", "Ana souza"),
    ("FORMAT", ["LOWER"], "ana", "Ana"),
    ("REGEX", ["^a+$", "only a"], "aaa", "ab"),
    ("EMAIL", [], "a@example.com", "a@example"),
    ("DOMAIN", [], "example.com", "example"),
    ("URL", [], "https://example.com/x", "example.com"),
    ("EMAIL_ALLOWED_DOMAINS", ["example.com"], "a@example.com", "a@example.org"),
    ("EMAIL_BLOCKED_DOMAINS", ["example.com"], "a@example.org", "a@mail.example.com"),
    ("URL_ALLOWED_DOMAINS", ["example.com"], "http://www.example.com", "http://example.org"),
    ("URL_BLOCKED_DOMAINS", ["example.com"], "http://example.org", "http://example.com"),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", [], "+55 11 98765-4321", "11 98765-4321"),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", ["us"], "+1 415 555 0100", "+55 11 98765-4321"),
    ("MIN_NUMBER", ["1.5"], "1.5", "1.49"),
    ("MAX_NUMBER", ["10"], "10", "10.01"),
    ("DECIMAL", ["2"], "1.25", "1.255"),
    ("START_DATE", ["1577836800000"], "2020-01-01", "2019-12-31"),
    ("END_DATE", ["1577836800000"], "2020-01-01", "2020-01-02"),
    ("START_DATETIME", ["1577836800000"], "2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z"),
    ("END_DATETIME", ["1577836800000"], "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z"),
    ("AFTER_DURATION", ["P7D"], "2026-12-01", "2026-11-30"),
    ("BEFORE_DURATION", ["P1Y"], "2027-11-22", "2027-11-23"),
    ("AFTER_DATETIME_DURATION", ["P1M"], "2026-12-23T14:15:04Z", "2026-12-23T14:15:03Z"),
    ("BEFORE_DATETIME_DURATION", ["PT2H"], "2026-11-23T16:15:02Z", "2026-11-23T16:15:03Z"),
    ("DAYS_OF_WEEK", ["MONDAY"], "2026-11-23", "2026-11-24"),
    ("DAYS_OF_WEEK", ["MONDAY"], "2026-11-24T02:59:00Z", "2026-11-24T03:00:00Z"),
]


@pytest.mark.parametrize(("kind", "arguments", "good", "bad"), RULES)
def test_rules(kind, arguments, good, bad):
    rule = {"ruleType": kind, "ruleArguments": arguments, "shouldApplyNormalization": False}

    assert apply_rules([rule], good, now_ms=NOW_MS, zone="America/Sao_Paulo") == good
    with pytest.raises(ValueRefused) as refused:
        apply_rules([rule], bad, now_ms=NOW_MS, zone="America/Sao_Paulo")
    assert refused.value.code.startswith("INVALID_")


@pytest.mark.parametrize(
    ("kind", "argument", "sent", "kept"),
    [
        ("FORMAT", "UPPER", "br", "BR"),
        ("FORMAT", "CAPITALIZATION", "ana souza", "Ana Souza"),
        ("WHITESPACE", "ALL", " a b ", "ab"),
        ("WHITESPACE", "TRIM", " a b ", "a b"),
    ],
)
def test_rules_that_normalise_change_what_is_kept(kind, argument, sent, kept):
    rule = {"ruleType": kind, "ruleArguments": [argument], "shouldApplyNormalization": True}

    assert apply_rules([rule], sent, now_ms=NOW_MS, zone="UTC") == kept


def test_old_values_may_break_a_rule(desk):
    desk.order("tickets/512", {"properties": {"invoice_no": "x"}})

    held = desk.read("512", properties=("invoice_no",)).json()["results"][0]["properties"]["invoice_no"]

    assert held == "x"
