"""The benchmark's arithmetic and tables on made-up runs, and one tiny run of each contender."""

import importlib
import json
import math
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"

LOOP, OURS, OTHER = "JAX loop by hand", "course_lib, JAX", "Another, TensorFlow"


@pytest.fixture
def load_module(monkeypatch):
    """A function that imports a script of a folder below `benchmarks/`, and forgets it after."""
    before = set(sys.modules)

    def load(name, folder="."):
        monkeypatch.syspath_prepend(str(BENCHMARKS / folder))
        return importlib.import_module(name)

    yield load
    for name in ("run", "summary", "common", "jax_loop", "grading"):
        if name not in before:
            sys.modules.pop(name, None)


@pytest.fixture
def summary(load_module):
    return load_module("summary")


def made_up_run(contender, round_number, epochs, batch_size=100, start=7.0, loss=100.0, peak=400):
    """A run that was launched at second 1000; its first epoch ended `start` seconds later."""
    ends = (1000 + start + np.cumsum([0, *epochs])).tolist()
    return {
        "round": round_number,
        "contender": contender,
        "batch_size": batch_size,
        "launched": 1000.0,
        "ends": ends,
        "cpu_ends": np.cumsum([start, *(2 * s for s in epochs)]).tolist(),
        "losses": [500.0] + [loss] * len(epochs),
        "peak_mib": peak,
    }


@pytest.fixture
def results():
    """Two rounds, in the second of which the machine is four times slower."""
    training = [
        made_up_run(name, round_number, [slow * factor * s for s in (1.0, 3.0, 2.0)], batch_size)
        for batch_size in (100, 500)
        for round_number, slow in [(1, 1), (2, 4)]
        for name, factor in [(LOOP, 1), (OURS, 1.25), (OTHER, 2)]
    ]
    contractive = [{"contender": OURS, "plain": [3.0, 2.0], "contractive": [2.6, 8.0]}]
    log_prob = [{"contender": OURS, "seconds_per_picture": [0.3, 0.06, 0.01], "peak_mib": 900}]
    return {
        "date": "2020-02-02",
        "command": "python benchmarks/run.py",
        "machine": {
            "cpu": "Abacus",
            "cores": 9,
            "cores_used": 2,
            "memory_gib": 3,
            "system": "Wood",
        },
        "versions": {"keras": "3.0", "jax": "0.7"},
        "data": {"n": 10_000, "edition": "embedded", "source": "drawn by hand"},
        "left_out": [],
        "loads": [0.0, 8.0],
        "training": training,
        "contractive": contractive,
        "log_prob": log_prob,
    }


@pytest.fixture
def grading(results):
    """A class of four, graded three times as fast as by plain nbgrader."""
    return {
        **{key: results[key] for key in ("date", "command", "machine")},
        **{"n": 4, "loads": [0.5, 0.6], "preload": 7.0, "different": {}},
        "plain": {"seconds": 60.0, "cpu_seconds": 80.0},
        "course": {"seconds": 20.0, "cpu_seconds": 24.0},
        "warm": [0.9, 0.6, 0.4],
        "cold": [5.0, 6.0, 4.0],
    }


# The arithmetic


def test_the_fastest_epoch_but_the_first_counts(summary):
    run = made_up_run(OURS, 1, [5.0, 2.0, 3.0])
    assert summary.epoch_seconds(run) == pytest.approx(2)
    assert summary.epoch_seconds(run, "cpu_ends") == pytest.approx(4)
    run["ends"][0] = run["launched"] + 0.001  # however short the first one was
    assert summary.epoch_seconds(run) == pytest.approx(2)


def test_start_is_what_the_first_epoch_took_beyond_an_epoch(summary):
    assert summary.startup_seconds(made_up_run(OURS, 1, [2.0, 3.0], start=7)) == pytest.approx(5)


def test_ratios_are_taken_within_a_round(summary, results):
    rows = summary.summarize(summary.by_batch_size(results)[100])
    assert rows[LOOP]["ratios"] == pytest.approx([1, 1])
    assert rows[OURS]["ratios"] == pytest.approx([1.25, 1.25])  # though the second round is slow
    assert rows[OURS]["seconds"] == pytest.approx((1.25 + 5) / 2)
    assert rows[OURS]["cpu_seconds"] == pytest.approx(1.25 + 5)


