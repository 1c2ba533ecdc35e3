"""A record's comparisons of regimes, from graded responses."""

from collections.abc import Sequence

import numpy as np
import pytest
from sample_records import CELL

from harness.assembly.comparisons import CellRuns, contrast_rows, leak_rows, recovery_rows, seed_variances
from harness.assembly.responses import ModelRun
from harness.evaluation.responses import Sample

QUESTIONS = 120


def run(right: Sequence[bool]) -> ModelRun:
    """Return a run with one answer to every question of a math task."""
    samples = {
        ("lab_chain", f"{number:03}"): [
            Sample(
                id=f"{number:03}",
                sample=0,
                finish_reason="stop",
                tokens=3,
                state="correct" if is_right else "wrong",
                value=float(is_right),
                extracted=None,
                explanation="",
                prompt_hash="p",
                text_hash="t",
                response="",
            )
        ]
        for number, is_right in enumerate(right)
    }
    return ModelRun(samples, [])


def cell_runs(accuracies: dict[str, float], seeds: int = 3) -> CellRuns:
    """Return runs whose seeds differ by 5 points; base, target and surrogate have one run."""
    ease = (np.random.default_rng(0).permutation(QUESTIONS) + 0.5) / QUESTIONS
    runs: CellRuns = {}
    for name, accuracy in accuracies.items():
        shifts = [0.0] if seeds == 1 or name in ("base", "target", "surrogate") else [-0.05, 0.0, 0.05]
        runs[name] = [run((ease < accuracy + shift).tolist()) for shift in shifts]
    return runs


ACCURACIES = {
    "base": 0.1,
    "answer_only": 0.2,
    "summary": 0.4,
    "surrogate_trace": 0.3,
    "inverted": 0.5,
    "inverted_mismatched": 0.95,
    "oracle": 0.8,
    "target": 0.9,
    "surrogate": 0.35,
}


def test_the_leak_compares_the_best_regime_with_disclosures_and_the_best_without_but_no_control() -> None:
    runs = cell_runs(ACCURACIES)
    rows = leak_rows(CELL, runs, seed_variances({CELL: runs}))
    assert [row.group for row in rows] == ["math", "all"]
    assert (rows[0].best_disclosed, rows[0].best_undisclosed) == ("inverted", "surrogate_trace")
    assert rows[0].leak is not None
    assert rows[0].leak.mean == pytest.approx(0.4, abs=0.01)
    assert rows[0].gap.mean == pytest.approx(0.5, abs=0.01)


def test_the_gain_and_the_leak_without_a_summary_stand_beside_the_leak() -> None:
    runs = cell_runs(ACCURACIES)
    row = leak_rows(CELL, runs, seed_variances({CELL: runs}))[0]
    assert row.attacks == ["answer_only", "summary", "inverted"]
    assert row.gain is not None
    assert row.gain.mean == pytest.approx(0.2, abs=0.01)
    assert 0 < row.gain.low < 0.2 < row.gain.high
    assert row.detectable is not None
    assert row.without_summary is not None
    assert row.without_summary.mean == pytest.approx(-0.2, abs=0.01)  # answer_only 0.2, surrogate_trace 0.3, oracle 0.8
    silent = leak_rows(CELL, runs, seed_variances({CELL: runs}), summarised=False)[0]
    assert silent.without_summary is None


def test_what_a_perfect_inverter_gives_stands_beside_the_leak_and_is_no_attack() -> None:
    runs = cell_runs(ACCURACIES | {"ideal_inverted": 0.7})
    row = leak_rows(CELL, runs, seed_variances({CELL: runs}))[0]
    assert row.planted is not None
    assert row.leak is not None
    assert row.planted.mean == pytest.approx(0.8, abs=0.01)  # surrogate_trace 0.3, oracle 0.8
    assert row.leak.mean == pytest.approx(0.4, abs=0.01)
    assert (row.best_disclosed, "ideal_inverted" in row.attacks) == ("inverted", False)


def test_a_run_without_an_oracle_has_a_gain_and_no_leak() -> None:
    runs = cell_runs({name: accuracy for name, accuracy in ACCURACIES.items() if name != "oracle"})
    row = leak_rows(CELL, runs, seed_variances({CELL: runs}))[0]
    assert (row.gap, row.leak, row.withheld) == (None, None, "the run has no oracle")
    assert row.gain is not None
    assert row.gain.mean == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("left_out", [["answer_only", "summary", "inverted"], ["base", "surrogate_trace"]])
def test_a_run_without_one_side_has_no_leak(left_out: list[str]) -> None:
    runs = cell_runs({name: accuracy for name, accuracy in ACCURACIES.items() if name not in left_out})
    assert leak_rows(CELL, runs, seed_variances({CELL: runs})) == []


def test_regimes_of_a_student_share_the_variance_between_seeds_and_other_students_have_their_own() -> None:
    other = CELL.model_copy(update={"student": "other"})
    steady = {name: [runs[1]] * 3 for name, runs in cell_runs({"answer_only": 0.2, "inverted": 0.5}).items()}
    varying = cell_runs({"summary": 0.4, "inverted": 0.5})
    pools = seed_variances({CELL: varying, other: steady})
    ours, theirs = pools[CELL.student, "math"], pools[other.student, "math"]
    assert ours is not None
    assert theirs is not None
    assert 3.5 < ours.freedom <= 4
    assert ours.share == pytest.approx(0.0025 / 0.245, rel=0.2)
    assert theirs.share == pytest.approx(0, abs=1e-12)


def test_a_run_with_one_seed_says_so_in_every_difference() -> None:
    pairs = [("inverted", "answer_only"), ("inverted", "base")]
    one, three = (cell_runs(ACCURACIES, seeds) for seeds in (1, 3))
    assert all(row.one_seed for row in contrast_rows({CELL: one}, pairs, seed_variances({CELL: one})))
    assert not any(row.one_seed for row in contrast_rows({CELL: three}, pairs, seed_variances({CELL: three})))


def test_recovery_is_of_every_regime_between_base_and_oracle() -> None:
    runs = cell_runs(ACCURACIES)
    rows = recovery_rows(CELL, runs)
    assert {row.regime for row in rows} == set(ACCURACIES) - {"base", "oracle", "target", "surrogate"}
    math = next(row for row in rows if (row.regime, row.group) == ("inverted", "math"))
    assert math.recovered is not None
    assert math.recovered.mean == pytest.approx(0.4 / 0.7, abs=0.01)
