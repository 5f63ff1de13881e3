"""Patterns in RE2's syntax match as RE2 has it, however long the text is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.re2 import Pattern


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [
        ("[A-Z]{2}-[0-9]{4}", "AB-1234", True),
        ("[A-Z]{2}-[0-9]{4}", "AB-123", False),
        ("^ab$", "ab", True),
        ("^ab$", "ab\n", False),
        ("(?:red|green|)x?", "greenx", True),
        ("(?:red|green|)x?", "", True),
        ("a{2,3}", "aaaa", False),
        ("a{,2}", "a{,2}", True),
        ("(a*)*b", "aaab", True),
        ("()*", "", True),
        ("a+?b*?", "aab", True),
        # classes
        ("[[:alpha:]]+", "Paris", True),
        ("[[:^alpha:][:digit:]]+", "1-2", True),
        ("[]a^-]+", "]^-a", True),
        ("[^]]", "]", False),
        ("[\\w-]+", "a-b", True),
        ("\\w+", "\u00e9", False),
        ("\\d", "\u0663", False),
        ("\\pL+", "\u00e9", True),
        ("\\p{Lu}\\P{Lu}", "Ab", True),
        ("[\\p{^L}]", "1", True),
        (".", "\n", False),
        ("(?s).", "\n", True),
        ("\\D\\S\\W", "ab ", True),
        # letters of either size
        ("(?i)a[b-d]\u00e9", "AC\u00c9", True),
        ("(?i:a)b", "AB", False),
        ("a(?i)b|c", "C", True),
        ("(?i)a(?-i)b", "AB", False),
        # characters
        ("\\Qa.b\\E+", "a.bb", True),
        ("\\Q\\Ea", "a", True),
        ("\\x41\\x{e9}\\101\\.\\t", "A\u00e9A.\t", True),
        ("(?P<n>a)(?<m>b)", "ab", True),
        # places
        ("\\Aa\\b b\\z", "a b", True),
        ("a\\Bb", "ab", True),
        ("\\ba\\B", "a", False),
        ("(?m)^a$\n^b$", "a\nb", True),
        ("a$b", "a\nb", False),
    ],
)
def test_what_a_pattern_matches(pattern, text, whole):
    assert Pattern(pattern).fullmatch(text) is whole


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "[a", "\\", "\\1", "\\q", "*a", "a**", "a{2}{3}", "a{2,1}", "a{1001}", "[z-a]", "(?=a)", "(?<!a)",
        "(?x)a", "[[:letters:]]", "\\p{Greek}", "((a{99}){99}){99}", "(" * 5000 + ")" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_pattern(pattern):
    with pytest.raises(ValueError):  # noqa: PT011 - its words are for nobody: such a rule is left to the portal
        Pattern(pattern)


PARTS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", "\\w", "\\d", "\\W", "^", "$", "\\b", "1", "-", " ", "\n", "(?i:A)", "\u00e9"]
)
PATTERNS = st.recursive(
    PARTS,
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "*?", "{2,}"]))
    ),
    max_leaves=5,
)


@given(pattern=PATTERNS, texts=st.lists(st.text("aAb1- \n\u00e9", max_size=8), max_size=8))
def test_what_both_languages_write_alike_matches_alike(pattern, texts):
    """Python's `$` also stands before a last line feed; RE2's is the end alone."""
    python = re.compile(pattern.replace("$", "\\Z"), re.ASCII)
    ours = Pattern(pattern)

    for text in texts:
        assert ours.fullmatch(text) == bool(python.fullmatch(text))
        assert ours.search(text) == bool(python.search(text))


def test_a_pattern_takes_no_longer_than_its_text():
    """Python's `re` would still be at it when the sun is cold."""
    words = "Lorem ipsum dolor sit amet consectetur " * 100

    assert Pattern(r"^([A-Za-z]+\s?)+$").fullmatch(words)
    assert not Pattern(r"^([A-Za-z]+\s?)+$").fullmatch(f"{words}1")
    assert not Pattern(r".*@.*\..*\..*x").search("@." * 5000)
