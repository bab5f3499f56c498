"""What holds for every assignment: its release, its tests, and how a class is graded.

What can be seen in its source alone, `tools/check_assignments.py` looks at, in `make lint`.
"""

import csv
import re

import grade_demo
import nbformat
import pytest

#: A wrong answer that is caught by chance alone would pass one of these sooner or later.
REPEATS_OF_MISTAKE = 5
REPEATS_OF_SOLUTION = 50
#: Tasks whose tests train a network, a second each: so many repeats for all solutions together.
TRAINED = {"train_autoencoder", "restore", "train_vae", "train_cvae"}

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
SOLUTION = re.compile(r"^ *### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION", re.DOTALL | re.MULTILINE)


def marked(notebook):
    """Return the cells that nbgrader knows: a dict from id to cell."""
    return {cell.id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def failures(assignment, namespace, only=None):
    """Run test cells, by default all; return the exceptions, a dict from cell to exception."""
    raised = {}
    for cell in assignment.notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("grade") and (only is None or cell.id in only):
            try:
                exec(cell.source, namespace)
            except Exception as error:
                raised[cell.id] = error
    return raised


def trained_and_others(assignment):
    """Return two sets of cells with points: those of tasks that train, and all others."""
    tasks = assignment.tasks.items()
    trained = {cell for name, task in tasks if name in TRAINED for cell in task.points}
    return trained, {cell for _, task in tasks for cell in task.points} - trained


# ----------------------------------------------------------------- answers, in this process


@pytest.fixture(scope="session")
def solutions(students):
    return {name: s.cells for name, s in students.items() if not s.breaks}


def test_there_are_independent_solutions(assignment, solutions):
    assert len(solutions) >= 3
    assert all(set(cells) == set(assignment.code_tasks) for cells in solutions.values())


def test_every_task_has_its_mistakes(assignment, students):
    broken = [task for student in students.values() if student.cells for task in student.breaks]
    assert set(broken) == set(assignment.code_tasks)


def test_there_are_sixty_mistakes():
    wrong = list(grade_demo.CATALOGUE.glob("ps*/wrong/*.py"))
    assert len(wrong) >= 60


@pytest.mark.slow
def test_correct_solutions_pass_fresh_inputs_every_time(assignment, solutions, run_cells):
    of_trained, others = trained_and_others(assignment)
    for name, cells in solutions.items():
        namespace = run_cells(assignment, cells)
        for n in range(REPEATS_OF_SOLUTION):
            assert not failures(assignment, namespace, only=others), name
            if n * len(solutions) < REPEATS_OF_SOLUTION:
                assert not failures(assignment, namespace, only=of_trained), name


@pytest.mark.slow
def test_each_mistake_fails_its_own_task_and_is_told_why(assignment, students, run_cells):
    cells = marked(assignment.notebook)
    # Whether a mistake costs a neighbor that trains, the class shows that nbgrader grades below.
    _, others = trained_and_others(assignment)
    for name, student in students.items():
        if not student.cells:
            continue
        for mistake in student.breaks:
            # One mistake at a time, also of a student who makes several.
            mixed = {**assignment.reference(), mistake: student.cells[mistake]}
            namespace = run_cells(assignment, mixed)
            task = assignment.tasks[mistake]
            (hidden,) = (cell for cell in task.points if HIDDEN.search(cells[cell].source))
            # Its neighbors are the reference, whose own tests are repeated above.
            raised = failures(assignment, namespace, only=others | set(task.points))
            assert set(raised) <= set(task.points), (name, mistake)
            for error in raised.values():  # the student is told what is wrong
                assert isinstance(error, AssertionError), (name, mistake)
                assert len(str(error)) > 30, (name, mistake)
            for _ in range(REPEATS_OF_MISTAKE):
                # The hidden check alone must see it: the visible examples can be memorized.
                assert failures(assignment, namespace, only={hidden}), (name, mistake)


# ----------------------------------------------------------------- the class, with nbgrader


@pytest.fixture(scope="session")
def release(assignment, graded):
    folder, _ = graded
    return nbformat.read(folder / "release" / assignment.name / assignment.path.name, as_version=4)


@pytest.mark.slow
def test_release_is_the_source_without_answers(assignment, release):
    source, released = marked(assignment.notebook), marked(release)
    assert list(source) == list(released)
    assert [cell.id for cell in release.cells[:2]] == ["header", "intro"]  # the rules come first
    stub = "# YOUR CODE HERE\nraise NotImplementedError("
    for name, cell in released.items():
        text = source[name].source
        if name in assignment.code_tasks:
            assert len(SOLUTION.findall(text)) == 1, name
            before, _, after = SOLUTION.split(text)
            indent = "    "
            assert cell.source.startswith(before + indent + stub.replace("\n", "\n" + indent))
            assert cell.source.endswith(")" + after)
        elif name in assignment.tasks:
            assert cell.source == "YOUR ANSWER HERE"
        else:
            assert cell.source.rstrip("\n") == HIDDEN.sub("", text).rstrip("\n")
    assert not any(cell.get("outputs") for cell in release.cells)
    text = nbformat.writes(release)
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", text)
    assert not re.search(r"/(home|root|Users|tmp|work)/", text)


@pytest.mark.slow
def test_every_stub_says_that_it_is_not_written_yet(assignment, release, run_cells):
    stubs = {name: marked(release)[name].source for name in assignment.code_tasks}
    raised = failures(assignment, run_cells(assignment, stubs))
    assert set(raised) == {cell for name in stubs for cell in assignment.tasks[name].points}
    for error in raised.values():
        assert isinstance(error, NotImplementedError)
        assert "replace this line" in str(error)


@pytest.mark.slow
def test_the_class_gets_the_points_that_the_catalogue_lists(assignment, handed_in, graded):
    _, points = graded
    assert grade_demo.surprises(assignment, handed_in, points) == []


def test_the_class_makes_every_mistake(students, handed_in):
    made = {text for student in handed_in.values() for text in student.cells.values()}
    assert all(set(student.cells.values()) <= made for student in students.values())


@pytest.mark.slow
def test_nbgrader_alone_gives_correct_solutions_the_same_points(assignment, students, tmp_path):
    correct = {name: student for name, student in students.items() if not student.breaks}
    points = grade_demo.grade_class(
        assignment, tmp_path / "class", correct, report=lambda line: None, config=grade_demo.PLAIN
    )
    assert grade_demo.surprises(assignment, correct, points) == []


@pytest.mark.slow
def test_a_solved_notebook_runs_without_a_word_on_stderr(assignment, graded):
    folder, _ = graded
    path = folder / "autograded" / "reference" / assignment.name / assignment.path.name
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", (cell.id, output.evalue)
            assert output.get("name") != "stderr", (cell.id, output.text)


@pytest.mark.slow
def test_every_student_gets_feedback_and_a_line_in_the_export(assignment, handed_in, graded):
    folder, points = graded
    with open(folder / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(handed_in)
    for name in handed_in:
        page = folder / "feedback" / name / assignment.name / f"{assignment.path.stem}.html"
        text = page.read_text("utf-8")
        assert assignment.path.stem in text
        # Of a hidden test, a traceback may show the lines around the one that failed: no more.
        assert "BEGIN HIDDEN TESTS" not in text
        total = sum(got for got in points[name].values() if got is not None)
        assert float(rows[name]["score"]) == total
        assert float(rows[name]["max_score"]) == 100


@pytest.mark.slow
def test_validate_tells_solved_from_unsolved(assignment, graded):
    folder, _ = graded
    for name, says in [
        ("reference", "Success! Your notebook passes all the tests."),
        # One visible check for each task, and the question that is graded by hand.
        ("blank", f"VALIDATION FAILED ON {len(assignment.tasks)} CELL(S)!"),
    ]:
        notebook = folder / "submitted" / name / assignment.name / assignment.path.name
        # nbgrader gives a cell 30 s; where many share a machine, importing TensorFlow takes longer.
        slow = "--Execute.timeout=300"
        assert says in grade_demo.nbgrader(folder, "validate", slow, str(notebook))


# ------------------------------------------------------------------------- tools/grade_demo


@pytest.fixture
def expected_points(assignment, students):
    """Points exactly as the catalogue lists them, without grading anybody."""
    return {
        name: {
            task.name: 0
            if task.name in student.breaks
            else None
            if task.by_hand
            else sum(task.points.values())
            for task in assignment.tasks.values()
        }
        for name, student in students.items()
    }


def test_demo_succeeds_when_all_points_are_as_listed(
    assignment, expected_points, monkeypatch, capsys
):
    monkeypatch.setattr(grade_demo, "grade_class", lambda *args, **kwargs: expected_points)
    assert grade_demo.main([assignment.name]) == 0
    assert "All points are as listed." in capsys.readouterr().out


@pytest.mark.parametrize("who", ["reference", "blank", "mistaken", "mistaken elsewhere"])
def test_demo_fails_on_any_surprise(
    assignment, students, expected_points, monkeypatch, capsys, who
):
    mistaken = next(name for name, s in students.items() if s.cells and s.breaks)
    (broken, *_) = students[mistaken].breaks
    intact = next(name for name in assignment.code_tasks if name not in students[mistaken].breaks)
    full = sum(assignment.tasks[broken].points.values())
    student, task, got = {
        "reference": ("reference", broken, full - 1),
        "blank": ("blank", broken, 1),
        "mistaken": (mistaken, broken, full),
        "mistaken elsewhere": (mistaken, intact, 0),
    }[who]
    expected_points[student][task] = got
    monkeypatch.setattr(grade_demo, "grade_class", lambda *args, **kwargs: expected_points)
    assert grade_demo.main([assignment.name]) == 1
    out = capsys.readouterr().out
    assert "1 not as listed." in out
    assert re.search(rf"^{student} .*{got}\?", out, re.MULTILINE)


def test_demo_knows_its_assignments(capsys):
    with pytest.raises(SystemExit):
        grade_demo.main(["ps0"])
    assert "no such assignment: ps0" in capsys.readouterr().err
