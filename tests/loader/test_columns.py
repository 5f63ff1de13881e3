"""Headers -> properties, key column, and every header at fault at once."""

from dataclasses import replace

import pytest

from importer.errors import ColumnsError, FileError
from importer.loader import open_file
from importer.loader.columns import agreeing_keys, choose_sheet, match_columns
from importer.loader.fingerprint import read_fingerprint
from importer.loader.header_matcher import HeaderMatcher
from schemas.property import PortalSchema, Property


def one(name, label=None, **more):
    return Property(name, label or name, more.pop("type", "string"), "text", **more)


SCHEMA = PortalSchema(
    properties={
        definition.name: definition
        for definition in (
            one("hs_object_id", "Record ID", read_only=True),
            one("hs_ticket_id", "Ticket ID", read_only=True),
            one("subject", "Ticket name"),
            one("content", "Ticket description"),
            one("hs_ticket_priority", "Priority"),
            one("createdate", "Create date", read_only=True),
            one("hs_lastmodifieddate", "Last modified date", read_only=True),
            one("external_ref", "External reference", unique=True),
            one("order_number", "Order number", unique=True),
            one("twin_one", "Twin"),
            one("twin_two", "Twin"),
            one("color", "Colour"),
        )
    }
)


def match(*headers, **options):
    return match_columns(headers, 1, SCHEMA, **options)


def found(*headers, **options):
    with pytest.raises(ColumnsError) as caught:
        match(*headers, **options)
    return [(finding.code, finding.cell) for finding in caught.value.findings]


def texts(*headers, **options):
    with pytest.raises(ColumnsError) as caught:
        match(*headers, **options)
    return [str(finding.text) for finding in caught.value.findings]


def names(columns):
    return [column.definition.name for column in columns.values]


@pytest.mark.parametrize(
    "header",
    ["id", "ID", "hs_object_id", "HS_OBJECT_ID", "Record ID", "record id ", "Ticket ID", "ticketId", "TICKETID"],
)
def test_record_id_is_known_by_its_names(header):
    columns = match(header, "subject")

    assert (columns.key.property_name, columns.key.id_property, columns.key.header) == ("id", None, header)


def test_names_are_exact_and_labels_are_not():
    columns = match("id", "subject", "  PRIORITY ", "Ticket Description")

    assert names(columns) == ["subject", "hs_ticket_priority", "content"]
    assert found("id", "Subject") == [("unknown_property", "B1")]


@pytest.mark.parametrize(
    "header", ["Ticket\nname", "Ticket\u00a0 name\u00a0", "\ufeffticket\u200b name", "Ticket\r\nName"]
)
def test_labels_are_their_words(header):
    """Whatever a wrapped header or a copy from a page has between and around them."""
    assert names(match("id", header)) == ["subject"]
    assert names(match("id", header, mapping={"ticket name": "content"})) == ["content"]
    assert match("id", header, skip=["ticket name"]).left_out == (header,)
    assert match("Record\u00a0ID").key.property_name == "id"


def test_a_header_of_unseen_characters_alone_is_empty():
    assert names(match("id", "\u200b", "subject")) == ["subject"]
    assert found("id", "\u200b", empty_with_data=[1]) == [("empty_header", "B1")]


def test_a_title_above_the_header_is_told():
    key, title, empty = texts("Tickets of June", empty_with_data=[1])

    assert "Row 1 is read as the header, because it is the first row that is not empty" in key
    assert title.startswith('The portal has no ticket property "Tickets of June".')
    assert empty.startswith("The column has no header")
    assert not any("read as the header" in one for one in texts("subject", "zzz"))


def test_a_name_goes_before_a_label():
    schema = replace(SCHEMA, properties={**SCHEMA.properties, "colour": one("colour", "subject")})

    columns = match_columns(["id", "subject"], 1, schema)

    assert names(columns) == ["subject"]


def test_labels_are_those_of_the_portal_in_its_language():
    schema = replace(
        SCHEMA,
        properties={
            "hs_object_id": one("hs_object_id", "ID do registro", read_only=True),
            "subject": one("subject", "Nome do ticket"),
        },
    )

    columns = match_columns(["ID do registro", "nome do ticket"], 1, schema)

    assert (columns.key.property_name, names(columns)) == ("id", ["subject"])


