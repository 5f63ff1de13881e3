"""Have trouble at every commit of the journal, at every call of the system and at random instants; go on each time.

    python benchmarks/soak.py [--instants 500] [--share 1.0] [--seed 1] [--minutes 300] [--docs docs/soak.md]

What is disturbed: a run with its write-back, a resume, an undo, a plan and its application (ACTS; a new command joins
them there). How: the program is killed before and after each commit and each call that puts a file in its place, ended
by SIGTERM, SIGINT or SIGHUP, or finds no room, no folder, or a call that fails. Two trials go on at once, each with a
sandbox of its own; in the random ones a part of its answers is faulty. Prints what was tried and every disagreement
between the portal, the summary and the file; exits 1 where there is one.
--share tries a part of the places. --docs keeps what was printed as a page.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from tests.sandbox_server import SandboxServer  # noqa: E402
from tests.sending.killed_runs import Trial  # noqa: E402 - after the path was made

PAGE = """# Soak

What the last `make soak` printed. It has trouble befall the whole program, on a file of some 230 rows against a served
sandbox: it is killed (SIGKILL) before and after each commit of its journal, and at random instants while a part of the
portal's answers is faulty; it is asked to stop by a signal; its disk is full, its folder vanishes, a call of the system
fails. Then the run is resumed, and the portal, the JSON summary and the annotated file are compared row by row. A
sample of all this is in the test suite.

```text
{said}
```
"""
"""The page of documentation."""

SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]
FAILING, DEADLY = ("fsync", "replace", "unlink", "flock"), ("fsync", "replace")
"""Calls of the system that fail, and before and after which the program is killed."""

SAID = 5
"""How much is said of a trial at most."""


@dataclass
class Result:
    """What was tried, and what went wrong."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Print a line, and keep it."""
        self.lines.append(line)
        print(line, flush=True)

    def add(self, words: str, ended: Sequence[list[str]]) -> None:
        """Say how many trials ended, in how many something was wrong, and what it was first of all."""
        wrong = [one for one in ended if one]
        self.wrong += [line for one in wrong for line in one]
        for line in [
            f"{len(ended)} {words}: {len(wrong)} disagreements",
            *(line for one in wrong for line in one[:SAID]),
        ]:
            self.say(line)


@dataclass(frozen=True)
class Act:
    """One command that trouble befalls. `prepare`: makes what it needs and returns its arguments; `finish`: goes on."""

    name: str
    prepare: Callable[[Trial], tuple[object, ...]]
    finish: Callable[[Trial, tuple[object, ...]], list[str]]


def _stopped_run(trial: Trial) -> tuple[object, ...]:
    trial.run(*trial.main_job, kill_at=SENDING, trouble="after")
    return ("resume", "--json")


def _finished_run(trial: Trial) -> tuple[object, ...]:
    _, out, _ = trial.run(*trial.main_job)
    return trial.undo(json.loads(out)["run_id"])


def _made_plan(trial: Trial) -> tuple[object, ...]:
    trial.run(*trial.plan_job)
    return trial.apply_job


ACTS = (
    Act("run", lambda trial: trial.main_job, lambda trial, _: trial.finish()),
    Act("resume", _stopped_run, lambda trial, _: trial.finish()),
    Act("undo", _finished_run, lambda trial, arguments: trial.finish_undo(str(arguments[1]))),
    Act("plan", lambda trial: trial.plan_job, lambda trial, _: trial.finish_plan()),
    Act("apply", _made_plan, lambda trial, _: trial.finish_apply()),
)
"""What trouble befalls."""
OUTLIVING = {"run", "apply"}
"""Those that can be done again without the state folder."""
SENDING = 18
"""A commit among those of the sending."""

LATENCIES = (0, 100, 300)
"""How long the portal takes for an answer, in milliseconds, in the trials at random instants."""

Job = Callable[[SandboxServer], list[str]]
"""One trial against a portal of its own: what was wrong in the end."""


def disturb(act: Act, place: int, trouble: str) -> Job:
    """Return the trial of a command that has trouble at one place; see `killed_main`."""

    def job(server: SandboxServer) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(server, Path(folder), f"{trouble} {place}")
            arguments = act.prepare(trial)
            code, out, err = trial.run(*arguments, kill_at=place, trouble=trouble)
            wrong = trial.wrong_words(code, out) if act.name in {"run", "apply"} else []
            wrong += [err[-300:]] if "Traceback" in err or "fault of import-tickets" in err else []
            return [f"{act.name}, {trouble} {place}: {one}" for one in [*wrong, *act.finish(trial, arguments)]]

    return job


