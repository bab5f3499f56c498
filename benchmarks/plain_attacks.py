"""What attacks achieve under plain nbgrader, and under the course's grader.

`python benchmarks/plain_attacks.py [SECONDS A CELL MAY TAKE [NAMES]]` really runs them, in a
temporary folder, plain nbgrader's without any sandbox: on a machine where that does not matter.
Attacks that would fill the disk, the memory or the table of processes are left out; what runs is
bounded by `ulimit` all the same.
Prints a table for the instructor's guide.
"""

import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

import nbformat

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))

import attack_texts
import grade_demo
import small_course

PLAIN = """\
c = get_config()
c.CourseDirectory.course_id = "attacks"
c.Execute.timeout = {seconds}
"""

#: How long the daemons below wait until grading is over.
PATIENCE = 30

READS_THE_SOURCE = """
import json
cells = json.load(open("../../../source/hw/work.ipynb"))["cells"]
exec("".join(next(cell["source"] for cell in cells if cell["id"] == "square")))
"""

REWRITES_ITS_SCORE = """
import os, sqlite3, time
if not os.fork():
    os.setsid()
    os.closerange(0, 1000)
    for _ in range(600):
        time.sleep(1)
        try:
            with sqlite3.connect("../../../gradebook.db") as book:
                mine = "notebook_id in (select id from submitted_notebook where assignment_id in "
                mine += "(select id from submitted_assignment where student_id = 'rewrites'))"
                book.execute(f"update grade set auto_score = 2.5 where auto_score = 0 and {mine}")
            if not os.path.exists("../../../gradebook.db"): break
        except Exception:
            pass
    os._exit(0)
"""

LEAVES_A_PROCESS = """
import os, time
if not os.fork():
    os.setsid()
    os.closerange(0, 1000)
    with open("../../../left", "w") as file: file.write(str(os.getpid()))
    time.sleep(3600)
    os._exit(0)
"""

SCRIPT = """
from IPython.display import HTML, display
display(HTML("<script>alert('stolen')</script>"))
"""

#: In these, the partial credit that the attack awards itself: no test here is worth 5 points.
REPLACES, AWARDS = (
    attack_texts.FORGERIES[name].replace("5", "2")
    for name in ("transformer of a test cell's text", "transformer that makes the last value 5")
)

RIGHT = small_course.TASKS["square"][0]
WARNS = RIGHT.replace("return", "__import__('sys').stderr.write('careful'); return")


def skip(cells):
    """Tag all tests so that they are not run."""
    for cell in cells:
        if cell.metadata.nbgrader.grade:
            cell.metadata.tags = ["skip-execution"]


def delete(cells):
    """Delete all tests."""
    cells[:] = [cell for cell in cells if not cell.metadata.nbgrader.grade]


def ungrade(cells):
    """Say that no cell gives points."""
    for cell in cells:
        cell.metadata.nbgrader.grade = False


def duplicate(cells):
    """Put a test in twice."""
    cells.append(cells[-1])


#: Student: what the table says, the text of the first task, and a change of the notebook.
ATTACKS = {
    "tags": ("the tag `skip-execution` on the tests", attack_texts.WRONG, skip),
    "asserts": ("an AST transformer drops each `assert`", "transformer that drops asserts", None),
    "replaces": (
        "an input transformer replaces the test",
        "transformer of a test cell's text",
        None,
    ),
    "awards": ("an AST transformer makes the last value 2", AWARDS, None),
    "equals": ("returns an object that equals everything", "object that equals everything", None),
    "patches": ("replaces `np.allclose`, `math.isclose`, `all`", "patches", None),
    "frames": ("reads the test in the caller's frames", "the caller's frames", None),
    "learned": ("knows the visible example by heart", "the visible example", None),
    "source": ("reads the solution in your `source/`", READS_THE_SOURCE, None),
    "rewrites": ("a process left behind rewrites the gradebook", REWRITES_ITS_SCORE, None),
    "leaves": ("leaves a process running", LEAVES_A_PROCESS, None),
    "deletes": ("deletes the tests", attack_texts.WRONG, delete),
    "ungrades": ("sets `grade` to false", attack_texts.WRONG, ungrade),
    "exits": ("`os._exit(0)` in an answer", "hard exit", None),
    "hangs": ("an endless loop that ignores interrupts", "endless loop", None),
    "script": ("a script in its output", SCRIPT, None),
    "warns": ("none: a right answer that warns on stderr", WARNS, None),
    "honest": ("none: a right answer", RIGHT, None),
}