def test_an_accent_of_its_own_is_the_accent_of_the_letter_as_in_files_from_a_mac():
    schema = replace(SCHEMA, properties={"solution": one("solution", "Soluç\u00e3o")})

    assert names(match_columns(["id", "SOLUC\u0327A\u0303O"], 1, schema)) == ["solution"]


def test_mapping_goes_before_names_and_labels():
    columns = match("Nr", "subject", "Text", mapping={"nr": "id", "subject": "content", "Text": "Ticket name"})

    assert columns.key.header == "Nr"
    assert names(columns) == ["content", "subject"]


def test_a_mapping_to_no_property_names_the_near_ones():
    (text,) = texts("id", "Text", mapping={"Text": "subjekt"})

    assert text.startswith('The portal has no ticket property "subjekt". Did you mean "Ticket name" (subject)?')


def test_a_mapping_for_a_column_that_is_not_there_is_told():
    columns = match("id", "subject", mapping={"Prio": "hs_ticket_priority"}, skip=["Notes"])

    assert [str(notice) for notice in columns.notices] == [
        'No column is called "Prio", which --map names.',
        'No column is called "Notes", which --skip-column names.',
    ]


def test_unknown_headers_suggest_what_they_are_like():
    first, second = texts("id", "Priorty", "zzzzzzzz")

    assert first.startswith(
        'The portal has no ticket property "Priorty". Did you mean "Priority" (hs_ticket_priority)?'
    )
    assert "Did you mean" not in second


@pytest.mark.parametrize(
    ("header", "near"),
    [
        ("Due date", ["Close date", "Due on"]),
        ("Stage", ["Ticket status"]),
        ("Owner", ["Ticket owner"]),
        ("Notes to self", []),  # by its letters it is like the last one
    ],
)
def test_a_word_in_common_counts_more_than_letters(header, near):
    properties = (
        one("due_on", "Due on"),
        one("closed_date", "Close date"),
        one("hs_pipeline_stage", "Ticket status"),
        one("hubspot_owner_id", "Ticket owner"),
        one("hs_thread_ids_to_restore", "Thread IDs To Restore"),
    )
    schema = PortalSchema({single.name: single for single in properties})

    assert [found.label for found in HeaderMatcher(schema, {}).nearest(header)] == near


def test_columns_are_left_out_as_asked():
    columns = match(
        "id", "subject", "Notes", "Associated Contact", "Create date",
        skip=["notes"], skip_unknown=True, skip_read_only=True,
    )  # fmt: skip

    assert names(columns) == ["subject"]
    assert columns.left_out == ("Notes", "Associated Contact", "Create date")


def test_every_header_at_fault_is_named_at_once():
    assert found("id", "subject", "Ticket name", "Twin", "", "Create date", "Nonsense", empty_with_data=[4]) == [
        ("duplicate_header", "C1"),
        ("ambiguous_header", "D1"),
        ("empty_header", "E1"),
        ("read_only_property", "F1"),
        ("unknown_property", "G1"),
    ]


def test_two_record_id_columns_are_one_too_many():
    assert found("Record ID", "Ticket ID", "subject") == [("duplicate_header", "B1")]
    assert match("Record ID", "Ticket ID", "subject", skip=["Ticket ID"]).key.header == "Record ID"


def test_our_own_columns_are_no_data():
    columns = match("id", "subject", "Import status", "Import message", own=(2, 3))

    assert names(columns) == ["subject"]
    assert columns.left_out == ()
    assert found("id", "subject", "Import status") == [("unknown_property", "C1")]


def test_the_last_modified_column_is_read_and_never_sent():
    for header in ("hs_lastmodifieddate", "Last Modified Date"):
        columns = match("id", header, "subject")
        assert names(columns) == ["subject"]
        assert columns.modified.position == 1


def test_empty_headers_without_data_are_nothing():
    assert names(match("id", "", "subject", " ")) == ["subject"]
    assert found("id", "subject", empty_with_data=[2]) == [("empty_header", "C1")]


