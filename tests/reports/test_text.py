"""What is said of a row, a place, a value."""

from gettext import NullTranslations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.findings import Finding
from importer.i18n import translations
from importer.labels import Labels, clip, clip_change, join_texts, plain_text
from importer.model import CheckedRow, Outcome, Status
from importer.reports.text import duration, finding_text, percent, place_of, row_messages, ticket_url
from schemas.message import message

ENGLISH = translations("en")


def test_every_row_in_order_with_what_it_needs_to_hear(finished):
    told = [(row, status, text) for row, status, text, _ in row_messages(finished, ENGLISH)]

    assert told == [
        (2, Status.UPDATED, ""),
        (3, Status.FAILED, "the portal refused the row: Owner\\x1b[31m is <b>gone</b>"),
        (4, Status.UPDATED, "the portal keeps the stage New"),
        (5, Status.UPDATED, ""),
        (6, Status.UNCHANGED, ""),
        (7, Status.UNCHANGED, "same as row 5"),
        (8, Status.INVALID, 'C8 Priority: "Urgentt" isn\'t an option; did you mean "HIGH"?'),
    ]


def test_findings_of_the_file_and_of_other_rows_do_not_shift_the_rows(new_journal):
    """Findings without a row, of the header row and of rows that are not kept are passed by."""
    journal = new_journal()
    journal.rows.add([CheckedRow(5, "1", {"a": ""}), CheckedRow(9, "2", {"a": ""})], fold_keys=False)
    for row in (None, 1, 5, 7, 9, 12):
        journal.rows.add_findings([Finding("rejected", message("of {row}", row=str(row)), row=row)])
    journal.rows.decide([Outcome(5, Status.FAILED), Outcome(9, Status.FAILED)])

    assert [(row, text) for row, _, text, _ in row_messages(journal, ENGLISH)] == [(5, "of 5"), (9, "of 9")]


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        pytest.param({}, "The run stopped before this row.", id="no-reason-known"),
        pytest.param({"exit_code": 2}, "Nothing was sent, because other rows are invalid.", id="others-invalid"),
        pytest.param({"stop": message("Out of calls.")}, "Out of calls.", id="reason-noted"),
    ],
)
def test_a_row_that_was_not_sent_says_why(new_journal, meta, told):
    journal = new_journal(**meta)
    journal.rows.add([CheckedRow(2, "1", {"a": "b"})], fold_keys=False)

    assert list(row_messages(journal, ENGLISH)) == [(2, Status.NOT_SENT, told, "1")]


@given(
    statuses=st.lists(st.sampled_from([*Status, None]), max_size=30),
    found=st.dictionaries(st.integers(1, 32), st.integers(1, 3), max_size=20),
)
def test_rows_and_findings_meet_whatever_the_gaps(tmp_path_factory, statuses, found):
    """Every row is told once, in order, with as many texts as it has findings."""
    from importer.journal import Journal, RunRecord

    with Journal.create(tmp_path_factory.mktemp("runs"), RunRecord(id="a")) as journal:
        journal.rows.add([CheckedRow(row, "1", {}) for row in range(2, 2 + len(statuses))], fold_keys=False)
        journal.rows.decide([Outcome(row, one) for row, one in enumerate(statuses, start=2) if one])
        journal.rows.add_findings(
            Finding("rejected", message("x"), row=row) for row, count in found.items() for _ in range(count)
        )

        told = list(row_messages(journal, ENGLISH))

    assert [row for row, *_ in told] == list(range(2, 2 + len(statuses)))
    assert [status for _, status, *_ in told] == [one or Status.NOT_SENT for one in statuses]
    for row, _, text, _ in told:
        assert text.count("x") == found.get(row, 0)


@given(st.text(st.characters(), max_size=200))
def test_plain_text_is_one_harmless_line(text):
    told = plain_text(text)

    assert told.isprintable() or not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in told)
    assert len(told.splitlines()) <= 1
    assert not set(told) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    told.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=50))
def test_plain_text_leaves_ordinary_text_alone(text):
    assert plain_text(text) == text


