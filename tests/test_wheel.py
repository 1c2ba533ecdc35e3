"""The wheel in a clean environment outside any checkout: what it installs, and that its commands work there."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributions import install
from sample_records import record, write

from harness.benchmarks.folders import TASKS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "runs", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")
POLICY = '''\
"""Disclose the last line of the trace."""

from typing import Literal

from traceinv.policies.base import Policy


class LastLine(Policy):
    """Disclose the last line of the trace."""

    kind: Literal["last_line"] = "last_line"

    def summarise(self, trace: str) -> str | None:
        return trace.splitlines()[-1]
'''


@dataclass(frozen=True)
class Installed:
    """An environment of its own with the wheel, and an empty folder to work in.

    Attributes:
        names: the files in the wheel.
        site: the environment's folder of packages.
    """

    bin: Path
    site: Path
    work: Path
    names: Sequence[str]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run `traceinv` in the work folder and return what it prints."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [str(self.bin / "traceinv"), *arguments]
        done = subprocess.run(command, cwd=self.work, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == code, f"{arguments}: {done.stderr or done.stdout}"
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=NOT_COPIED)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(folder / "source"))
    wheel = next(folder.glob("*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    site = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    )
    # Libraries come from the environment of the tests; the `.pth` file of its editable traceinv is not read.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    _pip("--python", str(python), "install", "--no-deps", "--no-index", "--no-cache-dir", str(wheel))
    (folder / "work").mkdir()
    return Installed(python.parent, site, folder / "work", zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_two_packages_and_nothing_else_at_top_level(installed: Installed) -> None:
    tops = {name.partition("/")[0] for name in installed.names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"traceinv", "harness"}
    assert len(tops) == 3


def test_the_wheel_holds_every_file_of_the_packages_and_the_tasks(installed: Installed) -> None:
    skipped = ("__pycache__", ".pyc")
    wanted = {
        (Path(name) / path.relative_to(folder)).as_posix()
        for name, folder in (("traceinv", ROOT / "traceinv"), ("harness", ROOT / "harness"), ("harness/tasks", TASKS))
        for path in folder.rglob("*")
        if path.is_file() and not any(part in str(path) for part in skipped)
    }
    assert wanted - set(installed.names) == set()


def test_the_wheel_has_its_licence(installed: Installed) -> None:
    name = next(name for name in installed.names if name.endswith("METADATA"))
    assert any(name.endswith("licenses/LICENSE") for name in installed.names)
    assert "License-Expression: Apache-2.0" in (installed.site / name).read_text()


def test_the_environment_is_consistent(installed: Installed) -> None:
    _pip("--python", str(installed.bin / "python"), "check")


def test_commands_work_outside_the_checkout_and_write_nothing_among_packages(installed: Installed) -> None:
    before = _listing(installed.site)
    work = installed.work
    assert installed.run("--version").startswith("traceinv ")
    assert "stages" in installed.run("run", "lab", "--seeds", "1", "--dry-run")
    assert "lab_chain" in installed.run("tasks", "list")
    assert "tasks_local" in installed.run("tasks", "new", "riddles")
    assert "FAILED" not in installed.run("tasks", "check", "riddles", "lab_chain", "--include-path", "tasks_local")
    include = ("--include-path", "tasks_local")
    (work / "replies.json").write_text(json.dumps({"*": r"\boxed{42}"}))
    mock = ("--engine", "mock", "--model", "replies.json", "--tasks", "lab_chain,riddles", "--limit", "2")
    assert "riddles" in installed.run("bench", *mock, *include)
    (work / "answers.jsonl").write_text(
        "".join(json.dumps({"id": f"riddles/{n}", "response": r"\boxed{42}"}) + "\n" for n in range(2))
    )
    assert "50.0" in installed.run("grade", "riddles", "answers.jsonl", *include)
    (work / "results").mkdir()
    write(work / "results", record())
    installed.run("leaderboard")
    installed.run("report", "--out", "report.html")
    assert (work / "report.html").stat().st_size > 10_000
    assert _listing(installed.site) == before


def test_entry_points_of_other_distributions_are_found(installed: Installed) -> None:
    (installed.site / "lastline.py").write_text(POLICY)
    install(installed.site, "lastline", "traceinv.policies", "lastline")
    assert "stages" in installed.run(
        "run", "lab", "--seeds", "1", "--dry-run", "--set", "policies={last: {kind: last_line}}"
    )


def _pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr or done.stdout


def _listing(folder: Path) -> dict[str, tuple[int, float]]:
    """Return size and time of change of every file below a folder."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime)
        for path in folder.rglob("*")
        if path.is_file()
    }
