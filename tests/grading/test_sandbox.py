"""What a submission can see and do from inside, and what the preloading process knows."""

import asyncio
import ctypes
import json
import os
import pathlib
import secrets
import sys

import pytest
from small_course import HIDDEN, VISIBLE, grade_texts, make_source, right
from traitlets.config import Config

from course_lib.grading import _seccomp, launcher, provisioner
from course_lib.grading.launcher import ENVIRONMENT, Launcher, SandboxError
from course_lib.grading.limits import Limits
from course_lib.grading.session import Session

pytestmark = pytest.mark.slow

#: Variables that the preloading process is given besides those of the list.
OURS = {
    *("PATH", "PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE", "HOME", "TMPDIR"),
    *("MPLBACKEND", "MPLCONFIGDIR", "IPYTHONDIR", "COURSE_DATA_DIR"),
}

PROBES = """
import ctypes, errno, json, os
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
libc, errors = ctypes.CDLL(None, use_errno=True), {}
for name, number in NUMBERS.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    errors[name] = errno.errorcode.get(ctypes.get_errno()) if result == -1 else "done"
mounts = [line.split()[1:4] for line in open("/proc/mounts").read().splitlines()]
print(json.dumps({
    "status": status, "errors": errors, "environment": sorted(os.environ), "mounts": mounts,
    "root": sorted(os.listdir("/")), "users": [os.getuid(), os.getgid(), os.getgroups()],
    "interfaces": open("/proc/net/dev").read().count(":"),
    "files": sorted(os.listdir("/tmp")), "pids": [p for p in os.listdir("/proc") if p.isdigit()],
    # What the process began with, before libraries added variables of their own.
    "given": [v.partition("=")[0] for v in open("/proc/self/environ").read().split(chr(0)) if v],
    "hostname": os.uname().nodename, "tracer": status["TracerPid"],
}))
"""


def system_calls():
    """Return the numbers of the system calls that are denied, a `dict`."""
    library = _seccomp.load_library()
    if library is None:
        return {}
    resolve = library.seccomp_syscall_resolve_name
    numbers = {name: resolve(name.encode()) for name in _seccomp.DENIED}
    return {name: number for name, number in numbers.items() if number >= 0}


@pytest.fixture(scope="module")
def seen():
    async def look():
        config = Config()
        config.SandboxProvisioner.preload = ["json"]  # no process that runs already has this
        session = Session(Limits(), config)
        await session.start()
        try:
            source = PROBES.replace("NUMBERS", repr(system_calls()))
            return (await session.run(source, 60)).outputs
        finally:
            await session.kill()

    os.environ["SECRET_OF_THE_GRADER"] = "hunter2"
    try:
        (output,) = asyncio.run(look())
    finally:
        del os.environ["SECRET_OF_THE_GRADER"]
    assert output.output_type == "stream", output
    return json.loads(output.text)


def test_it_has_no_right_and_gets_none(seen):
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(seen["status"][name], 16) == 0, name
    assert seen["status"]["NoNewPrivs"] == "1"
    assert seen["users"][0] == seen["users"][1] == 1000
    assert not set(seen["users"][2]) & {0, 27}


@pytest.mark.skipif(not system_calls(), reason="libseccomp is not installed")
def test_system_calls_are_filtered(seen):
    assert seen["status"]["Seccomp"] == "2"
    assert len(seen["errors"]) > 40
    assert set(seen["errors"].values()) == {"EPERM"}, seen["errors"]


def test_it_sees_no_variable_beyond_the_list(seen):
    assert "SECRET_OF_THE_GRADER" not in seen["environment"]
    assert sorted({*seen["given"]} - {*ENVIRONMENT, *OURS}) == []
    assert "PATH" in seen["given"]


def test_it_sees_its_own_processes_and_network_only(seen):
    assert seen["pids"] == ["1"]
    assert seen["interfaces"] == 1  # the loopback, which is down


def test_all_that_can_be_written_is_private_and_temporary(seen):
    writable = {
        place: kind for place, kind, flags in seen["mounts"] if "ro" not in flags.split(",")
    }
    assert writable.pop("/proc") == "proc"
    devices = {place for place in writable if place.startswith("/dev/")}
    assert devices <= {f"/dev/{n}" for n in ("null", "zero", "full", "random", "urandom", "shm")}
    assert {place: writable[place] for place in writable if place not in devices} == {
        "/tmp": "tmpfs"
    }
    below_tmp = {parts[2] for parts in shown() if parts[1] == "tmp"}  # a clone, perhaps
    assert set(seen["files"]) == {"cwd", "home", "shm", *below_tmp}


