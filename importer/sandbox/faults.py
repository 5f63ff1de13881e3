"""Faults on demand: what the real portal, or the network before it, does now and then.

A fault is asked for with `POST /sandbox/faults`, as one JSON object or a list of them:

    {"kind": "status", "status": 502}                            the next call is answered 502
    {"kind": "cut_after", "times": 3, "path": "batch/update"}    the next three updates are written, then cut off
    {"kind": "mixed", "times": null, "probability": 0.2}         one call in five, a fault drawn at random

When it strikes: `path` (the call's path contains this text), `holds` (its body does), `method`, `after` (first let so
many such calls pass), `times` (then strike so often, null = without end; default 1), `lasts_s` (in place of `times`:
go on for so many seconds after the first strike), `probability` (at each of them), `seed`. The first fault that
strikes a call is the one it gets; `latency` adds up with any other. `mixed` draws among all that a client must
survive, or those in `kinds`.

Before the portal has done anything:

    status          `status` with the body it has at the portal: JSON for 423, 429 and 477, pages for 5xx.
                    Further: `html` (a page in place of JSON), `headers`, `retry_after` (seconds), `policy` (429:
                    TEN_SECONDLY_ROLLING, SECONDLY, DAILY), `bare` (429 that names no policy), `body` (JSON;
                    a text goes out as it is)
    unauthorized    401; `expired` 401 for an expired token, `expired_1970` for one that expired in 1970
    missing_scopes  403, naming `scopes`; `forbidden` 403 of another kind
    whole_batch     400 VALIDATION_ERROR with `message`, or one that lists a fault of `property`
    conflict        409; `not_found` 404 for the batch in JSON; `too_large` 413
    redirect        307 to `location`
    cut_before      the connection ends without an answer; `reset` true: by a TCP reset
    hang            no answer for `seconds` (default 3600)
    latency         `ms` more before the answer

After it has written (or read), the answer is spoilt:

    cut_after       written, then the connection ends without an answer; `reset` as above
    cut_midway      half of the body, then the end
    status_after    written, then `status` as above (504, 524 ...)
    truncated       the JSON stops in the middle
    not_json        a page with status 200; `empty` 204 without a body; `not_an_object` 200 with `body` (default [])
    nothing         207 (or `status`) with empty results and no errors
    errors_in_200   the status is 200 whatever is inside
    state           `state` CANCELED, PENDING or PROCESSING; `drop` results are missing (default: half)
    drop_results    `drop` results are missing (default 1)
    group_errors    one error with the IDs and traces of all
    no_context      errors without `context`; `no_ids` without `context.ids`; `blank_id` with "" among them
    no_trace        neither results nor errors bear trace IDs; `no_name` faulty values without their property's name
    short_errors    `errors` of a 400 is shorter than the list in its message; `cut_message` the message ends midway
    echo_token      a 400 whose message repeats the caller's token

Before anything is written, yet with a 200:

    not_written     `drop` inputs (default 1) are not written, and left out of the results; `state` as above.
                    `told`: "old": results with the values as they were; "error": an error of each, of `category`
                    (default INTERNAL_ERROR)
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.sandbox.answers import Call, Json

_MIXED: list[tuple[str, Json]] = [
    ("status", {"status": 423}),
    ("status", {"status": 429}),
    ("status", {"status": 477, "retry_after": 1}),
    ("status", {"status": 500}),
    ("status", {"status": 502}),
    ("status", {"status": 503}),
    ("status_after", {"status": 504}),
    ("status_after", {"status": 524}),
    ("cut_before", {}),
    ("cut_before", {"reset": True}),
    ("cut_after", {}),
    ("cut_midway", {}),
    ("truncated", {}),
    ("not_json", {}),
    ("nothing", {}),
    ("state", {"state": "CANCELED"}),
    ("drop_results", {"drop": 2}),
    ("not_written", {"drop": 2}),
]


@dataclass(slots=True)
class Fault:
    """One fault and when it strikes; `more` holds what its kind needs."""

    kind: str
    path: str = ""
    method: str = ""
    holds: str = ""
    after: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    lasts_s: float = 0
    more: Json = field(default_factory=dict)
    seen: int = 0
    struck: int = 0
    ends: float | None = None
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - drawn alike each time, on purpose

    def strikes(self, call: Call) -> bool:
        """Whether this call is hit; counts it."""
        if self.holds and self.holds.encode() not in call.body:
            return False
        if self.path not in call.path or self.method not in ("", call.method):
            return False
        if self.ends is not None:
            over = time.monotonic() >= self.ends
        else:
            over = self.times is not None and self.struck >= self.times
        if over:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.probability < 1 and self.rng.random() >= self.probability):
            return False
        self.struck += 1
        if self.lasts_s and self.ends is None:
            self.ends = time.monotonic() + self.lasts_s
        return True

    def drawn(self) -> Fault:
        """Itself; `mixed` gives one of the faults a client must survive, drawn anew."""
        if self.kind != "mixed":
            return self
        wanted = self.more.get("kinds")
        kind, more = self.rng.choice([one for one in _MIXED if wanted is None or one[0] in wanted])
        one = Fault(kind, more=more | self.more)
        one.rng = self.rng
        return one

    def report(self) -> Json:
        """What was asked for and how often it struck."""
        return {
            "kind": self.kind,
            "path": self.path,
            "method": self.method,
            "holds": self.holds,
            "after": self.after,
            "times": self.times,
            "probability": self.probability,
            "seen": self.seen,
            "struck": self.struck,
            **self.more,
        }


class Faults:
    """The faults asked for, in that order."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def ask(self, wish: Mapping[str, Any]) -> Fault:
        """Add a fault described as in the module's text."""
        names = {"kind", "path", "method", "holds", "after", "times", "probability", "seed", "lasts_s"}
        known = {name: value for name, value in wish.items() if name in names}
        fault = Fault(**known, more={name: value for name, value in wish.items() if name not in names})
        self.all.append(fault)
        return fault

    def strike(self, call: Call) -> tuple[Fault | None, float]:
        """The fault that hits this call, and the milliseconds of latency added to it."""
        latency = 0.0
        for fault in self.all:
            if fault.kind == "latency":
                latency += float(fault.more.get("ms", 0)) if fault.strikes(call) else 0
        for fault in self.all:
            if fault.kind != "latency" and fault.strikes(call):
                return fault.drawn(), latency
        return None, latency
