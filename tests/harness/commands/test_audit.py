"""`traceinv audit`: its arguments, and what it leaves behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from sample_records import policy_row, record, threat, write

from harness.cli import main
from harness.commands import audit
from harness.commands.running import Finished

ROWS = [policy_row("half", 0.6), policy_row("silent", 0.02)]
THREATS = [threat("half"), threat("silent")]


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Let an audit end at once, with a record of two policies; return the plans that it was asked for."""
    plans: list[Any] = []

    def finish(prepared: Any, *rest: Any) -> Finished:
        plans.append(prepared.planned)
        made = record("lab-audit-1", policies=ROWS, threats=THREATS)
        return Finished(made, write(tmp_path, made), 3)

    monkeypatch.setattr(audit, "finish", finish)
    return plans


def test_the_threat_model_stands_above_the_ranking_and_the_plot_beside_the_record(
    finished: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "audit",
        "lab-shared",
        "--policies",
        "half,answer_only",
        "--seeds",
        "1",
        "--store",
        str(tmp_path / "store"),
    ]
    assert main(arguments) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        shown.index("Threat model: 1,200 questions")
        < shown.index("Leak by policy on math")
        < shown.index("half leaks most")
    )
    (planned,) = finished
    assert list(planned.recipe.policies) == ["half", "answer_only"]
    assert (planned.recipe.name, planned.recipe.seeds) == ("lab-shared-audit", [0])
    plot = tmp_path / "lab-audit-1.frontier.svg"
    assert plot.read_text(encoding="utf-8").startswith("<svg")
    assert plot.name in shown


def test_json_is_the_record_and_nothing_else(
    finished: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "lab-shared", "--json", "--store", str(tmp_path / "store")]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [row["cell"]["policy"] for row in content["policies"]] == ["half", "silent"]
    assert len(content["threats"]) == 2


def test_a_dry_run_lists_stages_and_computes_nothing(
    finished: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "lab-shared", "--dry-run", "--seeds", "1", "--store", str(tmp_path / "store")]) == 0
    assert " stages; how long they take was not measured yet in " in capsys.readouterr().out
    assert finished == []


def test_an_unknown_policy_is_named_before_anything_is_computed(
    finished: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "lab-shared", "--policies", "hlaf", "--store", str(tmp_path / "store")]) == 2
    assert "--policies: 'hlaf' is neither a policy of the recipe nor a kind of policy (did you mean 'half'?)" in (
        capsys.readouterr().err
    )
    assert finished == []
