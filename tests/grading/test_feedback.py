"""The page that a student gets: points and messages, no hidden test, nothing that runs."""

import html.parser
import re

import nbformat
import pytest
from nbformat.v4 import new_output
from small_course import make_source, release, right

from course_lib.grading.feedback import POLICY, page

EVIL = '<script>alert(1)</script><img src="http://evil.example/x" onerror="alert(2)">'


def graded():
    """Return a notebook as `GetGrades` leaves it: a right task, and one that got 1 of 5."""
    notebook = release(make_source())
    notebook.cells = [c for c in notebook.cells if c.id != "setup"]
    cells = {cell.id: cell for cell in notebook.cells}
    for name, text in right().items():
        cells[name].source = text + f"\n# {EVIL}"
        cells[name].outputs = [new_output("display_data", data={"text/html": EVIL})]
    for name, score in {
        "square_check": 2,
        "square_grade": 3,
        "mean_check": 1,
        "mean_grade": 0,
    }.items():
        cells[name].metadata.nbgrader.score = score
    cells["mean_check"].outputs = [
        new_output("stream", name="stdout", text=f"Mind the empty list. {EVIL}"),
        new_output("execute_result", data={"text/plain": "1.0", "text/html": EVIL}),
    ]
    message = "\x1b[31mA mean is wrong.\x1b[0m"
    cells["mean_grade"].outputs = [
        new_output(
            "error",
            ename="AssertionError",
            evalue=message,
            traceback=["line 2 of the test: assert math.isclose(mean(values), SECRET)"],
        )
    ]
    cells["mean"].metadata.nbgrader.comment = f"Well done. {EVIL}"
    return notebook


ABOUT = {"notebook": "work", "score": 6, "max_score": 10, "late_penalty": 2}


@pytest.fixture(scope="module")
def text():
    return page(graded(), ABOUT)


class Reader(html.parser.HTMLParser):
    """Collects tags, their attributes, and text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend((tag, *attribute) for attribute in attrs)

    def handle_data(self, data):
        self.words.append(data)


def test_each_task_s_points_and_messages_are_there(text):
    words = " ".join(Reader(text).words)
    for found in (
        *("work: 6 of 10 points", "late: 2 of 8 points were taken off.", "Task: square"),
        *("✓ 5 of 5", " 1 of 5", "Mind the empty list.", "A mean is wrong.", "Well done."),
    ):
        assert found in words, found
    assert "\x1b" not in text


def test_nothing_runs_and_nothing_is_fetched(text):
    reader = Reader(text)
    assert not {"script", "img", "iframe", "object", "embed", "link", "form"} & set(reader.tags)
    assert not [a for a in reader.attributes if a[1].startswith("on")]
    for _, name, value in reader.attributes:
        if name in ("href", "src"):
            assert value.startswith("#")
    assert ("meta", "content", POLICY) in reader.attributes
    assert "default-src 'none'" in POLICY
    assert "script-src" not in POLICY
    assert not re.search("url\\(|@import", text)
    assert EVIL in " ".join(reader.words)  # shown as the text that it is


def test_no_line_of_a_test_is_there(text):
    for secret in ("SECRET", "isclose", "default_rng", "assert", "HIDDEN TESTS"):
        assert secret not in text, secret


def test_names_link_to_their_sections(text):
    reader = Reader(text)
    targets = {value for tag, name, value in reader.attributes if name == "id"}
    links = {value[1:] for tag, name, value in reader.attributes if name == "href"}
    assert links
    assert links <= targets


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        *(
            ("AssertionError", "", "The answer is not right."),
            ("Stopped", "Too long.", "Too long."),
        ),
        *(("ValueError", "bad shape", "ValueError: bad shape"), ("NotRun", "Late.", "Late.")),
    ],
)
def test_errors_are_sentences(name, value, shown):
    notebook = graded()
    cell = next(cell for cell in notebook.cells if cell.id == "mean_grade")
    cell.outputs = [new_output("error", ename=name, evalue=value, traceback=[])]
    words = [word.strip() for word in Reader(page(notebook, ABOUT)).words]
    assert shown in words


def test_what_was_wrong_with_the_file_is_said_first():
    notebook = graded()
    notebook.metadata.course_grading = {"readable": False, "problems": [f"It is damaged. {EVIL}"]}
    text = page(notebook, ABOUT)
    words = " ".join(Reader(text).words)
    assert words.index("It is damaged.") < words.index("Task: square")
    assert "<script>" not in text


def test_an_empty_notebook_has_a_page():
    assert "of 10 points" in page(nbformat.v4.new_notebook(), ABOUT)
