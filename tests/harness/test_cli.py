"""The command line: exit codes, one line for a wrong input, and nothing heavy before it is needed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import traceinv
from harness.cli import NO_TELEMETRY, main
from harness.commands import leaderboard, run
from traceinv.hub import OFFLINE_VARIABLE


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom harness.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets', 'lm_eval', 'numpy', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(("wanted", "sends"), [(None, False), ("0", True)])
def test_the_hubs_libraries_report_nothing_unless_the_user_lets_them(wanted: str | None, sends: bool) -> None:
    code = (
        "from harness.cli import main\nmain(['tasks', 'list'])\n"
        "from huggingface_hub.constants import HF_HUB_DISABLE_TELEMETRY as silent\nassert silent is not SENDS, silent"
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DO_NOT_TRACK", NO_TELEMETRY, OFFLINE_VARIABLE)
    }
    environment = kept | ({} if wanted is None else {NO_TELEMETRY: wanted})
    program = [sys.executable, "-c", code.replace("SENDS", str(sends))]
    subprocess.run(program, check=True, env=environment, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "lba"], "unknown recipe 'lba' (did you mean 'lab'?)"),
        (["run", "lab", "--set", "students.lab.traning={}"], "--set students.lab.traning={}: unknown key"),
        (["run", "lab", "--out", "/proc/x", "--store", "STORE"], "--out /proc/x: cannot be written to"),
        (["run", "lab", "--out", "STORE", "--store", "/proc/x"], "--store /proc/x: cannot be written to"),
        (["run", "lab", "--out", "STORE", "--store", "/dev/null"], "--store /dev/null: there is a file of this name"),
        (
            ["run", "lab", "--out", "STORE", "--store", "STORE", "--slurm", "mem=1G"],
            "--slurm: expected with --executor slurm",
        ),
        (
            ["run", "lab", "--out", "STORE", "--store", "STORE", "--executor", "slurm", "--slurm", "mem"],
            "--slurm mem: expected KEY=VALUE",
        ),
        (["store", "du", "--store", "nowhere"], "--store nowhere: no such folder"),
        (["leaderboard", "--results", "nowhere"], "nowhere: "),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # where what is written by default can be
    assert main([str(tmp_path) if argument == "STORE" else argument for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["rnu"], ["run"], ["run", "lab", "--seeds", "0"], ["run", "lab", "--seeds", "x"]]
)
def test_wrong_usage_is_exit_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_a_dry_run_lists_the_stages_and_computes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "lab", "--seeds", "1", "--dry-run", "--store", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("student (regime inverted) ") for line in printed)
    assert re.fullmatch(
        rf"(\d+) of \1 stages; how long they take was not measured yet in {re.escape(str(tmp_path))}", printed[-1]
    )
    assert not list(tmp_path.glob("*/*/artifact.json"))


def test_a_dry_run_as_json_lists_every_stage_with_kind_labels_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "lab", "--seeds", "1", "--dry-run", "--json", "--store", str(tmp_path)]) == 0
    stages = json.loads(capsys.readouterr().out)
    (target,) = (s for s in stages if s["kind"] == "reasoning_model" and s["labels"]["role"] == "target")
    assert (target["labels"]["target"], target["cached"], len(target["key"])) == ("lab", False, 24)
    (student,) = (s for s in stages if s["kind"] == "student" and s["labels"]["regime"] == "oracle")
    assert student["key"] is None, "it depends on the contents of inputs that are not there yet"


@pytest.mark.parametrize(("arguments", "resumes"), [(["run", "lab"], True), (["leaderboard"], False)])
def test_an_interrupted_command_promises_only_what_it_keeps(
    arguments: list[str], resumes: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_run", stop)
    monkeypatch.setattr(leaderboard, "run", stop)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("traceinv: interrupted")
    assert ("the same command resumes" in error) == resumes


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def write(options: object) -> int:
        raise OSError(28, "No space left on device", "runs/lab/record.json")

    monkeypatch.setattr(run, "_run", write)
    assert main(["run", "lab"]) == 1
    assert capsys.readouterr().err == "traceinv: runs/lab/record.json: No space left on device\n"


def test_a_reader_that_stops_reading_is_no_traceback() -> None:
    code = "import sys; from harness.cli import main; sys.exit(main(['tasks', 'list', '--json']))"
    found = subprocess.run(["bash", "-c", f'{sys.executable} -c "{code}" | true'], capture_output=True, text=True)
    assert found.stderr == ""


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"traceinv {traceinv.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["-v", "run", "lba"], ["run", "lba", "-v"], ["store", "du", "--store", "x", "-v"]]
)
def test_verbose_shows_the_traceback_of_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr().err.splitlines()
    assert shown[0] == "Traceback (most recent call last):"
    assert shown[-1].startswith("traceinv: ")


def test_verbose_logs_what_the_packages_say_and_not_the_libraries() -> None:
    code = "import logging\nfrom harness.commands.verbosity import log_to_terminal\nlog_to_terminal(1)\n"
    code += "logging.getLogger('harness.x').info('reused')\nlogging.getLogger('other').info('noise')"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.endswith(" INFO harness.x: reused\n")
    assert done.stderr.count("\n") == 1
