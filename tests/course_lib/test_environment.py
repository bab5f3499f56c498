"""Process-wide limits, each tested in a process of its own."""

import os
import subprocess
import sys

import pytest

from course_lib import _environment

NAMES = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_CPP_MIN_LOG_LEVEL",
]


def run(code, **variables):
    """Run code in a fresh process in which none of the names is set but those given."""
    environment = {k: v for k, v in os.environ.items() if k not in NAMES} | variables
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


SHOW = f"import os, course_lib; print(*[os.environ.get(n) for n in {NAMES}])"


def test_defaults():
    cores = str(min(_environment.available_cores(), _environment.MAX_THREADS))
    assert run(SHOW)[0] == ["1", "1", cores, "1", "2"]


@pytest.mark.parametrize("name", NAMES)
def test_what_the_user_has_set_wins(name):
    values = dict(zip(NAMES, run(SHOW, **{name: "3"})[0], strict=True))
    assert values[name] == "3"


def test_openblas_follows_openmp():
    assert run(SHOW, OMP_NUM_THREADS="2")[0][:2] == ["2", "2"]


@pytest.mark.parametrize("value", ["4,2", ""])
def test_whatever_openmp_is_told_the_package_can_be_imported(value):
    # "4,2" is a limit for each level of nesting, which clusters set.
    run("import course_lib", OMP_NUM_THREADS=value)


@pytest.mark.parametrize("first", ["import numpy, course_lib", "import course_lib, numpy"])
def test_blas_uses_one_thread_whichever_is_imported_first(first):
    code = f"""{first}
import threadpoolctl
print(*[pool["num_threads"] for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"])"""
    counts, _ = run(code)
    assert counts
    assert set(counts) == {"1"}


def test_importing_the_package_is_quick_to_say_nothing_and_loads_no_framework():
    code = """import sys, course_lib
print(*[name for name in ("keras", "tensorflow", "numpy") if name in sys.modules])"""
    assert run(code) == ([], "")


def test_start_of_tensorflow_prints_no_notes():
    out, err = run("import course_lib, keras; keras.ops.ones(2) + 1")
    assert (out, err) == ([], "")


def test_available_cores_are_those_of_the_process(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert _environment.available_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, expected in [(6, 6), (None, 1)]:
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert _environment.available_cores() == expected


@pytest.mark.parametrize(("cores", "threads"), [(1, "1"), (3, "3"), (64, "4")])
def test_threads_are_limited(monkeypatch, cores, threads):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_environment, "available_cores", lambda: cores)
    _environment.apply()
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == threads
