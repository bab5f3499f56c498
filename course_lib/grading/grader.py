"""Runs a rebuilt notebook and judges it: the student's cells in one process, tests in another.

Cells run in the order of the notebook. A cell that ends its kernel, or takes too long, costs
its own points: the next one finds a fresh kernel in which the earlier cells have run again,
but for those that ended one.
"""

import asyncio
import json
import socket
import time

from nbformat.v4 import new_output
from traitlets.config import LoggingConfigurable

from course_lib.grading import _channel, _names, launcher
from course_lib.grading.limits import Limits
from course_lib.grading.provisioner import SandboxProvisioner
from course_lib.grading.session import GRACE, Session

#: Run in the student's kernel while a test cell runs elsewhere.
SERVE = "__import__('course_lib.grading._agent', fromlist=['serve']).serve(get_ipython().user_ns)"

#: What a student reads about a cell that did not come to its end.
REASONS = {
    "time": "It took longer than {cell_seconds:g} seconds and was stopped.",
    "notebook": "The notebook's {notebook_seconds:g} seconds were used up before this cell.",
    "output": "It printed more than {output_kib:g} KiB and was stopped.",
    "memory": "It used more than {memory_gib:g} GiB of memory and was stopped.",
    "reply": "It returned more than {reply_mib:g} MiB and was stopped.",
    "dead": "It ended the Python process.",
    "broken": "Your code has changed what runs the tests, so they could not be run.",
    "test": "The test of this cell did not come to its end: tell your instructor.",
}

RERUN = "The kernel was started anew before this cell, and earlier cells were run again."


