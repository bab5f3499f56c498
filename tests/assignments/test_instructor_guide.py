"""The instructor's guide: all its commands are run, in order, with a class of four."""

import csv
import os
import re
import shutil
import subprocess
import sys
from itertools import groupby

import grade_demo
import nbformat
import pytest
from markdown_it import MarkdownIt

PAGE = grade_demo.ROOT / "chapters" / "appendix-instructor.md"

#: Commands in the running text that this test leaves to others, and why.
LEFT_OUT = {
    "make book": "tests/chapters needs the book that it makes",
    "make test": "runs this test",
    "make grade-demo": "tests/assignments/test_assignments.py runs what it runs",
    "jupyter lab": "opens a browser and does not end",
}

#: What each student hands in: a file of the catalogue, `None` for a blank notebook.
CLASS = {"ada": "correct/plain.py", "bela": None, "20270017": "wrong/forgets_the_end.py"}
#: Hands in a file that is no notebook: 0 points, and a message.
UNREADABLE = "dana"

#: What the kernels of ps1 need. TensorFlow, which it does not, would be imported by each of the
#: three gradings, and takes most of their time.
PRELOAD = ["numpy", "course_lib.grading._kernel", "course_lib.grading._verdict"]

#: Points that a person gives for the answer in words.
BY_HAND = {"ada": 9, "20270017": 4}
COMMENT = "Well argued, but which reviews choose?"


def read_page():
    """Return the page's sections with blocks of code: heading, then `(language, code)` each."""
    found, heading = [], ""
    tokens = MarkdownIt("commonmark").parse(PAGE.read_text("utf-8"))
    for token, following in zip(tokens, tokens[1:] + tokens[:1], strict=True):
        if token.type == "heading_open":
            heading = following.content
        elif token.type in ("fence", "code_block"):
            found.append((heading, token.info, token.content))
    return [
        (heading, [block[1:] for block in blocks])
        for heading, blocks in groupby(found, key=lambda block: block[0])
    ]


