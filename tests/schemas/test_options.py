"""Options, owners, pipelines and stages, by what people write for them."""

import pytest

from schemas.cells import Kind, Nearest, Problem, Reading, quoted, shown
from schemas.property import Option, Owner, Pipeline, PortalSchema, Property, Stage
from schemas.types.boolean import BooleanConverter
from schemas.types.option import OptionConverter, OptionsConverter, OwnerConverter, PipelineConverter, StageConverter
from schemas.values import make_converter

PRIORITY = Property(
    "priority",
    "Priority",
    "enumeration",
    "select",
    options=(
        Option("LOW", "Low"),
        Option("URGENT", "Urgent"),
        Option("old", "Retired", hidden=True),
        Option("n1", "North"),
        Option("n2", "north "),
        Option("North", "South"),
        Option(" padded ", "Padded value"),
    ),
)
CATEGORY = Property(
    "category",
    "Category",
    "enumeration",
    "checkbox",
    options=(
        Option("A", "Product issue"),
        Option("B", "Billing issue"),
        Option("C", "Bits; pieces"),
        Option("D", "Other"),
    ),
)
PORTAL = PortalSchema(
    properties={},
    pipelines=(
        Pipeline("0", "Support Pipeline", (Stage("1", "New"), Stage("3", "Waiting on us"), Stage("4", "Closed"))),
        Pipeline("77", "Returns", (Stage("701", "New"), Stage("702", "Refund sent"), Stage("703", "Closed"))),
        Pipeline("88", "Twice", (Stage("801", "Open"), Stage("802", "Open"))),
    ),
    owners=(
        Owner("11", "ana@example.com", "Ana", "Souza"),
        Owner("12", "ana.b@example.com", "Ana", "Souza"),
        Owner("13", "bo@example.com", "Bo", "Li"),
        Owner("14", "old.bo@example.com", "Bo", "Li", archived=True),
        Owner("15", "cy@example.com", "Cy", "Day", archived=True),
        Owner("16", "nameless@example.com"),
    ),
)


def answer(result):
    return result.code if isinstance(result, Problem) else result


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("URGENT", "URGENT"),
        ("Urgent", "URGENT"),
        ("urgent", "URGENT"),
        (" Urgent ", "URGENT"),
        ("old", "old"),
        ("retired", "old"),
        ("North", "ambiguous_option"),
        ("south", "North"),
        ("north", "n2"),
        ("NORTH", "ambiguous_option"),
        ("padded", " padded "),
        (" padded ", " padded "),
        ("padded  VALUE", " padded "),
        ("Urgentt", "invalid_option"),
        ("LOW;URGENT", "invalid_option"),
    ],
)
def test_one_option(cell, value):
    """An option's value exactly, or its label in any case; a label that two options share decides nothing."""
    assert answer(OptionConverter(PRIORITY, Reading())(cell, Kind.TEXT)) == value


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("Urgentt", '"Urgentt" isn\'t an option; did you mean "Urgent"?'),
        ("xyz", '"xyz" isn\'t an option; the options are "Low", "Urgent", "n1", "north", "South", "Padded value"'),
        ("Padded val", '"Padded val" isn\'t an option; did you mean "Padded value"?'),
        ("NORTH", '"NORTH" is the label of several options; write the value of the one you mean: "n1", "n2"'),
    ],
)
def test_what_is_said_of_a_wrong_option(cell, words):
    problem = OptionConverter(PRIORITY, Reading())(cell, Kind.TEXT)

    assert str(problem.text) == words


def test_an_empty_list_means_that_the_options_are_kept_elsewhere():
    teams = Property("teams", "Teams", "enumeration", "select", external_options=True)

    assert make_converter(teams, PORTAL, Reading())("4711", Kind.TEXT) == "4711"
    several = Property("teams", "Teams", "enumeration", "checkbox")
    assert make_converter(several, PORTAL, Reading())("8; 4 ;8", Kind.TEXT) == "8;4"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("A", "A"),
        ("B;A", "A;B"),
        ("Billing issue; Product issue", "A;B"),
        ("A;A;B;", "A;B"),
        (";B", ";B"),
        (" ;D; Billing issue", ";B;D"),
        ("Bits; pieces", "C"),
        ("A;nonsense", "invalid_option"),
        (";", "invalid_option"),
        (";;", "invalid_option"),
    ],
)
def test_several_options(cell, value):
    """In the definition's order, without repeats; a leading `;` adds to what is there, and is kept."""
    converter = OptionsConverter(CATEGORY, OptionConverter(CATEGORY, Reading()))

    assert answer(converter(cell, Kind.TEXT)) == value


@pytest.mark.parametrize("value", ["A;B", ";A;B", "C"])
def test_converted_options_convert_to_themselves(value):
    converter = OptionsConverter(CATEGORY, OptionConverter(CATEGORY, Reading()))

    assert converter(value, Kind.TEXT) == value


