"""Questions, and what answers them."""

import io

import pytest

from importer.cli.questions import Questions
from importer.i18n import translations
from importer.reports.screen import Screen
from schemas.message import message


class OnTerminal(io.StringIO):
    """A terminal without colours."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("answer", "language", "yes"),
    [
        ("y\n", "en", True),
        ("YES \n", "en", True),
        ("n\n", "en", False),
        ("\n", "en", False),
        ("", "en", False),
        ("s\n", "en", False),
        ("s\n", "pt-BR", True),
        ("Sim\n", "pt-BR", True),
        ("y\n", "pt-BR", True),
    ],
)
def test_only_a_yes_is_a_yes(answer, language, yes):
    shown = OnTerminal()
    questions = Questions(Screen(translations(language), shown), io.StringIO(answer))

    assert questions.ask(message("Update {count} tickets?", count=4)) is yes
    choices = "[s/N]" if language == "pt-BR" else "[y/N]"
    assert shown.getvalue().rstrip("\n") == f"Update 4 tickets? {choices} "
