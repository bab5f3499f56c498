"""The book of this repository, as `make book` leaves it."""

import pathlib

import pytest
from book_inputs import book_key

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def html():
    """The folder of the finished pages. They must be those of the sources that lie here."""
    finished = ROOT / "_build" / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", "embedded")
        key = book_key()
    if not finished.is_file() or finished.read_text() != key:
        pytest.fail("the book is missing or out of date: run make book first", pytrace=False)
    return ROOT / "_build" / "html"