#: In a batch of its own, which it may stop.
DUPLICATE = {"aaa": ("a test in the notebook twice", RIGHT, duplicate), "bbb": ATTACKS["honest"]}


def make_course(folder, config, attacks):
    """Make a course folder with what was handed in.

    Args:
        folder: A folder that does not exist.
        config: Text of `nbgrader_config.py`.
        attacks: As `ATTACKS`.
    """
    grade_demo.make_course(folder, config)
    (folder / "source" / "hw").mkdir()
    nbformat.write(small_course.make_source(), folder / "source" / "hw" / "work.ipynb")
    grade_demo.nbgrader(folder, "generate_assignment", "hw")
    for name, (_, text, change) in attacks.items():
        notebook = nbformat.read(folder / "release" / "hw" / "work.ipynb", as_version=4)
        text = {**attack_texts.FORGERIES, **attack_texts.EXHAUSTION}.get(text, text)
        if "def square" not in text and text != READS_THE_SOURCE:
            text += attack_texts.WRONG
        notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
        for cell in notebook.cells:
            if cell.metadata.nbgrader.solution:
                name_of_cell = cell.metadata.nbgrader.grade_id
                cell.source = {**small_course.right(), "square": text}[name_of_cell]
        if change:
            change(notebook.cells)
        place = folder / "submitted" / name / "hw"
        place.mkdir(parents=True)
        (place / "work.ipynb").write_text(json.dumps(notebook), "utf-8")


def bound():
    """Bound what one process of an attack may take."""
    resource.setrlimit(resource.RLIMIT_AS, (16 * 2**30,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**28,) * 2)


def grade(folder, attacks):
    """Run `nbgrader autograde`, and look what came of it.

    Args:
        folder: A course folder.
        attacks: As `ATTACKS`.

    Returns:
        A `dict` from student to a text.
    """
    commands = [sys.executable, "-m", "nbgrader"]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    env = {**os.environ, "JUPYTER_NO_CONFIG": "1", "PATH": path}
    for command in ("autograde", "generate_feedback"):
        with open(folder / f"{command}.log", "w") as log:
            subprocess.run(
                [*commands, command, "hw"],
                cwd=folder,
                env=env,
                stdout=log,
                stderr=log,
                check=False,
                preexec_fn=bound,
            )
    time.sleep(PATIENCE if "rewrites" in attacks else 0)
    found = {name: _outcome(folder, name) for name in attacks}
    left = folder / "left"
    if left.exists():
        pid = int(left.read_text())
        if os.path.exists(f"/proc/{pid}"):
            found["leaves"] += ", and it still runs"
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    page = folder / "feedback" / "script" / "hw" / "work.html"
    if page.exists() and "<script>alert(" in page.read_text("utf-8"):
        found["script"] += ", and the script is in the feedback"
    return found


def _outcome(folder, name):
    from nbgrader.api import Gradebook, MissingEntry

    if not (folder / "autograded" / name / "hw" / "work.ipynb").exists():
        return "not graded"
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook("work", "hw", name)
        except MissingEntry:
            return "not graded"
        scores = {grade.cell.name: grade.auto_score or 0 for grade in notebook.grades}
    task, other = (
        sum(score for cell, score in scores.items() if cell.startswith(start))
        for start in ("square", "mean")
    )
    full = small_course.VISIBLE + small_course.HIDDEN
    text = f"{task:g} of {full}"
    return text if other == full else f"{text}; the other task {other:g} of {full}"


def main():
    """Run everything and print the table."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chosen = sys.argv[2:] or ATTACKS
    ours = (grade_demo.COURSE / "nbgrader_config.py").read_text("utf-8")
    ours += f"\nc.Limits.cell_seconds = {seconds}\n"
    found = {}
    for kind, config in (("plain", PLAIN.format(seconds=seconds)), ("course", ours)):
        found[kind] = {}
        for attacks in ({name: ATTACKS[name] for name in chosen}, DUPLICATE):
            with tempfile.TemporaryDirectory(prefix="attacks-") as scratch:
                folder = pathlib.Path(scratch) / "course"
                make_course(folder, config, attacks)
                found[kind] |= grade(folder, attacks)
                print(kind, found[kind], flush=True)
    print("\n| what the notebook does | plain nbgrader | this grader |\n| :-- | :-- | :-- |")
    for name, (what, _, _) in {**ATTACKS, **DUPLICATE}.items():
        if name in found["plain"] and name != "bbb":
            print(f"| {what} | {found['plain'][name]} | {found['course'][name]} |")
    print(f"\nThe one after the doubled test: {found['plain']['bbb']}; {found['course']['bbb']}")


if __name__ == "__main__":
    main()
