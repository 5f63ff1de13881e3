"""Texts that are the label of one choice and the value of another: refused, or settled by an option or the column."""

from dataclasses import replace

import pytest

from schemas.property import Option, Owner, Pipeline, Property, Stage, read_schema

LEVEL = Property(
    "nivel", "Nivel", "enumeration", "select", options=(Option("1", "2"), Option("2", "3"), Option("3", "4"))
)
TAGS = Property(
    "tags",
    "Tags",
    "enumeration",
    "checkbox",
    options=(Option("a", "A"), Option("b", "B"), Option("ab", "A;B"), Option("c", "C;D"), Option("x", "a")),
)
UPSIDE_DOWN = (Option("true", "No"), Option("false", "Yes"))
FREE = Property("free", "Free", "bool", "booleancheckbox", options=UPSIDE_DOWN)
CHOICE = Property("choice", "Choice", "enumeration", "booleancheckbox", options=UPSIDE_DOWN)
PIPELINES = (
    Pipeline("1", "2", (Stage("10", "New"), Stage("11", "20"))),
    Pipeline("2", "Returns", (Stage("20", "Open"), Stage("21", "OPEN"), Stage("22", "10"))),
)


@pytest.fixture
def crossed(portal):
    """Return a portal whose labels are the values of other choices."""
    more = {one.name: one for one in (LEVEL, TAGS, FREE, CHOICE)}
    return replace(portal, properties={**portal.properties, **more}, pipelines=PIPELINES)


@pytest.mark.parametrize(
    ("column", "cell", "options", "found"),
    [
        ("nivel", "2", None, "ambiguous_option"),
        ("nivel", "2", "labels", "1"),
        ("nivel", "2", "values", "2"),
        ("nivel", "1", "labels", "1"),
        ("nivel", "4", "values", "3"),
        ("tags", "A", None, "a"),
        ("tags", "a", None, "ambiguous_option"),
        ("tags", "a", "labels", "x"),
        ("tags", "a", "values", "a"),
        ("tags", "A;B", None, "ambiguous_option"),
        ("tags", "a;B", "values", "ambiguous_option"),
        ("tags", "C;D", None, "c"),
        ("tags", "C;D;B", None, "b;c"),
        ("tags", ";C;D", None, ";c"),
        ("tags", "C;E", None, "invalid_option"),
        ("tags", "B;;", None, "b"),
        ("free", "yes", None, "ambiguous_option"),
        ("free", "TRUE", None, "true"),
        ("free", "Yes", "labels", "false"),
        ("free", "Yes", "values", "true"),
        ("choice", "No", None, "ambiguous_option"),
        ("choice", "No", "labels", "true"),
        ("choice", "No", "values", "false"),
        ("hs_pipeline", "2", None, "ambiguous_option"),
        ("hs_pipeline", "2", "labels", "1"),
        ("hs_pipeline", "2", "values", "2"),
        ("hs_pipeline_stage", "Open", None, "20"),
        ("hs_pipeline_stage", "OPEN", None, "21"),
        ("hs_pipeline_stage", "open", None, "ambiguous_option"),
        ("hs_pipeline_stage", "20", None, "ambiguous_option"),
    ],
)
def test_a_text_that_fits_two_choices(check, crossed, column, cell, options, found):
    checked = check(f"id,{column}\n501,{cell}\n", schema=crossed, options=options)

    if found in {"ambiguous_option", "invalid_option"}:
        assert checked.codes == [("B2", found)]
    else:
        row = checked.rows[2]
        assert {**row.wanted, **{name: next(iter(one.values())) for name, one in row.pending.items()}} == {
            column: found
        }


def test_a_label_of_separators_alone_can_be_cut_in_two_ways(check, crossed):
    tags = replace(TAGS, options=(Option("a", "A"), Option("none", ";")))
    schema = replace(crossed, properties={**crossed.properties, "tags": tags})

    assert check("id,tags\n501,A;;\n", schema=schema).codes == [("B2", "ambiguous_option")]
    assert check("id,tags\n501,A\n", schema=schema).wanted(2) == {"tags": "a"}


def test_an_owner_called_as_the_id_of_another_one(check, portal):
    schema = replace(portal, owners=(Owner("11", "ana@example.com", "Ana"), Owner("12", "bob@example.com", "11")))

    assert check("id,hubspot_owner_id\n501,11\n", schema=schema).codes == [("B2", "ambiguous_owner")]
    assert check("id,hubspot_owner_id\n501,12\n", schema=schema).wanted(2) == {"hubspot_owner_id": "12"}


def test_what_is_said_of_it(check, crossed):
    checked = check("id,nivel,free\n501,2,yes\n", schema=crossed)

    option, word = (str(one.text) for one in checked.findings)
    assert option == (
        '"2" is the label of one option (value "1") and the value of another; say with --options labels or '
        "--options values what this column holds"
    )
    assert word == (
        'as a word, "yes" means true, but it is also the label of another option; say with --options labels or '
        "--options values which of them this column holds"
    )


