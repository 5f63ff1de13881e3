"""The portal's validation rules, all 27 types."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.property import Rule
from schemas.rule_types import MAKERS, parse_period
from schemas.rule_words import _WORDS
from schemas.rules import Clock, Verdict, make_checks, normalise

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLOCK = Clock(NOW, ZoneInfo("America/Sao_Paulo"))
PASSES, BROKEN, DOUBTFUL = Verdict.PASSES, Verdict.BROKEN, Verdict.DOUBTFUL


def epoch(text):
    return str(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000))


def judge(rule_type, arguments, value, *, normalizes=False):
    checks, unknown = make_checks([Rule(rule_type, tuple(arguments), normalizes)], CLOCK)
    assert not unknown
    return checks[0].judge(value)


CASES = [
    ("MIN_LENGTH", ["5"], "12345", PASSES),
    ("MIN_LENGTH", ["5"], "1234", BROKEN),
    ("MAX_LENGTH", ["5"], "12345", PASSES),
    ("MAX_LENGTH", ["5"], "123456", BROKEN),
    ("ALPHANUMERIC", ["ALPHANUMERIC"], "abc1é", PASSES),
    ("ALPHANUMERIC", ["ALPHANUMERIC"], "abc-1", BROKEN),
    ("ALPHANUMERIC", ["ALPHA_ONLY"], "abc", PASSES),
    ("ALPHANUMERIC", ["ALPHA_ONLY"], "abc1", BROKEN),
    ("ALPHANUMERIC", ["ALPHA_ONLY"], "two words", DOUBTFUL),
    ("ALPHANUMERIC", ["NUMERIC_ONLY"], "123", PASSES),
    ("ALPHANUMERIC", ["NUMERIC_ONLY"], "12a", BROKEN),
    ("SPECIAL_CHARACTERS", ["NOT_ALLOWED"], "plain words 1", PASSES),
    ("SPECIAL_CHARACTERS", ["NOT_ALLOWED"], "50 % @ home", BROKEN),
    ("SPECIAL_CHARACTERS", ["NOT_ALLOWED"], "O'Neil-Smith", DOUBTFUL),
    ("WHITESPACE", [], "a b", BROKEN),
    ("WHITESPACE", [], "ab", PASSES),
    ("WHITESPACE", ["ALL"], "a\nb", BROKEN),
    ("WHITESPACE", ["TRIM"], "a b", PASSES),
    ("WHITESPACE", ["TRIM"], " a", BROKEN),
    ("FORMAT", ["UPPER"], "ABC-1", PASSES),
    ("FORMAT", ["UPPER"], "Abc", BROKEN),
    ("FORMAT", ["LOWER"], "abc", PASSES),
    ("FORMAT", ["LOWER"], "aBc", BROKEN),
    ("FORMAT", ["CAPITALIZATION"], "Two Words", PASSES),
    ("FORMAT", ["CAPITALIZATION"], "Two words", BROKEN),
    ("REGEX", ["[A-Z]{2}[0-9]+", "Two letters"], "AB12", PASSES),
    ("REGEX", ["[A-Z]{2}[0-9]+", "Two letters"], "12", BROKEN),
    ("REGEX", ["[A-Z]{2}[0-9]+", "Two letters"], "xAB12", DOUBTFUL),
    ("REGEX", ["(?<letters>[A-Z]+)(?<!X)"], "AB", PASSES),
    ("REGEX", ["^[[:alpha:]]+$"], "Paris", PASSES),
    ("REGEX", ["^([A-Za-z]+ ?)+$"], "Lorem ipsum dolor sit amet consectetur 1", BROKEN),
    ("EMAIL", [], "a.b@example.com", PASSES),
    ("EMAIL", [], "a.b@example", BROKEN),
    ("DOMAIN", [], "example.com", PASSES),
    ("DOMAIN", [], "example", BROKEN),
    ("URL", [], "https://example.com/a?b", PASSES),
    ("URL", [], "example.com/a", DOUBTFUL),
    ("URL", [], "no address", BROKEN),
    ("EMAIL_ALLOWED_DOMAINS", ["example.com"], "a@EXAMPLE.com", PASSES),
    ("EMAIL_ALLOWED_DOMAINS", ["example.com"], "a@other.com", BROKEN),
    ("EMAIL_ALLOWED_DOMAINS", ["example.com"], "a@mail.example.com", DOUBTFUL),
    ("EMAIL_ALLOWED_DOMAINS", ["example.com"], "nonsense", BROKEN),
    ("EMAIL_BLOCKED_DOMAINS", ["example.com"], "a@other.com", PASSES),
    ("EMAIL_BLOCKED_DOMAINS", ["example.com"], "a@example.com", BROKEN),
    ("URL_ALLOWED_DOMAINS", ["example.com"], "https://www.example.com/x", PASSES),
    ("URL_ALLOWED_DOMAINS", ["example.com"], "https://other.com", BROKEN),
    ("URL_BLOCKED_DOMAINS", ["example.com"], "https://other.com", PASSES),
    ("URL_BLOCKED_DOMAINS", ["example.com"], "http://example.com:8080/", BROKEN),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", [], "+55 (11) 91234-5678", PASSES),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", ["us"], "555-1234", BROKEN),
    ("MIN_NUMBER", ["10"], "10", PASSES),
    ("MIN_NUMBER", ["10"], "9.99", BROKEN),
    ("MIN_NUMBER", ["10"], "ten", BROKEN),
    ("MAX_NUMBER", ["10.5"], "10.5", PASSES),
    ("MAX_NUMBER", ["10.5"], "10.51", BROKEN),
    ("DECIMAL", ["2"], "1.25", PASSES),
    ("DECIMAL", ["2"], "1.255", BROKEN),
    ("DECIMAL", ["0"], "1", PASSES),
    ("START_DATE", [epoch("2026-03-04")], "2026-03-04", PASSES),
    ("START_DATE", [epoch("2026-03-04")], "2026-03-03", BROKEN),
    ("START_DATE", [epoch("2026-03-04T03:00")], "2026-03-04", PASSES),
    ("END_DATE", [epoch("2026-03-04")], "2026-03-04", PASSES),
    ("END_DATE", [epoch("2026-03-04")], "2026-03-05", BROKEN),
    ("START_DATETIME", [epoch("2026-03-04T12:00")], "2026-03-04T12:00:00.000Z", PASSES),
    ("START_DATETIME", [epoch("2026-03-04T12:00")], "2026-03-04T11:59:59.999Z", BROKEN),
    ("END_DATETIME", [epoch("2026-03-04T12:00")], "2026-03-04T12:00:00.000Z", PASSES),
    ("END_DATETIME", [epoch("2026-03-04T12:00")], "2026-03-04T12:00:00.001Z", BROKEN),
    ("AFTER_DURATION", ["P7D"], "2026-12-01", PASSES),
    ("AFTER_DURATION", ["P7D"], "2026-11-20", DOUBTFUL),
    ("AFTER_DURATION", ["P7D"], "2026-11-01", BROKEN),
    ("BEFORE_DURATION", ["P1Y"], "2025-11-22", PASSES),
    ("BEFORE_DURATION", ["P1Y"], "2026-11-23", DOUBTFUL),
    ("BEFORE_DURATION", ["P1Y"], "2027-12-01", BROKEN),
    ("AFTER_DATETIME_DURATION", ["PT12H"], "2026-11-24T00:00:00.000Z", PASSES),
    ("AFTER_DATETIME_DURATION", ["PT12H"], "2026-11-23T12:00:00.000Z", DOUBTFUL),
    ("AFTER_DATETIME_DURATION", ["PT12H"], "2026-11-22T23:00:00.000Z", BROKEN),
    ("BEFORE_DATETIME_DURATION", ["P1D"], "2026-11-22T12:00:00.000Z", PASSES),
    ("BEFORE_DATETIME_DURATION", ["P1D"], "2026-11-25T12:00:00.000Z", BROKEN),
    ("DAYS_OF_WEEK", ["MONDAY", "TUESDAY"], "2026-11-23", PASSES),
    ("DAYS_OF_WEEK", ["MONDAY"], "2026-11-24", BROKEN),
    ("DAYS_OF_WEEK", ["MONDAY"], "2026-11-24T01:00:00.000Z", PASSES),
]


@pytest.mark.parametrize(("rule_type", "arguments", "value", "verdict"), CASES)
def test_rules(rule_type, arguments, value, verdict):
    """Days are judged in the portal's zone; what the documentation leaves open is doubtful, not broken."""
    assert judge(rule_type, arguments, value) is verdict


