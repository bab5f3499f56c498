"""Measure the course's VAE against others, side by side: `python benchmarks/run.py`.

Every contender runs in a process of its own, on two cores; the contenders take turns,
several rounds of them. Then a class is graded, with plain nbgrader and with the course's
grader. Writes results.json and prints the tables; with `--write` it also puts them into
README.md.
"""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import grading
import numpy as np
import summary

from course_lib.data import binarize, current_edition, load_digits

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results.json"
README = HERE / "README.md"
BENCH_VENV = ROOT / ".venv-bench"

N_CORES = 2
N_PICTURES = 10_000
#: Notebooks that are graded.
N_STUDENTS = 20
#: What can be measured on its own.
PARTS = ("models", "grading")
#: Epochs for each batch size; the first is not timed. Larger batches make fewer steps.
EPOCHS = {100: 5, 500: 8}

#: One of these for each contender: threads as many as cores, and patient ones. Threads that
#: wait by spinning make PyTorch several times slower on a machine with other work.
THREADS = {
    **dict.fromkeys(
        ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"],
        str(N_CORES),
    ),
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "",
}


@dataclasses.dataclass(frozen=True)
class Contender:
    """A script and how to run it.

    Args:
        name: What the tables call it.
        script: File in `contenders/`, without its ending.
        backend: `KERAS_BACKEND`.
        options: Further words of the command line.
        once: Whether one round will do: a variant, not a contender.
        python: The interpreter.
    """

    name: str
    script: str
    backend: str = "tensorflow"
    options: tuple[str, ...] = ()
    once: bool = False
    python: pathlib.Path = pathlib.Path(sys.executable)


TRAINING = (
    Contender(summary.FLOOR, "jax_loop"),
    Contender("course_lib, JAX", "course_vae", "jax"),
    Contender("course_lib, TensorFlow", "course_vae"),
    Contender("course_lib, TensorFlow, no XLA", "course_vae", options=("--jit", "off"), once=True),
    Contender(
        "course_lib, TensorFlow, 10 steps a call",
        "course_vae",
        options=("--steps-per-execution", "10"),
        once=True,
    ),
    Contender("keras.io's pattern, TensorFlow", "keras_example"),
)
PYTHAE = Contender("Pythae, PyTorch", "pythae_vae", python=BENCH_VENV / "bin" / "python")
CONTRACTIVE = tuple(
    Contender(f"course_lib, {name}", "contractive", backend, once=True)
    for name, backend in [("JAX", "jax"), ("TensorFlow", "tensorflow")]
)
LOG_PROB = tuple(dataclasses.replace(contender, script="log_prob") for contender in CONTRACTIVE)


def pictures(n=N_PICTURES):
    """Return binary pictures of 28×28 pixels, `uint8`, and where they are from.

    The embedded digits are 8×8: they are enlarged, and repeated with pixels drawn anew.
    """
    digits = load_digits()
    source = "MNIST, each pixel drawn with its gray value as probability"
    gray = digits.x_train
    if digits.item_shape != (28, 28):
        nearest = np.arange(28) * gray.shape[1] // 28
        gray = gray[:, nearest][:, :, nearest]
        source = f"made from scikit-learn's {len(gray):,} digits of 8×8, enlarged and repeated"
    return binarize(gray[np.arange(n) % len(gray)], seed=0).astype("uint8"), source


