"""`traceinv lab calibrate`: its options, and a tiny calibration from the command line to the curve."""

from pathlib import Path

import pytest

from harness.cli import main
from harness.results.curve import CalibrationCurve


@pytest.mark.parametrize("doses", ["", "a", "0,2", "0.1,0.1", "-1"])
def test_doses_that_are_no_probabilities_are_refused(doses: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["lab", "calibrate", f"--doses={doses}"])
    assert stopped.value.code == 2
    assert "expected different numbers from 0 to 1" in capsys.readouterr().err


def test_a_wrong_override_is_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["lab", "calibrate", "--set", "students.lab.traning={}", "--store", str(tmp_path / "store")]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert "students.lab.traning" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_tiny_calibration_writes_a_curve_and_a_second_one_computes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = [
        "questions.per_family=12",
        "targets.lab.examples_per_family=40",
        "surrogates.small.examples_per_family=40",
        *(f"{place}.training.epochs=1" for place in ("targets.lab", "surrogates.small", "students.lab")),
        "questions.surrogate_per_family=48",
        "inverter.training.epochs=12",  # fewer, and it ends none of its traces
        "inverter.training.learning_rate=1e-3",
        "benchmark.limit=4",
        "max_dropped=1.0",
    ]
    arguments = ["lab", "calibrate", "--doses", "0,1", "--seeds", "1", "--zero-runs", "1"]
    arguments += ["--store", str(tmp_path / "store"), "--out", str(tmp_path / "out")]
    for override in overrides:
        arguments += ["--set", override]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "Planted and measured leak" in printed
    curve = CalibrationCurve.model_validate_json((tmp_path / "out" / "calibration.json").read_text())
    assert [dose.p for dose in curve.doses] == [0.0, 1.0]
    assert curve.zero.runs == 1
    assert len(curve.records) == 3
    assert all((tmp_path / "out" / f"{name}.json").is_file() for name in curve.records)
    before = sorted((tmp_path / "store").glob("*/*"))
    assert main([*arguments, "--json"]) == 0
    assert CalibrationCurve.model_validate_json(capsys.readouterr().out) == curve
    assert sorted((tmp_path / "store").glob("*/*")) == before
