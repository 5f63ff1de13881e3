"""Which column is what, by the command line alone: a case for each sentence of the rules on headers and keys."""

import json

import openpyxl
import pytest

ONE, TWO = "25012345001", "25012345009"


def defined(name, label, kind="string", **more):
    field_types = {"string": "text", "datetime": "date", "enumeration": "select"}
    return {"name": name, "label": label, "type": kind, "fieldType": field_types[kind], **more}


DEFINITIONS = [
    defined("subject", "Ticket name"),
    defined("content", "Ticket description"),
    defined("order_no", "Order number", hasUniqueValue=True),
    defined("crm_no", "CRM number", hasUniqueValue=True),
    defined("twin_a", "Twin"),
    defined("twin_b", "twin "),
    defined("createdate", "Create date", "datetime", modificationMetadata={"readOnlyValue": True}),
]


@pytest.fixture
def check(program, tmp_path):
    """Return a function that checks a CSV file against a saved schema, and returns how that ended."""
    schema = tmp_path / "properties.json"

    def run(text, *options, further=()):
        schema.write_text(json.dumps({"results": [*DEFINITIONS, *further]}), encoding="utf-8")
        path = tmp_path / "edits.csv"
        path.write_bytes(text.encode())
        return program(path, "--dry-run", "--no-diff", "--json", "--schema", schema, *options)

    return run


FITTING = {
    "a quoted line that names the delimiter": (f'"sep=;"\r\nRecord ID;subject\r\n{ONE};x\r\n', 1),
    "after an empty row": (f"\n,\nRecord ID,subject\n{ONE},x\n", 1),
    "internal name": (f"Record ID,subject\n{ONE},x\n", 1),
    "label, case and outer spaces aside": (f"Record ID,  tickET Name \n{ONE},x\n", 1),
    "outer blanks of an internal name": (f"Record ID, subject\u00a0\n{ONE},x\n", 1),
    "characters that show nothing": (f"Record ID,sub\u200bject\ufeff\n{ONE},x\n", 1),
    "empty header without data": (f"Record ID,subject,,\n{ONE},x,,\n", 1),
    "a note right of the table": (f"Record ID,subject,,\n{ONE},x,,note\n", 1),
    "a note between the table and ours": (f"id,subject,,,Import status,Import message\n{ONE},x,,note,updated,\n", 1),
    "our own columns": (f"Record ID,subject,Import status,Import message\n{ONE},x,updated,Sent.\n", 1),
    "key id": (f"id,subject\n{ONE},x\n", 1),
    "key hs_object_id": (f"hs_object_id,subject\n{ONE},x\n", 1),
    "key Ticket ID": (f"ticket id,subject\n{ONE},x\n", 1),
    "key ticketId": (f"TICKETID,subject\n{ONE},x\n", 1),
    "two keys that agree": (f"Record ID,Ticket ID,subject\n{ONE},{ONE},x\n{TWO},{TWO},y\n", 2),
    "unique property": ("order_no,subject\nA-1,x\n", 1),
    "unique property beside the record ID is a value": (f"Record ID,order_no,subject\n{ONE},A-1,x\n", 2),
    "key with outer blanks": (f"Record ID,subject\n {ONE} ,x\n", 1),
    "same key, same values": (f"Record ID,subject\n{ONE},x\n{ONE},x\n", 1),
}


@pytest.mark.parametrize(("text", "cells"), FITTING.values(), ids=FITTING)
def test_columns_that_fit(text, cells, check):
    ended = check(text)
    assert ended.codes == []
    assert ended.summary["cells"]["changed"] == cells


REFUSED = {
    "internal name in another case": (f"Record ID,SUBJECT\n{ONE},x\n", "unknown_property"),
    "two columns for one property": (f"Record ID,subject,Ticket name\n{ONE},x,x\n", "duplicate_header"),
    "a label of two properties": (f"Record ID,Twin\n{ONE},x\n", "ambiguous_header"),
    "unknown header": (f"Record ID,Nonsense\n{ONE},x\n", "unknown_property"),
    "empty header with data": (f"Record ID,subject,\n{ONE},x,note\n", "empty_header"),
    "empty header with data, and more behind": (f"Record ID,subject,,\n{ONE},x,a,b\n", "empty_header"),
    "a status column of the user's": (f"Record ID,subject,Import status\n{ONE},x,mine\n", "unknown_property"),
    "read-only property": (f"Record ID,createdate\n{ONE},2026-01-01\n", "read_only_property"),
    "two keys that differ": (f"Record ID,Ticket ID,subject\n{ONE},{ONE},x\n{TWO},{ONE},y\n", "duplicate_header"),
    "no key": ("subject,content\nx,y\n", "no_key_column"),
    "several unique properties": ("order_no,crm_no,subject\nA,B,x\n", "ambiguous_key"),
    "empty key": (f"Record ID,subject\n{ONE},x\n,y\n", "missing_key"),
    "key that is no number": ("Record ID,subject\nA-1,x\n", "invalid_id"),
    "key spoiled by a spreadsheet": ("Record ID,subject\n2.50123E+10,x\n", "invalid_id"),
    "same key, other values": (f"Record ID,subject\n{ONE},x\n{ONE},y\n", "duplicate_key"),
    "another delimiter": (f'"Record ID|subject"\n"{ONE}|x"\n', "no_key_column"),
    "a report shifted into the data": (
        f"Record ID,subject,content\n{ONE},updated,The run stopped before this row.\n",
        "ragged_row",
    ),
    "a short row": (f"Record ID,subject,content\n{ONE},x\n", "ragged_row"),
}


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED)
def test_columns_that_are_refused(text, code, check):
    assert code in {one for _, one in check(text).codes}


def test_a_mapped_header_and_a_label_of_the_key_that_is_anothers(check):
    other = defined("old_id", "Ticket ID")
    text = f"Ticket ID,subject\n{ONE},x\n"
    assert "ambiguous_header" in {code for _, code in check(text, further=[other]).codes}
    assert check(text, "--map", "Ticket ID=id", further=[other]).summary["cells"]["changed"] == 1
    assert check(f"Record ID,Any\n{ONE},x\n", "--map", "any=subject").summary["cells"]["changed"] == 1


def test_the_property_that_id_property_names_is_the_key(check):
    text = f"Record ID,order_no,subject\n{ONE},A-1,x\n"
    ended = check(text, "--id-property", "order_no")
    assert ended.summary["cells"]["changed"] == 1
    assert '"Record ID" is left out' in ended.err
    assert [code for _, code in check(text, "--id-property", "subject").codes] == ["not_unique_property"]
    assert check("order_no,crm_no,subject\nA,B,x\n", "--id-property", "crm_no").summary["cells"]["changed"] == 2


def test_bytes_before_a_workbook_are_named(program, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "subject"])
    path = tmp_path / "edits.xlsx"
    book.save(path)
    path.write_bytes(b"\r\nLength: 5000\r\n" + path.read_bytes())
    ended = program(path, "--dry-run", "--no-diff", "--json")
    assert ended.code == 2
    assert "16 of them" in ended.err