def test_every_type_of_the_api_is_judged():
    assert len({case[0] for case in CASES}) == 27


@pytest.mark.parametrize(
    "rule",
    [
        Rule("BRAND_NEW_RULE", ("1",)),
        Rule("MIN_LENGTH", ()),
        Rule("MAX_LENGTH", ("many",)),
        Rule("REGEX", ("(unclosed",)),
        Rule("FORMAT", ("SIDEWAYS",)),
        Rule("AFTER_DURATION", ("a week",)),
        Rule("MIN_NUMBER", ("x",)),
        Rule("DAYS_OF_WEEK", ("SOMEDAY",)),
        Rule("START_DATE", ("soon",)),
    ],
)
def test_a_rule_that_nobody_understands_is_left_to_the_portal(rule):
    checks, unknown = make_checks([rule], CLOCK)

    assert checks == []
    assert unknown == [rule]


@pytest.mark.parametrize(
    ("rule_type", "arguments", "value", "verdict"),
    [
        ("WHITESPACE", ["TRIM"], " a ", PASSES),
        ("WHITESPACE", ["ALL"], "a b", PASSES),
        ("FORMAT", ["UPPER"], "abc", PASSES),
        ("FORMAT", ["LOWER"], "ABC", PASSES),
        ("FORMAT", ["CAPITALIZATION"], "two words", PASSES),
        ("SPECIAL_CHARACTERS", ["NOT_ALLOWED"], "a@b", PASSES),
        ("MIN_LENGTH", ["5"], "abc", BROKEN),
    ],
)
def test_what_the_portal_adjusts_is_judged_afterwards(rule_type, arguments, value, verdict):
    assert judge(rule_type, arguments, value, normalizes=True) is verdict