def test_what_stands_right_of_the_table_behind_an_empty_column_is_no_part_of_it():
    assert names(match("id", "subject", empty_with_data=[3])) == ["subject"]
    assert found("id", "subject", empty_with_data=[2, 3]) == [("empty_header", "C1"), ("empty_header", "D1")]


class TestKeys:
    def test_the_one_unique_property_is_the_key(self):
        columns = match("External Reference", "subject")

        assert (columns.key.property_name, columns.key.id_property) == ("external_ref", "external_ref")

    def test_with_a_record_id_a_unique_property_is_a_value(self):
        columns = match("external_ref", "id", "order_number")

        assert columns.key.property_name == "id"
        assert names(columns) == ["external_ref", "order_number"]

    def test_several_unique_properties_need_a_choice(self):
        assert found("external_ref", "order_number") == [("ambiguous_key", None)]
        columns = match("external_ref", "order_number", id_property="order_number")
        assert columns.key.property_name == "order_number"
        assert names(columns) == ["external_ref"]

    def test_a_chosen_key_leaves_the_record_id_out(self):
        columns = match("Record ID", "external_ref", "subject", id_property="external_ref")

        assert columns.key.property_name == "external_ref"
        assert columns.left_out == ("Record ID",)
        assert [str(one) for one in columns.notices] == [
            'The column "Record ID" is left out: tickets are identified by external_ref.'
        ]

    def test_the_record_id_may_be_chosen_by_name(self):
        assert match("id", "external_ref", id_property="hs_object_id").key.property_name == "id"

    def test_a_property_that_is_not_unique_is_no_key(self):
        assert found("id", "subject", id_property="subject") == [("not_unique_property", None)]
        assert "external_ref, order_number" in texts("id", "subject", id_property="subject")[0]

    def test_a_chosen_key_must_be_known_and_there(self):
        assert found("id", "subject", id_property="externalref") == [("unknown_property", None)]
        assert found("id", "subject", id_property="external_ref") == [("no_key_column", None)]

    def test_no_key_is_named_beside_other_faults(self):
        assert found("subject", "Nonsense") == [("no_key_column", None), ("unknown_property", "B1")]


def workbook(tmp_path, **sheets):
    import xlsxwriter

    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    for name, headers in sheets.items():
        sheet = book.add_worksheet(name.replace("_", " "))
        sheet.write_row(0, 0, headers)
        if name.startswith("hidden"):
            sheet.hide()
    book.close()
    return open_file(path)


