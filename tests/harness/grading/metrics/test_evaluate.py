"""The graders through the `evaluate` package, as its users load them."""

from pathlib import Path
from typing import Any

import pytest
from metric_scripts import load_metric

METRICS = Path(__file__).parents[4] / "harness" / "grading" / "metrics"
HUMANEVAL = {
    "prompt": 'def add(a, b):\n    """Return the sum."""\n',
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(-1, 1) == 0\n",
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
}
MBPP = {"test_list": ["assert double(2) == 4", "assert double(-3) == -6"], "code": "def double(x):\n    return 2 * x\n"}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda name: load_metric(METRICS / f"{name}.py", tmp_path, monkeypatch)


@pytest.mark.slow
def test_math_answers_are_graded_by_value(load: Any) -> None:
    metric = load("math_accuracy")
    predictions = [r"So it is \boxed{\frac{1}{2}}.", r"\boxed{3}", "<think>Let me see", r"</think>\boxed{0.5}"]
    results = metric.compute(predictions=predictions, references=["0.5", "4", "1", "0.5"])
    assert results["states"] == ["correct", "wrong", "unfinished", "correct"]
    assert results["accuracy"] == 0.5
    assert len(results["explanations"]) == 4
    rule = {"predictions": ["She has 12 left, since 20 less 8 is 12"], "references": ["12"]}
    assert metric.compute(**rule, rule="number")["states"] == ["correct"]
    with pytest.raises(ValueError, match=r"unknown rule 'last' \(known: expression, number\)"):
        metric.compute(**rule, rule="last")


@pytest.mark.slow
def test_programs_are_graded_by_the_tests_of_both_data_sets(load: Any) -> None:
    metric = load("code_accuracy")
    right = "```python\ndef add(a, b):\n    return a + b\n```"
    wrong = "```python\ndef double(x):\n    return x + 2\n```"
    results = metric.compute(predictions=[right, wrong, "no program"], references=[HUMANEVAL, MBPP, MBPP])
    assert results["states"][:2] == ["correct", "wrong"]
    assert results["accuracy"] == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match=r"references\[0\]: expected prompt, test, .*; got test"):
        metric.compute(predictions=[right], references=[{"test": "assert add(1, 1) == 2"}])
