"""The command line: exit codes, one line for a wrong input, and nothing heavy before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness import cli
from harness.cli import main


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom harness.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets', 'lm_eval', 'numpy', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "lba"], "unknown recipe 'lba' (did you mean 'lab'?)"),
        (["run", "lab", "--set", "student.epoch=1"], "unknown key 'student.epoch' (did you mean 'epochs'?)"),
        (["leaderboard", "--results", "nowhere"], "nowhere: no such folder of results"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
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
    listed = capsys.readouterr().out.splitlines()
    assert "student inverted, seed 0" in listed
    assert not list(tmp_path.glob("*/*/artifact.json"))


@pytest.mark.parametrize(("arguments", "resumes"), [(["run", "lab"], True), (["leaderboard"], False)])
def test_an_interrupted_command_promises_only_what_it_keeps(
    arguments: list[str], resumes: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", stop)
    monkeypatch.setattr(cli, "_leaderboard", stop)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("traceinv: interrupted")
    assert ("the same command goes on from there" in error) == resumes


def test_a_reader_that_stops_reading_is_no_traceback() -> None:
    code = "import sys; from harness.cli import main; sys.exit(main(['tasks', 'list', '--json']))"
    found = subprocess.run(["bash", "-c", f'{sys.executable} -c "{code}" | true'], capture_output=True, text=True)
    assert found.stderr == ""
