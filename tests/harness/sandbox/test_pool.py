"""The pool refuses to run without isolation, replaces lost workers, and works for an ordinary user too."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.sandbox import Checks, IsolationMissing, Limits, Pool, launch
from traceinv.errors import InputError

ROOT = Path(__file__).parents[3]
SYSTEM_PYTHON = "/usr/bin/python3"


def test_without_bubblewrap_nothing_runs_and_the_command_that_mends_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(IsolationMissing, match=r"bubblewrap.*apt-get install bubblewrap") as error:
        Pool(1).check("def f(): return 1", Checks("assert f() == 1"), Limits())
    assert isinstance(error.value, InputError)


def test_where_bubblewrap_fails_nothing_runs_and_its_complaint_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2\nexit 1\n")
    for folder in (fake, tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IsolationMissing, match=r"No permissions to create a new namespace.*(run: |docker run )"):
        Pool(1).run("print(1)", "", Limits())


def test_the_labs_own_tasks_need_no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.sandbox import run_function

    monkeypatch.setenv("PATH", "/nonexistent")
    assert run_function("def f(x): return x + 40", "f", (1, 2)).outputs == (41, 42)


def test_a_worker_that_is_lost_is_replaced(pool: Pool) -> None:
    for pair in pool._pairs:
        for worker in (pair.candidate, pair.checker):
            if worker._process is not None:
                worker._process.kill()
    for _ in range(3):
        assert pool.check("def f(): return 1", Checks("assert f() == 1"), Limits()).verdict == "passed"


def test_many_threads_may_ask_at_once(pool: Pool) -> None:
    programs = [f"def f(): return {n}" for n in range(60)]
    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(lambda p: pool.check(p, Checks("assert f() % 2 == 0"), Limits()), programs))
    assert [o.verdict for o in outcomes] == ["passed", "failed"] * 30


def test_a_program_whose_result_depends_on_hashes_has_the_same_result_in_every_worker() -> None:
    program = "print(list(set('abcdefgh')), hash('a'))"
    outputs = set()
    for _ in range(3):
        fresh = Pool(1)
        outputs.add(fresh.run(program, "", Limits()).output)
        fresh.close()
    assert len(outputs) == 1


def test_a_file_in_the_working_folder_is_no_module_of_the_worker(pool: Pool) -> None:
    program = "import sys\nopen('trap.py', 'w').write('x = 1')\nprint('' in sys.path, '/tmp' in sys.path)\nimport trap"
    outcome = pool.run(program, "", Limits())
    assert (outcome.verdict, outcome.output) == ("error", b""), outcome
    assert (
        pool.run("import sys\nprint([p for p in sys.path if not p or p.startswith('/tmp')])", "", Limits()).output
        == b"[]\n"
    )


def test_a_pool_outlives_the_threads_that_used_it(pool: Pool) -> None:
    for _ in range(2):
        with ThreadPoolExecutor(2) as threads:
            assert set(threads.map(lambda n: pool.run(f"print({n})", "", Limits()).verdict, range(4))) == {"passed"}


def test_root_never_starts_bubblewrap_as_root(pool: Pool) -> None:
    if os.getuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    pool.run("print(1)", "", Limits())
    processes = [pair.candidate._process for pair in pool._pairs if pair.candidate._process is not None]
    assert processes
    assert all(Path(f"/proc/{process.pid}").stat().st_uid >= launch.FIRST_UID for process in processes)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_of_this_holds_for_an_ordinary_user() -> None:
    """Run these tests again as another user; it uses the system's interpreter where it cannot read this one."""
    if os.getuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    packages = Path(pytest.__file__).parent.parent
    python = sys.executable if launch.interpreter() == Path(os.path.realpath(sys.executable)) else SYSTEM_PYTHON
    command = [
        python,
        "-B",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow",
        str(Path(__file__).parent),
    ]
    try:
        result = subprocess.run(
            command,
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{packages}", "HOME": "/nonexistent"},
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=800,
        )
    except PermissionError:
        pytest.skip("the checkout is in a folder that other users cannot enter")
    if "Permission denied" in result.stderr or "No module named" in result.stderr:
        pytest.skip("the checkout or its packages cannot be read by other users")
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert "skipped" not in result.stdout.splitlines()[-1] or "1 skipped" in result.stdout.splitlines()[-1]


def test_a_fork_of_the_harness_leaves_its_workers_alone(pool: Pool) -> None:
    assert pool.run("print(1)", "", Limits()).verdict == "passed"
    child = os.fork()
    if child == 0:
        pool.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert all(c.candidate._process is None or c.candidate._process.poll() is None for c in pool._pairs)
    assert pool.run("print(2)", "", Limits()).output == b"2\n"
