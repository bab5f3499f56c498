"""One kernel of a student's: runs cells, bounds their time and output, and ends for certain."""

import asyncio
import base64
import binascii
import copy
import time
from dataclasses import dataclass, field

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import new_output

#: Seconds in which a kernel must give way to an interrupt.
GRACE = 2.0

#: Seconds between looks at whether the kernel is alive.
STEP = 0.1

#: Kinds of output that are kept; others could run in the browser of whoever looks.
KINDS = ("text/plain", "image/png", "image/jpeg")

#: Bytes of all pictures of one cell, which are larger than text.
MAX_PICTURES = 8 * 2**20

#: Bytes of the largest message that is taken from a kernel, and how many of them may wait. Honest
#: kernels keep what does not fit here on their own side.
MAX_MESSAGE = MAX_PICTURES + 2**20
MAX_QUEUE = 4


@dataclass
class Run:
    """How running a cell went.

    Args:
        status: `"ok"`, `"error"`, `"time"` or `"output"` if it was stopped for that reason,
            `"dead"` if the kernel ended.
        outputs: Outputs in nbformat's form.
        reason: Why the kernel ended, such as `"memory"`, or `None`.

    Example:
        >>> Run("ok").outputs
        []
    """

    status: str
    outputs: list = field(default_factory=list)
    reason: str | None = None


class _Specs(KernelSpecManager):
    def get_kernel_spec(self, kernel_name):
        return KernelSpec(
            argv=["python"],
            display_name="Python in a sandbox",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": "course-sandbox", "config": {}}},
        )


class Session:
    """A kernel and the connection to it.

    Args:
        limits: A `Limits`.
        config: The configuration that the provisioner reads.
        support: Folder whose files the notebook needs, or `None`.

    Example:
        >>> Session(None, None).is_alive
        False
    """

    def __init__(self, limits, config, support=None):
        self.limits, self.config, self.support = limits, config, support
        self.manager = self.client = self.context = None

    @property
    def is_alive(self):
        """Whether there is a kernel that runs."""
        return self.manager is not None and self._exit_code() is None

    def prepare(self):
        """Have the next kernel forked that will be asked for like this one."""
        self.manager.provisioner.prepare()

    @property
    def agent(self):
        """Socket to the agent in the kernel."""
        return self.manager.provisioner.agent

    def _exit_code(self):
        process = self.manager.provisioner.process if self.manager.provisioner else None
        return process.poll() if process else -1

    async def start(self):
        """Start the kernel and wait until it answers.

        Raises:
            RuntimeError: If it does not.
        """
        # A hostile kernel can send what it likes; the queue is bounded in messages and bytes.
        self.context = zmq.asyncio.Context()
        self.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        self.context.setsockopt(zmq.RCVHWM, MAX_QUEUE)
        self.context.setsockopt(zmq.LINGER, 0)
        self.manager = AsyncKernelManager(
            context=self.context, kernel_spec_manager=_Specs(), config=copy.deepcopy(self.config)
        )
        if self.support:
            self.manager.config.SandboxProvisioner.support = self.support
        await self.manager.start_kernel()
        self.client = self.manager.client(context=self.context)
        self.client.start_channels(hb=False, stdin=False)
        deadline = time.monotonic() + self.limits.start_seconds
        while time.monotonic() < deadline and self.is_alive:
            # Sent again until both channels carry it: a subscription takes a moment.
            message_id = self.client.kernel_info()
            if await self._receive(message_id, time.monotonic() + 0.5, _Ignored(0)) == "ok":
                return
        raise RuntimeError(f"A kernel did not start: {self._why() or 'it does not answer'}.")

    def _why(self):
        process = self.manager.provisioner.process if self.manager.provisioner else None
        return process.reason if process else None

    async def run(self, source, seconds, silent=False, until=None):
        """Run a cell.

        Args:
            source: Its text.
            seconds: Wall time that it may take.
            silent: Whether it is the machinery's own.
            until: A future; once it is done the cell should end soon, and is ended if not.

        Returns:
            A `Run`.
        """
        message_id = self.client.execute(
            source, silent=silent, store_history=not silent, allow_stdin=False, stop_on_error=False
        )
        outputs = _Outputs(self.limits.output_bytes)
        status = await self._receive(message_id, time.monotonic() + seconds, outputs, until)
        if status in ("time", "output"):
            if silent:  # it waits for the agent, whose state would be unknown
                await self.kill()
            else:
                await self.manager.interrupt_kernel()
                ended = await self._receive(message_id, time.monotonic() + GRACE, _Ignored(0))
                if ended not in ("ok", "error"):
                    await self.kill()
        return Run(status, outputs.cells(), self._why())

    async def _receive(self, message_id, deadline, outputs, until=None):
        """Collect what belongs to a request, until it is done."""
        iopub, shell = self.client.iopub_channel.socket, self.client.shell_channel.socket
        poller = zmq.asyncio.Poller()
        poller.register(iopub, zmq.POLLIN)
        poller.register(shell, zmq.POLLIN)
        status, is_idle, replied_at = None, False, None
        while not (status and is_idle):
            now = time.monotonic()
            if until is not None and until.done():
                deadline, until = min(deadline, now + 2 * GRACE), None
            if outputs.is_full:
                return "output"
            if now > deadline:
                return status or "time"
            if replied_at and now - replied_at > GRACE:
                return status  # the news that it is idle got lost in a flood
            ready = dict(await poller.poll(1000 * min(STEP, max(0.001, deadline - now))))
            if not ready and not self.is_alive:
                return "dead"
            if shell in ready:
                message = await self._message(self.client.shell_channel)
                if message and message["parent_header"].get("msg_id") == message_id:
                    status = "error" if message["content"].get("status") == "error" else "ok"
                    replied_at = time.monotonic()
            if iopub in ready:
                message = await self._message(self.client.iopub_channel)
                if message and message["parent_header"].get("msg_id") == message_id:
                    if message["header"].get("msg_type") == "status":
                        is_idle |= message["content"].get("execution_state") == "idle"
                    else:
                        outputs.add(message)
        return status

    async def _message(self, channel):
        """Return a message, or `None` if it is none."""
        try:
            message = await channel.get_msg(timeout=0)
            parts = [message[name] for name in ("header", "parent_header", "content")]
        except Exception:  # whatever a hostile kernel's bytes lead to
            return None
        return message if all(isinstance(part, dict) for part in parts) else None

    async def kill(self):
        """End the kernel and all that it started."""
        if self.manager is None:
            return
        if self.client is not None:
            self.client.stop_channels()
        provisioner = self.manager.provisioner
        if provisioner is not None:
            await asyncio.get_running_loop().run_in_executor(None, _end, provisioner.process)
            await provisioner.cleanup(restart=False)
        self.manager.cleanup_connection_file()
        if self.context is not None:
            self.context.destroy(linger=0)
            self.context = None


