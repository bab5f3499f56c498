"""Closes system calls that no homework needs, through libseccomp where it is installed.

The namespaces are the wall; this takes away much of what could be tried against it.
"""

import ctypes
import errno

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NOT_EQUAL, _EQUAL, _GREATER, _MASKED_EQUAL = 1, 4, 6, 7

#: System calls that fail as if forbidden.
DENIED = (
    *("mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "mount_setattr"),
    *("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"),
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter"),
    *("io_uring_register", "keyctl", "add_key", "request_key", "personality"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"),
    *("open_by_handle_at", "name_to_handle_at", "quotactl", "acct", "swapon", "swapoff"),
    *("reboot", "syslog", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex"),
    *("sethostname", "setdomainname", "vhangup", "fanotify_init", "lookup_dcookie"),
    # Memory that belongs to no process could not be counted.
    *("memfd_create", "memfd_secret", "shmget", "shmat", "msgget", "semget", "mq_open"),
)

#: Flags of clone that ask for a new namespace.
NAMESPACES = 0x7E020000

#: Families of sockets that stay allowed: UNIX, INET, INET6. Not all others have namespaces.
FAMILIES = (0, 1, 2, 10)
_AF_NETLINK, _NETLINK_ROUTE = 16, 0


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def load_library():
    """Return libseccomp, or `None` where there is none."""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_load.argtypes = (ctypes.c_void_p,)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_rule_add_array.argtypes = (
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint),
        ctypes.POINTER(_Comparison),
    )
    return library


def apply(library):
    """Filter the system calls of this process and of all that it starts, for good.

    Args:
        library: What `load_library` returned, not `None`.

    Raises:
        OSError: If the kernel refuses.
    """
    context = library.seccomp_init(_ALLOW)

    def forbid(name, error, *comparisons):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return  # unknown to this architecture or this version of the library
        array = (_Comparison * len(comparisons))(*comparisons)
        action = _ERRNO | error
        result = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
        if result:
            raise OSError(-result, f"no rule for {name}")

    for name in DENIED:
        forbid(name, errno.EPERM)
    # The flags of clone3 stand in memory, where no filter can look; glibc falls back to clone.
    forbid("clone3", errno.ENOSYS)
    for bit in range(64):
        if NAMESPACES >> bit & 1:
            forbid("clone", errno.EPERM, _Comparison(0, _MASKED_EQUAL, 1 << bit, 1 << bit))
    # ZeroMQ asks for the network's interfaces and gives up without an answer.
    other = _Comparison(2, _NOT_EQUAL, _NETLINK_ROUTE)
    forbid("socket", errno.EPERM, _Comparison(0, _EQUAL, _AF_NETLINK), other)
    for family in range(64):
        if family not in (*FAMILIES, _AF_NETLINK):
            forbid("socket", errno.EPERM, _Comparison(0, _EQUAL, family))
    forbid("socket", errno.EPERM, _Comparison(0, _GREATER, 63))
    result = library.seccomp_load(context)
    library.seccomp_release(context)
    if result:
        raise OSError(-result, "the filter of system calls was refused")
