"""`--on-finish`: a command of the user's that hears how a job ended, and decides nothing.

In:  the command, the summary that `--json` prints.
Out: the command has been run with the summary on its standard input; a notice where it failed.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable

from importer.errors import reason_of
from schemas.message import Message, message

PATIENCE_S = 60
"""How long the command may take; then the job ends without it."""


def run_on_finish(command: str, summary: str, say: Callable[[Message], None]) -> None:
    """Run `command` in the user's shell; what it prints is shown where it fails, and nowhere else.

    It cannot change the exit code of the job. Both ends are files without a name, not pipes: a command that reads
    nothing, or leaves something running behind, keeps nobody waiting.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed:
        given.write(f"{summary}\n".encode())
        given.seek(0)
        try:
            process = subprocess.Popen(command, shell=True, stdin=given, stdout=printed, stderr=printed)  # noqa: S602 - the user's own line
        except (OSError, ValueError) as error:
            say(message("--on-finish could not be run ({reason}).", reason=reason_of(error)))
            return
        try:
            code = process.wait(PATIENCE_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
            say(
                message(
                    "--on-finish did not finish within {seconds} s; the run did not wait for it.", seconds=PATIENCE_S
                )
            )
            return
        if code:
            printed.seek(0)
            lines = printed.read().decode("utf-8", "replace").strip().splitlines()
            said = lines[-1] if lines else ""
            say(message("--on-finish ended with exit code {code}. {said}", code=code, said=said))