def test_memory_is_the_highest_peak_and_loss_the_mean(summary):
    runs = [
        made_up_run(LOOP, 1, [1.0], peak=300, loss=90.0),
        made_up_run(LOOP, 2, [1.0], peak=500, loss=110.0),
    ]
    row = summary.summarize(runs)[LOOP]
    assert (row["peak_mib"], row["loss"]) == (500, 100)


@pytest.mark.parametrize(("loss", "void"), [(102.9, False), (103.1, True), (97.0, True)])
def test_a_contender_that_learned_something_else_makes_it_void(summary, results, loss, void):
    for run in results["training"]:
        if run["contender"] == OTHER and run["batch_size"] == 500:
            run["losses"][-1] = loss
    assert summary.is_void(results) is void
    assert ("**Void.**" in summary.render(results)) is void


def test_goals_are_met_at_their_limits_and_not_beyond(summary, results):
    goals = summary.goals(results)
    loop, other, contractive = goals
    assert loop == f"{OURS}: at most 1.25 times the loop"
    assert goals[loop] == (pytest.approx(1.25), True)
    assert other == f"{OURS}: less time than {OTHER}"
    assert goals[other] == (pytest.approx(1.25 / 2), True)
    assert goals[contractive] == (pytest.approx(1.3), True)

    for run in results["training"]:
        if run["contender"] == OURS and run["batch_size"] == 500:
            run["ends"] = [run["ends"][0] + 1.7 * (end - run["ends"][0]) for end in run["ends"]]
    results["contractive"][0]["contractive"] = [2.7]
    goals = summary.goals(results)
    assert goals[loop] == (pytest.approx(1.7 * 1.25), False)  # the worst batch size counts
    assert goals[other] == (pytest.approx(1.7 * 1.25 / 2), False)
    assert goals[contractive] == (pytest.approx(1.35), False)


def test_the_goals_of_the_grader(summary, results, grading):
    results["grading"] = grading
    *_, fast, ready = summary.goals(results).items()
    assert fast == ("Grading: at least 3 times as fast as plain nbgrader", (3.0, True))
    assert ready == ("A sandboxed kernel, ready in at most 0.6 s", (0.6, True))
    grading["plain"]["seconds"], grading["warm"][1] = 59.9, 0.61
    *_, fast, ready = summary.goals(results).values()
    assert (fast[1], ready[1]) == (False, False)


def test_different_points_make_it_void(summary, results, grading):
    results["grading"] = grading
    assert not summary.is_void(results)
    assert "**Void.**" not in summary.render(results)
    grading["different"] = {"ada": [[1], [0]]}
    assert summary.is_void(results)
    assert "**Void.** Different points: ada." in summary.render(results)


# The tables


def test_the_tables_hold_the_numbers(summary, results):
    text = summary.render(results)
    assert f"| {OURS} | 1.25 | 3.12 | 6.25 |" in text
    assert f"| {OURS} | 1.30 | 2.00 |" in text
    # The median, 0.06 seconds, times 10,000 is 600 seconds.
    assert f"| {OURS} | 0.060 (0.010–0.300) | 10 | 900 |" in text
    for words in ("Abacus, 2 of 9 cores, 3 GiB", "jax 0.7, keras 3.0", "0.0, 8.0", "drawn by hand"):
        assert words in text
    assert "Left out" not in text
    results["left_out"] = ["an abacus."]
    assert "Left out: an abacus." in summary.render(results)


def test_the_grader_s_table_holds_the_numbers(summary, results, grading):
    assert "Grading" not in summary.render(results)
    text = summary.render({**results, "grading": grading})
    assert "| plain nbgrader | 60 | 15.0 | 20.0 | 1.0 |" in text
    assert "| the course's grader | 20 | 5.0 | 6.0 | 3.0 |" in text
    assert "| ordinary, cold | 5.00 (4.00–6.00) |" in text
    assert "| sandboxed, forked | 0.60 (0.40–0.90) |" in text


