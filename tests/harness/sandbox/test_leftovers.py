"""Nothing of a program is left after its verdict: no process, no file, and nothing that the next program could read."""

import os
import time
from pathlib import Path

import pytest

from harness.sandbox import Checks, Limits, Pool

from .conftest import Run


def _processes_with(mark: str) -> list[str]:
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "status").read_text() or mark in (folder / "comm").read_text():
                processes.append(folder.name)
        except OSError:
            continue
    return processes


RENAME = "import ctypes\nctypes.CDLL(None).prctl(15, b'leftover', 0, 0, 0)\n"


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("while True: pass", marks=pytest.mark.slow),
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
        "import os\nos.close(1)\nimport time\ntime.sleep(60)",
        "print('x' * 10**8)",
    ],
)
def test_no_process_is_left_when_a_script_is_judged(run: Run, program: str) -> None:
    run(RENAME + program, limits=Limits(cpu_seconds=1, idle_seconds=0.3))
    assert _processes_with("leftover") == []


def test_no_process_is_left_when_a_function_is_judged(check: Run) -> None:
    program = (
        RENAME
        + "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\ndef double(x): return 2 * x"
    )
    assert check(program).verdict == "passed"
    assert _processes_with("leftover") == []


def test_files_do_not_reach_the_next_program(pool: Pool) -> None:
    leave = (
        "import os\nfor d in ('/tmp', '/dev/shm'):\n    os.makedirs(d + '/a/b')\n    open(d + '/a/b/c', 'w').write('x')"
    )
    look = "import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))"
    for _ in range(3):  # more often than there are worker pairs
        assert pool.run(leave, "", Limits()).verdict == "passed"
        assert pool.run(look, "", Limits()).output == b"[] []\n"


def test_changed_modules_do_not_reach_the_next_program(pool: Pool) -> None:
    spoil = "import builtins, json, sys\nbuiltins.len = lambda x: 42\njson.dumps = None\nsys.path.clear()\nsys.modules.clear()"
    for _ in range(3):
        pool.run(spoil, "", Limits())
        assert pool.run("import json\nprint(len(json.dumps([1])))", "", Limits()).output == b"3\n"


def test_the_tests_of_one_program_are_not_there_for_the_next(pool: Pool) -> None:
    look = """
import gc
def double(x):
    kept = [o for o in gc.get_objects() if isinstance(o, (list, dict, tuple))]
    return sum("terces-dekram"[::-1] in repr(o)[:2000] for o in kept)
"""
    for _ in range(3):
        pool.check("def double(x): return x", Checks("assert double('marked-secret') == 'no'"), Limits())
        assert pool.check(look, Checks("assert double(1) == 0"), Limits()).verdict == "passed"


def test_a_closed_pool_leaves_no_process() -> None:
    pool = Pool(1)
    pool.check("def f(): return 1", Checks("assert f() == 1"), Limits())
    workers = [pair.candidate._process for pair in pool._pairs] + [pair.checker._process for pair in pool._pairs]
    pool.close()
    time.sleep(0.1)
    assert all(worker is not None and not os.path.exists(f"/proc/{worker.pid}/exe") for worker in workers)
