"""The shared strings of a workbook, where they are written as nearly all programs write them; by one search a block.

In:  the blocks of the strings' part.
Out: all strings, as `exact.SharedStrings` gives them; or `OddXml` for anything but plain texts: then others read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from importer.loader.xlsx_facts import OddXml, check_root
from importer.ooxml.sheet_parser import unescape

_STRING = re.compile(rb'<si><t( xml:space="preserve")?>([^<]*)</t></si>|<si><t/></si>|<si/>')
_REFERENCE = re.compile("&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));")
_LAST_NUMBER = 0xD7FF
"""Beyond it are halves of characters, and some that are none: other readers judge them."""
_SIGNS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def read_plain_strings(blocks: Iterable[bytes]) -> list[str]:
    """Return the strings in their order. Raises OddXml."""
    strings: list[str] = []
    rest = b""
    is_begun = False
    for block in blocks:
        rest += block
        if not is_begun:
            start = rest.find(b"<si")
            if start < 0:
                continue
            check_root(rest[:start], b"sst")
            rest, is_begun = rest[start:], True
        cut = rest.rfind(b"<si")  # what follows may be half a string
        strings += _strings(rest[:cut])
        rest = rest[cut:]
    body, end, _ = rest.partition(b"</sst>")
    if not (is_begun and end):
        raise OddXml
    return strings + _strings(body)


def _strings(body: bytes) -> list[str]:
    found = _STRING.findall(body)
    if len(found) != body.count(b"<si") or b"<!" in body:
        raise OddXml
    texts = plain_texts([text for _, text in found])
    return [text if kept else text.strip(" \t\r\n") for (kept, _), text in zip(found, texts, strict=True)]


def plain_texts(contents: Sequence[bytes]) -> list[str]:
    """Return what the content of elements says. Raises OddXml for references that XML does not know by itself."""
    try:
        whole = b"\0".join(contents).decode()
    except UnicodeDecodeError as problem:
        raise OddXml from problem
    if "\r" in whole:
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    texts = whole.split("\0") if contents else []
    if len(texts) != len(contents):
        raise OddXml
    if "&" in whole:
        texts = [_dereferenced(text) if "&" in text else text for text in texts]
    return list(map(unescape, texts)) if "_x" in whole else texts


def _dereferenced(text: str) -> str:
    if len(_REFERENCE.findall(text)) != text.count("&"):
        raise OddXml
    return _REFERENCE.sub(_sign, text)


def _sign(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name = reference.groups()
    if name:
        return _SIGNS[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    if (number < ord(" ") and chr(number) not in "\t\n\r") or number > _LAST_NUMBER:
        raise OddXml
    return chr(number)
