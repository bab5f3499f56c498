"""Starts Jupyter kernels in the sandbox, for nbgrader, nbclient, papermill and Jupyter.

Registered as `course-sandbox`. To use it for every Python kernel of a program:
`--KernelProvisionerFactory.default_provisioner_name=course-sandbox`.
"""

import asyncio
import os
import shutil
import socket
import tempfile

from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Unicode
from traitlets import List as ListOf

from course_lib.grading import launcher
from course_lib.grading.limits import Limits

#: The channels of a kernel, as `_kernel.CHANNELS`; that module is too slow to import for this.
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")


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

    process = None
    agent = None
    folder = None

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
        if self.folder is None:
            # Names of sockets have at most 107 characters, so no deep TMPDIR.
            place = "/tmp" if os.path.isdir("/tmp") else None
            self.folder = tempfile.mkdtemp(prefix="kernel-", dir=place)
        manager.transport, manager.ip = "ipc", os.path.join(self.folder, "k")
        for number, channel in enumerate(CHANNELS, 1):
            setattr(manager, f"{channel}_port", number)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=self.kernel_spec.argv, **kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        """Fork the kernel; see the base class.

        Args:
            cmd: The kernel's command line, which is not used.
            **kwargs: Of the launch, not used: a kernel inherits no environment and no folder.
        """
        listening = []
        inside, outside = None, None
        try:
            for channel in CHANNELS:
                path = f"{self.connection_info['ip']}-{self.connection_info[channel + '_port']}"
                if os.path.exists(path):  # of the kernel before a restart
                    os.unlink(path)
                listener = socket.socket(socket.AF_UNIX)
                listening.append(listener)
                listener.bind(path)
                listener.listen(16)
            outside, inside = socket.socketpair()
            key = self.connection_info["key"]
            connection = {
                "key": key.decode() if isinstance(key, bytes) else key,
                "signature_scheme": self.connection_info["signature_scheme"],
                "kernel_name": "python3",
            }
            limits = Limits(parent=self)
            started = launcher.Launcher.shared(
                self.sandbox, tuple(self.preload), tuple(self.read_only)
            ).launch(
                "kernel",
                limits.as_dict(),
                [*(listener.fileno() for listener in listening), inside.fileno()],
                {"connection": connection, "bounds": limits.reply_bounds()},
                support=self.support or None,
            )
        except BaseException:
            if outside is not None:
                outside.close()
            raise
        finally:
            for listener in listening:
                listener.close()
            if inside is not None:
                inside.close()
        self._close_agent()
        self.process, self.agent = started, outside
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
        self._close_agent()
        if not restart and self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def _close_agent(self):
        if self.agent is not None:
            self.agent.close()
            self.agent = None