def test_control_characters_are_shown_not_obeyed():
    assert plain_text("a\x1b[2J\tb\r\nc\x07\u202eevil\ud800") == "a\\x1b[2J b  c\\x07\\u202eevil\\ud800"


@pytest.mark.parametrize(
    ("finding", "place"),
    [
        pytest.param(Finding("x", message("t"), 7, 3, "Priority"), "D7 Priority", id="cell"),
        pytest.param(Finding("x", message("t"), 7, 3), "D7", id="cell-without-header"),
        pytest.param(Finding("x", message("t"), None, 3, "Priority"), "Priority", id="header"),
        pytest.param(Finding("x", message("t"), 7), "", id="row"),
        pytest.param(Finding("x", message("t"), 7, 3, "Line\nbreak"), "D7 Line break", id="header-on-two-lines"),
        pytest.param(Finding("x", message("t"), 7, 3, "x" * 99), f"D7 {'x' * 59}…", id="long-header"),
    ],
)
def test_place_of(finding, place):
    assert place_of(finding, NullTranslations()) == place
    assert finding_text(finding, ENGLISH) == (f"{place}: t" if place else "t")


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        pytest.param([], "", id="none"),
        pytest.param(["a"], "a", id="one"),
        pytest.param(["a", "b"], "a; b", id="phrases"),
        pytest.param(["a?", "b.", "c"], "a? b. c", id="sentences"),
        pytest.param(["", "b"], "b", id="empty"),
    ],
)
def test_join_texts(texts, joined):
    assert join_texts(texts) == joined


def test_labels_tell_two_of_one_name_apart(schema):
    """Two owners of one name: the IDs are shown, so that the change can be seen."""
    labels = Labels(schema)

    assert labels.change("hubspot_owner_id", "77", "78") == ("Ana Souza", "Bruno Lima")
    assert labels.change("hubspot_owner_id", "77", "79") == ("Ana Souza (77)", "Ana Souza (79)")
    assert labels.change("hs_pipeline_stage", "1", "") == ("New (Support)", "")
    assert labels.change("subject", "a", "a") == ("a", "a")
    assert labels.header("hs_ticket_priority") == "Priority"
    assert labels.header("unknown") == "unknown"
    assert Labels(None).change("hs_ticket_priority", "LOW", "HIGH") == ("LOW", "HIGH")


@pytest.mark.parametrize(
    ("domain", "portal", "ticket", "url"),
    [
        pytest.param(
            "app-eu1.hubspot.com", "12", "512", "https://app-eu1.hubspot.com/contacts/12/record/0-5/512", id="known"
        ),
        pytest.param("app.hubspot.com", "12", None, None, id="no-ticket"),
        pytest.param("app.hubspot.com", "", "512", None, id="no-portal"),
        pytest.param("app.hubspot.com", "12", "ABC-1", None, id="no-record-id"),
        pytest.param('evil.example/"onload=', "12", "512", None, id="no-host"),
        pytest.param("", "12", "512", None, id="empty-host"),
    ],
)
def test_ticket_url(domain, portal, ticket, url):
    assert ticket_url(domain, portal, ticket) == url


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_duration(seconds, told):
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("share", "language", "told"),
    [(0, "en", "0"), (0.0001, "en", "<0.1"), (0.0044, "en", "0.4"), (0.12, "en", "12"), (0.0044, "pt-BR", "0,4")],
)
def test_percent(share, language, told):
    assert percent(share, translations(language)) == told


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        pytest.param("short", "shorter", ("short", "shorter"), id="fits"),
        pytest.param("one and two and three", "x", ("one and tw…", "x"), id="differs-at-once"),
        pytest.param("called on Monday", "called on Friday", ("…on Monday", "…on Friday"), id="differs-late"),
        pytest.param("a long note", "a long note, and more", ("…ote", "…ote, and…"), id="appended"),
    ],
)
def test_clip_change(before, after, shown):
    """What differs is in sight."""
    assert clip_change(before, after, 11) == shown


def test_clip():
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdef", 5) == "abcd…"
