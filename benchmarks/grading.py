"""Grade the same class with plain nbgrader and with the course's grader, side by side.

`python benchmarks/run.py --only grading` runs this and keeps what it finds. The class hands in
a small assignment with TensorFlow: a sampler, a KL term, a VAE trained for two epochs.
"""

import asyncio
import os
import pathlib
import resource
import shutil
import sys
import tempfile
import time

import nbformat

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))

import grade_demo
import small_course
import tensorflow_course

ASSIGNMENT, NOTEBOOK = "hw", "work.ipynb"

#: Starts of kernels that are timed. The first warm one still touches what no other has.
N_STARTS = 5

#: What makes a kernel ready for a student of this course.
IMPORTS = "import numpy, tensorflow, keras"


def submissions(n):
    """Return what students hand in: right answers in two styles, and wrong ones, in turns.

    Args:
        n: Students.

    Returns:
        A `dict` from name to a `dict` from task to text. No two are the same text.
    """
    right = small_course.right(tensorflow_course.TASKS)
    # Plain nbgrader takes all points for text on stderr, so nothing here writes there.
    other = {"sample": tensorflow_course.OTHER_STYLE["sample"]}
    kinds = [right, {**right, **other}]
    for task, old, new in tensorflow_course.MISTAKES:
        kinds.append({**right, task: right[task].replace(old, new)})
    return {
        f"student{i:02}": {task: f"{text}\n# {i}" for task, text in kinds[i % len(kinds)].items()}
        for i in range(n)
    }


def make_course(folder, config, students):
    """Make a course folder with a released assignment and what was handed in.

    Args:
        folder: A folder that does not exist.
        config: Text of `nbgrader_config.py`.
        students: See `submissions`.
    """
    grade_demo.make_course(folder, config)
    source = folder / "source" / ASSIGNMENT
    source.mkdir()
    notebook = small_course.make_source(tensorflow_course.TASKS, tensorflow_course.SETUP)
    nbformat.write(notebook, source / NOTEBOOK)
    grade_demo.nbgrader(folder, "generate_assignment", ASSIGNMENT)
    release = nbformat.read(folder / "release" / ASSIGNMENT / NOTEBOOK, as_version=4)
    for name, texts in students.items():
        handed_in = nbformat.from_dict(release)
        for cell in handed_in.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = texts[cell.metadata.nbgrader.grade_id]
        place = folder / "submitted" / name / ASSIGNMENT
        place.mkdir(parents=True)
        nbformat.write(handed_in, place / NOTEBOOK)


def grade(folder):
    """Time `nbgrader autograde`.

    Args:
        folder: A course folder.

    Returns:
        A `dict`: `seconds`, `cpu_seconds` of all processes, and `points`, a `dict` from student
        to a list.
    """
    from nbgrader.api import Gradebook

    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    grade_demo.nbgrader(folder, "autograde", ASSIGNMENT)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        points = {
            found.student.id: [
                grade.auto_score for grade in sorted(found.notebooks[0].grades, key=_name)
            ]
            for found in gradebook.assignment_submissions(ASSIGNMENT)
        }
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "points": points}


def _name(grade):
    return grade.cell.name


async def warm_starts(n=N_STARTS):
    """Time sandboxed kernels of the preloading process until they have the imports.

    Args:
        n: How many.

    Returns:
        A pair: seconds of the preloading process's own start, and a list of seconds.
    """
    from traitlets.config import Config

    from course_lib.grading.launcher import Launcher
    from course_lib.grading.limits import Limits
    from course_lib.grading.session import Session

    began = time.monotonic()
    launcher = Launcher.shared()
    launcher.start()
    preload, found = time.monotonic() - began, []
    for _ in range(n):
        began = time.monotonic()
        session = Session(Limits(), Config())
        await session.start()
        run = await session.run(IMPORTS, 60)
        found.append(round(time.monotonic() - began, 3))
        await session.kill()
        if run.status != "ok":
            raise RuntimeError(f"The imports ended with {run.status}: {run.outputs}")
    launcher.close()
    return round(preload, 2), found


async def cold_starts(n=N_STARTS):
    """Time ordinary kernels until they have the imports; return a list of seconds.

    Args:
        n: How many.
    """
    from jupyter_client.manager import start_new_async_kernel

    found = []
    for _ in range(n):
        began = time.monotonic()
        manager, client = await start_new_async_kernel(kernel_name="python3")
        reply = await client.execute_interactive(IMPORTS, timeout=300)
        found.append(round(time.monotonic() - began, 3))
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"The imports failed: {reply['content']}")
    return found


def measure(n):
    """Run everything.

    Args:
        n: Students.

    Returns:
        A `dict` that JSON can carry; see `grade`, `warm_starts` and `cold_starts`.
    """
    students, found = submissions(n), {"n": n, "loads": []}
    ours = (grade_demo.COURSE / "nbgrader_config.py").read_text("utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        for name, config in (("plain", grade_demo.PLAIN), ("course", ours)):
            folder = pathlib.Path(scratch) / name
            make_course(folder, config, students)
            print(f"Grading, {name}: {n} notebooks", flush=True)
            found["loads"].append(round(os.getloadavg()[0], 2))
            found[name] = grade(folder)
            shutil.rmtree(folder)
    found["preload"], found["warm"] = asyncio.run(warm_starts())
    found["cold"] = asyncio.run(cold_starts())
    # The points are kept where they differ only: otherwise they say nothing.
    plain, course = (found[name].pop("points") for name in ("plain", "course"))
    found["different"] = {
        name: [plain.get(name), course.get(name)]
        for name in sorted({*plain, *course})
        if plain.get(name) != course.get(name)
    }
    return found
