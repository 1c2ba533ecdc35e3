"""A program is one process. It may have threads, up to a limit."""

import pytest

from .conftest import Run


@pytest.mark.parametrize(
    "program",
    [
        "import os\nos.fork()",
        "import subprocess\nsubprocess.run(['/usr/bin/env'])",
        "import os\nos.posix_spawn('/usr/bin/env', ['env'], {})",
        "import os\nos.execv('/usr/bin/env', ['env'])",
        "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()",
        "import os\nos.kill(1, 0)\nos.unshare(0x10000000) if hasattr(os, 'unshare') else os.fork()",
    ],
)
def test_a_second_process_cannot_be_started(run: Run, program: str) -> None:
    assert run(program).verdict == "blocked"


def test_not_even_by_system_calls_of_its_own(run: Run) -> None:
    program = """
import ctypes, ctypes.util
libc = ctypes.CDLL(None, use_errno=True)
FORK, VFORK, CLONE, CLONE3, UNSHARE, PTRACE = 57, 58, 56, 435, 272, 101
print(libc.syscall(FORK), libc.syscall(CLONE, 17, 0, 0, 0, 0), libc.syscall(CLONE3, 0, 0), libc.syscall(UNSHARE, 0x10000000),
      libc.syscall(PTRACE, 16, 1, 0, 0))
"""
    assert run(program).output == b"-1 -1 -1 -1 -1\n"


def test_threads_work(run: Run) -> None:
    program = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(lambda x: x * x, range(100))))
"""
    assert run(program).output == b"328350\n"


def test_a_script_ends_with_its_last_thread(run: Run) -> None:
    program = "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()"
    assert run(program).output == b"late\n"


def test_threads_are_limited(run: Run) -> None:
    program = """
import threading
threading.stack_size(32768)
wait = threading.Event()
for _ in range(5000):
    threading.Thread(target=wait.wait, daemon=True).start()
"""
    assert run(program).verdict == "blocked"


def test_a_program_sees_no_process_but_its_worker_and_itself(run: Run) -> None:
    assert (
        run("import os\nprint(len([p for p in os.listdir('/proc') if p.isdigit()]), os.getppid())").output == b"2 1\n"
    )


def test_the_worker_cannot_be_killed_stopped_or_read(run: Run) -> None:
    program = """
import os, signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV):
    os.kill(1, number)
for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/fd/3", "/proc/1/cwd", "/proc/1/root/tmp"):
    try:
        open(path, "rb").read(1) if not path.endswith("cwd") else os.readlink(path)
        print(path)
    except OSError:
        pass
"""
    outcome = run(program)
    assert (outcome.verdict, outcome.output) == ("passed", b"")
    assert run("print('next')").output == b"next\n"


def test_limits_cannot_be_raised_nor_priorities_taken(run: Run) -> None:
    program = """
import os, resource
for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"):
    try:
        resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(name)
    except (OSError, ValueError):
        pass
for attempt in (lambda: os.nice(-5), lambda: os.setpriority(os.PRIO_PROCESS, 1, 19), lambda: os.sched_setaffinity(1, {0}),
                lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))):
    try:
        attempt()
        print("allowed")
    except OSError:
        pass
"""
    assert run(program).output == b""
