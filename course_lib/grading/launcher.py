"""Asks the preloading process for kernels and verdicts, and starts it when there is none."""

import atexit
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from typing import ClassVar

import course_lib
from course_lib.grading._channel import Lines

#: Environment variables that a submission may see; all others stay outside.
ENVIRONMENT = (
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "KERAS_BACKEND", "COURSE_DATA"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"),
    *("TF_NUM_INTEROP_THREADS", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"),
)

#: What the preloading process imports: all that a notebook of the course may need, and what a
#: kernel would import while it starts. On macOS nothing: there, a process that has imported them
#: may not be forked.
PRELOAD = (
    (
        *("numpy", "tensorflow", "keras", "matplotlib.pyplot", "sklearn.datasets"),
        *("course_lib.vae", "course_lib.data", "course_lib.grading._kernel"),
        *("course_lib.grading._verdict", "course_lib.grading._agent", "course_lib.grading._warm"),
    )
    if sys.platform == "linux"
    else ()
)

#: Seconds that the imports may take, on a very crowded machine. If they fail it is known at once.
START_SECONDS = 900


class SandboxError(RuntimeError):
    """The sandbox, or the preloading process, cannot be had; the text says what to change.

    Example:
        >>> raise SandboxError("no namespaces")
        Traceback (most recent call last):
            ...
        course_lib.grading.launcher.SandboxError: no namespaces
    """


class Process:
    """A process that the preloading process forked.

    Args:
        control: `Lines` through which it is watched.
        folder: Folder to remove when it has ended, or `None`.

    Example:
        >>> ours, theirs = map(Lines, socket.socketpair())
        >>> process = Process(ours)
        >>> theirs.send({"exit": -9, "reason": "memory"})
        >>> process.poll(), process.reason
        (-9, 'memory')
        >>> theirs.close()
    """

    def __init__(self, control, folder=None):
        self.control, self.folder = control, folder
        self.exit_code, self.reason = None, None
        #: Whether it waits for somebody to need it.
        self.is_spare = False

    def poll(self, seconds=0):
        """Return its exit status, or `None` while it runs.

        Args:
            seconds: How long to wait for it.
        """
        deadline = time.monotonic() + seconds
        while self.exit_code is None:
            wait = max(0, deadline - time.monotonic())
            if not self.control.is_ready(wait):
                return None
            self._receive()
        return self.exit_code

    def _receive(self):
        news = self.control.receive()[0] or {"exit": -1, "reason": "lost"}
        if "error" in news:
            self.reason = news["error"]
        if "exit" in news:
            self.exit_code = news["exit"]
            self.reason = news["reason"] or self.reason
            self.control.close()
            if self.folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def send_signal(self, number):
        """Send it a signal; nothing happens if it has ended.

        Args:
            number: Of the signal.
        """
        if self.poll() is None:
            try:
                self.control.send({"signal": int(number)})
            except OSError:
                self.poll()

    def kill(self):
        """End it and all that it started, and wait until they are gone."""
        self.send_signal(signal.SIGKILL)
        if self.poll(30) is None:
            # The preloading process does not answer: closing the socket ends the child, too.
            self.control.close()
            self.exit_code = -1


class Launcher:
    """Holds one preloading process.

    Args:
        sandbox: Whether to make a sandbox.
        preload: Modules to import beforehand; none makes every kernel a cold one.
        read_only: Further paths that a submission may read.

    Example:
        >>> Launcher.shared.__name__
        'shared'
    """

    _shared: ClassVar = weakref.WeakValueDictionary()

    def __init__(self, sandbox=True, preload=PRELOAD, read_only=()):
        self.sandbox, self.preload, self.read_only = sandbox, tuple(preload), tuple(read_only)
        self.process, self.requests, self.version = None, None, None
        self.has_filter, self.children = False, weakref.WeakSet()
        self.spares, self.lock = {}, threading.RLock()
        atexit.register(self.close)

    @classmethod
    def shared(cls, sandbox=True, preload=PRELOAD, read_only=()):
        """Return the one of this Python process with these settings.

        Args:
            sandbox: See the class.
            preload: See the class.
            read_only: See the class.

        Returns:
            A `Launcher`.
        """
        key = (sandbox, tuple(preload), tuple(read_only))
        launcher = cls._shared.get(key)
        if launcher is None:
            launcher = cls._shared[key] = cls(*key)
        return launcher

    def launch(self, kind, limits, descriptors, options=None, support=None, environment=None):
        """Fork a process.

        Args:
            kind: `"kernel"` or `"verdict"`.
            limits: A `dict`, `Limits.as_dict()`.
            descriptors: Open files that it gets.
            options: What its `main` gets, plain data.
            support: Folder of files that the assignment needs, or `None`.
            environment: Environment variables to add, a `dict`.

        Returns:
            A `Process`.

        Raises:
            SandboxError: If it cannot be had.
        """
        with self.lock:
            self.start()
            return self._launch(kind, limits, descriptors, options, support, environment)

    def _launch(self, kind, limits, descriptors, options, support, environment):
        opened = None
        if support is not None:
            opened = os.open(support, os.O_RDONLY | os.O_DIRECTORY)
        ours, theirs = map(Lines, socket.socketpair())
        descriptors = [theirs.fileno(), *descriptors, *([] if opened is None else [opened])]
        folder = None if self.sandbox else tempfile.mkdtemp(prefix="grading-")
        request = {
            "kind": kind,
            "limits": limits,
            "options": options or {},
            "has_support": support is not None,
            "environment": environment or {},
            "folder": folder,
        }
        try:
            self.requests.send(request, descriptors)
        finally:
            theirs.close()
            if opened is not None:
                os.close(opened)
        news = {"error": "the preloading process does not answer"}
        if ours.is_ready(limits["start_seconds"]):
            news = ours.receive()[0] or {"error": "it ended"}
        if "started" not in news:
            ours.close()
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            raise SandboxError(f"A process could not be forked: {news.get('error', news)}")
        process = Process(ours, folder)
        self.children.add(process)
        return process

    def take(self, key, fork):
        """Return what was forked for somebody who asks like this, or fork it now.

        Args:
            key: Says what is asked for, and how: a tuple, the kind first.
            fork: Called if there is none: returns an object with a `Process` as `process`.

        Returns:
            What `fork` returned, now or in `prepare`.
        """
        with self.lock:
            self.start()
            found = self.spares.pop(key, None)
            if found is not None and found.process.poll() is None:
                found.process.is_spare = False
                return found
            if found is not None:
                found.discard()
            return fork()

    def prepare(self, key, fork):
        """Fork ahead of need what `take` will return, while other processes work.

        Args:
            key: See `take`.
            fork: See `take`; what it returns has a method `discard`, too.
        """
        with self.lock:
            for other in [other for other in self.spares if other[0] == key[0] and other != key]:
                self.spares.pop(other).discard()  # one of each kind is enough
            if key not in self.spares:
                self.spares[key] = found = fork()
                found.process.is_spare = True

    def start(self):
        """Make sure that the preloading process runs, and runs the code that is on disk.

        Raises:
            SandboxError: If it cannot.
        """
        is_running = self.process is not None and self.process.poll() is None
        # What runs now was begun in the environment as it was, and ends in it.
        if is_running and any(c.poll() is None and not c.is_spare for c in self.children):
            return
        version = environment_version()
        if is_running and version == self.version:
            return
        self.close()
        if self.sandbox and sys.platform != "linux":
            from course_lib.grading._sandbox import ADVICE

            raise SandboxError(ADVICE.format(error=f"it is {sys.platform}, not Linux"))
        ours, theirs = map(Lines, socket.socketpair())
        variables = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        variables.update(
            PATH=os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"]),
            PYTHONSAFEPATH="1",  # no folder of the caller's before the environment's
            PYTHONNOUSERSITE="1",
            PYTHONDONTWRITEBYTECODE="1",
            HOME="/",
            MPLBACKEND="module://matplotlib_inline.backend_inline",
            MPLCONFIGDIR="/tmp",
        )
        data = os.environ.get("COURSE_DATA_DIR")
        if data:
            variables["COURSE_DATA_DIR"] = data
        settings = {
            "sandbox": self.sandbox,
            "preload": list(self.preload),
            "read_only": [
                *environment_folders(),
                *map(os.path.abspath, self.read_only),
                *([os.path.abspath(data)] if data else []),
            ],
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "course_lib.grading._zygote"),
                *(str(theirs.fileno()), json.dumps(settings)),
            ],
            pass_fds=[theirs.fileno()],
            env=variables,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if os.environ.get("GRADING_DEBUG") else subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self.requests, self.version = ours, version
        news = {"error": "preload", "text": "it did not answer"}
        if ours.is_ready(START_SECONDS):
            news = ours.receive()[0] or {"error": "preload", "text": "it ended"}
        if "error" in news:
            self.close()
            if news["error"] == "sandbox":
                from course_lib.grading._sandbox import ADVICE

                raise SandboxError(ADVICE.format(error=news["text"]))
            raise SandboxError(f"The preloading process did not start: {news['text']}")
        self.has_filter = news["filter"]

    def close(self):
        """End the preloading process and all that it forked."""
        while self.spares:
            self.spares.popitem()[1].discard()
        if self.requests is not None:
            self.requests.close()
        if self.process is not None:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = self.requests = None


def environment_folders():
    """Return the folders that hold the Python environment and this package, a sorted list.

    Returns:
        Absolute paths; the folder of the course is none of them.

    Example:
        >>> sys.prefix in environment_folders()
        True
    """
    package = os.path.dirname(os.path.abspath(course_lib.__file__))
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, package}
    return sorted(folders)


def environment_version():
    """Return a text that changes when the installed packages or this one change.

    Returns:
        A hash, made from names and times of change.

    Example:
        >>> environment_version() == environment_version()
        True
    """
    package = os.path.dirname(os.path.abspath(course_lib.__file__))
    seen = [sys.version, sys.prefix]
    for folder, _, names in sorted(os.walk(package)):
        for name in sorted(names):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))
                seen.append(f"{folder}/{name} {status.st_mtime_ns} {status.st_size}")
    for folder in sys.path:
        if folder.startswith(sys.prefix) and os.path.isdir(folder):
            seen.append(f"{folder} {os.stat(folder).st_mtime_ns}")
    seen.extend(f"{name}={os.environ.get(name)}" for name in (*ENVIRONMENT, "COURSE_DATA_DIR"))
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()