@dataclass
class Instants:
    """Commands ended at a random moment, by a kill or a signal, while a part of the portal's answers is faulty."""

    rng: random.Random
    faults: float
    seconds: dict[tuple[str, int], float]
    """How long each command takes that nothing ends, by the portal's latency."""
    struck: int = 0
    """How many were still running at their moment."""
    early: int = 0
    """How many had not begun by then: the interpreter was still starting."""

    @classmethod
    def measured(cls, rng: random.Random, faults: float, server: SandboxServer) -> Instants:
        """Measure how long each command takes."""
        seconds = {}
        for act in ACTS:
            for latency_ms in LATENCIES:
                with tempfile.TemporaryDirectory() as folder:
                    trial = Trial(server.as_seeded(), Path(folder), "measured")
                    arguments = act.prepare(trial)
                    server.limits(latency_ms=latency_ms)
                    began = time.monotonic()
                    trial.run(*arguments)
                    seconds[act.name, latency_ms] = time.monotonic() - began
        return cls(rng, faults, seconds)

    def job(self, act: Act, number: int, by: int | None) -> Job:
        """Return the trial of a command ended at a moment that is drawn now."""
        latency_ms = self.rng.choice(LATENCIES)
        moment = self.rng.uniform(0.05, 1.2 * self.seconds[act.name, latency_ms])

        def job(server: SandboxServer) -> list[str]:
            with tempfile.TemporaryDirectory() as folder:
                trial = Trial(server, Path(folder), f"instant {number}")
                arguments = act.prepare(trial)
                server.limits(latency_ms=latency_ms)
                server.fault("mixed", path="batch/", times=None, probability=self.faults, seed=number)
                wrong = trial.die_after(moment, *(() if act.name == "run" else arguments), by=by)
                self.struck += trial.was_struck
                self.early += not trial.had_begun
                server.calm()
                server.limits(latency_ms=0)
                how = f"{signal.Signals(by).name if by else 'SIGKILL'} {moment:.3f} s ({number})"
                return [f"{act.name}, {how}: {one}" for one in [*wrong, *act.finish(trial, arguments)]]

        return job


def try_all(jobs: Sequence[Job], servers: Queue[SandboxServer], ends_at: float) -> list[list[str]]:
    """Run trials, one a portal at a time, begin none after `ends_at`; return what was wrong in each."""

    def run(job: Job) -> list[str] | None:
        if time.monotonic() > ends_at:
            return None
        server = servers.get()
        try:
            return job(server.as_seeded())
        except (subprocess.TimeoutExpired, ValueError) as error:  # it did not end, or what it said is no JSON
            return [repr(error)]
        finally:
            servers.put(server)

    with ThreadPoolExecutor(servers.qsize()) as pool:
        return [one for one in pool.map(run, jobs) if one is not None]


def count_places(act: Act, server: SandboxServer) -> dict[str, int]:
    """Return how many commits of a journal, and calls of the system, a command makes that nothing disturbs."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(server.as_seeded(), Path(folder), "undisturbed")
        _, _, err = trial.run(*act.prepare(trial))
    return {name: int(count) for name, count in re.findall(r"^(\w+): (\d+)$", err, re.MULTILINE)}


def kinds_of_trouble(server: SandboxServer) -> Iterator[tuple[str, list[Job]]]:
    """Yield what is tried at places that are known, and the trials."""
    for act in ACTS:
        places = {name: range(1, count + 1) for name, count in count_places(act, server).items()}
        commits = places["commits"]
        killed = [disturb(act, at, how) for at in commits for how in ("before", "after")]
        yield f"kills before and after the {len(commits)} commits of {act.name}", killed
        full = [disturb(act, at, how) for at in commits for how in ("full", "once")]
        yield f"commits of {act.name} that find no room, from then on or once", full
        if act.name in OUTLIVING:
            gone = [disturb(act, at, "gone") for at in commits]
            yield f"state folders that vanish during {act.name}", gone
        deadly = [
            disturb(act, at, f"{how}-{call}") for call in DEADLY for at in places[call] for how in ("before", "after")
        ]
        yield f"kills before and after a {' or '.join(DEADLY)} of {act.name}", deadly
        failing = [disturb(act, at, f"fail-{call}") for call in FAILING for at in places[call]]
        yield f"calls of {act.name} that fail ({', '.join(FAILING)})", failing
        sizes = [disturb(act, size, "write") for size in range(20_000, 500_000, 20_000)]
        yield f"limits of {act.name} on how far a file may grow", sizes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instants", type=int, default=500)
    parser.add_argument("--share", type=float, default=1.0, help="of the places, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--minutes", type=float, default=300, help="begin no trial after so long")
    parser.add_argument("--at-once", type=int, default=2, help="trials side by side, each with a portal of its own")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    began, rng = time.monotonic(), random.Random(options.seed)
    ends_at = began + 60 * options.minutes
    result = Result()
    result.say(f"Soak of {datetime.now(UTC):%Y-%m-%d}, seed {options.seed}, {options.share:.0%} of the places")
    with ExitStack() as stack:
        servers: Queue[SandboxServer] = Queue()
        for _ in range(options.at_once):
            servers.put(stack.enter_context(SandboxServer()))
        for words, jobs in kinds_of_trouble(servers.queue[0]):
            chosen = rng.sample(jobs, max(1, round(options.share * len(jobs))))
            result.add(words, try_all(chosen, servers, ends_at))
        ways = [None, *SIGNALS]
        instants = Instants.measured(rng, options.faults, servers.queue[0])
        numbers = range(options.instants)
        jobs = [instants.job(ACTS[n % len(ACTS)], n, ways[n // len(ACTS) % len(ways)]) for n in numbers]
        ended = try_all(jobs, servers, ends_at)
        words = f"kills and signals at random instants, {instants.early} of them before the program had begun and "
        words += f"{len(ended) - instants.struck} after its end"
        result.add(f"{words}, {options.faults:.0%} of the answers faulty", ended)
    result.say(f"{(time.monotonic() - began) / 60:.0f} minutes")
    if options.docs:
        options.docs.write_text(PAGE.format(said="\n".join(result.lines)), "utf-8")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
