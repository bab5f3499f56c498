"""Every numbered equation of the book has a test that checks it, and says so with a marker."""

import ast
import pathlib

import check_sources
import pytest

ROOT = pathlib.Path(__file__).parents[2]


def checked_labels(source):
    """Return the labels that the tests in a Python file say they check.

    Args:
        source: Text of the file. What counts is `@pytest.mark.equation("label", ...)` on a
            test or a test class, or in the module's `pytestmark`.
    """
    labels = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if node.name.lower().startswith("test"):
                labels |= _labels(node.decorator_list)
        elif isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [
            "pytestmark"
        ]:
            marks = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            labels |= _labels(marks)
    return labels


def _labels(marks):
    return {
        argument.value
        for mark in marks
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.equation"
        for argument in mark.args
    }


@pytest.fixture(scope="module")
def in_the_book():
    """Labels of the book's equations, and where they stand."""
    book = check_sources.read_book(ROOT)
    return {label: f"{page.path}:{line}" for label, page, line in check_sources.equations(book)}


@pytest.fixture(scope="module")
def in_the_tests():
    files = (ROOT / "tests").rglob("test_*.py")
    return {label: file for file in files for label in checked_labels(file.read_text("utf-8"))}


def test_every_equation_is_checked(in_the_book, in_the_tests):
    unchecked = {label: where for label, where in in_the_book.items() if label not in in_the_tests}
    assert not unchecked


def test_every_checked_equation_is_in_the_book(in_the_book, in_the_tests):
    unknown = {label: file.name for label, file in in_the_tests.items() if label not in in_the_book}
    assert not unknown


def test_there_are_equations(in_the_book):
    assert len(in_the_book) > 3


@pytest.mark.parametrize(
    ("source", "labels"),
    [
        ('@pytest.mark.equation("eq-a")\ndef test_x(): pass', {"eq-a"}),
        ('@pytest.mark.equation("eq-a", "eq-b")\ndef test_x(): pass', {"eq-a", "eq-b"}),
        ('@pytest.mark.equation("eq-a")\nclass TestX:\n  def test_y(self): pass', {"eq-a"}),
        ('class TestX:\n  @pytest.mark.equation("eq-a")\n  def test_y(self): pass', {"eq-a"}),
        ('pytestmark = pytest.mark.equation("eq-a")', {"eq-a"}),
        ('pytestmark = [pytest.mark.slow, pytest.mark.equation("eq-a")]', {"eq-a"}),
        ('@pytest.mark.slow\n@pytest.mark.equation("eq-a")\ndef test_x(): pass', {"eq-a"}),
        # Not on a test, not a marker, or not even code:
        ('@pytest.mark.equation("eq-a")\ndef helper(): pass', set()),
        ('def test_x():\n  """equation("eq-a")"""\n  # pytest.mark.equation("eq-a")', set()),
        ("text = 'pytest.mark.equation(\"eq-a\")'", set()),
    ],
)
def test_markers_are_found(source, labels):
    assert checked_labels(source) == labels
