"""Each limit can be set, and stops what goes beyond it; the task beside it keeps its points."""

import pathlib
import re

import pytest
from small_course import HIDDEN, VISIBLE, grade_texts, limits, right

from course_lib.grading.launcher import Launcher, SandboxError
from course_lib.grading.limits import Limits

pytestmark = pytest.mark.slow

#: Name of a limit: a value, a solution that needs more, and what its author reads.
BEYOND = {
    "cell_seconds": (3, "import time\ndef square(x): time.sleep(1e6)", "longer than 3 seconds"),
    "memory": (2**30, "def square(x): return len(bytearray(2**31))", "emory"),
    "processes": (
        60,
        "import os, time\ndef square(x):\n    for _ in range(90):\n        if not os.fork():\n"
        "            time.sleep(1e6)",
        "Resource temporarily unavailable",
    ),
    "open_files": (
        64,
        "def square(x): return len([open('/dev/null') for _ in range(90)])",
        "Too many open files",
    ),
    "written_bytes": (
        2**22,
        "def square(x):\n    for i in range(9):\n        with open(f'/tmp/{i}', 'wb') as file:\n"
        "            file.write(bytes(2**19))\n    return 0",
        "No space left",
    ),
    "output_bytes": (2000, "def square(x):\n    while True: print('x')", "printed more than"),
    "reply_bytes": (2**16, "def square(x): return np.zeros(2**14)", "larger than 0.0625 MiB"),
    "reply_depth": (4, "def square(x): return [[[[[1]]]]]", "more than 4 levels deep"),
    "reply_items": (50, "def square(x): return list(range(60))", "more than 50 elements"),
}

#: What the other tests of this file, and of others, are for.
ELSEWHERE = {"notebook_seconds", "free_stops", "idle_cell_seconds", "start_seconds"}


def test_every_limit_is_tested():
    assert {*BEYOND, *ELSEWHERE} == set(Limits.class_own_traits(config=True))


@pytest.mark.parametrize("name", BEYOND)
def test_what_goes_beyond_a_limit_is_stopped_and_said(name):
    value, text, says = BEYOND[name]
    graded = grade_texts({**right(), "square": text}, config=limits(**{name: value}))
    assert graded.task("square") == 0
    (error,) = (o for o in graded.cells["square_check"].outputs if o.output_type == "error")
    assert says in f"{error.ename}: {error.evalue}"
    assert graded.task("mean") == VISIBLE + HIDDEN, graded.message("mean_check")


def test_one_file_may_not_be_larger_than_all_of_them():
    text = "def square(x):\n    with open('/dev/shm/x', 'wb') as f: f.truncate(2**23)"
    graded = grade_texts({**right(), "square": text}, config=limits(written_bytes=2**22))
    assert "File too large" in graded.message("square_check")


def test_the_notebook_s_time_ends_it():
    text = "import time\ndef square(x): time.sleep(1e6)"
    config = limits(cell_seconds=20, notebook_seconds=8, free_stops=0)
    graded = grade_texts({**right(), "square": text}, config=config)
    assert sum(graded.points.values()) == 0
    assert "8 seconds were used up" in graded.message("mean_check")


def test_cells_without_points_get_less_time_once_one_was_stopped():
    tasks = {**right(), "square": "import time\ndef square(x): time.sleep(1e6)"}
    # The two checks of the first task hang for 4 s each, and so does the second task's own cell,
    # which is the student's and has the same 4 s, not the second that others would get.
    tasks["mean"] += "\nimport time\ntime.sleep(2)"
    config = limits(cell_seconds=4, idle_cell_seconds=1)
    graded = grade_texts(tasks, config=config)
    assert graded.task("mean") == VISIBLE + HIDDEN, graded.message("mean_check")


def test_a_preloading_process_that_does_not_answer_is_named(monkeypatch):
    launcher = Launcher(preload=[])
    launcher.start()
    monkeypatch.setattr(launcher, "requests", _Deaf())
    with pytest.raises(SandboxError, match="does not answer"):
        launcher.launch("kernel", {**Limits().as_dict(), "start_seconds": 0.1}, [])
    monkeypatch.undo()
    launcher.close()


class _Deaf:
    def send(self, message, descriptors):
        self.kept = [*map(_duplicate, descriptors)]


def _duplicate(descriptor):
    import os

    return os.dup(descriptor)


FLOODS = {
    "prints": "for _ in range(3000): print('x' * 100_000)",
    "one string": "print('x' * 300_000_000)",
    "one message": (
        "kernel = get_ipython().kernel\n"
        "content = {'name': 'stdout', 'text': 'x' * 300_000_000}\n"
        "kernel.session.send(kernel.iopub_socket, 'stream', content, parent=kernel.get_parent())"
    ),
}


def peak():
    """Return the most memory that this process has had, in KiB."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_output_takes_no_memory_of_the_grader(flood):
    grade_texts(right())  # what the first run needs anyhow
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    before = peak()
    text = f"{FLOODS[flood]}\ndef square(x): return 0"
    graded = grade_texts({**right(), "square": text})
    # 300 MB were sent. MAX_QUEUE messages of MAX_MESSAGE bytes may wait, and one be read: 45 MiB.
    assert peak() - before < 50 * 2**10
    assert len(graded.text("square")) <= 2**20
    assert graded.task("mean") == VISIBLE + HIDDEN
    if flood != "one message":  # which was refused, unread
        assert "printed more than" in graded.message("square")