class TestSheets:
    def test_the_only_visible_sheet_with_a_key_is_read(self, tmp_path):
        source = workbook(tmp_path, Notes=["what"], Tickets=["id", "subject"], hidden=["id"])

        assert choose_sheet(source, SCHEMA).name == "Tickets"

    @pytest.mark.parametrize("name", ["Import_report", "Import_changes", "Import_lists", "Import_fingerprint"])
    def test_a_sheet_is_not_ours_by_its_name_alone(self, tmp_path, name):
        source = workbook(tmp_path, Notes=["what"], **{name: ["id", "subject"]})

        assert choose_sheet(source, SCHEMA).name == name.replace("_", " ")
        assert read_fingerprint(source) is None

    def test_several_are_named(self, tmp_path):
        source = workbook(tmp_path, May=["id", "subject"], June=["external_ref"])

        with pytest.raises(ColumnsError, match=r'"May", "June"\. Choose one with --sheet') as caught:
            choose_sheet(source, SCHEMA)
        assert caught.value.code == "ambiguous_sheet"
        assert choose_sheet(source, SCHEMA, id_property="external_ref").name == "June"

    def test_a_named_sheet_is_read_though_hidden(self, tmp_path):
        source = workbook(tmp_path, Tickets=["id"], hidden=["what"])

        assert choose_sheet(source, SCHEMA, sheet="hidden").name == "hidden"
        assert choose_sheet(source, SCHEMA, sheet="HIDDEN ").name == "hidden"

    def test_an_unknown_sheet_names_those_there(self, tmp_path):
        source = workbook(tmp_path, May=["id"], June=["id"])

        with pytest.raises(ColumnsError, match='There is no sheet "July"') as caught:
            choose_sheet(source, SCHEMA, sheet="July")
        assert caught.value.code == "no_such_sheet"

    def test_no_key_in_any_of_several_sheets(self, tmp_path):
        source = workbook(tmp_path, May=["subject"], June=["what"])

        with pytest.raises(ColumnsError) as caught:
            choose_sheet(source, SCHEMA)
        assert caught.value.code == "no_key_column"
        assert choose_sheet(source, SCHEMA, mapping={"what": "id"}).name == "June"

    def test_a_sole_sheet_without_a_key_is_left_to_the_columns(self, tmp_path):
        assert choose_sheet(workbook(tmp_path, May=["subject"]), SCHEMA).name == "May"

    def test_empty_workbooks_and_sheets(self, tmp_path):
        source = workbook(tmp_path, May=[], hidden=["id"])

        for sheet in (None, "May"):
            with pytest.raises(FileError) as caught:
                choose_sheet(source, SCHEMA, sheet=sheet)
            assert caught.value.code == "empty_file"

    def test_delimited_text_has_no_sheets(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("id,subject\n")
        source = open_file(path)

        assert choose_sheet(source, SCHEMA).name is None
        with pytest.raises(ColumnsError, match="has no sheets"):
            choose_sheet(source, SCHEMA, sheet="May")


OTHER_ID = one("legacy_ticket", "Ticket ID")


@pytest.mark.parametrize("header", ["Ticket ID", "ticket id "])
def test_a_property_that_bears_the_label_of_the_key_makes_it_ambiguous(header):
    """A column of numbers from another system would name other tickets."""
    schema = PortalSchema(properties=SCHEMA.properties | {OTHER_ID.name: OTHER_ID})

    with pytest.raises(ColumnsError) as caught:
        match_columns((header, "subject"), 1, schema)

    [finding] = [one for one in caught.value.findings if one.code == "ambiguous_header"]
    assert finding.cell == "A1"
    assert "legacy_ticket" in str(finding.text)


def test_a_mapping_says_which_of_the_two_is_meant():
    schema = PortalSchema(properties=SCHEMA.properties | {OTHER_ID.name: OTHER_ID})

    key = match_columns(("Ticket ID", "subject"), 1, schema, mapping={"Ticket ID": "id"})
    value = match_columns(("hs_object_id", "Ticket ID"), 1, schema, mapping={"Ticket ID": "legacy_ticket"})

    assert (key.key.header, names(key)) == ("Ticket ID", ["subject"])
    assert (value.key.header, names(value)) == ("hs_object_id", ["legacy_ticket"])
    assert match_columns(("Record ID", "subject"), 1, schema).key.header == "Record ID"


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [("1,1,a\n 2,2 ,b\n", (1,)), ("1,1,a\n2,3,b\n", ()), ("1,1,a\n2,,b\n", ()), ("", (1,))],
)
def test_two_columns_of_record_ids_that_agree_in_every_row_are_one(tmp_path, rows, left_out):
    file = tmp_path / "tickets.csv"
    file.write_text(f"Record ID,Ticket ID,subject\n{rows}", encoding="utf-8")
    table = open_file(file).table(None)
    found = agreeing_keys(table, HeaderMatcher(SCHEMA, {}))
    assert found == left_out
    if left_out:
        assert match(*table.headers, own=found).key.position == 0
    assert agreeing_keys(table, HeaderMatcher(SCHEMA, {}), ["Ticket ID"]) == ()


@pytest.mark.parametrize("header", ["subject\u200b", "\ufeffsubject ", "\u2060\xa0subject", "ticket\u00ad name"])
def test_characters_that_show_nothing_count_in_no_header(header):
    assert names(match("id\u200b", header)) == ["subject"]


@pytest.mark.parametrize(("delimiter", "named"), [(";", ";"), ("\t", "tab"), ("|", "|"), (",", ",")])
def test_a_header_that_only_fits_with_another_delimiter_says_so(delimiter, named):
    first = delimiter.join(["Record ID", "subject", "Priority"])
    for headers in ([first], [first, "a remark"], ["a remark", first]):
        (text,) = texts(*headers)
        assert f'--delimiter "{named}"' in text
