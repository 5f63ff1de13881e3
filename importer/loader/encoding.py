"""In which encoding a delimited file is written, found from all of its bytes.

In:  a path, and the encoding the user named, if any.
Out: the encoding, the digest of the bytes, and notices; or a FileError with the line that cannot be read.

One pass reads every byte, so a stray byte in the last line is found before the first row is used. What cannot be told
surely is refused with the encodings it may be: a wrongly read letter would be written into a ticket.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from encodings.aliases import aliases
from pathlib import Path

from importer.errors import FileError
from importer.loader.neighbours import Guess, WordSample, judge
from schemas.cells import Nearest, quoted
from schemas.message import Message, message

_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


@dataclass(frozen=True, slots=True)
class EncodedText:
    """How the bytes of a file become text."""

    encoding: str
    """For `open`: a mark at the beginning, if there is one, does not become text."""
    digest: str
    notices: tuple[Message, ...] = ()


def read_encoding(path: Path, *, encoding: str | None = None) -> EncodedText:
    """Return the encoding of a text file and the SHA-256 of its bytes.

    encoding: what the user named; it is then checked, not doubted.
    Raises FileError for bytes that do not fit the encoding and for NUL characters, with the line; OSError as `open`.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    if encoding is not None:
        return _as_named(path, head, encoding)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is None and (wide := _unmarked_utf16(head)):
        marked = wide
    if marked is not None:
        return EncodedText(marked, _check(path, marked))
    try:
        return EncodedText("utf-8", _check(path, "utf-8", doubts_utf_7=True))
    except _Undecodable as problem:
        return _not_utf8(path, problem)


class _Undecodable(FileError):
    """Bytes that are not of the encoding, from `offset` on."""

    def __init__(self, path: Path, encoding: str, offset: int) -> None:
        self.offset = offset
        self.line = _line_at(path, encoding, offset)
        super().__init__(
            message(
                "Line {line} holds bytes that are not {encoding} text. Save the file as UTF-8, or name its encoding "
                "with --encoding.",
                line=self.line,
                encoding=_NAMES.get(encoding, encoding),
            )
        )


def _as_named(path: Path, head: bytes, encoding: str) -> EncodedText:
    name = _codec(encoding)
    if name is None:
        raise FileError(_unknown_encoding(encoding))
    if name == "utf-8" and head.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    if name in {"utf-16-le", "utf-16-be"} and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = "utf-16"
    elif name == "utf-16" and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = _unmarked_utf16(head) or name
    return EncodedText(name, _check(path, name))


def _codec(encoding: str) -> str | None:
    """Return Python's name of an encoding for any text; None where it has none of that name."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
        b"id".decode(name, errors="replace")  # `idna` and its like know no text but their own
    except (LookupError, UnicodeError):
        return None
    return name


def _unknown_encoding(encoding: str) -> Message:
    names = {name.replace("_", "-") for names in aliases.items() for name in names}
    if near := [name for name in Nearest(sorted(names))(encoding.replace("_", "-")) if _codec(name)][:1]:
        return message("There is no encoding {encoding}; did you mean {near}?", encoding=encoding, near=quoted(near))
    return message(
        "--encoding {encoding} names no encoding that is known here. Names such as utf-8, utf-16, cp1252, "
        "latin-1 or mac_roman are.",
        encoding=encoding,
    )


def _unmarked_utf16(head: bytes) -> str | None:
    """Return which UTF-16 it is where nearly every other byte is NUL, as in text of any Latin script."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.4 and even <= half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd <= half * 0.05:
        return "utf-16-be"
    return None


