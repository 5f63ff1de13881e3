"""A delimited file's bytes as such in which quotes, delimiters and line ends are single ASCII bytes, and back.

Most encodings are that already and pass untouched. UTF-16 and the like go through UTF-8, block by block, and are only
accepted where they come back the same.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from importer.ooxml.errors import NotUnderstood
from schemas.message import message

BLOCK = 1 << 18
"""Bytes worked on at a time: few enough that the pieces of all their records stay in the processor's cache."""
_ASCII_COMPATIBLE = re.compile(r"utf-8$|ascii|latin|iso8859|cp125\d|cp85\d|cp437|mac-|koi8|tis-620|hp-roman")
_BYTE_ORDER_BIG = (codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class Coding:
    """One file's encoding, for reading and for writing; made anew for each pass."""

    def __init__(self, encoding: str) -> None:
        name = codecs.lookup(encoding).name
        self.name = "utf-8" if name == "utf-8-sig" else name
        self.plain = _ASCII_COMPATIBLE.match(self.name) is not None
        self._encoder: codecs.IncrementalEncoder | None = None

    def read(self, source: BinaryIO, on_bytes: Callable[[bytes], object]) -> Iterator[bytes]:
        """Yield the file in blocks; `on_bytes` sees each block as it is on disk.

        Raises NotUnderstood where the bytes are not of this encoding, or would not come back the same.
        """
        blocks = _read_blocks(source, on_bytes)
        return blocks if self.plain else self._through_utf8(blocks)

    def back(self, block: bytes) -> bytes:
        """Return the file's own bytes of a block, with what we put in."""
        if self.plain:
            return block
        assert self._encoder is not None
        return self._encoder.encode(block.decode())

    def ours(self, text: str) -> bytes:
        """Return text of ours, to be put into a block; characters the encoding lacks become `?`."""
        return text.encode(self.name if self.plain else "utf-8", "replace")

    def _through_utf8(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        pending = b""
        decoder: codecs.IncrementalDecoder | None = None
        for block in blocks:
            if decoder is None:
                name = self._with_byte_order(block)
                decoder = codecs.getincrementaldecoder(name)("strict")
                check = codecs.getincrementalencoder(name)("strict")
                self._encoder = codecs.getincrementalencoder(name)("replace")
            pending += block
            try:
                text = decoder.decode(block)
                again = check.encode(text)
            except UnicodeError as problem:
                raise self._unfit() from problem
            if not pending.startswith(again):
                raise self._unfit()
            pending = pending[len(again) :]
            yield text.encode()
        if pending:
            raise self._unfit()

    def _with_byte_order(self, block: bytes) -> str:
        """Return the encoding with its byte order, so that a mark is an ordinary character, and stays."""
        if self.name in {"utf-16", "utf-32"}:
            return self.name + ("-be" if block.startswith(_BYTE_ORDER_BIG) else "-le")
        return self.name

    def _unfit(self) -> NotUnderstood:
        return NotUnderstood(
            message("The bytes of the file cannot be kept as they are in {encoding}.", encoding=self.name)
        )


def _read_blocks(source: BinaryIO, on_bytes: Callable[[bytes], object]) -> Iterator[bytes]:
    while block := source.read(BLOCK):
        on_bytes(block)
        yield block