@pytest.mark.parametrize(
    ("cell", "locale", "value"),
    [
        ("TRUE", None, "true"),
        ("no", None, "false"),
        ("1", None, "true"),
        ("Enabled", None, "true"),
        ("sim", "pt-BR", "true"),
        ("sim", None, "invalid_option"),
    ],
)
def test_a_check_box_kept_as_options(cell, locale, value):
    definition = Property(
        "flag",
        "Flag",
        "enumeration",
        "booleancheckbox",
        options=(Option("true", "Enabled"), Option("false", "Disabled")),
    )

    assert answer(make_converter(definition, PORTAL, Reading(locale=locale))(cell, Kind.TEXT)) == value


@pytest.mark.parametrize(
    ("cell", "locale", "value"),
    [
        ("true", None, "true"),
        ("FALSE", None, "false"),
        ("Yes", None, "true"),
        ("no", None, "false"),
        ("1", None, "true"),
        ("0", None, "false"),
        ("Sim", "pt-BR", "true"),
        ("não", "pt-BR", "false"),
        ("verdadeiro", "pt-PT", "true"),
        ("sí", "es", "true"),
        ("falso", "es", "false"),
        ("Ja", "de", "true"),
        ("nein", "de", "false"),
        ("oui", "fr", "true"),
        ("faux", "fr", "false"),
        ("yes", "fr", "true"),
        ("na\u0303o", "pt-BR", "false"),
        ("N\u00c3O", "pt-BR", "false"),
        ("YANLI\u015e", "tr", "false"),
        ("\u0434\u0430", "ru", "true"),
        ("\u306f\u3044", "ja", "true"),
        ("ligado", None, "true"),
        ("oui", None, "invalid_boolean"),
        ("2", None, "invalid_boolean"),
        ("maybe", None, "invalid_boolean"),
        ("y", None, "true"),
        ("N", None, "false"),
        ("on", None, "true"),
        ("Off", "de", "false"),
        ("s", "pt-BR", "true"),
        ("n", "pt-BR", "false"),
        ("o", "fr", "true"),
        ("o", None, "invalid_boolean"),
    ],
)
def test_booleans(cell, locale, value):
    definition = Property(
        "vip", "VIP", "bool", "booleancheckbox", options=(Option("true", "Ligado"), Option("false", "Desligado"))
    )

    assert answer(BooleanConverter(definition, Reading(locale=locale))(cell, Kind.TEXT)) == value


@pytest.mark.parametrize("kind", [("bool", "booleancheckbox"), ("enumeration", "booleancheckbox")])
@pytest.mark.parametrize(
    ("labels", "cell", "way", "value"),
    [
        (("No", "Yes"), "y", None, "ambiguous_option"),
        (("No", "Yes"), "1", None, "ambiguous_option"),
        (("No", "Yes"), "off", None, "ambiguous_option"),
        (("No", "Yes"), "TRUE", None, "true"),
        (("No", "Yes"), "y", "values", "true"),
        (("N\u00e3o", "Sim"), "yes", None, "ambiguous_option"),
        (("N\u00e3o", "Sim"), "Sim", None, "false"),
        (("Yes", "Sure"), "off", None, "false"),
        (("Closed", "No"), "on", None, "true"),
    ],
)
def test_a_word_whose_option_is_labelled_with_the_other_word(kind, labels, cell, way, value):
    """`y` for an option whose label is "No" would be seen as no by everybody in HubSpot."""
    definition = Property("vip", "VIP", kind[0], kind[1], options=tuple(map(Option, ("true", "false"), labels)))

    assert answer(make_converter(definition, PORTAL, Reading(options=way))(cell, Kind.TEXT)) == value


def test_boolean_cells():
    converter = BooleanConverter(Property("vip", "VIP", "bool", "booleancheckbox"), Reading())

    assert converter("TRUE", Kind.BOOL) == "true"
    assert converter("0", Kind.NUMBER) == "false"
    assert answer(converter("2026-03-04", Kind.DATE)) == "invalid_boolean"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("13", "13"),
        ("bo@example.com", "13"),
        ("BO@Example.com", "13"),
        ("Bo Li", "13"),
        ("bo  li", "13"),
        ("Bo Li (bo@example.com)", "13"),
        ("Bo Li (old.bo@example.com)", "14"),
        ("Bo Li <bo@example.com>", "13"),
        ("Cy Day", "15"),
        ("Cy Day (Deactivated User)", "15"),
        ("14", "14"),
        ("Ana Souza (ana.b@example.com)", "12"),
        ("Ana Maria de Souza (ana.b@example.com)", "12"),
        ("Souza, A. (ana.b@example.com)", "12"),
        ("Bruno Souza (ana.b@example.com)", "ambiguous_owner"),
        ("Ana Souza", "ambiguous_owner"),
        ("Bo Li (nobody@example.com)", "invalid_owner"),
        ("99", "invalid_owner"),
        ("Bob Lee", "invalid_owner"),
        ("()", "invalid_owner"),
    ],
)
def test_owners(cell, value):
    """By ID, e-mail, full name, or both; those who have left are known by what is theirs alone."""
    assert answer(OwnerConverter(PORTAL)(cell, Kind.TEXT)) == value


