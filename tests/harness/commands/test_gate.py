"""`traceinv gate`: exit codes and output."""

import json
from pathlib import Path

import pytest
from sample_records import interval

from harness.cli import main
from harness.results import gate
from harness.results.gate import GateResult, Margins, PolicyGate


def _result(decision: gate.Decision) -> GateResult:
    one = PolicyGate(
        old="half",
        new="third",
        decision=decision,
        leak=interval(0.1),
        utility=None,
        old_attack="inverted",
        new_attack="inverted",
        items=600,
        seeds=3,
        why=f"{decision}: so it is.",
    )
    return GateResult(decision=decision, why=one.why, policies=[one])


@pytest.mark.parametrize(("decision", "code"), [("GO", 0), ("NO-GO", 1), ("INCONCLUSIVE", 3)])
def test_the_exit_code_is_the_decision_and_the_output_one_sentence(
    decision: gate.Decision,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[Margins] = []

    def judge(old: Path, new: Path, margins: Margins, *policies: str | None) -> GateResult:
        asked.append(margins)
        return _result(decision)

    monkeypatch.setattr(gate, "judge", judge)
    path = tmp_path / "a.json"
    path.touch()
    assert main(["gate", str(path), str(path), "--leak", "2", "--utility", "5"]) == code
    assert capsys.readouterr().out == f"{decision}: so it is.\n"
    assert asked == [Margins(0.02, 0.05)]
    assert main(["gate", str(path), str(path), "--json"]) == code
    assert json.loads(capsys.readouterr().out)["decision"] == decision


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.json", "missing.json"], "missing.json: no such record"),
        (["missing.json", "missing.json", "--leak", "-1"], "--leak -1.0: expected 0 or more"),
    ],
)
def test_bad_input_ends_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", *arguments]) == 2
    assert capsys.readouterr().err == f"traceinv: {message}\n"
