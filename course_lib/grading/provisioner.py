"""Starts Jupyter kernels in the sandbox, for nbgrader, nbclient, papermill and Jupyter.

Registered as `course-sandbox`. To use it for every Python kernel of a program:
`--KernelProvisionerFactory.default_provisioner_name=course-sandbox`.
"""

import asyncio
import os
import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass

from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Unicode
from traitlets import List as ListOf

from course_lib.grading import launcher
from course_lib.grading.limits import Limits

#: The channels of a kernel, as `_kernel.CHANNELS`; that module is too slow to import for this.
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")

#: How messages are signed.
SCHEME = "hmac-sha256"


@dataclass
class ForkedKernel:
    """A kernel that was forked, and how to reach it.

    Args:
        process: A `launcher.Process`.
        agent: Socket through which tests call its functions.
        folder: Folder of its other sockets.
        key: Bytes that sign messages.

    Example:
        >>> ForkedKernel(None, None, "/tmp/kernel-x", b"key").folder
        '/tmp/kernel-x'
    """

    process: launcher.Process
    agent: socket.socket
    folder: str
    key: bytes

    def discard(self):
        """End a kernel that nobody has used."""
        self.process.kill()
        self.agent.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class SandboxProvisioner(KernelProvisionerBase):
    """A kernel that is forked, not started, and that sees nothing but its environment.

    Its sockets are opened here and handed over, so that no folder and no network is shared.

    Example:
        >>> SandboxProvisioner.sandbox.default_value
        True
    """

    sandbox = Bool(
        True, help="Off, kernels run with your rights, on your files: only for your own notebooks."
    ).tag(config=True)
    preload = ListOf(
        Unicode(),
        default_value=list(launcher.PRELOAD),
        help="Modules imported before the first kernel is forked; none makes each a cold start.",
    ).tag(config=True)
    read_only = ListOf(Unicode(), help="More paths that a kernel may read.").tag(config=True)
    support = Unicode("", help="Folder whose files a kernel finds beside the notebook.").tag(
        config=True
    )

    kernel = None
    process = None

    @property
    def has_process(self):
        """Whether there is a kernel, running or not yet cleaned up."""
        return self.process is not None

    async def pre_launch(self, **kwargs):
        """Choose where the kernel's sockets are; see the base class.

        Args:
            **kwargs: Of the launch.
        """
        kwargs.pop("extra_arguments", None)
        manager = self.parent
        if self.kernel_spec.language.lower() != "python":
            raise launcher.SandboxError(
                f"The sandbox runs Python only. Received: {self.kernel_spec.language!r}"
            )
        if self.kernel is None:
            self.kernel = self.source.take(self.asked, self.fork)
        manager.session.key = self.kernel.key
        manager.session.signature_scheme = SCHEME
        manager.transport, manager.ip = "ipc", os.path.join(self.kernel.folder, "k")
        for number, channel in enumerate(CHANNELS, 1):
            setattr(manager, f"{channel}_port", number)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=self.kernel_spec.argv, **kwargs)

    @property
    def source(self):
        """The `Launcher` of this kernel."""
        return launcher.Launcher.shared(self.sandbox, tuple(self.preload), tuple(self.read_only))

    @property
    def asked(self):
        """How this kernel was asked for: another one for the same would be the same."""
        return "kernel", *_state(self.support), *Limits(parent=self).as_dict().values()

    @property
    def agent(self):
        """Socket through which tests call functions of the kernel, or `None`."""
        return self.kernel.agent if self.kernel else None

    def fork(self, **old):
        """Fork a kernel; return a `ForkedKernel`.

        Args:
            **old: What it takes over of another one: `folder` and `key`.
        """
        return _fork(self.source, Limits(parent=self), self.support, **old)

    def prepare(self):
        """Fork the kernel that will be asked for next, in the same way."""
        self.source.prepare(self.asked, self.fork)

    async def launch_kernel(self, cmd, **kwargs):
        """Use the kernel that was forked, or fork its successor; see the base class.

        Args:
            cmd: The kernel's command line, which is not used.
            **kwargs: Of the launch, not used: a kernel inherits no environment and no folder.
        """
        if self.kernel.process.poll() is not None:  # a restart, at the same address
            self.kernel.agent.close()
            self.kernel = self.fork(folder=self.kernel.folder, key=self.kernel.key)
        self.process = self.kernel.process
        return self.connection_info

    async def poll(self):
        """Return the exit status, or `None` while the kernel runs."""
        return self.process.poll() if self.process else 0

    async def wait(self):
        """Wait until the kernel has ended; return its exit status."""
        code = 0
        if self.process:
            while (code := self.process.poll()) is None:
                await asyncio.sleep(0.02)
            self.process = None
        return code

    async def send_signal(self, signum):
        """Send a signal to the kernel.

        Args:
            signum: Its number.
        """
        if self.process:
            self.process.send_signal(signum)

    async def kill(self, restart=False):
        """End the kernel and all that it started.

        Args:
            restart: Whether another one follows.
        """
        if self.process:
            self.process.kill()

    async def terminate(self, restart=False):
        """End the kernel and all that it started: a stranger gets no time to say goodbye.

        Args:
            restart: Whether another one follows.
        """
        await self.kill(restart)

    async def cleanup(self, restart=False):
        """Remove the kernel's sockets.

        Args:
            restart: Whether another one follows.
        """
        if not restart and self.kernel:
            self.kernel.discard()
            self.kernel = None


def _state(folder):
    """Return names, times and sizes of the files of a folder, which `""` has none of."""
    paths = sorted(
        os.path.join(place, name) for place, _, names in os.walk(folder) for name in names
    )
    found = [folder]
    for path in paths:
        status = os.lstat(path)
        found.append((path, status.st_mtime_ns, status.st_size))
    return found


def _fork(source, limits, support, folder=None, key=None):
    """Fork a kernel, whose sockets are opened here.

    Args:
        source: A `launcher.Launcher`.
        limits: A `Limits`.
        support: Folder whose files it finds beside the notebook, or `None`.
        folder: Folder of its sockets, if there is one.
        key: Bytes that sign messages, if it replaces another kernel.

    Returns:
        A `ForkedKernel`.

    Raises:
        SandboxError: If it cannot be had.
    """
    key = key or secrets.token_hex(32).encode()
    # Names of sockets have at most 107 characters, so no deep TMPDIR.
    place = "/tmp" if os.path.isdir("/tmp") else None
    made = folder or tempfile.mkdtemp(prefix="kernel-", dir=place)
    listening = []
    outside, inside = socket.socketpair()
    try:
        for number, _ in enumerate(CHANNELS, 1):
            path = os.path.join(made, f"k-{number}")
            if os.path.exists(path):  # of the kernel before a restart
                os.unlink(path)
            listening.append(listener := socket.socket(socket.AF_UNIX))
            listener.bind(path)
            listener.listen(16)
        process = source.launch(
            "kernel",
            limits.as_dict(),
            [*(listener.fileno() for listener in listening), inside.fileno()],
            {
                "connection": {
                    **{"key": key.decode(), "signature_scheme": SCHEME},
                    "kernel_name": "python3",
                },
                "bounds": limits.reply_bounds(),
            },
            support=support or None,
        )
    except BaseException:
        outside.close()
        if not folder:
            shutil.rmtree(made, ignore_errors=True)
        raise
    finally:
        for listener in (*listening, inside):
            listener.close()
    return ForkedKernel(process, outside, made, key)
