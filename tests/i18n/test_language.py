"""Which language is chosen."""

import errno
import json
import ssl

import pytest

from importer.errors import UsageError, reason_of
from importer.i18n import choose_language, language_of, language_typed, say, translations
from schemas.message import Message, message


@pytest.mark.parametrize(
    ("option", "environ", "language"),
    [
        pytest.param(None, {}, "en", id="nothing-said"),
        pytest.param("pt-BR", {"LANG": "en_US.UTF-8"}, "pt-BR", id="option-first"),
        pytest.param("en", {"IMPORT_TICKETS_LANG": "pt-BR", "LANG": "pt_BR"}, "en", id="option-before-settings"),
        pytest.param("PT_br", {}, "pt-BR", id="another-spelling"),
        pytest.param(None, {"IMPORT_TICKETS_LANG": "pt", "LC_ALL": "en_US"}, "pt-BR", id="setting-before-locale"),
        pytest.param(None, {"IMPORT_TICKETS_LANG": "fr", "LANG": "pt_BR.UTF-8"}, "pt-BR", id="setting-not-ours"),
        pytest.param(None, {"LANG": "pt_BR.UTF-8"}, "pt-BR", id="locale"),
        pytest.param(None, {"LANG": "pt_BR.UTF-8", "LC_ALL": "C.UTF-8"}, "en", id="lc-all-first"),
        pytest.param(None, {"LANG": "pt_BR.UTF-8", "LC_ALL": ""}, "pt-BR", id="empty-is-unset"),
        pytest.param(None, {"LC_MESSAGES": "pt_BR", "LANG": "en_US"}, "pt-BR", id="messages-before-lang"),
        pytest.param(None, {"LANG": "fr_FR.UTF-8"}, "en", id="a-language-not-ours"),
    ],
)
def test_choose_language(option, environ, language):
    assert choose_language(option, environ) == language


def test_an_option_that_is_no_language_of_ours():
    with pytest.raises(UsageError, match='no language "fr"; choose one of en, pt-BR'):
        choose_language("fr", {})


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        pytest.param([], "en", id="nothing-typed"),
        pytest.param(["e.csv", "--lang", "pt-BR"], "pt-BR", id="apart"),
        pytest.param(["--lang=pt", "e.csv"], "pt-BR", id="together"),
        pytest.param(["e.csv", "--lan", "pt"], "pt-BR", id="cut-short"),
        pytest.param(["--lang", "pt", "--lang", "en"], "en", id="the-last"),
        pytest.param(["--lang"], "en", id="without-a-value"),
        pytest.param(["--lang", "fr"], "en", id="none-of-ours"),
        pytest.param(["--", "--lang", "pt"], "en", id="a-file-of-that-name"),
        pytest.param(["--l", "pt"], "en", id="too-short-to-tell"),
    ],
)
def test_language_typed(typed, language):
    """Known before the arguments are understood, for help and for bad usage."""
    assert language_typed(typed, {}) == language


def test_what_is_typed_wins_over_the_environment():
    assert language_typed(["--lang", "en"], {"LANG": "pt_BR"}) == "en"
    assert language_typed(["--lang", "fr"], {"LANG": "pt_BR"}) == "pt-BR"


def test_translations():
    assert language_of(translations("en")) == language_of(translations(None)) == "en"
    assert language_of(translations("pt-BR")) == "pt-BR"
    with pytest.raises(ValueError, match="fr"):
        translations("fr")


def test_say():
    assert say(translations("pt-BR"), message("before")) == "antes"
    assert say(translations("en"), message("before")) == "before"


def test_a_message_within_a_message_is_translated_with_it():
    """Also after a journal kept it."""
    whole = message("Next: {command}", command=message("row {row}", row=7))

    kept = Message.from_json(json.loads(json.dumps(whole.to_json())))

    assert kept == whole
    assert str(kept) == "Next: row 7"
    assert say(translations("pt-BR"), kept) == "A seguir: linha 7"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "whatever the system calls it"), "permissão negada"),
        (OSError(errno.ENOSPC, "No space left on device"), "não há espaço no disco"),
        (ssl.SSLError(errno.EPERM, "[SSL] wrong version number"), "[SSL] wrong version number"),
        (ValueError("a text of another program"), "a text of another program"),
    ],
)
def test_what_the_system_says_is_translated_where_it_is_known(error, said):
    """TLS numbers its errors too, and means something else."""
    assert reason_of(error).render(translations("pt-BR")) == said
