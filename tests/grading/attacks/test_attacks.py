"""Attacks on the grader: notebooks that really run, and earn what their honest part earned.

Each text is the solution of the first task. It gives no right answer, unless its entry says
so; the second task is right, and must keep its points.
"""

import os
import pathlib

import pytest
from attack_texts import EXHAUSTION, FORGERIES, WRONG
from small_course import HIDDEN, VISIBLE, grade_texts, limits, right

from course_lib.grading.launcher import Launcher

pytestmark = pytest.mark.slow


def check(graded):
    assert graded.task("square") == 0
    assert graded.message("square_check") or graded.message("square_grade")
    assert graded.task("mean") == VISIBLE + HIDDEN, graded.message("mean_check")


@pytest.mark.parametrize("name", FORGERIES)
def test_a_wrong_answer_gets_no_points(name):
    graded = grade_texts({**right(), "square": FORGERIES[name]})
    if name == "the visible example":  # memorized: half of the task
        assert graded.points["square_check"] == VISIBLE
        graded.points["square_check"] = 0
    check(graded)


@pytest.mark.parametrize("name", EXHAUSTION)
def test_using_up_costs_the_own_task_only(name):
    config = limits(cell_seconds=4, idle_cell_seconds=3, memory=2**31, written_bytes=2**26)
    check(grade_texts({**right(), "square": EXHAUSTION[name]}, config=config))


def test_fork_bomb():
    text = """
import os
def square(x):
    while True:
        try: os.fork()
        except OSError: pass
"""
    config = limits(cell_seconds=3, processes=40, notebook_seconds=200)
    check(grade_texts({**right(), "square": text}, config=config))


def test_nothing_is_left_running():
    text = """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        time.sleep(1e6)
    os._exit(0)
"""
    check(grade_texts({**right(), "square": text + WRONG}))
    launcher = Launcher.shared()
    (zygote,) = children(launcher.process.pid)
    while launcher.spares:  # forked for the next notebook; they have seen nothing of this one
        launcher.spares.popitem()[1].discard()
    assert children(zygote) == []


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_what_is_there_to_see(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "hunter2")
    secret = tmp_path / "gradebook.db"
    secret.write_text("secret")
    root = pathlib.Path(__file__).parents[3]
    text = f"""
import ctypes, glob, os, socket, subprocess
def attempt(name, function, *args):
    try:
        print("DONE", name, function(*args))
    except OSError as error:
        print("denied", name)
for path in ({str(secret)!r}, {str(root / "assignments")!r}, "/etc/shadow",
             {str(pathlib.Path.home() / ".ssh")!r},
             {str(root / "tests")!r}, "/proc/1/root/etc/shadow"):
    print("EXISTS " + path if os.path.exists(path) else "hidden")
for path in ("/usr/x", "/x", "/etc/passwd", os.__file__, {str(root / "course_lib/x.py")!r}):
    attempt("write " + path, open, path, "a")
print("ENVIRONMENT", "SECRET_OF_THE_GRADER" in os.environ, "hunter2" in str(os.environ))
print("PROCESSES", sorted(p for p in os.listdir("/proc") if p.isdigit()))
attempt("network", socket.create_connection, ("1.1.1.1", 53), 2)
attempt("host", socket.create_connection, ("127.0.0.1", 22), 2)
for family in (16, 17, 38, 40):
    attempt(f"family {{family}}", socket.socket, family, socket.SOCK_RAW, 16)
attempt("root", os.setuid, 0)
attempt("chroot", os.chroot, "/tmp")
libc = ctypes.CDLL(None)
mounted = libc.mount(b"x", b"/tmp", b"tmpfs", 0, 0)
print("CALLS", libc.unshare(0x10000000), libc.ptrace(16, 1, 0, 0), mounted)
status = open("/proc/self/status").read()
print([s for s in status.splitlines() if s.startswith(("CapEff", "CapBnd", "NoNewPrivs"))])
print("SOCKETS", [p for p in glob.glob("/tmp/kernel-*") + glob.glob("/run/*")])
print("UNIX", [line for line in open("/proc/net/unix").read().splitlines()[1:] if "/" in line])
"""
    graded = grade_texts({**right(), "square": text + WRONG})
    seen = graded.text("square")
    assert "DONE" not in seen, seen
    assert "EXISTS" not in seen, seen
    assert "ENVIRONMENT False False" in seen
    assert "PROCESSES ['1']" in seen
    assert "CALLS -1 -1 -1" in seen
    assert "CapEff:\t0000000000000000" in seen.replace("\\t", "\t")
    assert "CapBnd:\t0000000000000000" in seen.replace("\\t", "\t")
    assert "NoNewPrivs:\t1" in seen.replace("\\t", "\t")
    assert "SOCKETS []" in seen
    assert os.environ["SECRET_OF_THE_GRADER"] == "hunter2"
    check(graded)


def test_breaking_what_serves_the_tests_breaks_the_own_task_only():
    text = """
from course_lib.grading import _agent
_agent.Agent.serve = lambda *a: None
"""
    graded = grade_texts({**right(), "square": text + WRONG})
    check(graded)
    assert "changed what runs the tests" in graded.message("square_check")
