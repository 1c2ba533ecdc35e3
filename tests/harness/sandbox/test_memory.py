"""A program's memory is limited, in whatever place it keeps data."""

import pytest

from harness.sandbox import Checks, Limits, Pool
from harness.sandbox import pool as pool_module

from .conftest import Run


@pytest.mark.parametrize(
    "program",
    [
        "x = 'a' * 10**10",
        "x = []\nwhile True: x.append(bytearray(10**7))",
        "def f(): return f()\nimport sys\nsys.setrecursionlimit(10**9)\nx = [0]\nwhile True: x = x + x",
        "import mmap\nkept = [mmap.mmap(-1, 2**26) for _ in range(100)]",
    ],
)
def test_a_program_that_takes_too_much_is_stopped(run: Run, program: str) -> None:
    outcome = run(program, limits=Limits(cpu_seconds=30))  # filling memory alone takes seconds on some machines
    assert outcome.verdict in ("memory", "error"), outcome
    assert "memory" in outcome.explanation.lower() or outcome.verdict == "memory"


def test_a_function_that_takes_too_much_is_told_from_a_wrong_one(check: Run) -> None:
    assert check("def double(x): return [0] * 10**10").verdict == "memory"


def test_the_limit_can_be_set(run: Run) -> None:
    program = "x = bytearray(300 * 2**20)\nprint('done')"
    assert run(program).output == b"done\n"
    assert run(program, limits=Limits(memory_bytes=200 * 2**20)).verdict == "memory"


def test_a_program_that_needs_more_than_its_share_runs_alone_with_all_that_it_is_granted(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MEMORY_BESIDE_OTHERS", 200 * 2**20)
    program, tests = "def room(n): return len(bytearray(n))", "assert room(300 * 2**20) == 300 * 2**20"
    assert pool.check(program, Checks(tests), Limits()).verdict == "passed"
    assert pool.check(program, Checks(tests), Limits(memory_bytes=250 * 2**20)).verdict == "memory"


@pytest.mark.parametrize("place", ["/dev/shm", "/tmp"])  # noqa: S108
def test_files_in_memory_are_limited(run: Run, place: str) -> None:
    program = f"for n in range(20):\n    open(f'{place}/{{n}}', 'wb').write(b'x' * 15 * 2**20)"
    assert run(program).verdict == "blocked"


def test_memory_without_a_name_cannot_be_had(run: Run) -> None:
    assert run("import os\nos.memfd_create('x')").verdict == "blocked"


def test_shared_memory_cannot_outlive_its_program(run: Run) -> None:
    program = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print([f(0, 4096, 0o1666) for f in (libc.shmget, libc.msgget, libc.semget)])
"""
    assert run(program).output == b"[-1, -1, -1]\n"


def test_a_large_value_arrives(check: Run) -> None:
    program = "def double(x): return list(range(x)) + [[1.5] * x]"
    assert check(program, "assert double(1_000_000) == [*range(1_000_000), [1.5] * 1_000_000]").verdict == "passed"
    assert check(program, "assert double(1_000_000) == [*range(1_000_000), [1.5] * 999_999]").verdict == "failed"


def test_a_value_that_is_too_large_is_refused_by_name(check: Run) -> None:
    outcome = check("def double(x): return 'a' * 280_000_000", "double(1)")
    assert outcome.verdict == "blocked", outcome
    assert "bytes, over the limit of" in outcome.explanation


def test_a_message_that_announces_too_much_is_blocked(check: Run) -> None:
    program = """
import gc, socket
def double(x):
    channel = next(o for o in gc.get_objects() if isinstance(o, socket.socket))
    channel.sendall(b"\\xff\\xff\\xff\\xff")
"""
    outcome = check(program)
    assert outcome.verdict == "blocked", outcome
