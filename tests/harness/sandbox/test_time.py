"""A program that computes too long is stopped by its CPU time; one that waits is stopped by the clock after a second try."""

import threading

import pytest

from harness.sandbox import Checks, Limits, Outcome, Pool

from .conftest import Run

SHORT = Limits(cpu_seconds=1, total_cpu_seconds=3, idle_seconds=1)
IMPATIENT = Limits(idle_seconds=0.3)


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        pytest.param(
            "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", marks=pytest.mark.slow
        ),
        pytest.param("import os\nos.close(1)\nwhile True: pass", marks=pytest.mark.slow),
        pytest.param(
            "import threading\nfor _ in range(4): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()",
            marks=pytest.mark.slow,
        ),
        pytest.param("x = 9 ** 9 ** 9", marks=pytest.mark.slow),
    ],
)
def test_a_program_that_computes_on_is_stopped(run: Run, program: str) -> None:
    outcome = run(program, limits=SHORT)
    assert outcome.verdict == "timeout", outcome
    assert not outcome.by_wall_clock
    assert "CPU seconds" in outcome.explanation


@pytest.mark.parametrize(
    "program",
    [
        "import time\ntime.sleep(60)",
        "import threading\nthreading.Event().wait()",
        "import os\nos.pause() if hasattr(os, 'pause') else __import__('signal').pause()",
    ],
)
def test_a_program_that_waits_is_stopped(run: Run, program: str) -> None:
    outcome = run(program, limits=IMPATIENT)
    assert (outcome.verdict, outcome.by_wall_clock) == ("timeout", True)
    assert "idled" in outcome.explanation


@pytest.mark.slow
def test_each_call_has_the_whole_of_its_time_but_not_more(check: Run, pool: Pool) -> None:
    busy = """
import time
def double(x):
    end = time.process_time() + SECONDS
    while time.process_time() < end: pass
    return 2 * x
"""
    calls = Checks("for x in range(6): assert double(x) == 2 * x")
    limits = Limits(cpu_seconds=2, total_cpu_seconds=20)
    assert pool.check(busy.replace("SECONDS", "0.7"), calls, limits).verdict == "passed"
    assert pool.check(busy.replace("SECONDS", "30"), calls, limits).verdict == "timeout"
    assert (
        pool.check(busy.replace("SECONDS", "0.7"), calls, Limits(cpu_seconds=1, total_cpu_seconds=1)).verdict
        == "timeout"
    )


def test_a_sleeping_function_is_stopped(pool: Pool) -> None:
    program = "import time\ndef double(x):\n    time.sleep(60)"
    assert pool.check(program, Checks("assert double(4) == 8"), IMPATIENT).verdict == "timeout"


def test_a_program_stopped_by_the_clock_is_tried_once_more_with_none_beside_it(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.sandbox.pair import WorkerPair

    running, most_beside, attempts = [], [], []
    plain = WorkerPair.run

    def counting(pair: WorkerPair, program: str, stdin: str, limits: Limits) -> Outcome:
        running.append(program)
        outcome = plain(pair, program, stdin, limits)
        if "sleep" in program:
            attempts.append(program)
            most_beside.append(len(running))
        running.remove(program)
        return outcome

    monkeypatch.setattr(WorkerPair, "run", counting)
    busy = threading.Event()

    def others() -> None:
        while not busy.is_set():
            pool.run("print(1)", "", SHORT)

    other = threading.Thread(target=others)
    other.start()
    assert pool.run("import time\ntime.sleep(60)", "", IMPATIENT).verdict == "timeout"
    busy.set()
    other.join()
    assert len(attempts) == 2
    assert most_beside[1] == 1


def test_a_slower_machine_gives_longer_limits(pool: Pool) -> None:
    assert pool.slowness >= 1
    slow = Limits(cpu_seconds=2, total_cpu_seconds=4).scaled(1.5)
    assert (slow.cpu_seconds, slow.total_cpu_seconds) == (3, 6)
    assert slow.idle_seconds == Limits().idle_seconds


@pytest.mark.slow
def test_a_busy_machine_judges_an_honest_program_as_an_idle_one(pool: Pool) -> None:
    program = "import time\nend = time.process_time() + 1.5\nwhile time.process_time() < end: pass\nprint('done')"
    limits = Limits(cpu_seconds=2, idle_seconds=2)
    stop = threading.Event()
    spinners = [threading.Thread(target=_spin, args=(stop,)) for _ in range(8)]
    for spinner in spinners:
        spinner.start()
    outcome = pool.run(program, "", limits)
    stop.set()
    assert outcome.output == b"done\n", outcome


def _spin(stop: threading.Event) -> None:
    import subprocess
    import sys

    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"])
    stop.wait()
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "undoing",
    [
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)",
        "signal.signal(signal.SIGXCPU, lambda *a: None)",
        pytest.param("signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGXCPU])", marks=pytest.mark.slow),
        "resource.setrlimit(resource.RLIMIT_CPU, (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2)",
    ],
)
def test_the_limit_on_a_call_cannot_be_undone(pool: Pool, undoing: str) -> None:
    program = (
        f"import resource, signal, time\ndef double(x):\n    {undoing}\n"
        "    while time.process_time() < 8: pass\n    return 2 * x"
    )
    outcome = pool.check(program, Checks("assert double(4) == 8"), Limits(cpu_seconds=2, total_cpu_seconds=30))
    assert outcome.verdict in ("timeout", "error")
