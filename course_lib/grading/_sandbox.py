"""Namespaces around the preloading process, and around each process that it forks.

The preloading process lives in a root folder that holds the environment, read-only, and
nothing else. Each child adds a private temporary folder, its own processes, network and
users, and then gives up every right. It runs on Linux, as root or as anybody.
"""

import os
import resource
import signal
import sys

from course_lib.grading import _linux, _seccomp

#: What programs need of the system, where it exists.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/sys/devices/system/cpu"),
)
DEVICES = ("null", "zero", "full", "random", "urandom")

#: Who the student's code is, inside.
USER = 1000

#: Who it is outside when the grader is root: nobody.
NOBODY = 65534

WORK, HOME, SUPPORT = "/tmp/cwd", "/tmp/home", "/support"

#: Why the sandbox may be denied, and what to change.
ADVICE = """\
This system does not let the grader make a sandbox ({error}).
Allow user namespaces, then grade again; one of these, as root:
  sysctl -w user.max_user_namespaces=15000               (the limit is 0)
  sysctl -w kernel.unprivileged_userns_clone=1           (Debian)
  sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (Ubuntu 24.04 and later)
In a container: docker run --security-opt seccomp=unconfined --security-opt \
systempaths=unconfined --security-opt apparmor=unconfined ...
To grade without a sandbox, so that submissions run with your rights, on your files, set
  c.SandboxProvisioner.sandbox = False
in nbgrader_config.py. On macOS and Windows there is no sandbox: use a Linux machine or a
container."""

_OLD = "/.old"

#: Where shown paths below /tmp wait, each a numbered folder: every new /tmp gets them again.
_KEPT = "/kept"
_below_tmp = {}


def enter_outer(read_only):
    """Put the children of this process into a folder tree of `read_only` paths.

    Forks. The parent waits for the child and exits as it does, so that only the child returns.

    Args:
        read_only: Paths to show, at the same place.

    Raises:
        OSError: If the system denies it.
    """
    flags = _linux.CLONE_NEWNS | _linux.CLONE_NEWNET | _linux.CLONE_NEWIPC | _linux.CLONE_NEWUTS
    if os.geteuid():
        _new_user(os.geteuid(), os.getegid())
    _linux.unshare(flags | _linux.CLONE_NEWPID)
    failed = os.pipe()
    child = os.fork()
    if child:
        os.close(failed[1])
        error = os.read(failed[0], 1000)
        if error:
            os.waitpid(child, 0)
            number, _, text = error.decode().partition(" ")
            raise OSError(int(number), text)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    die_with_parent()
    try:
        _build_root(read_only)
    except OSError as error:
        os.write(failed[1], f"{error.errno or 1} {error.strerror or error}".encode())
        os._exit(1)
    os.close(failed[0])
    os.close(failed[1])


def die_with_parent():
    """Ask to be killed when the parent dies."""
    if sys.platform == "linux":
        _linux.prctl(_linux.PR_SET_PDEATHSIG, signal.SIGKILL)


def _new_user(uid, gid, inside_uid=None, inside_gid=None):
    _linux.unshare(_linux.CLONE_NEWUSER)
    inside_uid = uid if inside_uid is None else inside_uid
    inside_gid = gid if inside_gid is None else inside_gid
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside_uid} {uid} 1"),
        ("gid_map", f"{inside_gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _build_root(read_only):
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    # Any folder will do: once it is the root, what it covered is in sight again.
    _linux.mount("root", "/tmp", "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, "size=1m,mode=755")
    os.mkdir("/tmp" + _OLD)
    os.chdir("/tmp")
    _linux.pivot_root(".", "." + _OLD)
    os.chdir("/")
    for folder in ("/dev", "/proc", "/sys", "/etc", "/tmp", SUPPORT, "/dev/shm"):
        os.makedirs(folder, 0o755)
    # Links to what is shown are followed: /lib is one on most systems.
    for path in sorted({*SYSTEM, *read_only}):
        if path.startswith("/tmp/"):
            _below_tmp[path] = f"{_KEPT}/{len(_below_tmp)}"
            _bind(_OLD + path, _below_tmp[path], _READ_ONLY)
        else:
            _show(path)
    for name in DEVICES:
        _bind(f"{_OLD}/dev/{name}", f"/dev/{name}", _linux.MS_NOSUID | _linux.MS_NOEXEC)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"/dev/{name}")
    for name, text in (
        ("passwd", f"student:x:{USER}:{USER}::{HOME}:/bin/sh\n"),
        ("group", f"student:x:{USER}:\n"),
        ("hosts", "127.0.0.1 localhost\n"),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ):
        with open(f"/etc/{name}", "w") as file:
            file.write(text)
    _mount_proc()
    _linux.unmount(_OLD)
    os.rmdir(_OLD)
    _linux.restrict_mount("/", _linux.MS_NOSUID)
    _linux.mount(None, "/", None, _REMOUNT_READ_ONLY)
    # For the imports: matplotlib writes down which fonts there are. No child sees it.
    _mount_tmp("size=16m,mode=700")


def _mount_tmp(options):
    """Mount an empty /tmp, but for the paths below it that are to be read."""
    _linux.mount("tmp", "/tmp", "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, options)
    for path, kept in _below_tmp.items():
        _bind(kept, path, _READ_ONLY)


_READ_ONLY = _linux.MS_RDONLY | _linux.MS_NOSUID | _linux.MS_NODEV
_REMOUNT_READ_ONLY = (
    _linux.MS_REMOUNT | _linux.MS_BIND | _linux.MS_RDONLY | _linux.MS_NOSUID | _linux.MS_NODEV
)


def _show(path):
    source = _OLD + path
    if os.path.islink(source):
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(os.readlink(source), path)
    elif os.path.exists(source) and not os.path.exists(path):
        _bind(source, path, _READ_ONLY)


def _bind(source, target, attributes):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT, 0o644))
    _linux.mount(source, target, None, _linux.MS_BIND | _linux.MS_REC)
    _linux.restrict_mount(target, attributes)