def _end(process):
    if process is not None:
        process.kill()


class _Outputs:
    """Collects outputs, as long as they are within bounds.

    Args:
        most: Bytes of text.
    """

    def __init__(self, most):
        self.most, self.size, self.pictures = most, 0, 0
        self.items = []
        self.is_full = False

    def add(self, message):
        """Take over a message from the kernel, if it is an output in good form."""
        kind, content = message["header"].get("msg_type"), message["content"]
        if kind == "stream":
            name, text = content.get("name"), content.get("text")
            if name in ("stdout", "stderr") and isinstance(text, str):
                self._stream(name, self._cut(text))
        elif kind in ("display_data", "execute_result"):
            data = content.get("data")
            data = self._kept(data) if isinstance(data, dict) else {}
            if data:
                extra = {"execution_count": None} if kind == "execute_result" else {}
                self.items.append(new_output(kind, data=data, metadata={}, **extra))
        elif kind == "error":
            name, value, lines = (content.get(n) for n in ("ename", "evalue", "traceback"))
            if isinstance(lines, list):
                self.items.append(
                    new_output(
                        "error",
                        ename=self._cut(str(name))[:200],
                        evalue=self._cut(str(value))[:4000],
                        traceback=[self._cut(str(line)) for line in lines[:100]],
                    )
                )

    def _stream(self, name, text):
        last = self.items[-1] if self.items else {}
        if last.get("name") == name:
            last["text"].append(text)
        else:
            output = new_output("stream", name=name)
            output["text"] = [text]
            self.items.append(output)

    def _kept(self, data):
        kept = {}
        for kind in KINDS:
            value = data.get(kind)
            if not isinstance(value, str):
                continue
            if kind == "text/plain":
                kept[kind] = self._cut(value)
            elif self.pictures + len(value) <= MAX_PICTURES and _is_base64(value):
                self.pictures += len(value)
                kept[kind] = value
        return kept

    def _cut(self, text):
        self.size += len(text)
        if self.size > self.most:
            self.is_full = True
            text = text[: max(0, len(text) - (self.size - self.most))]
        return text.encode("utf-8", "replace").decode("utf-8")

    def cells(self):
        """Return the outputs in nbformat's form."""
        for item in self.items:
            if item["output_type"] == "stream":
                item["text"] = "".join(item["text"])
        return self.items


class _Ignored(_Outputs):
    """Takes nothing, and so is never full: not even what an interrupted cell says."""

    def add(self, message):
        """Leave it."""


def _is_base64(text):
    try:
        base64.b64decode(text.strip().replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
