"""Divide a batch that the portal refused as a whole, so that its bad rows end up alone in few requests.

Where the refusal quotes a value, the rows that send it are set apart. Otherwise the first part is the smaller one:
finding the bad row in it costs two requests (this part is refused, the other is sent), finding it in the other costs
one (this part is taken, so the other holds it). Parts in the proportion of the golden section make both ways equally
dear: k bad rows among 100 cost at most `2k*log2(100/k) + 2k` requests more.

No I/O here: the sender sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from importer.model import Change
from importer.portal import BatchResult
from importer.sending.matching import suspects

SMALLER_PART = 0.382
"""Of the golden section."""


def concerns_request(refusal: BatchResult) -> bool:
    """Return whether a refusal is about the request itself, so that dividing it is no use."""
    return any(fault.concerns_request for fault in refusal.faults)


def blames_rows(refusal: BatchResult) -> bool:
    """Return whether a refusal is due to some of the rows, rather than to all of them together."""
    return refusal.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def divide(changes: Sequence[Change], refusal: BatchResult) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return two parts of at least two refused changes: the one to send first, and the one that is rather to blame."""
    if not blames_rows(refusal):
        middle = len(changes) // 2
        return tuple(changes[:middle]), tuple(changes[middle:])
    marked = {change.row for change in suspects(changes, refusal.faults)}
    if 0 < len(marked) < len(changes):
        return (
            tuple(change for change in changes if change.row not in marked),
            tuple(change for change in changes if change.row in marked),
        )
    place = first_size(len(changes))
    return tuple(changes[:place]), tuple(changes[place:])


def first_size(count: int) -> int:
    """Return how many of `count` rows the first part takes: at least one, and not all."""
    return max(1, min(count - 1, round(count * SMALLER_PART)))
