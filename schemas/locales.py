"""Locales by the names that people and files give them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale


@lru_cache(maxsize=16)
def find_locale(name: str) -> Locale:
    """Return the locale that `pt-BR`, `pt_BR` or `pt` names.

    Raises ValueError for a malformed name, or a locale that Unicode CLDR (as Babel has it) does not know.
    """
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(name.replace("-", "_"))
    except UnknownLocaleError as error:
        raise ValueError(f"no locale {name} is known") from error
