"""Only the text of solution cells is taken, whatever the file holds."""

import json
import os
import random

import nbformat
import pytest
from small_course import make_source, release, right

from course_lib.grading.rebuild import MAX_CELL_CHARACTERS, extract, read_submission, rebuild


@pytest.fixture
def source():
    return release(make_source())


def handed_in(source, texts=None):
    """Return the content of an honest file."""
    notebook = json.loads(nbformat.writes(source))
    for item in notebook["cells"]:
        text = (texts or right()).get(item["metadata"]["nbgrader"]["grade_id"])
        if text and item["metadata"]["nbgrader"]["solution"]:
            item["source"] = text.splitlines(keepends=True)
    return notebook


def solutions(notebook):
    return {c.id: c.source for c in notebook.cells if c.id in right()}


def rebuilt(content, source):
    return rebuild(source, extract(content, source))


def test_honest(source):
    submission = extract(handed_in(source), source)
    assert submission.texts == right()
    assert submission.problems == []


def mutilations():
    def no_tests(cells):
        cells[:] = [c for c in cells if not c["metadata"]["nbgrader"]["grade"]]

    def all_grades_off(cells):
        for c in cells:
            c["metadata"]["nbgrader"].update(grade=False, points=1000, solution=True, locked=False)

    def skip(cells):
        for c in cells:
            c["metadata"]["tags"] = ["skip-execution", "raises-exception"]

    def other_tests(cells):
        for c in cells:
            if c["metadata"]["nbgrader"]["grade"]:
                c["source"] = "5"

    def reorder(cells):
        cells.reverse()

    def duplicated_test(cells):
        cells.extend([c for c in cells if c["metadata"]["nbgrader"]["grade"]])

    def extra(cells):
        cells.insert(0, {"cell_type": "code", "source": "import os; os._exit(0)", "metadata": {}})

    def junk(cells):
        cells[:0] = [None, 3, [], {}, {"source": 3}, {"source": "x", "metadata": []}]
        cells.append({"source": ["a", 4], "metadata": {"nbgrader": {"grade_id": ["x"]}}})

    def types(cells):
        for c in cells:
            c["cell_type"] = "raw"

    def no_ids(cells):
        for c in cells:
            c.pop("id", None)

    def only_ids(cells):
        for c in cells:
            c["metadata"] = {"id": "colab", "colab": {}}

    def only_names(cells):
        for c in cells:
            c["metadata"] = {}
            c["id"] = "x"

    def blank_copy(cells):
        stub = {
            **cells[2],
            "source": "def square(x):\n    raise NotImplementedError('Not written yet.')",
        }
        cells.append(stub)

    return [value for value in locals().values() if callable(value)]


@pytest.mark.parametrize("mutilate", mutilations(), ids=lambda function: function.__name__)
def test_nothing_but_the_text_matters(source, mutilate):
    content = handed_in(source)
    mutilate(content["cells"])
    notebook = rebuilt(content, source)
    cells = [c for c in notebook.cells if c.id != "grading-notes"]
    assert [c.id for c in cells] == [c.id for c in source.cells]
    assert solutions(notebook) == right()
    for ours, theirs in zip(source.cells, cells, strict=True):
        assert ours.metadata == theirs.metadata
        assert ours.source == theirs.source or ours.id in right()


def test_last_of_several_different_cells_counts_and_is_said(source):
    content = handed_in(source)
    content["cells"].append({**content["cells"][2], "source": "def square(x): return 0"})
    submission = extract(content, source)
    assert submission.texts["square"] == "def square(x): return 0"
    assert "last one counts" in submission.problems[0]


def test_missing_cell_is_blank_and_the_others_count(source):
    content = handed_in(source)
    del content["cells"][2]
    submission = extract(content, source)
    assert submission.texts == {"mean": right()["mean"]}
    assert "square" in submission.problems[0]


def test_format_3(source):
    cells = handed_in(source)["cells"]
    for item in cells:
        item["input"] = item.pop("source")
    content = {"nbformat": 3, "worksheets": [{"cells": cells}]}
    assert solutions(rebuilt(content, source)) == right()


@pytest.mark.parametrize(
    "content",
    [
        *(None, 3, "x", [], {}, {"cells": 3}, {"cells": []}, {"worksheets": [3, {"cells": 4}]}),
        {"cells": [{"source": "print()", "metadata": {}, "cell_type": "code"}]},
    ],
)
def test_what_is_no_notebook_of_this_assignment_is_blank(source, content):
    submission = extract(content, source)
    assert submission.texts == {}
    assert submission.problems
    assert "raise NotImplementedError" in rebuilt(content, source).cells[3].source


def test_text_that_no_file_can_hold(source):
    content = handed_in(source, {"square": "x", "mean": "y"})
    content["cells"][2]["source"] = "x = '\ud800'\r\n\x00"
    text = extract(content, source).texts["square"]
    assert text.encode("utf-8")
    content["cells"][2]["source"] = "x" * (MAX_CELL_CHARACTERS + 1)
    assert "square" not in extract(content, source).texts


@pytest.mark.parametrize(
    ("data", "says"),
    [
        *((b"", "damaged"), (b"\x00" * 100, "damaged"), (b"\xff\xfe\x00", "damaged")),
        *((b"[" * 100_000, "damaged"), (b"{'cells': []}", "damaged"), (b"GIF89a", "damaged")),
        *((b"x" * 2000, "more than"), (b"[]", "no cells"), (b"\xef\xbb\xbf[]", "no cells")),
    ],
)
def test_files(tmp_path, source, data, says):
    path = tmp_path / "work.ipynb"
    path.write_bytes(data)
    most = 1000 if b"x" in data[:1] else 10**6
    (problem,) = read_submission(path, source, most).problems
    assert says in problem


def test_links_and_pipes_are_not_followed(tmp_path, source):
    solution = tmp_path / "solution.ipynb"
    solution.write_text(json.dumps(handed_in(source)))
    (tmp_path / "link.ipynb").symlink_to(solution)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    for name in ("link", "pipe", "folder", "none"):
        submission = read_submission(tmp_path / f"{name}.ipynb", source)
        assert submission.texts == {}
        assert submission.problems


@pytest.mark.parametrize("seed", range(200))
def test_damaged_files_never_raise(source, seed, tmp_path):
    rng = random.Random(seed)
    data = bytearray(json.dumps(handed_in(source)).encode())
    for _ in range(rng.randrange(1, 10)):
        at = rng.randrange(len(data))
        data[at : at + rng.randrange(3)] = rng.choice(
            [b"", b'"', b"{", b"[", b"\x00", b"null", b","]
        )
    path = tmp_path / "work.ipynb"
    path.write_bytes(data)
    notebook = rebuild(source, read_submission(path, source))
    nbformat.validate(notebook)
    nbformat.writes(notebook)
