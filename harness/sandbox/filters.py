"""The seccomp filters of an isolated worker: which system calls it may make.

Namespaces alone do not suffice: AF_VSOCK sockets reach the host, rare system calls have had flaws in the kernel, and the limit on
processes is counted by user. System calls that no benchmark program needs are therefore refused with EPERM.
"""

import errno
import tempfile
from functools import cache
from typing import Any

from harness.sandbox.records import IsolationMissing

INSTALL = (
    "code tasks run untrusted programs and need libseccomp, which is not installed; run: apt-get install libseccomp2"
)

_CLONE_THREAD = 0x00010000
_NEW_NAMESPACES = (0x00000080, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)

_REFUSED = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "perf_event_open",
    "userfaultfd",
    "bpf",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "mount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "keyctl",
    "add_key",
    "request_key",
    "shmget",
    "shmat",
    "shmctl",
    "semget",
    "semop",
    "semctl",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "mq_open",
    "mq_unlink",
    "memfd_create",
    "memfd_secret",
    "name_to_handle_at",
    "open_by_handle_at",
    "fanotify_init",
    "quotactl",
    "swapon",
    "swapoff",
    "reboot",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "personality",
    "acct",
    "settimeofday",
    "clock_settime",
    "sched_setscheduler",
    "sched_setattr",
    "setpriority",
    "ioprio_set",
    "migrate_pages",
    "move_pages",
]
_REFUSED_TO_CHILDREN = ("fork", "vfork", "execve", "execveat", "pidfd_open", "pidfd_getfd", "pidfd_send_signal")


@cache
def worker_filter() -> bytes:
    """Return the filter of the whole worker as BPF instructions.

    It refuses the network, new namespaces, and access to other processes' memory and limits.

    Raises:
        IsolationMissing: libseccomp is not installed.
    """
    seccomp = _library()
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _REFUSED:
        _refuse(rules, name)
    _refuse(rules, "socket", seccomp.Arg(0, seccomp.NE, 1))
    _refuse(rules, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    _refuse(rules, "sched_setaffinity", seccomp.Arg(0, seccomp.NE, 0))
    for flag in _NEW_NAMESPACES:
        _refuse(rules, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    _refuse(rules, "clone3", code=errno.ENOSYS)
    return _export(rules)


@cache
def child_filter() -> bytes:
    """Return the filter that programs get in addition, as BPF instructions: no new processes. Threads stay allowed.

    Raises:
        IsolationMissing: libseccomp is not installed.
    """
    seccomp = _library()
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _REFUSED_TO_CHILDREN:
        _refuse(rules, name)
    _refuse(rules, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    return _export(rules)


def _library() -> Any:
    try:
        import pyseccomp
    except RuntimeError as error:
        raise IsolationMissing(INSTALL) from error
    return pyseccomp


def _refuse(rules: Any, name: str, *arguments: Any, code: int = errno.EPERM) -> None:
    """Add a rule that refuses a system call; a call that this machine does not know needs no rule."""
    seccomp = _library()
    try:
        rules.add_rule(seccomp.ERRNO(code), name, *arguments)
    except (ValueError, OSError):
        if name in ("socket", "clone", "ptrace", "mount"):
            raise


def _export(rules: Any) -> bytes:
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