class Shell:
    """A shell that keeps its folder and its variables from one block to the next.

    Args:
        folder: Where it starts.
        scratch: An empty folder for a home that has no configuration.
    """

    def __init__(self, folder, scratch):
        self.state, self.place = scratch / "state", scratch / "place"
        self.state.write_text("")
        self.place.write_text(str(folder))
        home = scratch / "home"
        home.mkdir()
        self.env = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "JUPYTER_NO_CONFIG": "1"}

    def run(self, code):
        """Run a block; return what it printed to stdout. It fails with its first command."""
        script = (
            f'set -e -o pipefail\n. "{self.state}"\ncd "$(cat "{self.place}")"\n{code}\n'
            f'export -p > "{self.state}"\npwd > "{self.place}"\n'
        )
        done = subprocess.run(
            ["bash", "-c", script], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{code}\nended with {done.returncode}:\n{done.stderr}"
        return done.stdout


class Course:
    """A copy of the course folder, what happens in it between commands, and what must be there.

    Args:
        repository: An empty folder, which becomes the repository.
    """

    def __init__(self, repository):
        self.assignment = grade_demo.Assignment("ps1")
        self.folder = repository / "assignments"
        grade_demo.make_course(self.folder)
        with open(self.folder / "nbgrader_config.py", "a") as file:
            file.write(f"\nc.SandboxProvisioner.preload = {PRELOAD}\n")
        shutil.copytree(self.assignment.path.parent, self.folder / "source" / "ps1")
        (repository / ".venv").symlink_to(sys.prefix)
        reference = self.assignment.reference()
        self.breaks = {}
        self.students = {}
        for name, file in CLASS.items():
            path = grade_demo.CATALOGUE / "ps1" / file if file else None
            cells = self.assignment.variant(path) if path else {}
            self.breaks[name] = set(cells) if path and path.parent.name == "wrong" else set()
            solved = {**reference, **cells} if path else {}
            self.students[name] = grade_demo.Student(solved, frozenset(self.breaks[name]))

    def handed_in(self, name):
        """Return what a student hands in: the text of a notebook."""
        release = nbformat.read(self.folder / "release/ps1/movie_critic.ipynb", as_version=4)
        return nbformat.writes(grade_demo.fill_in(release, self.students[name]))

    def points(self):
        """Return the points in the gradebook: a `dict` from student to task."""
        return grade_demo.read_points(self.assignment, self.folder, CLASS)

    def grades(self):
        """Return the rows of `grades.csv`: a `dict` from student to column."""
        with open(self.folder / "grades.csv", newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}

    def scores(self, column):
        """Return one column of `grades.csv`: a `dict` from student to number."""
        return {name: float(row[column]) for name, row in self.grades().items()}

    def feedback(self, name):
        """Return the text of a student's feedback page."""
        return (self.folder / "feedback" / name / "ps1/movie_critic.html").read_text("utf-8")

    # ---------------------------------------------- what people do before the commands of a section

    def before_collecting(self):
        archive = self.folder / "downloaded/ps1/archive"
        archive.mkdir(parents=True)
        for name, time in [("bela", "20270212T120000"), ("20270017", "20270212T183000")]:
            (archive / f"{name}_{time}_movie_critic.ipynb").write_text(self.handed_in(name))
        (archive / f"{UNREADABLE}_20270212T170000_movie_critic.ipynb").write_text("Sorry!")
        # Ada hands in three times: a first version, a second one, zipped, and a copy of her own.
        (archive / "ada_20270211T090000_movie_critic.ipynb").write_text(self.handed_in("bela"))
        (archive / "ada_20270212T175900_copy.ipynb").write_text(self.handed_in("bela"))
        zipped = archive.parent / "zipped"
        zipped.mkdir()
        latest = zipped / "ada_20270212T173000_movie_critic.ipynb"
        latest.write_text(self.handed_in("ada"))
        shutil.make_archive(str(archive / "ada"), "zip", zipped)
        shutil.rmtree(zipped)

    def before_feedback(self):
        """Grade by hand: Formgrader in a browser does this."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            for name, points in BY_HAND.items():
                where = "smoothing", "movie_critic", "ps1", name
                grade = gradebook.find_grade(*where)
                assert grade.needs_manual_grade
                grade.manual_score, grade.needs_manual_grade = points, False
                gradebook.find_comment(*where).manual_comment = COMMENT
            gradebook.db.commit()

    def before_one_student(self):
        self.students["20270017"] = self.students["ada"]
        submitted = self.folder / "submitted/20270017/ps1"
        (submitted / "movie_critic.ipynb").write_text(self.handed_in("20270017"))
        (submitted / "timestamp.txt").write_text("2027-02-14 12:00 UTC")

    def before_everybody(self):
        path = self.folder / "source/ps1/movie_critic.ipynb"
        source = nbformat.read(path, as_version=4)
        (cell,) = (cell for cell in source.cells if cell.id == "perplexity_check")
        cell.metadata.nbgrader.points += 2
        nbformat.write(source, path)

    # ------------------------------------------------------- what must be there after a section

    def after_set_up(self, printed):
        assert printed == ""

    def after_the_release(self, printed):
        assert "Success! Your notebook passes all the tests." in printed
        release = (self.folder / "release/ps1/movie_critic.ipynb").read_text("utf-8")
        assert "YOUR CODE HERE" in release
        assert not re.search("Rubric|BEGIN HIDDEN TESTS|BEGIN SOLUTION", release)
        solution = (self.folder / "solution/ps1/movie_critic.ipynb").read_text("utf-8")
        for text in ("Rubric", "BEGIN HIDDEN TESTS", "math.log(p)", "held-out accuracy"):
            assert text in solution

    def after_class_and_deadline(self, printed):
        assert "There are 4 students in the database:" in printed
        assert "20270017 (Cedar, Cleo)" in printed
        assert "ps1 (due: 2027-02-12 18:00:00)" in printed

    def after_collecting(self, printed):
        for name in CLASS:
            submitted = self.folder / "submitted" / name / "ps1"
            assert (submitted / "movie_critic.ipynb").read_text() == self.handed_in(name)
            assert (submitted / "timestamp.txt").read_text().startswith("2027-02-12 1")
            assert len(list(submitted.iterdir())) == 2
        assert (self.folder / "submitted" / UNREADABLE / "ps1" / "movie_critic.ipynb").is_file()

    def after_autograding(self, printed):
        assert grade_demo.surprises(self.assignment, self.students, self.points()) == []
        graded = (self.folder / "autograded").glob("*/ps1/movie_critic.ipynb")
        assert {path.parts[-3] for path in graded} == {*CLASS, UNREADABLE}

    def after_feedback(self, printed):
        for name in CLASS:
            assert "movie_critic" in self.feedback(name)
            assert (COMMENT in self.feedback(name)) == (name in BY_HAND)
            assert "HIDDEN TESTS" not in self.feedback(name)
        assert "is damaged" in self.feedback(UNREADABLE)

    def after_grades(self, printed):
        assert set(self.grades()) == {*CLASS, UNREADABLE}
        raw, score = self.scores("raw_score"), self.scores("score")
        assert (raw["ada"], score["ada"]) == (99, 99)
        assert (raw["bela"], score["bela"]) == (0, 0)
        # Half an hour late: one day has begun.
        assert 4 < raw["20270017"] < 94
        assert score["20270017"] == raw["20270017"] - 10
        assert score[UNREADABLE] == 0
        assert set(self.scores("max_score").values()) == {100}

    def after_one_student(self, printed):
        assert (self.folder / "gradebook-backup.db").is_file()
        assert self.scores("raw_score")["20270017"] == 94
        assert self.scores("late_submission_penalty")["20270017"] == 20
        assert self.scores("score")["20270017"] == 74
        assert self.scores("score")["ada"] == 99
        assert COMMENT in self.feedback("20270017")

    def after_everybody(self, printed):
        from nbgrader.api import Gradebook

        assert self.scores("raw_score") == {"ada": 101, "bela": 0, "20270017": 96, UNREADABLE: 0}
        assert set(self.scores("max_score").values()) == {102}
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            grade = gradebook.find_grade("smoothing", "movie_critic", "ps1", "ada")
            assert grade.manual_score == BY_HAND["ada"]
            assert grade.needs_manual_grade


@pytest.mark.slow
def test_every_command_does_what_the_page_says(tmp_path):
    (tmp_path / "scratch").mkdir()
    course = Course(tmp_path / "repository")
    shell = Shell(tmp_path / "repository", tmp_path / "scratch")
    for heading, blocks in read_page():
        name = heading.lower().replace(" ", "_")
        getattr(course, f"before_{name}", lambda: None)()
        printed = ""
        for language, code in blocks:
            if language == "bash":
                printed += shell.run(code)
            elif language == "python":  # what the page appends to the configuration
                with open(course.folder / "nbgrader_config.py", "a") as file:
                    file.write(f"\n{code}")
            else:
                (course.folder / "students.csv").write_text(code)
        getattr(course, f"after_{name}")(printed)


def test_every_block_is_used():
    languages = [block[0] for _, blocks in read_page() for block in blocks]
    assert set(languages) == {"bash", "python", "text"}
    assert languages.count("text") == 1
    steps = {f"after_{heading.lower().replace(' ', '_')}" for heading, _ in read_page()}
    assert steps == {name for name in dir(Course) if name.startswith("after_")}


def test_commands_in_the_text_are_known():
    tokens = MarkdownIt("commonmark").parse(PAGE.read_text("utf-8"))
    parts = [child for token in tokens for child in token.children or ()]
    codes = {part.content for part in parts if part.type == "code_inline"}
    commands = {code for code in codes if re.match(r"(nbgrader|make|jupyter|git|pip) \S", code)}
    assert commands == set(LEFT_OUT)


def test_the_page_of_an_assignment_lists_its_tasks(assignment):
    text = PAGE.with_stem(f"{PAGE.stem}-{assignment.name}").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) (`\w+`|in words) \((\d+)\) \|", text, re.MULTILINE)
    assert rows == [
        (str(n), "in words" if task.by_hand else f"`{task.name}`", f"{sum(task.points.values())}")
        for n, task in enumerate(assignment.tasks.values(), start=1)
    ]


def test_the_guide_links_every_assignment(assignment):
    assert f"{{ref}}`{assignment.name} <app-{assignment.name}>`" in PAGE.read_text("utf-8")
