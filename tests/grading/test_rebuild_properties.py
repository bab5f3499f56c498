"""The step that takes a stranger's file apart, against whatever Hypothesis can think of."""

import json

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_course import make_source, release, right

from course_lib.grading.rebuild import (
    MAX_CELL_CHARACTERS,
    NOTES_ID,
    extract,
    read_submission,
    rebuild,
)

# The same examples every time: a test of this repository fails for a change, not for bad luck.
modest = settings(
    derandomize=True,
    max_examples=150,
    deadline=None,
    database=None,
    # The folder is one for all examples, and each writes its own file into it.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

SOURCE = release(make_source())
NAMES = [*right(), "square_check", "mean_grade", "setup", "nobody", ""]

#: Anything that JSON can say, with names that a notebook uses.
words = st.one_of(
    st.sampled_from(["cells", "source", "metadata", "nbgrader", "grade_id", "id", "worksheets"]),
    *(st.sampled_from(NAMES), st.text(max_size=8)),
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=5)),
    max_leaves=15,
)
#: Text as a student writes it: all characters, halves of pairs too, which JSON can name.
texts = st.text(st.characters(), max_size=60)
sources = st.one_of(texts, st.lists(texts, max_size=4), anything)
#: Mostly cells, some of them damaged.
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.one_of(st.sampled_from(["code", "markdown", "raw"]), anything),
        "source": sources,
        "input": sources,
        "id": st.one_of(st.sampled_from(NAMES), anything),
        "metadata": st.one_of(
            st.fixed_dictionaries(
                {
                    "nbgrader": st.fixed_dictionaries(
                        {"grade_id": st.one_of(st.sampled_from(NAMES), anything)},
                        optional={
                            **{"grade": anything, "solution": anything, "locked": anything},
                            **{"points": anything, "schema_version": anything},
                        },
                    )
                },
                optional={"tags": st.just(["skip-execution", "raises-exception"])},
            ),
            anything,
        ),
    },
)
notebooks = st.one_of(
    st.fixed_dictionaries({"cells": st.lists(st.one_of(cells, anything), max_size=8)}),
    st.fixed_dictionaries({"worksheets": st.lists(st.fixed_dictionaries({"cells": anything}))}),
    anything,
)


def check(notebook, submission):
    """Check that all but solutions is the instructor's, and that the notebook can be written."""
    nbformat.validate(notebook)
    json.dumps(notebook).encode("utf-8")
    ours = [cell for cell in notebook.cells if cell.id != NOTES_ID]
    assert [cell.id for cell in ours] == [cell.id for cell in SOURCE.cells]
    for cell, original in zip(ours, SOURCE.cells, strict=True):
        assert cell.metadata == original.metadata
        assert cell.cell_type == original.cell_type
        if original.metadata.nbgrader.solution:
            wanted = submission.texts.get(original.metadata.nbgrader.grade_id, original.source)
            assert cell.source == wanted
        else:
            assert cell.source == original.source
    assert set(submission.texts) <= set(right())


@modest
@given(notebooks)
def test_whatever_the_file_says_only_solutions_change(content):
    before = nbformat.writes(SOURCE)
    submission = extract(content, SOURCE)
    check(rebuild(SOURCE, submission), submission)
    assert nbformat.writes(SOURCE) == before
    assert submission.problems or set(submission.texts) == set(right())


@modest
@given(st.one_of(st.binary(max_size=300), notebooks.map(lambda n: json.dumps(n).encode())))
def test_whatever_the_bytes_are_nothing_is_raised(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "stranger.ipynb"
    path.write_bytes(data)
    submission = read_submission(path, SOURCE)
    check(rebuild(SOURCE, submission), submission)
    assert path.read_bytes() == data


def release_with(texts, order=None, extra=()):
    """Return the file of a student who wrote these texts, as JSON makes it."""
    content = json.loads(nbformat.writes(SOURCE))
    for cell in content["cells"]:
        name = cell["metadata"]["nbgrader"]["grade_id"]
        if name in texts:
            cell["source"] = texts[name]
    content["cells"].extend(extra)
    if order is not None:
        order.shuffle(content["cells"])
    return content


@modest
@given(
    st.fixed_dictionaries({name: texts for name in right()}),
    st.randoms(use_true_random=False),
    st.lists(cells.filter(lambda cell: "metadata" not in cell), max_size=4),
)
def test_the_student_s_text_is_kept_as_it_is(written, order, extra):
    # What cannot be written to a file, and Windows' line ends, are all that may change.
    kept = {
        name: text.encode("utf-8", "replace").decode().replace("\r\n", "\n")
        for name, text in written.items()
    }
    submission = extract(release_with(written, order, extra), SOURCE)
    assert submission.texts == kept
    check(rebuild(SOURCE, submission), submission)


@modest
@given(st.lists(st.text(max_size=20), min_size=1, max_size=6), st.sampled_from(sorted(right())))
def test_lines_in_a_list_are_one_text(lines, name):
    content = release_with({**right(), name: lines})
    assert extract(content, SOURCE).texts[name] == "".join(lines).replace("\r\n", "\n")


@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_text(more):
    text = "x" * (MAX_CELL_CHARACTERS + more)
    assert ("square" in extract(release_with({"square": text}), SOURCE).texts) == (not more)
