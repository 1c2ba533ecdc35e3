"""A program sees a read-only system, and nothing of its user."""

import ast
import os
from pathlib import Path

import pytest

import harness

from .conftest import Run

TRY_TO_OPEN = """
import os, sys
for path in sys.stdin.read().split("\\n"):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).read()
        print("read", path)
    except OSError:
        pass
"""
TRY_TO_WRITE = """
import os
def attempt(path):
    try:
        with open(path, "r+b" if os.path.exists(path) else "wb"):
            print("wrote", path)
    except OSError:
        pass
for top in ("/", "/usr", "/usr/bin", "/usr/lib", "/dev", "/proc", "/proc/sys", "/packages", "/sandbox", "/etc", "/lib"):
    attempt(top + "/planted")
for path in ("/usr/bin/env", "/filter", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
             "/proc/1/oom_score_adj", "/proc/1/mem", "/sandbox/harness/sandbox/inside/worker.py"):
    attempt(path)
for folder, _, files in os.walk("/proc/sys"):
    for file in files:
        attempt(os.path.join(folder, file))
"""


def test_the_users_files_are_not_there(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("42")
    for path in (secret, tmp_path, tmp_path.parent, tmp_path.parent.parent):
        if path.stat().st_uid == os.getuid():
            path.chmod(path.stat().st_mode | 0o055)
    repository = Path(harness.__file__).parent.parent
    system = [Path(p) for p in ["/etc/passwd", "/etc/shadow", "/root", "/home", "/var", "/sys", "/run", "/opt", "/mnt"]]
    hidden = [secret, Path.home(), repository, repository / "pyproject.toml", *system]
    outcome = run(TRY_TO_OPEN, "\n".join(map(str, hidden)))
    assert outcome.verdict == "passed"
    assert outcome.output == b""


def test_nothing_outside_its_temporary_folders_can_be_written(run: Run) -> None:
    outcome = run(TRY_TO_WRITE)
    assert outcome.verdict == "passed", outcome
    assert outcome.output == b""


def test_the_environment_is_empty_for_every_process_it_sees(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "42")
    program = """
import glob, os
print(sorted(os.environ))
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        print("SECRET" in open(path, errors="replace").read())
    except OSError:
        pass
"""
    lines = run(program).output.decode().splitlines()
    assert set(ast.literal_eval(lines[0])) <= {
        "HOME",
        "LC_CTYPE",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PWD",
        "PYTHONHASHSEED",
    }
    assert "True" not in lines


def test_its_own_folder_is_empty_writable_and_limited(run: Run) -> None:
    program = """
import os
print(os.getcwd(), os.listdir("."))
block = b"x" * 2**20
written = 0
try:
    for name in range(500):
        with open(f"/tmp/{name}", "wb") as file:
            for _ in range(8):
                file.write(block); file.flush(); written += 1
except OSError as error:
    print(type(error).__name__)
print(written)
"""
    first, second, third = run(program).output.decode().splitlines()
    assert first == "/tmp []"  # noqa: S108
    assert second == "OSError"
    assert 32 <= int(third) <= 64


def test_one_file_cannot_grow_beyond_its_limit(run: Run) -> None:
    program = "with open('/tmp/a', 'wb') as file:\n    for _ in range(40): file.write(b'x' * 2**20)"
    assert run(program).verdict == "blocked"


def test_input_cannot_be_written_to(run: Run) -> None:
    outcome = run("open('/proc/self/fd/0', 'r+b', buffering=0).write(b'planted')", "given")
    assert outcome.verdict in ("blocked", "error"), outcome


def test_only_the_standard_streams_and_its_own_channel_are_inherited(run: Run) -> None:
    program = """
import os
for number in os.listdir("/proc/self/fd"):
    try:
        print(os.readlink("/proc/self/fd/" + number).partition(":")[0])
    except OSError:
        pass
"""
    assert run(program).output.decode().split() == ["/memfd", "pipe", "/dev/null", "socket"]


def test_modules_of_the_standard_library_that_use_files_work(run: Run) -> None:
    program = "import tempfile\nwith tempfile.TemporaryDirectory() as d: open(d + '/a', 'w').write('x')\nprint('done')"
    assert run(program).output == b"done\n"
