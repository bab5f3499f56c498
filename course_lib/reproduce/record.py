"""How a run is described, kept and read again."""

import datetime
import importlib
import json
import os
import pathlib
import platform
import time

import keras

from course_lib._environment import available_cores
from course_lib.data import current_edition

RESULTS = pathlib.Path(__file__).parent / "results"

#: What a result file says, in this order.
FIELDS = ("name", "command", "date", "data", "settings", "values", "minutes", "cpu_minutes")
FIELDS += ("machine", "versions")


def record(name, settings, values, clock):
    """Describe a finished run.

    Args:
        name: Name of the experiment.
        settings: A `dict` of what it was run with.
        values: A `dict` of what it found.
        clock: The `Clock` that was started with it.

    Returns:
        A `dict` with the keys `FIELDS`.
    """
    backend = keras.backend.backend()
    cores = available_cores()
    # Not the package's version: TensorFlow comes in packages of several names.
    versions = {p: importlib.import_module(p).__version__ for p in ("keras", backend, "numpy")}
    quick = " --quick" if settings.get("quick") else ""
    return {
        "name": name,
        "command": f"KERAS_BACKEND={backend} python -m course_lib.reproduce {name}{quick}",
        "date": datetime.date.today().isoformat(),
        "data": current_edition(),
        "settings": settings,
        "values": values,
        "minutes": round(clock.minutes(), 2),
        "cpu_minutes": round(clock.cpu_minutes(), 2),
        "machine": f"{processor()}, {cores} core{'s' * (cores > 1)}, {platform.system()}",
        "versions": {**versions, "python": platform.python_version()},
    }


def save_result(result, folder=RESULTS):
    """Keep a result: all of the file, or nothing.

    Args:
        result: What `record` returned.
        folder: Where.

    Returns:
        The path of the file, named after the experiment.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result['name']}.json"
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    os.replace(draft, path)
    return path


def load_result(name, folder=RESULTS):
    """Read what a run of an experiment found.

    Args:
        name: Name of the experiment, such as `"vae"`.
        folder: Where.

    Returns:
        A `dict` with the keys `FIELDS`.

    Raises:
        ValueError: If nothing is kept under that name.

    Example:
        >>> load_result("pca")["settings"]["code_size"]
        30
    """
    path = pathlib.Path(folder) / f"{name}.json"
    if not path.exists():
        known = sorted(file.stem for file in pathlib.Path(folder).glob("*.json"))
        raise ValueError(f"No result of that name. Received: name={name!r}; there are {known}")
    return json.loads(path.read_text("utf-8"))


def load_results(folder=RESULTS):
    """Read all results that are kept.

    Args:
        folder: Where.

    Returns:
        A `dict` from names to what `load_result` returns.

    Example:
        >>> "pca" in load_results()
        True
    """
    return {file.stem: load_result(file.stem, folder) for file in sorted(folder.glob("*.json"))}


class Clock:
    """Time since it was made: on the wall, and of this process on all cores.

    Args:
        minutes: Minutes on the wall that earlier parts of the same run took.
        cpu_minutes: The same, of processor time.

    Example:
        >>> Clock(minutes=3).minutes() >= 3
        True
    """

    def __init__(self, minutes=0.0, cpu_minutes=0.0):
        self._wall = time.perf_counter() - 60 * minutes
        self._cpu = time.process_time() - 60 * cpu_minutes

    def minutes(self):
        """Return minutes on the wall."""
        return (time.perf_counter() - self._wall) / 60

    def cpu_minutes(self):
        """Return processor minutes, those of all cores added up."""
        return (time.process_time() - self._cpu) / 60


def processor():
    """Return the processor's name, as the operating system tells it.

    Returns:
        A `str`.
    """
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