def test_the_root_holds_the_system_and_the_environment(seen):
    system = {"bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "sbin", "support", "sys", "tmp"}
    tops = {parts[1] for parts in shown()}
    kept = {"kept"} if "tmp" in tops else set()
    assert set(seen["root"]) <= {*system, "usr", *tops, *kept}


def shown():
    """Return the parts of the paths that every kernel may read."""
    folders = launcher.environment_folders()
    if data := os.environ.get("COURSE_DATA_DIR"):
        folders.append(os.path.abspath(data))
    return [pathlib.Path(folder).parts for folder in folders]


def test_neighbors_do_not_see_each_other():
    async def two():
        one, other = Session(Limits(), Config()), Session(Limits(), Config())
        try:
            await one.start()
            await other.start()
            text = "for place in ('/tmp', '/dev/shm'): open(f'{place}/mine', 'w').close()\n"
            text += "import socket\nserver = socket.socket(socket.AF_UNIX)\n"
            text += "server.bind('\\0here')\nserver.listen()"
            first = await one.run(text, 30)
            text = "import os, glob, socket\n"
            text += "print(os.listdir('/tmp'), os.listdir('/dev/shm'), glob.glob('/proc/[0-9]*'))\n"
            text += "client = socket.socket(socket.AF_UNIX)\n"
            text += "print(client.connect_ex('\\0here'), os.path.exists('/tmp/home/kernel.json'))"
            second = await other.run(text, 30)
            return first, second
        finally:
            await one.kill()
            await other.kill()

    first, second = asyncio.run(two())
    assert first.status == "ok"
    seen = second.outputs[0].text
    assert "mine" not in seen
    assert "['/proc/1']" in seen
    assert "111 True" in seen  # connection refused; the file is its own


def test_nothing_is_left_in_the_file_system(monkeypatch):
    made = []
    original = provisioner.tempfile.mkdtemp

    def note(*args, **kwargs):
        made.append(original(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(provisioner.tempfile, "mkdtemp", note)
    graded = grade_texts({**right(), "square": "import os\ndef square(x): os._exit(0)"})
    assert graded.task("mean") == VISIBLE + HIDDEN
    assert len(made) > 1
    spares = Launcher.shared().spares  # for the next notebook
    while spares:
        spares.popitem()[1].discard()
    assert not [folder for folder in made if os.path.exists(folder)]


def inner_process(launch):
    outer = launch.process.pid
    text = pathlib.Path(f"/proc/{outer}/task/{outer}/children").read_text()
    (inner,) = text.split()
    return int(inner)


def memory_holds(pid, needle):
    """Return whether a process has some bytes in memory that it could write to."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            place, rights, *_ = line.split()
            if "rw" not in rights:
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            try:
                memory.seek(start)
                if needle in memory.read(end - start):
                    return True
            except (OSError, ValueError, OverflowError):
                continue
    return False


def test_the_preloading_process_holds_no_secret():
    marker = secrets.token_hex(16)
    tasks = {
        "square": (
            "def square(x):\n    return x",
            "assert square(1) == 1",
            f"assert square('{marker}') == '{marker}'",
        )
    }
    graded = grade_texts(right(tasks), make_source(tasks))
    assert graded.task("square") == VISIBLE + HIDDEN
    pid = inner_process(Launcher.shared())
    try:
        assert memory_holds(pid, b"course_lib.grading._zygote"), "the search finds what is there"
    except PermissionError:
        pytest.skip("needs to read another process's memory")
    assert not memory_holds(pid, marker.encode())
    files = {os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")}
    odd = [f for f in files if not f.startswith(("socket:", "pid:", "anon_inode:", "/dev/null"))]
    assert odd == []


def test_it_is_replaced_when_the_environment_changes(monkeypatch):
    launch = Launcher(preload=[])
    launch.start()
    first = launch.process
    launch.start()
    assert launch.process is first
    monkeypatch.setenv("COURSE_DATA", "full")
    launch.start()
    assert launch.process is not first
    assert first.poll() is not None
    launch.close()


def test_the_environment_s_version_knows_its_files(tmp_path, monkeypatch):
    package = tmp_path / "course_lib"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(launcher.course_lib, "__file__", str(package / "__init__.py"))
    versions = {launcher.environment_version()}
    (package / "layers.py").write_text("x = 1")
    versions.add(launcher.environment_version())
    (package / "layers.py").write_text("x = 10")
    versions.add(launcher.environment_version())
    assert len(versions) == 3


def test_macos_gets_advice_and_the_opt_out(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxError, match=r"darwin(.|\n)*sandbox = False(.|\n)*On macOS"):
        Launcher().start()
    monkeypatch.undo()
    monkeypatch.setattr(launcher.sys, "platform", "darwin")
    launch = Launcher(sandbox=False, preload=[])
    launch.start()
    assert launch.process.poll() is None
    launch.close()


def test_the_library_s_absence_is_no_reason_to_stop(monkeypatch):
    def missing(*_args, **_kwargs):
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert _seccomp.load_library() is None


def test_what_is_shown_below_tmp_can_be_read_and_not_changed(tmp_path):
    # A clone of the repository may lie there, though every kernel has a /tmp of its own.
    assert str(tmp_path).startswith("/tmp/"), "this test needs pytest's folder below /tmp"
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "note.txt").write_text("hello")
    (tmp_path / "hidden.txt").write_text("secret")
    config = Config()
    config.SandboxProvisioner.preload = ["json"]
    config.SandboxProvisioner.read_only = [str(tmp_path / "shown")]

    async def look(source):
        session = Session(Limits(), config)
        await session.start()
        try:
            return "".join(output.text for output in (await session.run(source, 60)).outputs)
        finally:
            await session.kill()

    source = f"""
import os, pathlib
folder = pathlib.Path({str(tmp_path)!r})
print((folder / "shown" / "note.txt").read_text(), os.listdir(folder))
for name in ("shown/note.txt", "shown/new.txt"):
    try:
        (folder / name).write_text("changed")
    except OSError as error:
        print(error.strerror)
"""
    said = asyncio.run(look(source)).splitlines()
    assert said == ["hello ['shown']", *["Read-only file system"] * 2]
    assert (tmp_path / "shown" / "note.txt").read_text() == "hello"