def _mount_proc():
    flags = _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC
    _linux.mount("proc", "/proc", "proc", flags)


class ChildProcesses:
    """Lets the preloading process fork a child into a process namespace of its own.

    Args:
        sandbox: Whether there is a sandbox at all.
    """

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.own = os.open("/proc/self/ns/pid", os.O_RDONLY) if sandbox else None

    def fork(self):
        """Fork; return 0 in the child, which is process 1 of its namespace, else its number."""
        if self.sandbox:
            _linux.unshare(_linux.CLONE_NEWPID)
        child = os.fork()
        if child and self.sandbox:
            _linux.setns(self.own, _linux.CLONE_NEWPID)
        return child


def enter_inner(limits, support, library):
    """Put this process, forked by `ChildProcesses`, into its own sandbox, for good.

    Args:
        limits: A `dict`, `Limits.as_dict()`.
        support: Descriptor of a folder whose files the assignment needs, or `None`.
        library: What `_seccomp.load_library` returned.

    Raises:
        OSError: If the system denies it.
    """
    _linux.unshare(
        _linux.CLONE_NEWNS | _linux.CLONE_NEWNET | _linux.CLONE_NEWIPC | _linux.CLONE_NEWUTS
    )
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    _mount_proc()
    flags = _linux.MS_NOSUID | _linux.MS_NODEV
    size = limits["written_bytes"]
    # Without swap and huge pages, as the preloading process has it: files are memory.
    _mount_tmp(f"size={size},nr_inodes=20000,mode=1777")
    as_root = os.geteuid() == 0
    for path in (WORK, HOME, "/tmp/shm"):
        os.mkdir(path)
        if as_root:
            os.chown(path, NOBODY, NOBODY)
    _linux.mount("/tmp/shm", "/dev/shm", None, _linux.MS_BIND)
    if support is not None:
        _linux.mount("support", SUPPORT, "tmpfs", flags, f"size={size},nr_inodes=20000,mode=755")
        copy_support(support, SUPPORT)
        _linux.mount(None, SUPPORT, None, _REMOUNT_READ_ONLY)
        link_support(SUPPORT, WORK)
    if as_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # A change of user hides the process from itself: it could not write its map of users.
        _linux.prctl(_linux.PR_SET_DUMPABLE, 1)
    _new_user(os.geteuid(), os.getegid(), USER, USER)
    set_limits(limits)
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"],) * 2)
    die_with_parent()
    _linux.drop_capabilities()
    if library is not None:
        _seccomp.apply(library)


def set_limits(limits):
    """Set what the operating system bounds for each process on its own.

    Args:
        limits: A `dict`, `Limits.as_dict()`.
    """
    for kind, most in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", limits["written_bytes"]),
        ("RLIMIT_NOFILE", limits["open_files"]),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_MEMLOCK", 0),
        # The sum over processes is watched from outside; this stops a single leap.
        ("RLIMIT_DATA", limits["memory"]),
    ):
        if hasattr(resource, kind):
            number = getattr(resource, kind)
            _, hard = resource.getrlimit(number)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(number, (most, most))


def copy_support(source, target):
    """Copy ordinary files, no links and no notebooks, from a folder that is open.

    Args:
        source: Descriptor of the folder.
        target: Path of the folder that gets them.
    """
    for folder, _, names, descriptor in os.fwalk(".", dir_fd=source):
        os.makedirs(os.path.join(target, folder), exist_ok=True)
        for name in names:
            if name.endswith(".ipynb") or name.startswith("."):
                continue
            try:
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=descriptor)
            except OSError:
                continue
            with open(file, "rb") as read, open(os.path.join(target, folder, name), "wb") as write:
                while block := read.read(2**20):
                    write.write(block)


def link_support(source, target):
    """Make the entries of a folder appear in another one.

    Args:
        source: Path of the folder that has them.
        target: Path of the folder that gets links.
    """
    for name in os.listdir(source):
        os.symlink(os.path.join(source, name), os.path.join(target, name))
