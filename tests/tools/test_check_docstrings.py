"""The gate for docstrings lets the package pass, and finds what is missing."""

import ast

import check_docstrings
import pytest

GOOD = '''
def f(x):
    """Return twice a number.

    Args:
        x: The number.

    Returns:
        Another one.

    Raises:
        ValueError: If it is no number.

    Example:
        >>> f(1)
        2
    """
    if x is None:
        raise ValueError
    return 2 * x
'''


def found(source):
    return " ".join(check_docstrings.missing(ast.parse(source).body[0]))


def test_the_package_passes():
    assert list(check_docstrings.problems()) == []


def test_a_complete_docstring_passes():
    assert found(GOOD) == ""


@pytest.mark.parametrize(
    ("removed", "what"),
    [
        ("    Args:\n        x: The number.\n\n", "no `Args:`"),
        ("    Returns:\n        Another one.\n\n", "no `Returns:`"),
        ("    Raises:\n        ValueError: If it is no number.\n\n", "no `Raises:`"),
        ("        >>> f(1)\n", "no `Example:`"),
        ("Return twice a number.", "first line"),
    ],
)
def test_what_is_missing_is_found(removed, what):
    assert removed in GOOD
    assert what in found(GOOD.replace(removed, ""))


def test_programs_need_no_example():
    tree = ast.parse(GOOD.replace("        >>> f(1)\n", "")).body[0]
    assert list(check_docstrings.missing(tree, example=False)) == []


def test_no_docstring():
    assert found("class A:\n    x = 1") == "has no docstring"


def test_problems_name_file_and_line(tmp_path):
    (tmp_path / "course_lib").mkdir()
    (tmp_path / "course_lib" / "a.py").write_text("x = 1\n\n\ndef f():\n    pass\n")
    (tmp_path / "course_lib" / "_b.py").write_text("def f():\n    pass\n")
    assert list(check_docstrings.problems(tmp_path)) == [
        "course_lib/a.py:1: the module has no docstring",
        "course_lib/a.py:4: f has no docstring",
    ]