@pytest.mark.parametrize(
    ("column", "settling", "value", "words"),
    [
        ("nivel", "4", "1", "labels"),
        ("nivel", "1", "2", "values"),
        ("hs_pipeline", "returns", "1", "labels"),
        ("hs_pipeline", "1", "2", "values"),
    ],
)
@pytest.mark.parametrize("chunk_size", [1, 10])
def test_another_cell_of_the_column_settles_it(check, crossed, column, settling, value, words, chunk_size):
    checked = check(f"id,{column}\n501,2\n502,{settling}\n", schema=crossed, chunk_size=chunk_size)

    assert checked.findings == []
    assert checked.wanted(2) == {column: value}
    assert f"are read as {words}" in checked.notices[0]


@pytest.mark.parametrize(("settling", "stage"), [("New", {"1": "11"}), ("22", {"2": "20"})])
@pytest.mark.parametrize("chunk_size", [1, 10])
def test_another_cell_settles_a_stage(check, crossed, settling, stage, chunk_size):
    checked = check(f"id,hs_pipeline_stage\n501,20\n502,{settling}\n", schema=crossed, chunk_size=chunk_size)

    assert checked.findings == []
    assert checked.rows[2].pending == {"hs_pipeline_stage": stage}


def test_cells_that_prove_both_settle_nothing(check, crossed):
    checked = check("id,nivel\n501,2\n502,1\n503,4\n", schema=crossed)

    assert checked.codes == [("B2", "ambiguous_option")]


def test_a_blank_cell_proves_nothing(check, crossed):
    """An option may have a value that shows nothing, as an empty cell does."""
    odd = replace(LEVEL, options=(Option("High", "High"), Option("\xa0", "High")))
    schema = replace(crossed, properties={**crossed.properties, "nivel": odd})

    checked = check("id,nivel\n501,High\n502,\n503, \n", schema=schema)

    assert checked.codes == [("B2", "ambiguous_option")]


def test_number_cells_of_a_workbook_prove_it_too(check, crossed):
    checked = check([["id", "nivel"], [501, 2], [502, 4]], schema=crossed)

    assert checked.findings == []
    assert checked.wanted(2) == {"nivel": "1"}


def test_the_id_of_a_stage_elsewhere_is_not_taken_for_a_label(check, crossed):
    """`20` is a label in the row's pipeline; it is the ID of a stage of the other one, too."""
    text = "id,hs_pipeline,hs_pipeline_stage\n501,1,20\n"

    assert check(text, schema=crossed).codes == [("C2", "ambiguous_option")]
    assert check(text, schema=crossed, options="values").codes == [("C2", "stage_not_in_pipeline")]
    assert check(text.replace(",1,", ",Returns,"), schema=crossed).wanted(2)["hs_pipeline_stage"] == "20"


@pytest.mark.parametrize(("cell", "right"), [("C, B", "C;B"), ("B,C;D", "B;C;D"), ("C | B", "C;B"), ("B\nC", "B;C")])
def test_another_separator_is_named(check, crossed, cell, right):
    plain = replace(TAGS, options=(Option("b", "B"), Option("c", "C"), Option("d", "D")))
    checked = check(
        [["id", "tags"], [501, cell]], schema=replace(crossed, properties={**crossed.properties, "tags": plain})
    )

    assert checked.codes == [("B2", "invalid_option")]
    assert str(checked.findings[0].text).endswith(f'options are separated by a semicolon: "{right}"')


def test_values_of_options_that_are_kept_elsewhere_are_told_as_unchecked(check, portal):
    team = Property("team", "Team", "enumeration", "select", external_options=True)
    checked = check("id,Team\n501,4711\n", schema=replace(portal, properties={**portal.properties, "team": team}))

    assert checked.wanted(2) == {"team": "4711"}
    assert checked.notices == [
        'B "Team": its options are kept elsewhere, so its values were not checked; the portal decides on them.'
    ]


def test_teams_and_users_are_named_as_the_owners_have_them(check, portal):
    """The API lists them nowhere else; an ID that no owner has may be another one's."""
    people = [
        {"id": "11", "email": "ana@example.com", "firstName": "Ana", "lastName": "Souza", "userId": 9001},
        {"id": "12", "email": "bob@example.com", "userId": 9002, "teams": [{"id": "401", "name": "Support"}]},
    ]
    schema = read_schema({**portal.bodies, "owners": {"results": people}})
    text = (
        "id,hs_shared_team_ids,hs_shared_user_ids\n"
        "501,support,Ana Souza;bob@example.com\n502,401;402,Ana Souza (ana@example.com)\n503,Suport,9003\n"
    )

    checked = check(text, schema=schema)

    assert checked.wanted(2) == {"hs_shared_team_ids": "401", "hs_shared_user_ids": "9001;9002"}
    assert checked.wanted(3) == {"hs_shared_team_ids": "401;402", "hs_shared_user_ids": "9001"}
    assert checked.codes == [("B4", "invalid_option")]
    assert 'did you mean "Support"?' in str(checked.findings[0].text)
    assert len([one for one in checked.notices if "IDs of others were not checked" in one]) == 2
