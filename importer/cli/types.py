"""What an option's value may be: from what was typed to the value, or to words that say what is taken."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.jobs.options import Amount


def not_taken(template: str, text: str) -> argparse.ArgumentTypeError:
    """Return what says that an option does not take `text`: a literal with `{value}`, for the catalogue takes it up."""
    from schemas.message import Message

    return argparse.ArgumentTypeError(Message(template, {"value": repr(text)}))


def mapping(text: str) -> tuple[str, str]:
    """Return (left, right) of `LEFT=RIGHT`; the last `=` parts them, for headers may hold one."""
    left, sign, right = text.rpartition("=")
    if not sign or not left.strip() or not right.strip():
        raise not_taken("{value} is not of the form HEADER=PROPERTY", text)
    return left.strip(), right.strip()


def policy(text: str) -> tuple[str, str]:
    """Return (header, policy) of `HEADER=POLICY`."""
    from importer.model import Policy

    header, sign, name = text.rpartition("=")
    if not sign or not header.strip():
        raise not_taken("{value} is not of the form HEADER=POLICY", text)
    if name.strip() not in set(Policy):
        raise not_taken("{value} names no policy; there are overwrite, keep-blank, fill-empty, append and remove", text)
    return header.strip(), name.strip()


def word(text: str) -> str:
    """Return a text without outer blanks, which holds something."""
    if not text.strip():
        raise not_taken("{value} is empty", text)
    return text.strip()


def condition(text: str) -> tuple[str, str]:
    """Return (property, value) of `PROPERTY=VALUE`; the first `=` parts them, and the value may be empty."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise not_taken("{value} is not of the form PROPERTY=VALUE", text)
    return name.strip(), value.strip()


def amount(text: str) -> Amount:
    """Return a limit: `50`, or `10%`."""
    from importer.jobs.options import Amount

    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text.strip())
    if not found or (not found[2] and "." in found[1]):
        raise not_taken("{value} is neither a number of cells nor a per cent", text)
    return Amount(float(found[1]), percent=bool(found[2]))


def natural(text: str) -> int:
    """Return a whole number from 0, of at most nine digits."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise not_taken("{value} is not a whole number from 0 to 999999999", text)
    return int(text)


def positive(text: str) -> int:
    """Return a whole number from 1, of at most nine digits."""
    if natural(text) < 1:
        raise not_taken("{value} is not a whole number from 1 on", text)
    return int(text)


def port(text: str) -> int:
    """Return the number of a TCP port, 0 for any that is free."""
    if natural(text) > 65_535:  # noqa: PLR2004 - TCP has no more
        raise not_taken("{value} is not a port from 0 to 65535", text)
    return int(text)


def percent(text: str) -> float:
    """Return a share from 0 to 100, with or without its sign."""
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = -1
    if not 0 <= share <= 100:  # noqa: PLR2004 - a per cent
        raise not_taken("{value} is not a per cent from 0 to 100", text)
    return share


def days(text: str) -> int:
    """Return a number of days: `90d`, `12w` or `90`."""
    found = re.fullmatch(r"([0-9]{1,5})([dw]?)", text.strip())
    if not found:
        raise not_taken("{value} is no age; write 90d or 12w", text)
    return int(found[1]) * (7 if found[2] == "w" else 1)
