"""One file, one portal, a program that dies in the middle: the trial that the suite samples and the soak repeats."""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import preloaded

ROOT = Path(__file__).parents[2]
ROWS = 230
NOTHING_TO_RESUME = 2
BEGUN = "the program began"
"""What `killed_main` says once a signal meets the program and no longer the interpreter that starts it."""
PATIENCE = 300
"""Seconds within which a process ends on a machine that has much else to do."""


@dataclass
class Trial:
    """A CSV file of tickets, of which one row is invalid and one names no ticket; `home` is the state folder."""

    server: Any
    folder: Path
    words: str
    wanted: dict[str, str] = field(default_factory=dict)
    was_struck: bool = False
    """Whether the process that was to die was still running then."""
    had_begun: bool = False
    """Whether it had come as far as the program itself."""

    def __post_init__(self):
        self.home = self.folder / "state"
        self.before = {}
        self.file = self.folder / "edits.csv"
        tickets = self.server.tickets()
        keys = [key for key, one in tickets.items() if not one["archived"] and not one["merged_into"]][:ROWS]
        self.wanted = {key: f"{self.words} {n}" for n, key in enumerate(keys)}
        self.before = {key: self._held(tickets[key]) for key in keys}
        lines = [["Record ID", "subject", "hs_ticket_priority"]]
        lines += [[key, subject, "LOW"] for key, subject in self.wanted.items()]
        lines.insert(100, ["99000000001", "no such ticket", "LOW"])
        lines.insert(50, [keys[0], "another subject for the first ticket", "LOW"])
        lines.pop(1)  # whose row would be a duplicate of that one
        self.wanted[keys[0]] = "another subject for the first ticket"
        lines.insert(20, ["512512512", "a bad option", "Hoch"])
        with self.file.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows(lines)

    @staticmethod
    def _held(ticket):
        return tuple(ticket["properties"].get(name, "") for name in ("subject", "hs_ticket_priority"))

    @property
    def environment(self):
        more = {"PYTHONPATH": str(ROOT), "IMPORT_TICKETS_HOME": str(self.home), "LC_ALL": "C"}
        return {**os.environ, **self.server.environment, **more}

    def start(self, *arguments, kill_at=0, trouble="after"):
        """Start the program, with trouble at a commit (0: none): see `killed_main.py`."""
        script = Path(__file__).with_name("killed_main.py")
        return preloaded.start(script, [kill_at, trouble, *arguments], env=self.environment, cwd=self.folder)

    def run(self, *arguments, **more):
        """Run it to its end; return (exit code, standard output, standard error)."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    @property
    def plan_job(self):
        return ("plan", self.file, "-o", self.folder / "plan.jsonl", "--overwrite", *self.main_job[1:])

    @property
    def apply_job(self):
        return ("apply", self.folder / "plan.jsonl", "--yes", "--json")

    @property
    def main_job(self):
        return (self.file, "--yes", "--json", "--on-invalid", "skip")

    def die_after(self, seconds, *arguments, by=None):
        """Start a job (the main one), and end it some time later: by a signal, or as a power cut would.

        Returns what it said that is not true.
        """
        process = self.start(*(arguments or self.main_job))
        time.sleep(seconds)
        self.was_struck = process.poll() is None
        if by is None:
            process.kill()
        else:
            process.send_signal(by)
        out, err = process.communicate(timeout=PATIENCE)
        self.had_begun = BEGUN in err
        wrong = [f"exit {process.returncode}: {err[-500:]}"] if self.had_begun and "Traceback" in err else []
        if arguments:
            return wrong
        if by and process.returncode < 0 and self._held_rows():
            wrong.append(f"ended without a word by signal {by}, though rows were written")
        return wrong + self.wrong_words(process.returncode, out)

    def wrong_words(self, code, out):
        """Return what a main job that had trouble said of its rows that is not true."""
        if not out.strip():
            return []
        rows = json.loads(out)["rows"]
        held = self._held_rows()
        wrong = []
        if rows["updated"] > held:
            wrong.append(f"{rows['updated']} told as updated, {held} are")
        if held and rows["not_sent"] > len(self.wanted) - held:
            wrong.append(f"{rows['not_sent']} told as not sent, and {held} of {len(self.wanted)} were written")
        if held and code == NOTHING_TO_RESUME:
            wrong.append(f"exit 2 though {held} rows were written")
        return wrong

    def _held_rows(self):
        tickets = self.server.tickets()
        return sum(tickets[key]["properties"].get("subject") == subject for key, subject in self.wanted.items())

    def undo(self, run):
        """Return the arguments that take a run back."""
        return ("undo", run, "--yes", "--json")

    def finish_undo(self, run):
        """Go on with an undo that had trouble, or undo again; return which tickets are not as they were."""
        code, _, err = self.run("resume", "--json")
        if code == NOTHING_TO_RESUME:
            code, _, err = self.run(*self.undo(run))
        tickets = self.server.tickets()
        wrong = [
            f"{key} is {self._held(tickets[key])}"
            for key, held in self.before.items()
            if self._held(tickets[key]) != held
        ]
        return wrong if code == 0 else [f"undo: exit {code}: {err[-500:]}", *wrong]

    def finish(self):
        """Resume, or run again where nothing had been sent; return what is wrong in the end, which is nothing."""
        code, out, err = self.run("resume", "--json")
        resumed = code != NOTHING_TO_RESUME
        if not resumed:
            code, out, err = self.run(*self.main_job)
        return [*self._wrong_summary(code, out, err, resumed=resumed), *self._wrong_portal(), *self._wrong_file()]

    def finish_plan(self):
        """Apply a plan whose making had trouble; where there is none, or it was applied, plan again."""
        tickets = self.server.tickets()
        wrong = [
            f"{key} was written by a plan" for key, held in self.before.items() if self._held(tickets[key]) != held
        ]
        return wrong + self.finish_apply()

    def finish_apply(self):
        """Resume an application that had trouble; apply again, or plan again, where nothing had been sent."""
        code, out, err = self.run("resume", "--json")
        resumed = code != NOTHING_TO_RESUME
        if not resumed:
            code, out, err = self.run(*self.apply_job)
        if code == NOTHING_TO_RESUME:
            self.run(*self.plan_job)
            code, out, err = self.run(*self.apply_job)
        return [*self._wrong_summary(code, out, err, resumed=resumed), *self._wrong_portal(), *self._wrong_file()]

    def _wrong_summary(self, code, out, err, *, resumed):
        if code != 1:
            return [f"exit {code}: {err[-500:]}"]
        rows = json.loads(out)["rows"]
        done = rows["updated"] + (0 if resumed else rows["unchanged"])
        fine = (done, rows["invalid"], rows["failed"], rows["not_sent"]) == (len(self.wanted), 2, 0, 0)
        return [] if fine else [f"rows: {rows}"]

    def _wrong_portal(self):
        tickets = self.server.tickets()
        return [
            f"{key} holds {tickets[key]['properties'].get('subject')!r}"
            for key, subject in self.wanted.items()
            if tickets[key]["properties"].get("subject") != subject
            or tickets[key]["properties"].get("hs_ticket_priority") != "LOW"
        ]

    def _wrong_file(self):
        with self.file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        wrong = [f"the file has {len(rows)} rows"] if len(rows) != len(self.wanted) + 2 else []
        for row in rows:
            good = row["Record ID"] in self.wanted
            statuses = {"updated", "unchanged"} if good else {"invalid"}
            if row.get("Import status") not in statuses:
                wrong.append(f"{row['Record ID']} is {row.get('Import status')!r}")
            if good and row["subject"] != self.wanted[row["Record ID"]]:
                wrong.append(f"{row['Record ID']} reads {row['subject']!r} in the file")
        return wrong
