"""What `traceinv doctor` finds, and what it says of what is missing."""

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from harness import environment
from harness.cli import main
from harness.sandbox import IsolationMissing


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no hub and start no sandbox."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("harness.sandbox.require_isolation", lambda: None)


def _found(name: str, data_dir: Path | None = None) -> environment.Finding:
    return next(finding for finding in environment.examine(data_dir) if finding.name == name)


def test_doctor_finds_no_fault_here_and_prints_a_line_for_each_thing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    for name in (
        "python",
        "packages",
        "torch",
        "devices",
        "sandbox",
        "hub",
        "data",
        "memory",
        "disk",
        "constraints.txt",
    ):
        assert f"  {name} " in shown
    assert "HF_HUB_OFFLINE=1" in shown


def test_a_missing_requirement_is_a_fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(environment, "requires", lambda name: ["rich>=1000", "no-such-package", "x; extra == 'dev'"])
    assert main(["doctor", "--json"]) == 1
    packages = next(entry for entry in json.loads(capsys.readouterr().out) if entry["name"] == "packages")
    assert packages["state"] == "fault"
    assert packages["found"].startswith("rich is ")
    assert packages["found"].endswith(", expected >=1000, no-such-package is missing")


def test_a_checkout_that_is_not_installed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(environment, "requires", not_installed)
    assert _found("packages").state == "fault"


def test_other_versions_than_the_pinned_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("# pins\nrich==0.1\nnot-installed-here==1\n")
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    found = _found("constraints.txt")
    assert found.state == "note"
    assert found.found.startswith("1 of 2 differ: rich ")


def test_missing_isolation_is_a_note_with_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise IsolationMissing("run: apt-get install bubblewrap")

    monkeypatch.setattr("harness.sandbox.require_isolation", missing)
    found = _found("sandbox")
    assert (found.state, found.advice) == ("note", "run: apt-get install bubblewrap")


def test_data_in_a_folder_is_found(tmp_path: Path) -> None:
    before = _found("data", tmp_path)
    assert "gsm8k" in before.found or "aime24" in before.found
    count = int(before.found.split()[0])
    (tmp_path / "gsm8k_test.jsonl").write_text("{}\n")
    assert int(_found("data", tmp_path).found.split()[0]) == count + 1


def test_a_data_folder_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data-dir", "nowhere"]) == 2
    assert capsys.readouterr().err == "traceinv: --data-dir nowhere: no such folder\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in ("faithfulness", "leaderboard", "doctor"))
