"""Start an isolated worker: the bubblewrap command, the user that it runs as, and the interpreter inside.

Bubblewrap never runs with root's rights. A harness that runs as root starts it under a separate uid, because a program in a
sandbox that root made can open kernel settings for writing, and is not bound by the limit on processes.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

from harness.sandbox.filters import child_filter, worker_filter
from harness.sandbox.records import IsolationMissing

TMP_BYTES = 64 * 1024**2
SHARED_MEMORY_BYTES = 32 * 1024**2
FIRST_UID, UIDS = 20_000, 40_000
INSTALL = (
    "code tasks run untrusted programs and need bubblewrap, which is not installed; run: apt-get install bubblewrap"
)

_INSIDE = Path(__file__).with_name("inside")
_SYSTEM_PYTHON = Path("/usr/bin/python3")
_PACKAGES = ("numpy", "numpy.libs")
_SYSTEM_FOLDERS = ("bin", "lib", "lib64", "lib32", "sbin")


def start(role: str, slot: int, control: socket.socket, errors: int) -> subprocess.Popen[bytes]:
    """Start a worker.

    Args:
        role: `candidate` or `checker`; a checker loads the packages that tests use before its first job.
        slot: the worker's number in this process; under root it decides the worker's uid.
        control: the socket from which the worker reads its jobs.
        errors: the descriptor to which bubblewrap writes its error messages.

    Raises:
        IsolationMissing: bubblewrap or libseccomp is not installed, or no interpreter can be read by the worker's user.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise IsolationMissing(INSTALL)
    sources = [_INSIDE / f"{name}.py" for name in ("wire", "parts", "candidate", "checker", "worker")]
    files = {"/filter": child_filter()} | {
        f"/sandbox/harness/sandbox/inside/{path.name}": path.read_bytes() for path in sources
    }
    fds = {path: _in_memory(content) for path, content in files.items()}
    seccomp = _in_memory(worker_filter())
    command = [bwrap, *_namespaces(), *_file_system(), "--seccomp", str(seccomp)]
    for path, fd in fds.items():
        command += ["--ro-bind-data", str(fd), path]
    command += ["--remount-ro", "/", "--", str(interpreter()), "-s", "-S", "-X", "utf8", "-c", _BOOT]
    command += [str(control.fileno()), "/filter", role]
    uid = _uid(slot)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd="/",
            env={},
            pass_fds=[*fds.values(), seccomp, control.fileno()],
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    finally:
        for fd in (*fds.values(), seccomp):
            os.close(fd)


# isolated mode would ignore the seed of hashes; the environment is empty but for it, and the current folder is left out here
_BOOT = """
import sys
sys.path[:] = ["/sandbox", *(path for path in sys.path if path)]
sys.path.append("/packages")
from harness.sandbox.inside.worker import main
main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
"""


def _namespaces() -> list[str]:
    return [
        # the worker becomes the first process of its namespace: no signal from inside reaches it, and bubblewrap leaves no
        # process of its own, which the filters would not bind, in the namespace
        "--as-pid-1",
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--hostname", "sandbox", "--cap-drop", "ALL", "--clearenv"),
        *("--setenv", "PATH", "/usr/bin", "--setenv", "HOME", "/tmp", "--setenv", "OPENBLAS_NUM_THREADS", "1"),  # noqa: S108
        # else the order of a set of texts, and with it a program's result, would be another in each worker
        *("--setenv", "PYTHONHASHSEED", "0"),
    ]


def _file_system() -> list[str]:
    """Return the options for a read-only system without /etc, /home, /root and /var, and small writable folders in memory."""
    mounts = ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM_FOLDERS:
        folder = Path("/", name)
        if folder.is_symlink():
            mounts += ["--symlink", os.readlink(folder), str(folder)]
        elif folder.is_dir():
            mounts += ["--ro-bind", str(folder), str(folder)]
    mounts += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    if not interpreter().is_relative_to("/usr"):
        mounts += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    for package in _packages():
        mounts += ["--ro-bind", str(package), f"/packages/{package.name}"]
    return [
        *mounts,
        *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"),
        *("--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),  # noqa: S108
        *("--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"),  # noqa: S108
    ]


@cache
def interpreter() -> Path:
    """Return the harness's own interpreter, or the system's where the worker's user cannot read the former.

    Raises:
        IsolationMissing: the worker's user can read neither.
    """
    own = Path(os.path.realpath(sys.executable))
    for path in (own, Path(os.path.realpath(_SYSTEM_PYTHON))):
        if path.exists() and (os.getuid() != 0 or _readable_by_all(path)):
            return path
    raise IsolationMissing(
        f"code tasks do not run as root, the user that they run as cannot read {own}, and there is no {_SYSTEM_PYTHON}; "
        "run: apt-get install python3"
    )


def _packages() -> list[Path]:
    """Return the folders of the packages that tests import; none where the interpreter inside has another version."""
    own = Path(os.path.realpath(sys.executable))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None or (interpreter() != own and interpreter().name != version):
        return []
    site = Path(spec.origin).parent.parent
    folders = [site / name for name in _PACKAGES]
    return [f for f in folders if f.is_dir() and (os.getuid() != 0 or _readable_by_all(f))]


def _readable_by_all(path: Path) -> bool:
    return all(p.stat().st_mode & 0o005 == 0o005 for p in (path, *path.parents))


def _uid(slot: int) -> int | None:
    """Return the uid of a worker: under root a different one for each worker; None, the harness's own uid, for other users."""
    return None if os.getuid() != 0 else FIRST_UID + (os.getpid() * 64 + slot) % UIDS


def processes_of_user() -> int:
    """Count the processes and threads that the workers' user has already; 0 under root, where each worker has its own uid."""
    if os.getuid() == 0:
        return 0
    return sum(_threads(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit())


def _threads(process: Path) -> int:
    try:
        return len(os.listdir(process / "task")) if process.stat().st_uid == os.getuid() else 0
    except OSError:
        return 0


def _in_memory(content: bytes) -> int:
    fd = os.memfd_create("sandbox")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def explain(complaint: str) -> str:
    """Explain why a worker did not start, with the command that fixes the most common causes."""
    settings = {
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        "/proc/sys/user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=15000"),
    }
    for path, (bad, command) in settings.items():
        if Path(path).exists() and Path(path).read_text().strip() == bad:
            return f"this machine forbids the user namespaces that code tasks need ({complaint}); run: {command}"
    return (
        f"bubblewrap cannot isolate programs here ({complaint}); "
        "in a container, start it with: docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined"
    )