class Grader(LoggingConfigurable):
    """Grades notebooks.

    Example:
        >>> Grader().limits.cell_seconds
        150.0
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.limits = Limits(parent=self)

    def grade(self, notebook, support=None):
        """Run a rebuilt notebook; put outputs, and verdicts, into its cells.

        A test cell gets no output if it passed, a number if it gives part of the points, and
        an error if not: this is what nbgrader makes points of. What it printed stands before.

        Args:
            notebook: A notebook; its cells' outputs are replaced.
            support: Folder whose files the notebook needs, or `None`.

        Raises:
            SandboxError: If there can be no sandbox.

        Returns:
            The notebook.
        """
        work = _Grading(self, notebook, support).run()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(work)
        else:  # inside a notebook or another program that has a loop
            import threading

            thread = threading.Thread(target=asyncio.run, args=(work,))
            thread.start()
            thread.join()
        return notebook

    def explain(self, reason):
        """Return the sentence that says why a cell did not come to its end.

        Args:
            reason: A key of `REASONS`.
        """
        limits = self.limits
        return REASONS.get(reason, REASONS["dead"]).format(
            cell_seconds=limits.cell_seconds,
            notebook_seconds=limits.notebook_seconds,
            output_kib=limits.output_bytes / 2**10,
            memory_gib=limits.memory / 2**30,
            reply_mib=limits.reply_bytes / 2**20,
        )


def is_test(cell):
    """Return whether a cell is a test that gives points.

    Args:
        cell: A cell.

    Returns:
        A `bool`.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> is_test(new_code_cell())
        False
    """
    meta = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(meta.get("grade")) and not meta.get("solution")


def is_solution(cell):
    """Return whether a cell is one that the student fills in.

    Args:
        cell: A cell.

    Returns:
        A `bool`.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> is_solution(new_code_cell())
        False
    """
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def students_names(cells, solutions):
    """Tell which names are the student's, and which cells need nothing of the student's.

    Args:
        cells: Code cells of the instructor's notebook, tests apart.
        solutions: Their counterparts: whether each is a solution cell.

    Returns:
        A pair: for each cell the set of names that are the student's once it has run, and for
        each cell whether the verdict can run it on its own.

    Example:
        >>> names, alone = students_names(["k = 3", "def f(): ...", "y = f()"], [0, 1, 0])
        >>> sorted(names[-1]), alone
        (['f', 'y'], [True, False, False])
    """
    students, after, alone = set(), [], []
    for source, is_solution in zip(cells, solutions, strict=True):
        needs = bool(is_solution) or bool(_names.taken(source) & students)
        if needs:
            students = students | _names.given(source)
        else:
            students = students - _names.given(source) - _names.imported(source)
        after.append(students)
        alone.append(not needs)
    return after, alone


class _Grading:
    """The work on one notebook."""

    def __init__(self, grader, notebook, support):
        self.grader, self.limits, self.log = grader, grader.limits, grader.log
        self.notebook, self.support = notebook, support
        self.deadline, self.stops = None, 0
        self.session = self.judge = None
        self.earlier, self.harmful = [], set()
        #: How many of the earlier cells had run when a test was last answered.
        self.sound = 0
        self.setups = []

    async def run(self):
        self.deadline = time.monotonic() + self.limits.notebook_seconds
        cells = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        ordinary = [cell for cell in cells if not is_test(cell)]
        # The instructor's own text decides what is whose: the student's could claim any name.
        names, alone = students_names(
            [cell.get("instructor_source", cell.source) for cell in ordinary],
            [is_solution(cell) for cell in ordinary],
        )
        plan = dict(zip(map(id, ordinary), zip(names, alone, strict=True), strict=True))
        students = set()
        try:
            for cell in cells:
                cell.outputs, cell.execution_count = [], None
                if is_test(cell):
                    await self.test(cell, students)
                else:
                    students, is_alone = plan[id(cell)]
                    source = cell.pop("instructor_source", cell.source)
                    self.setups.append((source, not is_alone))
                    await self.ordinary(cell)
        finally:
            for cell in cells:
                cell.pop("instructor_source", None)
            await self.stop_kernel()
            self.stop_judge()

    def remaining(self):
        """Return the seconds that a cell may take now."""
        return min(self.limits.cell_seconds, self.deadline - time.monotonic())

    def stopped(self, seconds):
        """Take note of a cell that took too long: it shall not cost its neighbors their time."""
        self.stops += 1
        if self.stops <= self.limits.free_stops:
            self.deadline += seconds

    async def ordinary(self, cell):
        """Run a cell of the student's or of the instructor's in the student's kernel."""
        self.earlier.append(cell)
        if self.remaining() <= 0:
            cell.outputs = [_error("NotRun", self.grader.explain("notebook"))]
            return
        restarted = await self.ready(but=cell)
        seconds = self.remaining()
        if self.stops and not is_solution(cell):
            seconds = min(seconds, self.limits.idle_cell_seconds)
        run = await self.session.run(cell.source, seconds)
        if run.status == "time":
            self.stopped(seconds)
        cell.outputs = [*([_note(RERUN)] if restarted else []), *run.outputs]
        if run.status not in ("ok", "error"):
            reason = run.reason if run.reason in REASONS else run.status
            cell.outputs.append(_error("Stopped", self.grader.explain(reason)))
            self.harmful.add(id(cell))
        if not self.session.is_alive:
            self.harmful.add(id(cell))

    async def ready(self, but=None):
        """Make sure that there is a kernel that has run the earlier cells.

        Returns:
            Whether one was started in the place of another.
        """
        if self.session is not None and self.session.is_alive:
            return False
        is_first = self.session is None
        await self.stop_kernel()
        self.session = Session(self.limits, self.grader.config, self.support)
        await self.session.start()
        if self.judge is not None:
            self.judge.connect(self.session.agent)
        for cell in self.earlier:
            if cell is but or id(cell) in self.harmful or self.remaining() <= 0:
                continue
            run = await self.session.run(cell.source, self.remaining())
            if not self.session.is_alive:
                self.log.warning("A cell that ran before ended the kernel: %s", run.status)
                self.harmful.add(id(cell))
                return await self.ready(but)
        return not is_first

    async def test(self, cell, students):
        """Judge a test cell."""
        points = float(cell.metadata.nbgrader.points)
        if self.remaining() <= 0:
            cell.outputs = [_error("NotRun", self.grader.explain("notebook"))]
            return
        restarted = await self.ready()
        await self.ready_judge()
        result, reason = await self.verdict(cell.source, students, points)
        outputs = [_note(RERUN)] if restarted else []
        if result.get("printed"):
            outputs.append(new_output("stream", name="stdout", text=result["printed"]))
        if reason:
            outputs.append(_error("Stopped", self.grader.explain(reason)))
        elif result["name"]:
            outputs.append(_error(result["name"], result["message"], _at(cell, result["line"])))
        elif result["points"] < points:
            number = new_output("execute_result", data={"text/plain": repr(result["points"])})
            outputs.append(number)
        cell.outputs = outputs

    async def verdict(self, source, students, points):
        """Let the judge run a test; return its result, and why there is none."""
        loop = asyncio.get_running_loop()
        seconds = self.remaining()
        request = {"do": "test", "source": source, "students": sorted(students), "points": points}
        judging = loop.run_in_executor(None, self.judge.ask, request, seconds + 30)
        serving = asyncio.ensure_future(
            self.session.run(SERVE, seconds, silent=True, until=judging)
        )
        run = await serving
        if run.status == "time":
            self.stopped(seconds)
        if not judging.done():  # the kernel says that it has served, and has not
            await asyncio.wait([judging], timeout=GRACE if run.status == "ok" else 0)
        if self.session.is_alive and (run.status != "ok" or not judging.done()):
            await self.session.kill()
        try:
            result = await judging
        except _channel.ChannelError:
            self.stop_judge()
            await self.session.kill()
            known = [why for why in (run.reason, run.status) if why in REASONS]
            return {"points": 0.0, "name": None}, known[0] if known else "test"
        if result["answers"]:
            self.sound = len(self.earlier)
        else:
            # What has run since the last test broke the kernel: the next one does without.
            self.harmful.update(map(id, filter(is_solution, self.earlier[self.sound :])))
        if not result["lost"] and run.status == "ok":
            return result, None
        await self.session.kill()
        if run.reason in REASONS:
            return result, run.reason
        if run.status in ("time", "output"):
            # The test may have been over before: then only what came after took too long.
            return result, run.status if result["lost"] or result["name"] else None
        if not result["answers"]:
            return result, "broken"
        if result["lost"]:
            return result, "reply" if result["message"] else "dead"
        return result, None

    async def ready_judge(self):
        """Make sure that there is a judge who has run the instructor's cells so far."""
        loop = asyncio.get_running_loop()
        if self.judge is None:
            self.judge = await loop.run_in_executor(None, _judge, self.grader)
            self.judge.connect(self.session.agent)
            # What the next notebook needs starts while this one is at work.
            loop.run_in_executor(None, self.prepare)
        while self.judge.done < len(self.setups):
            source, only_imports = self.setups[self.judge.done]
            self.judge.done += 1
            request = {"do": "setup", "source": source, "only_imports": only_imports}
            try:
                result = await loop.run_in_executor(
                    None, self.judge.ask, request, self.limits.cell_seconds
                )
            except _channel.ChannelError:
                result = {"error": "it did not come to its end"}
            if result["error"]:
                self.log.warning("A setup cell failed beside the tests: %s", result["error"])

    def prepare(self):
        try:
            self.session.prepare()
            _prepare_judge(self.grader)
        except (launcher.SandboxError, OSError) as error:
            self.log.warning("The next kernel could not be prepared: %s", error)

    async def stop_kernel(self):
        if self.session is not None:
            await self.session.kill()

    def stop_judge(self):
        if self.judge is not None:
            self.judge.close()
            self.judge = None


