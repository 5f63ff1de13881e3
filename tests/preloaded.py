"""Scripts in processes of their own, forked from an interpreter that has imported the program and its libraries.

    process = preloaded.start("importer", [path, "--yes"], env=environment)
    process.kill()
    out, err = process.communicate(timeout=100)

Importing all that takes seconds; a hundred processes of the suite would do nothing else for most of its time.
The processes are real: with streams, a terminal, signals and an end of their own. Where the system cannot fork, they
are started in the ordinary way. What start-up itself is about (`test_startup`, the wheel, the guide) does not use this.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import connection, reduction
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
LIBRARIES = ["pandas", "pandera.backends.pandas.builtin_checks", "httpcore", "openpyxl", "rich.console"]
ROOT = Path(__file__).parent.parent
_ONE_AT_A_TIME = threading.Lock()
"""An exit code can be fetched once, and whoever starts a process fetches those of all that have ended."""


def program_modules() -> list[str]:
    """Return the modules that a run may import, by name."""
    paths = [path.relative_to(ROOT) for path in (ROOT / "importer").rglob("*.py") if not path.name.startswith("__")]
    return sorted(".".join(path.with_suffix("").parts) for path in paths if "web" not in path.parts)


class Preloaded:
    """What of `subprocess.Popen` the tests use, for a process that was forked."""

    def __init__(self, process: BaseProcess, out: IO[bytes], err: IO[bytes]) -> None:
        self._process = process
        self._streams = (out, err)
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; minus the signal that ended it; None while it runs."""
        return self.poll()

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        with _ONE_AT_A_TIME:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code. Raises subprocess.TimeoutExpired."""
        connection.wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the end; return all that was written on standard output and standard error."""
        self.wait(timeout)
        written = []
        for stream in self._streams:
            with stream:
                stream.seek(0)
                written.append(stream.read().decode("utf-8"))
        return written[0], written[1]

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None and self.pid is not None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()


def start(
    script: str | Path,
    arguments: Sequence[object],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    terminal: int | None = None,
) -> Preloaded | subprocess.Popen[str]:
    """Start a module (by its name) or a script (by its path). `terminal`: a descriptor for input and standard error."""
    words = [str(one) for one in arguments]
    if not CAN_FORK:
        command = [sys.executable, *(["-m", script] if isinstance(script, str) else [str(script)]), *words]
        return subprocess.Popen(
            command, env=env, cwd=cwd, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded", *LIBRARIES, *program_modules()])
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed by communicate
    with Path(os.devnull).open() as nothing:
        streams = [nothing.fileno(), out.fileno(), err.fileno()]
        if terminal is not None:
            streams[0] = streams[2] = terminal
        passed = [_Passed(one) for one in streams]
        process = context.Process(target=_run, args=(script, words, dict(env), str(cwd or Path.cwd()), passed))
        with _ONE_AT_A_TIME:
            process.start()
    return Preloaded(process, out, err)


class _Passed:
    """A file descriptor on its way into another process; there, its number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(duplicate: Any) -> int:
    number: int = duplicate.detach()
    return number


def _run(script: str | Path, words: list[str], env: dict[str, str], cwd: str, passed: list[int]) -> None:
    """Become the script, in the forked process."""
    for number, one in enumerate(passed):
        os.dup2(one, number)
        os.close(one)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they last as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = [str(script), *words]
    if isinstance(script, str):
        runpy.run_module(script, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(str(script), run_name="__main__")
