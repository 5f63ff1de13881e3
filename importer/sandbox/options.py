"""What the sandbox portal can be told to do differently.

`Limits` are set when it starts; `Switches` can also be turned while it runs (`POST /sandbox/switches`). A switch
stands for a behaviour that is not known of the real portal, or that it shows only now and then. The default is the
one that asks most of a client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Limits:
    """How fast the portal answers, and how often it may be asked. 0 = without limit."""

    latency_ms: float = 0
    rate: int = 190
    """Calls of one token in a rolling window. Source: HubSpot usage guidelines, Professional plan."""
    window_ms: int = 10_000
    daily: int = 625_000
    search_rate: int = 5
    """Searches a second; they count in no window and bear no rate headers."""
    search_results: int = 10_000
    """Tickets that one search can be paged through. Source: HubSpot CRM search."""
    used_today: int = 0
    max_body: int = 0
    """Bytes of a request over which it is answered 413."""


@dataclass(slots=True)
class Switches:
    """Behaviours to choose from. The first value named is the default, and the strictest."""

    shuffle: bool = True
    """Results in another order than the inputs."""
    unknown_fields: bool = True
    """Every object bears a field that no documentation names, as new fields may come at any time."""
    history: bool = True
    """Keep the property history of each change."""
    foreign_stage: Literal["refuse", "move"] = "refuse"
    """A stage of another pipeline without `hs_pipeline`: refused, or the ticket moves there."""
    pipeline_alone: Literal["refuse", "reset"] = "refuse"
    """`hs_pipeline` without a stage of it: refused, or the pipeline's first stage is taken."""
    archived_update: Literal["not_found", "left_out"] = "not_found"
    """An update of an archived ticket: OBJECT_NOT_FOUND, or left out of the results without a word."""
    merged_read: Literal["left_out", "new_id", "not_found"] = "left_out"
    """batch/read of a merged-away ID."""
    merged_get: Literal["new_id", "not_found"] = "new_id"
    """A single read of a merged-away ID: the ticket it lives on in, or 404."""
    same_ticket_twice: Literal["refuse", "last_wins"] = "refuse"
    """Two inputs whose different keys lead to one ticket."""
    traced_rows: Literal["each", "together"] = "each"
    """With a trace ID on every input, each is refused for itself; or one bad input refuses all, as without."""
    repeated_trace_ids: Literal["refuse", "ignore"] = "refuse"
    """One `objectWriteTraceId` on several inputs: 400 for all, or as if there were none."""
    unknown_unique_value: Literal["row", "batch"] = "row"
    """A unique value nobody holds: an error of the row, or 400 for all (older portals)."""
    null_values: Literal["refuse", "ignore"] = "refuse"
    """JSON null as a property's value."""
    numbers: Literal["strict", "tolerant"] = "strict"
    """Whether `+5`, `.5`, `5.` and outer blanks are numbers."""
    numbers_read_back: Literal["as_sent", "tidy"] = "as_sent"
    """Whether `12.50` comes back as it was written or as `12.5`."""
    datetime_without_zone: Literal["utc", "refuse"] = "utc"
    cleared_in_answer: Literal["empty", "null"] = "empty"
    """A cleared property in the update's own answer: "" or null. Reads give null."""
    dates_read_back: Literal["day", "milliseconds"] = "day"
    """date properties in reads: `YYYY-MM-DD`, or as older data has them."""
    checkbox_order: Literal["as_sent", "reversed"] = "as_sent"
    """Order of several options in reads; none is promised."""
    trim_text: bool = False
    """Single-line text loses its outer white space."""
    unique_case: Literal["fold", "exact"] = "fold"
    """Unique text is compared without case, or exactly: one integration notes the latter, older notes the former."""
    lower_unique: bool = False
    """Unique text comes back in lower case."""
    clean_html: bool = False
    """Rich text comes back without scripts and comments, its tags in lower case."""
    closed_date_sent: Literal["wins", "loses"] = "wins"
    """An own `closed_date` beside a closing stage."""
    reopened_closed_date: Literal["cleared", "kept"] = "cleared"
    group_errors: bool = True
    """One error for all missing tickets of an answer, which `numErrors` counts once; or one for each."""
    missing_batch: Literal["rows", "all", "any", "nameless"] = "rows"
    """Tickets that a batch does not have: errors of their rows; or 404 for the whole batch where all are missing, or
    any is, with their IDs or (`nameless`) without."""
    archived_read: Literal["listed", "singly"] = "listed"
    """batch/read with `archived=true`: shows archived tickets, or leaves them out, and only a single read has them."""
    error_extras: bool = False
    """Faulty values also bear `localizedErrorMessage` and `portalId`."""
    display_hints: Literal["by_version", "always", "never"] = "by_version"
    """Properties bear `numberDisplayHint`, `textDisplayHint` and `currencyPropertyName`; 2026-09 describes them no
    more."""
    date_warnings: Literal["told", "silent"] = "told"
    """Whether 2026-09 says in `warnings` that it tidied a date; its description lacks them."""
    status_207: Literal["by_version", "always", "never"] = "by_version"
    """Failed rows make the status 207 (v3, 2026-03), or stand inside a 200 (2026-09)."""
    merge_keeps_primary: bool = False
    """A merge keeps the primary's ID in place of making a new one."""
    search_lag_ms: int = 0
    """Searches see tickets as they were that long ago."""
    garbage_token_expired: bool = False
    """An unknown token is answered as one that expired in 1970."""
    sensitive_definitions: Literal["scoped", "open"] = "scoped"
    """Whether a token without the scope for sensitive values learns of such properties. Source: HubSpot, sensitive
    data: scopes open values, not definitions."""
    log_bodies: bool = False
    """Keep request bodies in the request log."""

    @property
    def as_kept(self) -> bool:
        """Whether reads give every value as it is kept."""
        return (self.numbers_read_back, self.dates_read_back, self.checkbox_order) == ("as_sent", "day", "as_sent")