def test_every_row_has_as_many_cells_as_its_header(summary, results, grading):
    results["grading"] = grading
    lines = [line for line in summary.render(results).splitlines() if line.startswith("|")]
    width = 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if following.startswith("| --- |"):
            width = line.count("|")
        assert line.count("|") == width


def test_tables_replace_what_stands_between_the_markers(summary):
    text = f"Before\n\n{summary.BEGIN}\nold\n{summary.END}\n\nAfter\n"
    once = summary.insert(text, "| new |")
    assert once == f"Before\n\n{summary.BEGIN}\n\n| new |\n\n{summary.END}\n\nAfter\n"
    assert summary.insert(once, "| new |") == once


@pytest.mark.parametrize("text", ["", "{begin}", "{end}{begin}", "{begin}{begin}{end}"])
def test_a_text_without_the_two_markers_is_named(summary, text):
    with pytest.raises(ValueError, match="each once"):
        summary.insert(text.format(begin=summary.BEGIN, end=summary.END), "| new |")


def test_the_readme_shows_the_results_that_are_kept(summary):
    readme = (BENCHMARKS / "README.md").read_text("utf-8")
    results = json.loads((BENCHMARKS / "results.json").read_text("utf-8"))
    assert summary.insert(readme, summary.render(results)) == readme
    assert not summary.is_void(results)


# The driver


def test_json_has_one_run_a_line_and_loses_nothing(load_module, results):
    text = load_module("run").as_json(results)
    assert json.loads(text) == results
    runs = sum(len(results[kind]) for kind in ("training", "contractive", "log_prob"))
    assert sum(line.startswith('{"') for line in text.splitlines()) == runs


