"""The preloading process: imports once what takes seconds, then forks whoever needs it.

Started by `launcher` as `python -m course_lib.grading._zygote SOCKET SETTINGS`. It runs no
TensorFlow operation, so that a forked copy starts clean; it holds no test, no solution and no
gradebook; it listens on no address. It watches the memory and the time of its children.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback

from course_lib.grading import _sandbox, _seccomp
from course_lib.grading._channel import Lines

#: Seconds between looks at the children's memory.
WATCH = 0.2

#: What a forked process runs: the name of a module, whose `main(options, descriptors)` it is.
KINDS = {"kernel": "course_lib.grading._kernel", "verdict": "course_lib.grading._verdict"}


def main():
    """Serve requests from the socket until it closes."""
    requests = Lines(socket.socket(fileno=int(sys.argv[1])))
    settings = json.loads(sys.argv[2])
    stage = "sandbox"
    try:
        if settings["sandbox"]:
            _sandbox.enter_outer(settings["read_only"])
        stage = "preload"
        for name in settings["preload"]:
            importlib.import_module(name)
    except BaseException as error:
        text = str(error) if stage == "sandbox" else traceback.format_exc()
        requests.send({"error": stage, "text": text[-4000:]})
        raise SystemExit(1) from None
    Zygote(requests, settings).serve()


class Child:
    """What the preloading process knows of one that it forked.

    Args:
        pid: Its number.
        control: `Lines` to whoever asked for it.
        limits: A `dict`, `Limits.as_dict()`.
        sandbox: Whether it has namespaces of its own.
    """

    def __init__(self, pid, control, limits, sandbox):
        self.pid, self.control, self.limits = pid, control, limits
        self.sandbox = sandbox
        self.reason = None
        # The grader's own clocks end it earlier; this one ticks even if the grader hangs. It may
        # have waited for the notebook before to end.
        most = limits["notebook_seconds"] + limits["free_stops"] * limits["cell_seconds"]
        self.deadline = time.monotonic() + 2 * most + 60

    def processes(self):
        """Return the numbers of all its processes that are alive."""
        if not os.path.isdir("/proc/self/ns"):
            return [self.pid]
        if self.sandbox:
            return _same("ns/pid", self.pid)
        return [p for p in _numbers() if _session(p) == self.pid]

    def kill(self, reason=None):
        """End it, and with it all that it started."""
        self.reason = self.reason or reason
        for pid in self.processes() if not self.sandbox else [self.pid]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def watch(self):
        """End it if it has used too much memory or time."""
        if time.monotonic() > self.deadline:
            self.kill("time")
            return
        if not os.path.exists("/proc/self/status"):
            return
        processes = self.processes()
        if sum(map(_memory, processes)) > self.limits["memory"] and (
            # Forked processes share pages: count these once before judging.
            sum(map(_memory_of_its_own, processes)) > self.limits["memory"]
        ):
            self.kill("memory")


def _numbers():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _same(what, pid):
    def look(number):
        try:
            return os.readlink(f"/proc/{number}/{what}")
        except OSError:
            return None

    own = look(pid)
    return [n for n in _numbers() if look(n) == own] if own else []


def _session(pid):
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _lines(pid, name, wanted):
    try:
        with open(f"/proc/{pid}/{name}") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(wanted))
    except (OSError, ValueError):
        return 0


def _memory(pid):
    return _lines(pid, "status", ("RssAnon:", "RssShmem:"))


def _memory_of_its_own(pid):
    return _lines(pid, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))


class Zygote:
    """Forks on request and looks after what it forked.

    Args:
        requests: `Lines` from which requests come.
        settings: A `dict`: what the launcher was told.
    """

    def __init__(self, requests, settings):
        self.requests, self.sandbox = requests, settings["sandbox"]
        self.library = _seccomp.load_library() if self.sandbox else None
        self.namespaces = _sandbox.ChildProcesses(self.sandbox)
        self.selector = selectors.DefaultSelector()
        self.selector.register(requests, selectors.EVENT_READ)
        self.children = {}
        self.wake, wakened = socket.socketpair()
        for end in (self.wake, wakened):
            end.setblocking(False)
        self.wakened = wakened
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakened.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.wake, selectors.EVENT_READ)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
        # The collector would touch, and so copy, every page that the children share.
        gc.collect()
        gc.freeze()

    def serve(self):
        """Answer requests until the other side is gone, then end all children."""
        self.requests.send({"ready": True, "filter": self.library is not None})
        looked = time.monotonic()
        while True:
            timeout = WATCH if self.children else None
            for key, _ in self.selector.select(timeout):
                if key.fileobj is self.requests:
                    while self.requests.is_ready(0):
                        if not self.answer():
                            self.end()
                            return
                elif key.fileobj is self.wake:
                    with contextlib.suppress(BlockingIOError):
                        self.wake.recv(4096)
                elif key.data in self.children:
                    self.obey(self.children[key.data])
            self.reap()
            if time.monotonic() - looked >= WATCH:
                looked = time.monotonic()
                for child in self.children.values():
                    child.watch()

    def answer(self):
        """Fork one process; return whether there was a request."""
        request, descriptors = self.requests.receive()
        if request is None:
            return False
        control = Lines(socket.socket(fileno=descriptors.pop(0)))
        try:
            pid = self.namespaces.fork()
        except OSError as error:
            control.send({"error": f"fork: {error}"})
            control.close()
            pid = None
        if pid == 0:
            self.become(request, control, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid:
            child = Child(pid, control, request["limits"], self.sandbox)
            self.children[pid] = child
            self.selector.register(control, selectors.EVENT_READ, pid)
        return True

    def become(self, request, control, descriptors):
        """Turn this process, just forked, into what was asked for. Never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            gc.unfreeze()
            os.setsid()
            kept = _close_others(control.fileno(), descriptors)
            has_support = request["has_support"]
            support = descriptors.pop() if has_support else None
            os.environ.update(request["environment"])
            if self.sandbox:
                _sandbox.enter_inner(request["limits"], support, self.library)
                folder = "/tmp"
            else:
                folder = request["folder"]
                os.makedirs(f"{folder}/cwd")
                os.makedirs(f"{folder}/home")
                if support is not None:
                    os.mkdir(f"{folder}/support")
                    _sandbox.copy_support(support, f"{folder}/support")
                    _sandbox.link_support(f"{folder}/support", f"{folder}/cwd")
                _sandbox.set_limits({**request["limits"], "memory": 1 << 62})
                _sandbox.die_with_parent()
            os.environ.update(HOME=f"{folder}/home", TMPDIR=folder, IPYTHONDIR=f"{folder}/home")
            os.chdir(f"{folder}/cwd")
            if support is not None:
                os.close(support)
            control.send({"started": True})
            control.close()
            del kept
            importlib.import_module(KINDS[request["kind"]]).main(request["options"], descriptors)
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0
        except BaseException:
            traceback.print_exc()
            with contextlib.suppress(OSError):
                control.send({"error": traceback.format_exc()[-4000:]})
        finally:
            os._exit(status)

    def obey(self, child):
        """Do what whoever asked for a child wants of it."""
        while child.control.is_ready(0):
            message, _ = child.control.receive()
            if message is None:  # nobody wants it any more
                child.kill()
                self.selector.unregister(child.control)
                return
            if message["signal"] == signal.SIGKILL:
                child.kill()
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, message["signal"])

    def reap(self):
        """Report the children that have ended."""
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            child = self.children.pop(pid, None)
            if child is None:
                continue
            child.kill()  # without a namespace, others of its session may be left
            with contextlib.suppress(OSError, ValueError, KeyError):
                self.selector.unregister(child.control)
            code = os.waitstatus_to_exitcode(status)
            with contextlib.suppress(OSError):
                child.control.send({"exit": code, "reason": child.reason})
            child.control.close()

    def end(self):
        """End all children, and wait until they are gone."""
        for child in self.children.values():
            child.kill()
        for pid in self.children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _close_others(*kept):
    """Close all files but the standard ones and those given, numbers or lists of numbers."""
    keep = {0, 1, 2}
    for item in kept:
        keep.update(item if isinstance(item, list) else [item])
    with os.scandir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd") as entries:
        opened = [int(entry.name) for entry in entries]
    for number in opened:
        if number not in keep:
            with contextlib.suppress(OSError):
                os.close(number)
    return keep


if __name__ == "__main__":
    main()
