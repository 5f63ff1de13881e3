"""The language of what people read: which one, and its catalogue.

English is the source. Brazilian Portuguese comes from a catalogue of gettext's binary form that is shipped with the
program. Status words, column headers of ours, codes and JSON keys are never translated.

What is imported here is there in any case where `--help` is read, which has to come at once.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.message import Message, Translations

ENGLISH = "en"
PORTUGUESE = "pt-BR"
LANGUAGES = (ENGLISH, PORTUGUESE)

SETTING = "IMPORT_TICKETS_LANG"

_OPTION, _SHORTEST = "--lang", "--la"
"""How it is typed: argparse takes what no other option begins with, too."""

_LOCALE_SETTINGS = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is not empty decides (POSIX.1-2017, Base Definitions, 8.2)."""

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "import_tickets"
"""Where the catalogues are, and their name, as gettext looks for them."""


def choose_language(option: str | None, environ: Mapping[str, str]) -> str:
    """Return the language of a run: `en` or `pt-BR`.

    `option` (from `--lang`) decides, then IMPORT_TICKETS_LANG, then the locale, then English. Forms such as `pt`,
    `pt_BR.UTF-8` and `PT-br` are understood.
    Raises UsageError for an option that isn't one of our languages; a setting that isn't is ignored.
    """
    if option:
        language = _find(option)
        if language is None:
            from importer.errors import UsageError
            from schemas.message import message

            raise UsageError(
                message(
                    'There is no language "{language}"; choose one of {languages}.',
                    language=option,
                    languages=", ".join(LANGUAGES),
                )
            )
        return language
    wishes = [environ.get(SETTING, ""), next(filter(None, map(environ.get, _LOCALE_SETTINGS)), "") or _system_locale()]
    return next(filter(None, map(_find, wishes)), ENGLISH)


def language_typed(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the language for `--help` and for what is wrong with the arguments, before they are understood.

    The last `--lang` before a `--` counts where it names a language of ours; it may be written in full or cut short.
    """
    until = arguments.index("--") if "--" in arguments else len(arguments)
    typed = list(arguments[:until])
    wish = ""
    for option, following in pairwise([*typed, ""]):
        name, sign, value = option.partition("=")
        if len(name) >= len(_SHORTEST) and _OPTION.startswith(name):
            wish = value if sign else following
    return _find(wish) or choose_language(None, environ)


def translations(language: str | None) -> gettext.NullTranslations:
    """Return the catalogue of `en` or `pt-BR`; None is English. Raises ValueError for another language."""
    if language not in (None, *LANGUAGES):
        raise ValueError(f"no catalogue for {language!r}")
    if language != PORTUGUESE:
        return gettext.NullTranslations()
    with (CATALOGUES / "pt_BR" / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def catalogue_texts() -> Iterator[str]:
    """Yield every template of a message, in English and in the languages that it is translated into."""
    for template, translated in vars(translations(PORTUGUESE)).get("_catalog", {}).items():
        yield template[0] if isinstance(template, tuple) else template  # plurals are keyed by (template, number)
        yield translated


def language_of(catalogue: Translations) -> str:
    """Return which language a catalogue is of."""
    return PORTUGUESE if isinstance(catalogue, gettext.GNUTranslations) else ENGLISH


def say(catalogue: Translations, text: Message) -> str:
    """Return `text` in the language of `catalogue`."""
    return text.render(catalogue)


def _find(wish: str) -> str | None:
    primary = wish.partition(".")[0].replace("_", "-").partition("-")[0].strip().lower()
    return {"en": ENGLISH, "c": ENGLISH, "posix": ENGLISH, "pt": PORTUGUESE}.get(primary)


def _system_locale() -> str:
    """Return the language of Windows' own texts, where no locale is set there; elsewhere nothing."""
    if sys.platform == "win32":
        import ctypes
        import locale

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    return ""