def test_pictures_are_binary_and_as_many_as_asked_for(load_module, monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    x, source = load_module("run").pictures(2000)  # more than there are digits
    assert x.shape == (2000, 28, 28)
    assert set(np.unique(x)) == {0, 1}
    assert "8×8" in source


def test_contenders_take_turns_and_variants_run_once(load_module, monkeypatch):
    driver, calls = load_module("run"), []

    def fake_run(contender, data, batch_size, epochs):
        calls.append((contender.script, contender.name, batch_size))
        return {"contender": contender.name, "versions": {contender.script: "1"}}

    monkeypatch.setattr(driver, "run", fake_run)
    results = driver.measure(driver.TRAINING, rounds=3, minutes=9, data="")
    rounds = [run["round"] for run in results["training"] if run["contender"] == LOOP]
    assert rounds == [1, 1, 2, 2, 3, 3]  # once for each batch size
    assert len(set(calls)) > 10
    assert len(set(calls[: len(set(calls))])) == len(set(calls))  # all, before anyone again
    variants = [contender.name for contender in driver.TRAINING if contender.once]
    assert variants
    for variant in variants:
        assert sum(call[1] == variant for call in calls) == len(driver.EPOCHS)
    assert set(results["versions"]) >= {"jax_loop", "course_vae", "contractive", "log_prob"}


@pytest.mark.parametrize(("seconds", "rounds"), [(299, 2), (301, 3)])
def test_no_round_starts_that_would_end_too_late(load_module, monkeypatch, seconds, rounds):
    driver = load_module("run")
    now = iter(range(0, 600, 100))  # each round takes 100 seconds
    monkeypatch.setattr(driver.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(driver, "run", lambda *args: {"versions": {}})
    results = driver.measure((), rounds=4, minutes=seconds / 60, data="")
    assert len(results["loads"]) == rounds


# The graders


def test_submissions_differ_in_their_text(load_module):
    students = load_module("grading").submissions(20)
    assert len(students) == 20
    texts = [text for texts in students.values() for text in texts.values()]
    assert len(set(texts)) == len(texts)
    for texts in students.values():
        for text in texts.values():
            compile(text, "cell", "exec")


@pytest.mark.slow
def test_both_graders_give_the_same_points(load_module, tmp_path):
    module = load_module("grading")
    students = dict(list(module.submissions(3).items())[1:])  # another style, a mistake
    found = {}
    ours = (ROOT / "assignments" / "nbgrader_config.py").read_text("utf-8")
    for name, config in (("plain", module.grade_demo.PLAIN), ("course", ours)):
        module.make_course(tmp_path / name, config, students)
        found[name] = module.grade(tmp_path / name)
        assert found[name]["seconds"] > 0
        assert found[name]["cpu_seconds"] > 0
    assert found["plain"]["points"] == found["course"]["points"]
    assert sorted(map(sum, found["course"]["points"].values())) == [12, 15]


# The contenders


@pytest.fixture(scope="module")
def pictures_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "pictures.npy"
    np.save(path, np.random.default_rng(0).integers(0, 2, (200, 28, 28), dtype="uint8"))
    return path


def run_script(script, backend, pictures_file, *options):
    """Run a contender for two epochs of two steps; return what its JSON line says."""
    path = BENCHMARKS / "contenders" / f"{script}.py"
    sizes = ["--batch-size", "100", "--epochs", "2"]
    done = subprocess.run(
        [sys.executable, path, "--data", pictures_file, *sizes, *options],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = done.stdout.splitlines()
    return json.loads(line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "backend", "options"),
    [
        ("jax_loop", "jax", []),
        ("course_vae", "jax", []),
        ("course_vae", "tensorflow", ["--jit", "off", "--steps-per-execution", "2"]),
        ("keras_example", "tensorflow", []),
    ],
)
def test_a_contender_trains_and_says_so(pictures_file, script, backend, options):
    line = run_script(script, backend, pictures_file, *options)
    assert len(line["ends"]) == len(line["cpu_ends"]) == len(line["losses"]) == 2
    assert line["ends"][0] < line["ends"][1]
    assert 50 < line["peak_mib"] < 10_000
    assert backend in line["versions"]
    # Random pixels: nothing is better than 784 log 2 nats. The first steps come from above
    # and stay within a fifth of it; a loss averaged over pixels would be 784 times smaller.
    best = 784 * math.log(2)
    assert all(0.99 * best < loss < 1.2 * best for loss in line["losses"])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_the_contractive_and_the_plain_autoencoder_take_turns(pictures_file, backend):
    line = run_script("contractive", backend, pictures_file)
    assert len(line["plain"]) == len(line["contractive"]) == 1
    assert min(line["plain"] + line["contractive"]) > 0


@pytest.mark.slow
def test_log_prob_is_timed_by_the_picture(pictures_file):
    line = run_script("log_prob", "jax", pictures_file, "--batch-size", "2")
    assert len(line["seconds_per_picture"]) == 2
    assert line["log_prob"] < 0


def test_the_loop_by_hand_computes_minus_the_elbo(load_module):
    jax = pytest.importorskip("jax")
    loop = load_module("jax_loop", "contenders")
    rng = np.random.default_rng(0)
    params = {
        "encoder": loop.initialize(rng, (6, 5)),
        "mean": loop.initialize(rng, (5, 2)),
        # A log-variance of -100 for whatever x: z is the mean, and the loss not random.
        "log_var": [(np.zeros((5, 2), "float32"), np.full(2, -100, "float32"))],
        "decoder": loop.initialize(rng, (2, 5, 6)),
    }
    x = rng.integers(0, 2, (4, 6)).astype("float32")
    found = loop.negative_elbo(params, x, jax.random.key(0))

    arrays = jax.tree.map(lambda a: np.asarray(a, "float64"), params)
    ((w, b),) = arrays["encoder"]
    hidden = np.maximum(x @ w + b, 0)
    ((w, b),) = arrays["mean"]
    mean = hidden @ w + b
    (w, b), (w_out, b_out) = arrays["decoder"]
    p = 1 / (1 + np.exp(-(np.maximum(mean @ w + b, 0) @ w_out + b_out)))
    log_likelihood = np.log(np.where(x == 1, p, 1 - p)).sum(axis=1)
    kl = 0.5 * (mean**2 + math.exp(-100) + 100 - 1).sum(axis=1)
    # float32: some 20 sums of terms of at most 100, each off by 6e-8 of it: 1.2e-6.
    assert float(found) == pytest.approx((kl - log_likelihood).mean(), rel=2e-6)
