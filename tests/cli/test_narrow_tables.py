"""At 80 columns nothing breaks: what does not fit is left out, what is to be copied stays whole."""

import io
from gettext import NullTranslations

from importer.reports.terminal import Terminal
from schemas.message import message


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_columns_that_do_not_fit_are_dropped():
    screen = Screen()
    headers = [message("Run"), message("Portal"), message("File")]
    row = ["20261123-141503-7f3a", "https://a-portal-of-a-long-name.example.com/and/more", "tickets of november.xlsx"]

    Terminal(NullTranslations(), stream=screen, width=80).show_table(headers, [row], whole=(0,), drop=(1, 2))

    shown = screen.getvalue()
    assert row[0] in shown
    assert row[2] in shown
    assert "Portal" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
