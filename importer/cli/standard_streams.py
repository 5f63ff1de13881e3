"""Standard output and error that may be closed, full or gone: the work goes on, and only lost data is reported.

In:  the streams as the system gave them.
Out: streams that never raise for what the system refuses, and that know whether something was lost.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import Any, TextIO

UNWRITTEN = 4
"""The exit code of data that could not be written to standard output, whatever else came of the command."""


class SturdyStream:
    """Stands in for a text stream; what cannot be written is dropped, and `lost` says why.

    After the first failure all that follows goes nowhere: the descriptor itself is turned to the null device, so that
    neither a library nor Python's own end meets the failure again.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write what can be written."""
        if self._stream is None:
            self.lost = self.lost or _closed()
        else:
            self._attempt(self._stream.write, text)
        return len(text)

    @property
    def is_broken_pipe(self) -> bool:
        """Whether the reader went away."""
        return self.lost is not None and self.lost.errno == errno.EPIPE

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what was written."""
        if self._stream is not None:
            self._attempt(self._stream.flush)

    def isatty(self) -> bool:
        """Return whether somebody may be looking."""
        try:
            return self.lost is None and self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    @property
    def encoding(self) -> str:
        """The encoding that letters have to fit."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the stream itself."""
        return getattr(self._stream, name)

    def _attempt(self, act: Any, *arguments: str) -> None:
        try:
            act(*arguments)
        except OSError as error:
            self._lose(error)
        except ValueError:
            if self._stream is None or not self._stream.closed:
                raise
            self._lose(_closed())

    def _lose(self, error: OSError) -> None:
        self.lost = self.lost or error
        with suppress(OSError, ValueError, AttributeError):
            assert self._stream is not None
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            self._stream.flush()


def _closed() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


@contextmanager
def sturdy_streams() -> Iterator[SturdyStream]:
    """Let the work go on whatever becomes of standard output and error; yield what stands for standard output."""
    _occupy_descriptors()
    before = sys.stdout, sys.stderr
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it: a letter more or less is no fault
    output = SturdyStream(sys.stdout)
    sys.stdout, sys.stderr = output, SturdyStream(sys.stderr)
    try:
        yield output
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _occupy_descriptors() -> None:
    """Open the null device in the place of closed standard streams.

    Otherwise the next file that is opened, a journal it may be, would get a number that libraries write messages to.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)