def _check(path: Path, encoding: str, *, doubts_utf_7: bool = False) -> str:
    """Return the digest; raise where the bytes are not of the encoding, or hold NUL characters."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            digest.update(block)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as problem:
                raise _Undecodable(path, encoding, offset - pending + problem.start) from problem
            except UnicodeError as problem:  # UTF-16 and UTF-32 whose mark of the byte order is missing
                raise _Undecodable(path, encoding, 0) from problem
            if "\0" in text:
                _refuse_nul(path, encoding)
            if doubts_utf_7 and text.isascii() and (word := _utf_7_word(text)):
                raise _as_utf_7(word)
            if not block:
                return digest.hexdigest()
            offset += len(block)


_UTF_7 = re.compile(r"\+[A-I][A-Za-z0-9+/]{2,40}-?[A-Za-z]{0,20}")
_WORD_END = re.compile(r"[A-Za-z]{0,20}\Z")
"""Letters up to U+233F in the modified Base64 of RFC 2152, with the word around them."""


def _utf_7_word(text: str) -> str | None:
    """Return a word that is UTF-7: its letters beyond ASCII are those of an alphabet."""
    for found in _UTF_7.finditer(text):
        before = _WORD_END.search(text[max(found.start() - 20, 0) : found.start()])
        whole = (before[0] if before else "") + found[0]
        try:
            word = whole.encode().decode("utf-7")
        except UnicodeDecodeError:
            continue
        high = [one for one in word if not one.isascii()]
        if high and all(one.isalpha() for one in high):
            return whole
    return None


def _as_utf_7(word: str) -> FileError:
    return FileError(
        message(
            'The file seems to be UTF-7 text: "{word}" would then be "{text}". Save it as UTF-8, or name its encoding: '
            "--encoding utf-7, or --encoding utf-8 where it is meant as it stands.",
            word=word,
            text=word.encode().decode("utf-7"),
        )
    )


def _refuse_nul(path: Path, encoding: str) -> None:
    line = 1
    for text in _texts(path, encoding):
        before, nul, _ = text.partition("\0")
        line += before.count("\n")
        if nul:
            break
    raise FileError(
        message(
            "Line {line} holds a NUL character, which no spreadsheet writes into text: the file is damaged, or it is "
            "not a text file. Export it again, as CSV or XLSX.",
            line=line,
        )
    )


def _line_at(path: Path, encoding: str, offset: int) -> int:
    """Return the line, counted from 1, in which the byte at `offset` stands."""
    return 1 + sum(text.count("\n") for text in _texts(path, encoding, offset))


def _texts(path: Path, encoding: str, length: int | None = None) -> Iterator[str]:
    """Yield a text file in parts that are never large, or its first bytes; each of its lines ends in a line feed."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
    left = path.stat().st_size if length is None else length
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _not_utf8(path: Path, problem: _Undecodable) -> EncodedText:
    """Tell Western European text from text that is UTF-8 but for a spot, and from other encodings."""
    valid, invalid = 0, 0
    words = WordSample()
    for block in _blocks(path):
        sequences = len(_SEQUENCE.findall(block))
        valid += sequences
        invalid += len(_HIGH_BYTE.findall(_SEQUENCE.sub(b"", block)))
        words.add(block)
    if valid > invalid:
        raise problem
    verdict = judge(words)
    if not verdict.western or valid * 10 > invalid:
        raise FileError(
            message(
                "The file is not UTF-8 text (the first place is in line {line}). Read as Windows-1252, it would hold "
                "{words}; it may be {guess}. Save it as UTF-8, or name its encoding with --encoding.",
                line=problem.line,
                words=", ".join(f'"{word}"' for word in verdict.words),
                guess=_either(verdict.guesses),
            )
        )
    try:
        digest = _check(path, "cp1252")
    except _Undecodable as second:
        raise second from problem
    return EncodedText(
        "cp1252",
        digest,
        (
            message(
                "The file is not UTF-8 and was read as Windows-1252 (Latin-1): {words}. If letters with accents look "
                "wrong, name its encoding with --encoding.",
                words=", ".join(f'"{word}"' for word in verdict.words),
            ),
        ),
    )


def _either(guesses: Sequence[Guess]) -> Message:
    if not guesses:
        return message("another encoding")
    shown = [f"{one.name} ({one.codec}: {', '.join(one.words)})" for one in guesses]
    if len(shown) == 1:
        return message("{encoding}", encoding=shown[0])
    return message("{encodings} or {last}", encodings=", ".join(shown[:-1]), last=shown[-1])


_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