def run(contender, data, batch_size, epochs):
    """Run a contender in a process of its own.

    Args:
        contender: A `Contender`.
        data: File with the pictures.
        batch_size: Examples a step.
        epochs: Epochs; the first is not timed.

    Returns:
        A `dict`: what its JSON line says, with `contender`, `batch_size` and `launched`.

    Raises:
        RuntimeError: If it fails, with the end of what it printed.
    """
    script = HERE / "contenders" / f"{contender.script}.py"
    sizes = ["--data", str(data), "--batch-size", str(batch_size), "--epochs", str(epochs)]
    launched = time.time()
    done = subprocess.run(
        [contender.python, script, *sizes, *contender.options],
        cwd=ROOT,
        env={**os.environ, **THREADS, "KERAS_BACKEND": contender.backend},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{contender.name} failed:\n{done.stderr[-2000:]}")
    line = json.loads(done.stdout.splitlines()[-1])
    launched = round(launched, 3)
    return {"contender": contender.name, "batch_size": batch_size, "launched": launched, **line}


def bench_environment():
    """Make `.venv-bench` if it is missing or older than requirements.txt.

    Returns:
        `None`, or the reason why it cannot be had.
    """
    requirements, ready = HERE / "requirements.txt", BENCH_VENV / ".ready"
    if ready.exists() and ready.stat().st_mtime >= requirements.stat().st_mtime:
        return None
    print("Making .venv-bench with Pythae and PyTorch: one to three minutes.", flush=True)
    pip = [BENCH_VENV / "bin" / "python", "-m", "pip", "install", "--quiet"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", BENCH_VENV],
        [*pip, "--disable-pip-version-check", "-r", requirements],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            return f"Pythae, which could not be installed ({lines[-1] if lines else 'no reason'})."
    ready.touch()
    return None


def measure(training, rounds, minutes, data):
    """Let all contenders take turns.

    Args:
        training: Contenders that train the VAE.
        rounds: How many rounds at most.
        minutes: No round starts that would probably end after so many minutes.
        data: File with the pictures.

    Returns:
        A `dict`: `training`, `contractive` and `log_prob`, lists of runs, `loads` and
        `versions`.
    """
    results = {"loads": [], "versions": {}, "training": [], "contractive": [], "log_prob": []}
    jobs = [("training", one, size, EPOCHS[size]) for size in EPOCHS for one in training]
    jobs += [("contractive", one, 100, 9) for one in CONTRACTIVE]
    jobs += [("log_prob", one, 10, 3) for one in LOG_PROB]
    times = [time.monotonic()]
    for index in range(rounds):
        if index and 2 * times[-1] - times[-2] - times[0] > 60 * minutes:
            print(f"{index} of {rounds} rounds: the machine is slow or busy.", flush=True)
            break
        results["loads"].append(round(os.getloadavg()[0], 2))
        for kind, contender, batch_size, epochs in jobs:
            if index and contender.once:
                continue
            print(f"Round {index + 1}: {kind}, {contender.name}, {batch_size}", flush=True)
            found = run(contender, data, batch_size, epochs)
            results["versions"] |= found.pop("versions")
            results[kind].append({"round": index + 1, **found})
        times.append(time.monotonic())
    return results


def machine():
    """Return what the numbers depend on: processor, cores, memory, system."""
    cpu = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        lines = [line.partition(":") for line in info.read_text().splitlines()]
        cpu = next((value.strip() for key, _, value in lines if key.strip() == "model name"), cpu)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "cores_used": N_CORES,
        "memory_gib": round(memory / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }


def main():
    """Measure, write results.json, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    parser.add_argument("--render", action="store_true", help="measure nothing: use results.json")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10, help="fewer rounds rather than more")
    parser.add_argument("--only", choices=PARTS, help="measure this part, keep the other's results")
    parser.add_argument("--students", type=int, default=N_STUDENTS, help="notebooks to grade")
    args = parser.parse_args()

    use_cores()
    parts = () if args.render else (args.only,) if args.only else PARTS
    results = json.loads(RESULTS.read_text("utf-8")) if len(parts) < len(PARTS) else {}
    if "models" in parts:
        results = {**all_results(args), **{k: results[k] for k in ("grading",) if k in results}}
    if "grading" in parts:
        results["grading"] = {**stamp(), **grading.measure(args.students)}
    RESULTS.write_text(as_json(results), "utf-8")
    print("\n" + summary.render(results))
    if args.write:
        README.write_text(
            summary.insert(README.read_text("utf-8"), summary.render(results)), "utf-8"
        )
    if summary.is_void(results):
        sys.exit("The contenders have done different things: the comparison is void.")


def use_cores():
    """Restrict this process to `N_CORES`, and with it all that it starts."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:N_CORES])


def stamp():
    """Return when, how and where this is measured."""
    return {
        "date": datetime.date.today().isoformat(),
        "command": " ".join(["python benchmarks/run.py", *sys.argv[1:]]),
        "machine": machine(),
    }


def all_results(args):
    """Run all that has to do with models; return what results.json holds of it."""
    left_out = []
    if reason := bench_environment():
        print(f"Left out: {reason}", flush=True)
        left_out.append(reason)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "pictures.npy"
        x, source = pictures()
        np.save(data, x)
        training = TRAINING if left_out else (*TRAINING, PYTHAE)
        measured = measure(training, args.rounds, args.minutes, data)
    return {
        **stamp(),
        "data": {"n": len(x), "edition": current_edition(), "source": source},
        "left_out": left_out,
        **measured,
    }


def as_json(results):
    """Return results as JSON, one run a line."""
    parts = []
    for name, value in results.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines = (json.dumps(run, ensure_ascii=False) for run in value)
            text = "[\n" + ",\n".join(lines) + "\n]"
        parts.append(f'"{name}": {text}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
