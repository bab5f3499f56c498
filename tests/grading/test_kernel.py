"""The kernel by itself, in any Jupyter program; and what is said where there is no sandbox."""

import asyncio
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient
from traitlets.config import Config

from course_lib.grading import provisioner
from course_lib.grading import session as session_module
from course_lib.grading.launcher import Launcher, SandboxError
from course_lib.grading.limits import Limits
from course_lib.grading.session import Session

pytestmark = pytest.mark.slow


def run_with_nbclient(source):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    factory = KernelProvisionerFactory.instance()
    default, factory.default_provisioner_name = factory.default_provisioner_name, "course-sandbox"
    try:
        NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    finally:
        factory.default_provisioner_name = default
    return "".join(output.get("text", "") for output in notebook.cells[0].outputs)


def test_nbclient_can_use_it():
    text = run_with_nbclient("import os; print(os.getpid(), os.getcwd())")
    assert text.split() == ["1", "/tmp/cwd"]


#: Enough for a kernel, and much faster to import than TensorFlow.
LIGHT = ["course_lib.grading._kernel", "course_lib.grading._agent"]


def light():
    config = Config()
    config.SandboxProvisioner.preload = LIGHT
    return config


async def start_and_end(config=None, source="import os, tensorflow; print(os.getpid())"):
    session = Session(Limits(), config or Config())
    began = time.monotonic()
    await session.start()
    seconds = time.monotonic() - began
    run = await session.run(source, 30)
    await session.kill()
    assert run.outputs[0].text == "1\n"
    return seconds


def test_a_warm_kernel_starts_faster_than_tensorflow_is_imported():
    asyncio.run(start_and_end())
    # Importing alone takes 4 s on an idle machine; a crowded one slows both.
    assert min(asyncio.run(start_and_end()) for _ in range(3)) < 4


def test_a_preloading_process_that_died_is_replaced():
    source = "import os; print(os.getpid())"
    asyncio.run(start_and_end(light(), source))
    launcher = Launcher.shared(True, LIGHT)
    first = launcher.process
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    asyncio.run(start_and_end(light(), source))
    assert launcher.process is not first


def test_a_kernel_can_be_interrupted_and_restarted(monkeypatch):
    monkeypatch.setattr(session_module, "GRACE", 60)  # for a crowded machine

    async def work():
        session = Session(Limits(), light())
        await session.start()
        try:
            endless = await session.run("kept = 1\nwhile True: pass", 10)
            still = await session.run("print(kept)", 30)
            await session.manager.restart_kernel(now=True)
            session.client.stop_channels()
            session.client = session.manager.client()
            session.client.start_channels(hb=False, stdin=False)
            await session.client.wait_for_ready(timeout=60)
            fresh = await session.run("print('kept' in globals())", 30)
            return endless.status, still.outputs[0].text, fresh.outputs[0].text
        finally:
            await session.kill()

    assert asyncio.run(work()) == ("time", "1\n", "False\n")


def test_the_next_kernel_is_forked_ahead(monkeypatch):
    forked = []
    original = provisioner._fork
    monkeypatch.setattr(
        provisioner, "_fork", lambda *a, **k: forked.append(original(*a, **k)) or forked[-1]
    )
    launcher = Launcher.shared(True, LIGHT)

    async def work(config, prepare):
        session = Session(Limits(config=config), config)
        await session.start()
        try:
            if prepare:
                session.prepare()
            run = await session.run("print(6 * 7)", 30)
            assert run.outputs[0].text == "42\n"
            return session.manager.provisioner.kernel
        finally:
            await session.kill()

    first = asyncio.run(work(light(), True))
    assert forked[0] is first
    (spare,) = launcher.spares.values()
    assert spare is forked[1] is not first
    assert asyncio.run(work(light(), False)) is spare
    assert len(forked) == 2
    assert not launcher.spares

    # One that was forked with other limits is not used, and not kept.
    asyncio.run(work(light(), True))
    other = light()
    other.Limits.open_files = 99
    unused = next(iter(launcher.spares.values()))
    assert asyncio.run(work(other, True)) is not unused
    assert unused.process.poll() is not None
    assert not os.path.exists(unused.folder)

    # Nor one that was forked in another environment.
    (unused,) = launcher.spares.values()
    monkeypatch.setenv("COURSE_DATA", "full")
    assert asyncio.run(work(other, False)) is not unused
    assert unused.process.poll() is not None
    assert not os.path.exists(unused.folder)
    launcher.close()


def test_the_preloading_process_has_one_thread_and_no_address(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "hunter2")
    launcher = Launcher(preload=["keras"])
    launcher.start()
    proc, outer = pathlib.Path("/proc"), str(launcher.process.pid)
    (child,) = (proc / outer / "task" / outer / "children").read_text().split()
    # More than one thread could hold a lock while it forks.
    assert len(list((proc / child / "task").iterdir())) == 1
    sockets = (proc / child / "net" / "unix").read_text().splitlines()[1:]
    assert not [line for line in sockets if "/" in line or "@" in line]
    assert "hunter2" not in (proc / child / "environ").read_text()
    launcher.close()
    assert not (proc / child).exists()


def test_a_module_that_cannot_be_imported_is_named():
    with pytest.raises(SandboxError, match="no_such_module"):
        Launcher(preload=["no_such_module"]).start()


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_where_namespaces_are_denied_it_says_what_to_change():
    program = (
        "from course_lib.grading.launcher import Launcher, SandboxError\n"
        "try:\n    Launcher(preload=[]).start()\n"
        "except SandboxError as error:\n    print(error)"
    )
    # A user namespace whose limit of further ones is 0, and in it somebody without rights.
    inner = f'exec unshare -U --map-user=1000 {sys.executable} -c "$PROGRAM"'
    outer = f"echo 1 > /proc/sys/user/max_user_namespaces; {inner}"
    done = subprocess.run(
        ["unshare", "-U", "--map-root-user", "sh", "-c", outer],
        env={**os.environ, "PROGRAM": program},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "user.max_user_namespaces" in done.stdout, done.stderr
    assert "c.SandboxProvisioner.sandbox = False" in done.stdout
