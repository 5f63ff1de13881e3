"""Texts in the portal's own form: what it makes of a text that it keeps, and what it does not make of it.

Trimmed, in lower case, cleaned of markup: such a text says what was sent. One that was cut short, or that somebody
else wrote, does not. Other types than text have no form of the portal's own: their values mean the same, or not.
"""

from __future__ import annotations

import html
import re
import unicodedata

from schemas.property import Property
from schemas.types.text import is_phone
from schemas.values import same_value, type_of

_NEVER_SHOWN = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def is_text(definition: Property | None) -> bool:
    """Return whether values of a property are free text; those of one that is not known are taken for it."""
    return definition is None or type_of(definition).is_text


def is_own_form(definition: Property | None, sent: str, returned: str) -> bool:
    """Return whether `returned` is a text that says just what `sent` says, in another form.

    White space, case, characters that show nothing, markup, and how a character is composed make no other text.
    """
    if not is_text(definition):
        return False
    essence = _essence(returned)
    if essence and essence == _essence(sent):
        return True
    if definition is None or not is_phone(definition):
        return False
    digits = _dialled(returned)
    return bool(digits) and digits == _dialled(sent)


def holds(definition: Property | None, wanted: str, current: str) -> bool:
    """Return whether a ticket holds what a cell asks for; `;A` asks that A be among the current options."""
    if current == wanted:
        return True
    if wanted.startswith(";") and definition is not None and definition.is_multiple:
        return {one for one in wanted.split(";") if one} <= set(current.split(";"))
    return same_value(definition, wanted, current)


def keeps(definition: Property | None, sent: str, shown: str, before: str | None) -> bool:
    """Return whether a value that is not what was sent is the portal's own form of it: only texts have one.

    It is not, where the ticket held the same before the update (`before`, None where that is not known): then it shows
    that nothing was written. The one rule about this, for runs, plans and reconciliations.
    """
    if before is not None and same_value(definition, before, shown):
        return False
    return is_own_form(definition, sent, shown)


def is_known_form(definition: Property | None, asked: str, shown: str, *, sent: str, returned: str) -> bool:
    """Return whether `shown` is what the portal makes of `asked`: it answered `returned` when `sent` was written."""
    return (
        holds(definition, asked, sent)
        and same_value(definition, returned, shown)
        and is_own_form(definition, asked, shown)
    )


def _essence(text: str) -> str:
    if "<" in text:
        text = _TAG.sub("", _NEVER_SHOWN.sub("", text))
    text = "".join(unicodedata.normalize("NFKC", html.unescape(text)).casefold().split())
    if text.isprintable():  # the usual case, and much quicker
        return text
    return "".join(one for one in text if unicodedata.category(one) not in {"Cc", "Cf"})


def _dialled(text: str) -> str:
    return "".join(one for one in text if one in "+0123456789")
