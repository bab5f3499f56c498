"""Every kind of malformed submission, in one batch with honest ones, under nbgrader."""

import csv
import hashlib
import json
import os

import nbformat
import pytest
from grade_demo import make_course, nbgrader
from small_course import HIDDEN, VISIBLE, make_source, right

pytestmark = pytest.mark.slow

FULL = 2 * (VISIBLE + HIDDEN)
NAME = "work.ipynb"


def solved(release):
    notebook = json.loads(release.read_text("utf-8"))
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in right():
            cell["source"] = right()[name]
    return notebook


def changed(change):
    """Return a function that hands in a solved notebook after a change of its cells."""

    def hand_in(folder, release):
        notebook = solved(release)
        notebook["cells"] = change(notebook["cells"])
        (folder / NAME).write_text(json.dumps(notebook), "utf-8")

    return hand_in


def data(content, name=NAME):
    def hand_in(folder, release):
        (folder / name).write_bytes(content)

    return hand_in


def honest(folder, release):
    (folder / NAME).write_text(json.dumps(solved(release)), "utf-8")


def renamed(folder, release):
    (folder / "my work (final).ipynb").write_text(json.dumps(solved(release)), "utf-8")


def latin(folder, release):
    path = os.path.join(os.fsencode(folder), "L\xf6sung.ipynb".encode("latin-1"))
    with open(path, "w") as file:
        json.dump(solved(release), file)


def nothing(folder, release):
    pass


def format_3(folder, release):
    cells = solved(release)["cells"]
    for cell in cells:
        cell["input"] = cell.pop("source")
    content = {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    (folder / NAME).write_text(json.dumps(content))


def link_to_source(folder, release):
    (folder / NAME).symlink_to(release.parents[2] / "source" / "hw" / NAME)


def links_beside(folder, release):
    honest(folder, release)
    (folder / "stolen.db").symlink_to(release.parents[2] / "gradebook.db")
    os.mkfifo(folder / "pipe")
    (folder / "timestamp.txt").write_text("yesterday")


def enormous(folder, release):
    with open(folder / NAME, "wb") as file:
        file.truncate(100 * 2**20)


def colab(cells):
    for cell in cells:
        cell["metadata"] = {"id": cell.pop("id"), **cell["metadata"]}
        cell["metadata"]["colab"] = {"base_uri": "x"}
    return cells


def code(cells):
    for cell in cells:
        cell.pop("id")
        cell["metadata"]["vscode"] = {"languageId": "python"}
    return cells


def checks_of(cells):
    return [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]


#: What each student hands in, and the points to get.
CLASS = {
    "aaa_honest": (honest, FULL),
    "duplicated_test": (changed(lambda cells: cells + checks_of(cells)), FULL),
    "duplicated_all": (changed(lambda cells: cells + cells), FULL),
    "deleted_tests": (changed(lambda cells: [c for c in cells if c not in checks_of(cells)]), FULL),
    "reordered": (changed(lambda cells: cells[::-1]), FULL),
    "one_missing": (
        changed(lambda cells: [cell for cell in cells if cell["id"] != "mean"]),
        VISIBLE + HIDDEN,
    ),
    "renamed": (renamed, FULL),
    "latin": (latin, FULL),
    "format_3": (format_3, FULL),
    "colab": (changed(colab), FULL),
    "vscode": (changed(code), FULL),
    "links_beside": (links_beside, FULL),
    "nothing": (nothing, 0),
    "link_to_source": (link_to_source, 0),
    "no_json": (data(b"PK\x03\x04 this is a zip file"), 0),
    "null_bytes": (data(b"\x00" * 5000), 0),
    "empty_file": (data(b""), 0),
    "deep": (data(b"[" * 200_000), 0),
    "number": (data(b"3"), 0),
    "enormous": (enormous, 0),
    "no_cells": (changed(lambda cells: []), 0),
    "other": (data(nbformat.writes(nbformat.v4.new_notebook()).encode()), 0),
    "zzz_honest": (honest, FULL),
}


def fingerprint(folder):
    """Return what lies in a folder: names, kinds, contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        key = os.fsencode(path)
        if path.is_symlink():
            found[key] = os.readlink(path)
        elif path.is_file():
            found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[key] = path.stat().st_mode
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    make_course(folder)
    (folder / "source" / "hw").mkdir()
    nbformat.write(make_source(), folder / "source" / "hw" / NAME)
    nbgrader(folder, "generate_assignment", "hw")
    release = folder / "release" / "hw" / NAME
    for name, (hand_in, _) in CLASS.items():
        place = folder / "submitted" / name / "hw"
        place.mkdir(parents=True)
        hand_in(place, release)
    before = fingerprint(folder / "submitted")
    nbgrader(folder, "autograde", "hw")
    assert fingerprint(folder / "submitted") == before
    nbgrader(folder, "generate_feedback", "hw")
    nbgrader(folder, "export")
    return folder


def test_everybody_gets_the_points_of_what_can_be_read(course):
    with open(course / "grades.csv", newline="") as file:
        points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert points == {name: points for name, (_, points) in CLASS.items()}


def test_who_gets_nothing_is_told_why(course):
    for name, (_, points) in CLASS.items():
        page = (course / "feedback" / name / "hw" / "work.html").read_text("utf-8")
        if points == 0:
            assert 'class="message"' in page, name
        assert "<script" not in page
        assert "default_rng" not in page, "a hidden test"
        assert "http://" not in page
        assert "https://" not in page


def test_no_link_was_followed(course):
    assert not list(course.glob("*graded/*/*/stolen.db"))
    assert not list(course.glob("feedback/*/*/stolen.db"))
