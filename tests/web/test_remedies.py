"""What the page says in place of options and commands: no text that can come to it has one."""

import re
import string

import pytest

from importer.i18n import translations
from importer.web.remedies import ON_PAGE, PLACES, on_page
from importer.web.work import overwrite_conflicts
from schemas.message import Message, message
from tests.web.test_work import wait_for, work  # noqa: F401
from tools import catalogue

COMMAND_LINE = re.compile(
    r"(?<![\w-])--[a-z]"  # an option
    r"|import-tickets [a-z{]|`resume`|\{command\}"  # a command
    r"|HUBSPOT_ACCESS_TOKEN"
)
ELSEWHERE = (
    "importer/cli/",
    "importer/findings.py",  # what `explain` says
    "importer/jobs/apply_file.py",
    "importer/jobs/approve.py",
    "importer/jobs/plan_file.py",
    "importer/jobs/restore.py",
    "importer/planning/restore.py",
    "importer/reports/page_rows.py",  # the page of a run, whoever makes it
    "importer/reports/terminal.py",
)
"""Jobs that the page does not have, and what is written for other places."""
NEVER = {
    "Nothing was sent: there is no terminal to ask on.": "the page asks",
    'Every cell of "{column}" is empty': "refused where nobody is asked",
    "There is no plan:": "the page saves the plan of a run, which asks",
    "Without a token, and with no schema": "the page begins with a connection",
    "--html {page}": "the page hands its report out",
    "--id-file names": "its tickets are chosen by pipeline, stage, owner",
    "{output} is a folder": "where results go is not asked",
    "import-tickets {version}": "the name of the program",
}
"""Beginnings of texts that do not come to the page, and why."""


def texts_of(found):
    return found.id if isinstance(found.id, tuple) else (found.id,)


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


MESSAGES = {texts_of(one): one.file for one in catalogue.find_messages() if isinstance(one, catalogue.Found)}


def test_every_text_that_can_come_to_the_page_says_what_to_do_there():
    lacking = [
        texts[0]
        for texts, file in MESSAGES.items()
        if any(map(COMMAND_LINE.search, texts))
        and not file.startswith(ELSEWHERE)
        and not texts[0].startswith(tuple(NEVER))
        and texts[0] not in ON_PAGE
    ]
    assert lacking == [], "say in importer/web/remedies.py what to do on the page"


@pytest.mark.parametrize("template", ON_PAGE)
def test_what_is_said_instead_fits(template):
    """It is about a text that exists, has no field that this one lacks, and no option or command itself."""
    original = next((texts for texts in MESSAGES if texts[0] == template), None)
    assert original is not None, "the text is gone: take its remedy out"
    said = ON_PAGE[template]
    for text in filter(None, (said.template, said.plural)):
        assert not COMMAND_LINE.search(text)
        assert fields(text) <= {*PLACES, *fields("".join(original))}
    assert bool(said.plural) is (len(original) == 2) or template.startswith(tuple(NEVER))


def test_a_message_within_a_message_is_said_too_and_screens_by_their_names_in_each_language():
    inner = next(one for one in ON_PAGE if one.startswith("There is no token."))
    text = on_page(message("{file}: {reason}", file="a.csv", reason=Message(inner)))

    assert text.render(translations("en")) == (
        'a.csv: There is no token. Give one on "Connect", or practise there without an account.'
    )
    assert '"Conectar"' in text.render(translations("pt-BR"))
    assert on_page(message("as it is {x}", x=1)) == message("as it is {x}", x=1)


def test_what_the_portal_changed_meanwhile_is_overwritten_only_when_the_page_says_so(work, tmp_path):  # noqa: F811
    """What `--on-conflict overwrite` does is a button: the plan is made anew, and still asks."""
    path = tmp_path / "old.csv"
    path.write_text("Record ID,Priority,Last modified date\n25012345001,Urgent,2020-01-01T00:00:00Z\n", "utf-8")
    work.use_file(path)
    work.start_run()
    wait_for(work.run, "done")
    assert [one.code for one in work.run.findings] == ["conflict"]
    said = str(on_page(work.run.findings[0].text))
    assert 'the button is on "Problems"' in said
    assert "--" not in said

    overwrite_conflicts(work)
    wait_for(work.run, "asking")
    assert work.run.rows == 1
    work.run.answer(1)
    wait_for(work.run, "done")
    assert work.run.result.summary["rows"]["updated"] == 1
