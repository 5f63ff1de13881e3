"""Which ticket a row means."""

import pytest


@pytest.mark.parametrize(
    ("cell", "key"),
    [("25012345678", "25012345678"), (" 501 ", "501"), ("9223372036854775807", "9223372036854775807")],
)
def test_a_record_id_is_digits(check, cell, key):
    assert check(f"Record ID,subject\n{cell},a\n").rows[2].key == key


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "12.5",
        "501.0",
        "2.50123E+10",
        "00501",
        "0",
        "-501",
        "+501",
        "5 01",
        "1e3",
        "\u0665",
        "99999999999999999999",
    ],
)
def test_what_is_no_record_id(check, cell):
    checked = check(f"Record ID,subject\n{cell},a\n")

    assert checked.codes == [("A2", "invalid_id")]
    assert checked.invalid == [(2, cell)]


def test_a_shortened_id_is_explained(check):
    checked = check("Record ID,subject\n2.50123E+10,a\n")

    assert "last digits are lost" in str(checked.findings[0].text)


def test_a_number_cell_is_an_id(check):
    checked = check([["Record ID", "subject"], [25012345678, "a"], [12.5, "b"], [True, "c"]])

    assert checked.rows[2].key == "25012345678"
    assert checked.codes == [("A3", "invalid_id"), ("A4", "invalid_id")]


def test_an_id_that_lost_digits_is_the_loaders_finding_alone(check):
    checked = check([["Record ID", "subject"], [1234567890123456789, "a"]])

    assert checked.codes == [("A2", "precision_lost")]


def test_a_number_with_too_many_digits_is_told_as_it_is_stored(check):
    """Rounded to 15 digits, it would be a number that stands nowhere in the file."""
    checked = check([["Record ID", "subject"], [1234567890123456, "a"]])

    (finding,) = checked.findings
    assert (finding.code, finding.value) == ("precision_lost", "1234567890123456")
    assert "1234567890123456 has more than 15 digits" in str(finding.text)


def test_a_row_without_a_key(check):
    checked = check("Record ID,subject\n,a\n  ,b\n")

    assert checked.codes == [("A2", "missing_key"), ("A3", "missing_key")]
    assert checked.findings[0].header == "Record ID"


def test_a_unique_property_names_tickets(check):
    checked = check("External ref,subject\n Ord-1 ,a\n007,b\n,c\n2.50123E+10,d\n")

    assert [row.key for row in checked.rows.values()] == ["Ord-1", "007"]
    assert checked.codes == [("A4", "missing_key"), ("A5", "precision_lost")]


def test_a_unique_number_is_a_plain_decimal(check):
    checked = check("Other ref,subject\n12.0,a\nx,b\n")

    assert checked.rows[2].key == "12"
    assert checked.codes == [("A3", "invalid_number")]


def test_a_unique_text_keeps_the_zeros_that_a_number_shows(check, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["External ref", "subject"])
    book.active.append([42, "a"])
    book.active["A2"].number_format = "00000"
    book.save(tmp_path / "zeros.xlsx")

    assert check(tmp_path / "zeros.xlsx").rows[2].key == "00042"


def test_beside_record_ids_a_unique_property_is_an_ordinary_value(check):
    checked = check("Record ID,External ref\n501,Ord-1\n502,\n")

    assert checked.wanted(2) == {"external_ref": "Ord-1"}
    assert checked.wanted(3) == {"external_ref": ""}