def _source(grader):
    """Return the `Launcher` that the grader's kernels come from."""
    settings = SandboxProvisioner.class_own_traits(config=True)
    chosen = grader.config.SandboxProvisioner

    def setting(name):
        return chosen[name] if name in chosen else settings[name].default()

    return launcher.Launcher.shared(
        bool(setting("sandbox")), tuple(setting("preload")), tuple(setting("read_only"))
    )


def _judge(grader):
    """Return a `_JudgeProcess` that nobody has used."""
    source, limits = _source(grader), grader.limits
    key = ("verdict", *limits.as_dict().values())
    return source.take(key, lambda: _JudgeProcess(source, limits))


def _prepare_judge(grader):
    """Fork the one that `_judge` will return."""
    source, limits = _source(grader), grader.limits
    key = ("verdict", *limits.as_dict().values())
    source.prepare(key, lambda: _JudgeProcess(source, limits))


class _JudgeProcess:
    """The grader's end of a process that runs `_verdict`."""

    def __init__(self, source, limits):
        self.done = 0
        self.channel, theirs = socket.socketpair()
        with theirs:
            self.process = source.launch(
                "verdict",
                limits.as_dict(),
                [theirs.fileno()],
                {"bounds": limits.reply_bounds()},
            )

    def ask(self, request, seconds):
        """Send a request; return the result. Runs in a thread."""
        self.channel.settimeout(seconds)
        _channel.send(self.channel, json.dumps(request).encode())
        return json.loads(_channel.receive(self.channel, 1 << 24))

    def connect(self, agent):
        """Give the judge a connection to another kernel."""
        self.channel.settimeout(GRACE * 5)
        _channel.send(self.channel, json.dumps({"do": "connect"}).encode())
        self.channel.recv(1)
        socket.send_fds(self.channel, [b"."], [agent.fileno()])
        _channel.receive(self.channel, 1 << 10)

    def close(self):
        """End the process."""
        self.channel.close()
        self.process.kill()

    discard = close


def _error(name, message, lines=()):
    return new_output("error", ename=name, evalue=message, traceback=[*lines, f"{name}: {message}"])


def _note(text):
    return new_output("stream", name="stdout", text=text + "\n")


def _at(cell, line):
    lines = cell.source.splitlines()
    if not line or line > len(lines):
        return []
    return [f"line {line} of the test: {lines[line - 1].strip()}"]
