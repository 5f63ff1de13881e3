"""Each kind of file and cell, read from its fixture; and the table of them in the documentation."""

import pytest

from tests.loader.file_cases import CASES, FIXTURES, notices, reading
from tests.loader.make_file_fixtures import DOCUMENT, document


@pytest.mark.parametrize("case", [pytest.param(one, id=one.file) for one in CASES])
def test_reads(case):
    """The fixture is read as its case says."""
    path = FIXTURES / case.file

    assert reading(path) == case.reads
    if case.notice:
        assert case.notice in notices(path)


def test_every_fixture_has_its_case():
    assert {path.name for path in FIXTURES.iterdir()} == {one.file for one in CASES}


def test_the_document_is_up_to_date():
    """Mend with: python -m tests.loader.make_file_fixtures."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()
