"""Options from `import-tickets.toml`, and what happens to those it does not know."""

from pathlib import Path

import pytest

from importer.cli.command_line import UnusableSetting, build_parser, long_options, parse
from importer.cli.parser import amount, days, mapping
from importer.cli.session import portal_access
from importer.cli.settings import (
    MOST_BYTES,
    PATHS,
    READING,
    SettingsFile,
    config_arguments,
    settings_files,
)
from importer.errors import UsageError


def options(folder, text, *typed):
    file = folder / "edits.csv"
    (folder / "import-tickets.toml").write_text(text, encoding="utf-8")
    source = SettingsFile(folder / "import-tickets.toml", is_users=True)
    return parse([str(file), *typed], settings=config_arguments(source, long_options("run")))


def test_settings_are_defaults_of_the_command_line(tmp_path):
    """What is typed wins over the file."""
    settings = '[options]\non-invalid = "skip"\nyes = true\nmax-clears = "10%"\nlocale = "pt-BR"\n'

    found = options(tmp_path, settings, "--locale", "en-US")

    assert (found.on_invalid, found.yes, found.locale) == ("skip", True, "en-US")
    assert str(found.max_clears) == "10%"


def test_columns_are_mapped_and_skipped(tmp_path):
    settings = '[columns]\nskip = ["Notes", "Colour"]\n[columns.map]\n"Due = soon" = "due_on"\n'

    found = options(tmp_path, settings, "--map", "Name=subject")

    assert found.map == [("Due = soon", "due_on"), ("Name", "subject")]
    assert found.skip_column == ["Notes", "Colour"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param("[options]\ntoken = 'x'\n", '"token"', id="the-token-never"),
        pytest.param("[options]\nyes = 'maybe'\n", "true or false", id="a-flag"),
        pytest.param("[options]\nsheet = true\n", "text or a number", id="a-value"),
        pytest.param("[portal]\n", "must be [options] or [columns]", id="section"),
        pytest.param("[options]\nsheet = ['a', 'b']\n", "text or a number", id="several-for-one"),
        pytest.param("[columns]\nskip = [1]\n", "list of headers", id="skip"),
        pytest.param("[columns]\nrename = []\n", '"rename"', id="column-setting"),
        pytest.param("options = 3\n", "table", id="no-table"),
        pytest.param("[options\n", "cannot be read", id="no-toml"),
        pytest.param(f"[options]\nsheet = {'[' * 10_000}\n", "cannot be read", id="lists-in-lists"),
        pytest.param(f"[options]\nsheet = '{'x' * MOST_BYTES}'\n", "cannot be read", id="too-much"),
    ],
)
def test_what_is_no_setting_is_named(settings, said, tmp_path):
    with pytest.raises(UsageError, match=r"import-tickets\.toml") as refused:
        options(tmp_path, settings)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[options]\nmax-rate = 'many'\n", "argument --max-rate: 'many' is not a whole number"),
        ("[options]\nblank = 'maybe'\n", "argument --blank: 'maybe' is not one of clear, keep"),
        ("[options]\nquiet = true\nverbose = true\n", "argument --verbose: not allowed with argument --quiet"),
        ("[columns.map]\nFoo = ''\n", "argument --map: 'Foo=' is not of the form HEADER=PROPERTY"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_told_with_its_file(settings, said, program, tmp_path):
    """Not as a mistake in what was typed, with a page of usage; and scripts get their object."""
    (tmp_path / "import-tickets.toml").write_text(settings, encoding="utf-8")

    with pytest.raises(UnusableSetting):
        options(tmp_path, settings)
    named = tmp_path / "import-tickets.toml"
    ended = program(tmp_path / "edits.csv", "--json", "--dry-run", "--config", named)

    assert ended.code == 2
    assert ended.err.startswith(f"{tmp_path / 'import-tickets.toml'}: {said}")
    assert ended.summary["exit_code"] == 2
    assert ended.summary["dry_run"]


def test_what_is_typed_wins_over_its_opposite_in_the_file(tmp_path):
    found = options(tmp_path, "[options]\nquiet = true\n", "--verbose")

    assert (found.quiet, found.verbose) == (False, True)


def test_names_of_files_start_at_the_settings_file(tmp_path):
    found = options(tmp_path, '[options]\noutput = "results/out.csv"\nhtml = "/elsewhere/page.html"\n')

    assert (found.output, found.html) == (tmp_path / "results/out.csv", Path("/elsewhere/page.html"))
    named = {
        name
        for command in ("run", "template")
        for one in build_parser().commands[command].told
        for name in one.long_names
        if one.is_path and name != "config"
    }
    assert named == PATHS


def test_one_file_serves_run_and_reconcile(program, tmp_path):
    """What reconcile has no use for is passed by; what no command knows is an error in both."""
    (tmp_path / "edits.csv").write_text("Record ID,subject,Foo\n25012345001,New,x\n")
    settings = tmp_path / "import-tickets.toml"
    settings.write_text('[options]\nsandbox = true\nyes = true\non-invalid = "skip"\n[columns]\nskip = ["Foo"]\n')

    assert program(tmp_path / "edits.csv", "--config", settings).code == 0
    assert program("reconcile", tmp_path / "edits.csv", "--config", settings).code == 0

    settings.write_text("[options]\nnothing = 1\n")
    assert "nothing" in program("reconcile", tmp_path / "edits.csv", "--config", settings).err


def test_a_named_settings_file_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        config_arguments(settings_files(tmp_path / "edits.csv", tmp_path / "mine.toml")[0], long_options("run"))


def test_token_comes_from_the_environment_and_is_never_shown():
    access = portal_access({"HUBSPOT_ACCESS_TOKEN": " pat-secret \n"}, sandbox=False, max_rate=None, daily_reserve=5)

    assert access.token == "pat-secret"
    assert "pat-secret" not in repr(access)
    assert access.base_url == "https://api.hubapi.com"


@pytest.mark.parametrize(("typed", "value"), [("50", "50"), ("10%", "10%"), ("2.5%", "2.5%")])
def test_amounts(typed, value):
    assert str(amount(typed)) == value


def test_ages_and_mappings():
    assert (days("90d"), days("2w"), days("7")) == (90, 14, 7)
    assert mapping("A = B=subject") == ("A = B", "subject")


@pytest.mark.parametrize(
    "typed",
    [
        ["e.csv", "--max-changes", "2.5"],
        ["e.csv", "--max-clears", "many"],
        ["e.csv", "--map", "subject"],
        ["e.csv", "--max-rate", "0"],
        ["e.csv", "--daily-reserve", "150"],
        ["e.csv", "--quiet", "--verbose"],
        ["runs", "purge", "--older-than", "soon"],
        [],
    ],
)
def test_bad_usage_exits_with_2(typed, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(typed)

    assert ended.value.code == 2
    assert "import-tickets" in capsys.readouterr().err


@pytest.fixture
def edits(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data/edits.csv"
    path.write_text("Record ID,subject,Notes\n25012345001,Hello,x\n")
    return path


def beside(edits, text):
    (edits.parent / "import-tickets.toml").write_text(text, encoding="utf-8")


def own(home, text):
    folder = home.parent / "config/import-tickets"
    folder.mkdir(parents=True)
    (folder / "import-tickets.toml").write_text(text, encoding="utf-8")
    return folder / "import-tickets.toml"


@pytest.mark.parametrize("name", sorted(long_options("run").keys() - READING - {"config", "help"}))
def test_what_comes_with_the_sheet_decides_nothing(name, program, sandbox, edits):
    value = "'x'" if long_options("run")[name] else "true"
    beside(edits, f"[options]\n{name} = {value}\n")
    before = edits.read_bytes()

    ended = program(edits, "--dry-run", "--json", portal=sandbox)

    assert (ended.code, ended.summary["run_id"]) == (2, None)
    assert f'"{name}" does not count here' in ended.err
    assert "--config" in ended.err
    assert edits.read_bytes() == before


def test_a_settings_file_from_a_stranger_answers_no_question_and_replaces_no_file(program, sandbox, edits):
    target = edits.parent.parent / "replaced.txt"
    target.write_text("mine")
    beside(edits, '[options]\nyes = true\noutput = "../replaced.txt"\n[columns]\nskip = ["Notes"]\n')

    assert program(edits, portal=sandbox).code == 2
    assert target.read_text() == "mine"


def test_mappings_are_taken_from_beside_the_sheet_and_the_run_says_so(program, sandbox, edits):
    beside(edits, '[options]\nblank = "keep"\n[columns]\nskip = ["Notes"]\n')

    ended = program(edits, "--dry-run", "--json", portal=sandbox)

    assert ended.code == 0
    assert ended.summary["settings"] == str(edits.parent / "import-tickets.toml")
    assert f"Settings are taken from {edits.parent / 'import-tickets.toml'}" in ended.err


def test_the_users_own_settings_count_everywhere(program, sandbox, edits, home):
    path = own(home, "[options]\ndry-run = true\nskip-unknown = true\n")

    ended = program(edits, "--json", portal=sandbox)

    assert (ended.code, ended.summary["dry_run"], ended.summary["settings"]) == (0, True, str(path))


def test_what_stands_beside_the_sheet_wins_over_the_users_own(program, sandbox, edits, home):
    path = own(home, '[options]\ndry-run = true\nlang = "pt-BR"\nskip-unknown = true\n')
    beside(edits, '[options]\nlang = "en"\n')

    ended = program(edits, "--json", portal=sandbox)

    assert ended.code == 0
    assert "Settings are taken from" in ended.err
    assert ended.summary["settings"].startswith(str(path))


def test_a_named_file_stands_in_place_of_both(program, sandbox, edits, home, tmp_path):
    own(home, "[options]\nnothing = 1\n")
    beside(edits, "[options]\nyes = true\n")
    named = tmp_path / "named.toml"
    named.write_text("[options]\ndry-run = true\nskip-unknown = true\n")

    ended = program(edits, "--json", "--config", named, portal=sandbox)

    assert (ended.code, ended.summary["settings"]) == (0, str(named))


def test_without_a_file_no_settings_are_named(program, sandbox, edits):
    assert program(edits, "--dry-run", "--skip-unknown", "--json", portal=sandbox).summary["settings"] is None


def test_doctor_and_schema_ask_the_portal_that_the_settings_name(program, home, tmp_path):
    """Else they speak of another portal than the run that is to come, and in another language."""
    own(home, '[options]\nsandbox = true\nlang = "pt-BR"\nmax-changes = 5\n')

    assert "propriedade" in program("schema", "pull", "--output", tmp_path / "s.json").err
    assert '"settings"' not in program("schema", "show", "subject", "--json").out
    assert program("doctor").code == 0

    named = tmp_path / "named.toml"
    named.write_text('[options]\nportal = "other"\n')
    for command in (["doctor"], ["schema", "show", "subject"], ["schema", "pull"]):
        ended = program(*command, "--config", named)
        assert ended.code == 2
        assert 'There is no portal "other"' in ended.err


def test_a_run_that_cannot_reach_its_portal_says_which_settings_named_it(program, edits, home):
    path = own(home, '[options]\nportal = "other"\nlang = "pt-BR"\n')

    ended = program(edits, "--dry-run", "--json")

    assert (ended.code, ended.codes) == (2, [(None, "no_token")])
    assert ended.summary["settings"] == str(path)
    assert str(path) in ended.err
    assert "Não existe" in ended.err or "Não há" in ended.err


def test_the_output_of_runs_is_not_the_name_of_a_plan(program, sandbox, edits, home):
    own(home, '[options]\noutput = "results.xlsx"\nskip-unknown = true\n')

    ended = program("plan", edits, "--json", portal=sandbox)

    assert ended.code == 0, ended.err
    assert (edits.parent / f"{edits.stem}.plan.jsonl").exists()


def test_a_misspelt_option_is_told_with_the_near_one(tmp_path):
    with pytest.raises(UsageError, match='did you mean "locale"'):
        options(tmp_path, "[options]\nlocal = 'pt-BR'\n")


def test_a_table_of_policies_is_taken(tmp_path):
    options(tmp_path, '[columns.policy]\nSubject = "keep-blank"\n')