def test_owners_are_suggested_and_told_apart():
    converter = OwnerConverter(PORTAL)

    assert '"bo@example.com"' in str(converter("bo@exmaple.com", Kind.TEXT).text)
    assert '"ana@example.com", "ana.b@example.com"' in str(converter("Ana Souza", Kind.TEXT).text)


def test_unknown_owners_are_taken_by_id_alone():
    converter = OwnerConverter(PortalSchema({}, owners_known=False))

    assert converter("4711", Kind.TEXT) == "4711"
    assert answer(converter("bo@example.com", Kind.TEXT)) == "invalid_owner"


def test_several_owners():
    definition = Property("team", "Team", "enumeration", "checkbox", referenced_object="OWNER")

    assert make_converter(definition, PORTAL, Reading())("Bo Li; ana@example.com", Kind.TEXT) == "13;11"


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0", "0"), ("support pipeline", "0"), ("Returns", "77"), ("Supprt", "invalid_option"), ("5", "invalid_option")],
)
def test_pipelines(cell, value):
    assert answer(PipelineConverter(PORTAL.pipelines, Reading())(cell, Kind.TEXT)) == value


def test_pipelines_of_one_name_are_told_apart_by_id():
    converter = PipelineConverter([Pipeline("1", "Same"), Pipeline("2", "same")], Reading())

    assert answer(converter("SAME", Kind.TEXT)) == "ambiguous_option"
    assert converter("Same", Kind.TEXT) == "1"
    assert converter("2", Kind.TEXT) == "2"


@pytest.mark.parametrize(
    ("cell", "pipeline", "value"),
    [
        ("1", "0", "1"),
        ("new", "0", "1"),
        ("New", "77", "701"),
        ("New (Returns)", "77", "701"),
        ("New (Returns)", "0", "stage_not_in_pipeline"),
        ("Refund sent", "0", "stage_not_in_pipeline"),
        ("702", "0", "stage_not_in_pipeline"),
        ("Open", "88", "ambiguous_option"),
        ("801", "88", "801"),
        ("Nowhere", "0", "invalid_option"),
        ("Neww", "0", "invalid_option"),
        ("anything", "unknown", "anything"),
    ],
)
def test_stages_of_a_pipeline(cell, pipeline, value):
    assert answer(StageConverter(PORTAL.pipelines, Reading()).in_pipeline(cell, pipeline)) == value


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("New", {"0": "1", "77": "701"}),
        ("Refund sent", {"77": "702"}),
        ("4", {"0": "4"}),
        ("Closed (Returns)", {"77": "703"}),
        ("Open", "ambiguous_option"),
        ("Nowhere", "invalid_option"),
    ],
)
def test_stages_of_any_pipeline(cell, found):
    result = StageConverter(PORTAL.pipelines, Reading()).in_any(cell)

    assert answer(result) == found


def test_a_suggestion_is_looked_up_a_bounded_number_of_times():
    """A column full of nonsense does not cost a search each."""
    nearest = Nearest(["URGENT"])

    found = [bool(nearest("Urgentt")) for _ in range(Nearest.BUDGET + 1)]

    assert found[0]
    assert not found[-1]
    assert Nearest([])("x") == []


def test_what_a_message_repeats_is_short_and_on_one_line():
    assert shown("two\n lines") == "two lines"
    assert shown("\ufeff25012345678\u200b") == "\\ufeff25012345678\\u200b"
    assert len(shown("x" * 500)) == 80
    assert quoted(["a", "b"], limit=1) == '"a", …'


@pytest.mark.parametrize(
    ("label", "cell"), [("Cora\u00e7\u00e3o", "corac\u0327a\u0303o"), ("Corac\u0327a\u0303o", "CORA\u00c7\u00c3O")]
)
def test_an_accent_of_its_own_is_the_accent_of_the_letter(label, cell):
    """Files from a Mac write an accented letter as two characters."""
    definition = Property("p", "P", "enumeration", "select", options=(Option("x", label),))

    assert answer(OptionConverter(definition, Reading())(cell, Kind.TEXT)) == "x"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Bo Li (bo@example.com)", "13"),
        ("Bo (bo@example.com)", "13"),
        ("Ana Souza (bo@example.com)", "ambiguous_owner"),
        ("Somebody Else <bo@example.com>", "ambiguous_owner"),
        ("Ana Souza (ana.b@example.com)", "12"),
        ("Ana Maria de Souza (ana.b@example.com)", "12"),
        ("Souza, A. (ana.b@example.com)", "12"),
        ("Bruno Souza (ana.b@example.com)", "ambiguous_owner"),
        ("Whoever (nameless@example.com)", "16"),
    ],
)
def test_an_owners_name_and_e_mail_agree(cell, value):
    assert answer(OwnerConverter(PORTAL)(cell, Kind.TEXT)) == value
