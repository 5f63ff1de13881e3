"""Unique values that change hands: a chain is carried out in one run, a circle is said in the plan."""

from hypothesis import given
from hypothesis import strategies as st

from importer.planning.swaps import circles


def pairs_of(portal, count):
    """Tickets with a unique value: (ID, value)."""
    found = [
        (key, one["properties"]["external_ref"])
        for key, one in portal.tickets().items()
        if one["properties"].get("external_ref") and not one["archived"] and not one["merged_into"]
    ]
    return found[:count]


def test_a_chain_ends_in_one_run(portal, sheet, program):
    (a, _), (b, held_b), (c, held_c) = pairs_of(portal, 3)
    edits = sheet(("Record ID", "external_ref"), (a, held_b), (b, held_c), (c, "REF-BRAND-NEW"))

    ended = program(edits, "--yes", "--json", portal=portal)

    assert (ended.code, ended.summary["rows"]["updated"]) == (0, 3)
    assert [portal.ticket(one)["properties"]["external_ref"] for one in (a, b, c)] == [held_b, held_c, "REF-BRAND-NEW"]
    assert "circle" not in ended.err


def test_a_swap_is_said_in_the_plan(portal, sheet, program):
    (a, held_a), (b, held_b) = pairs_of(portal, 2)
    edits = sheet(("Record ID", "external_ref"), (a, held_b), (b, held_a))

    ended = program(edits, "--dry-run", portal=portal)

    assert "Rows 2, 3 pass their values of external_ref on to each other in a circle" in ended.err


@given(st.permutations(range(7)))
def test_each_circle_of_a_permutation_is_found(order):
    """Every row that does not keep its value is in just one circle, and no other row is."""
    moves = [(row + 2, f"v{row}", f"v{to}") for row, to in enumerate(order) if row != to]

    found = circles(moves)

    assert sorted(row for rows in found for row in rows) == [row for row, _, _ in moves]
    assert circles([(2, "a", "b"), (3, "b", "c")]) == []