def test_a_rule_sees_what_earlier_ones_adjusted():
    """Trimmed first, then measured."""
    rules = [Rule("WHITESPACE", ("TRIM",), normalizes=True), Rule("MIN_LENGTH", ("3",))]

    checks, _ = make_checks(rules, CLOCK)

    assert checks[1].judge("  ab ") is BROKEN
    assert normalise(rules, "  ab ") == "ab"


@pytest.mark.parametrize(
    ("rule", "words", "named"),
    [
        (Rule("MIN_LENGTH", ("5",)), "must have at least 5 characters", "MIN_LENGTH 5"),
        (Rule("MAX_NUMBER", ("10",)), "must be at most 10", "MAX_NUMBER 10"),
        (Rule("DECIMAL", ("1",)), "must have at most 1 decimal", "DECIMAL 1"),
        (Rule("START_DATE", (epoch("2026-03-04"),)), "must be 2026-03-04 or later", "START_DATE 2026-03-04"),
        (
            Rule("END_DATETIME", (epoch("2026-03-04T12:30"),)),
            "must be 2026-03-04 09:30 (America/Sao_Paulo) or earlier",
            "END_DATETIME 2026-03-04 12:30 UTC",
        ),
        (Rule("WHITESPACE"), "must have no spaces", "WHITESPACE"),
        (Rule("FORMAT", ("UPPER",)), "must be in capital letters", "FORMAT UPPER"),
        (Rule("AFTER_DURATION", ("P7D",)), "must lie after the limit of 7 days from today", "AFTER_DURATION P7D"),
        (Rule("DAYS_OF_WEEK", ("MONDAY", "FRIDAY")), "must be a Monday or Friday", "DAYS_OF_WEEK MONDAY, FRIDAY"),
        (Rule("REGEX", ("[0-9]+",)), "must match the pattern [0-9]+", "REGEX [0-9]+"),
        (Rule("REGEX", ("[0-9]+", "Digits, please")), "does not fit: Digits, please", "REGEX [0-9]+"),
    ],
)
def test_a_violation_says_what_is_asked_for_and_names_the_rule(rule, words, named):
    checks, _ = make_checks([rule], CLOCK)

    assert str(checks[0].violation("x")) == f'"x" {words} (the portal\'s rule {named})'


def test_every_rule_that_is_judged_has_words():
    assert _WORDS.keys() == MAKERS.keys()


def test_blanks_that_break_a_rule_are_to_be_seen():
    [check], _ = make_checks([Rule("WHITESPACE", ("TRIM",))], CLOCK)

    assert str(check.violation(" a\n")).startswith('" a " must not begin or end with a space')
    assert str(check.violation(" " + "a" * 200 + " ")).startswith('" aaa')
    assert 'a " must not' in str(check.violation(" " + "a" * 200 + " "))


@pytest.mark.parametrize(
    ("text", "parts"),
    [("P1Y2M3D", (14, 3, 0)), ("-P2W", (0, -14, 0)), ("PT1H1M1S", (0, 0, 3661)), ("P1M", (1, 0, 0))],
)
def test_periods(text, parts):
    period = parse_period(text)

    assert (period.months, period.days, period.seconds) == parts


@pytest.mark.parametrize("text", ["P", "P1", "1D", "PT", "P-1D"])
def test_what_is_no_period(text):
    with pytest.raises(ValueError, match=text):
        parse_period(text)


def test_a_month_after_the_31st_is_the_last_day():
    period = parse_period("P1M")

    assert period.shift(datetime(2026, 1, 31, tzinfo=UTC).date(), 1).isoformat() == "2026-02-28"
