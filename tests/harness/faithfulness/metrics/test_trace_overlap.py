"""The overlap figures through the `evaluate` package, as its users load and combine metrics."""

from pathlib import Path
from typing import Any

import pytest
from metric_scripts import load_metric

from harness.faithfulness.metrics.overlap import overlap
from harness.faithfulness.metrics.text import Text

SCRIPT = Path(__file__).parents[4] / "harness" / "faithfulness" / "metrics" / "trace_overlap.py"
TRUTHS = ["We add 3 and 4 to get 7.", "Halve 48: that is 24."]
INVERTED = ["Add 3 and 4, so 7.", "It is 12."]


@pytest.fixture
def metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return load_metric(SCRIPT, tmp_path, monkeypatch)


def test_it_is_loaded_by_path_and_gives_the_same_figures(metric: Any) -> None:
    rows = [overlap(Text(truth), Text(inverted)) for truth, inverted in zip(TRUTHS, INVERTED, strict=True)]
    means = metric.compute(predictions=INVERTED, references=TRUTHS)
    assert means == pytest.approx({name: (rows[0][name] + rows[1][name]) / 2 for name in rows[0]})
    columns = metric.compute(predictions=INVERTED, references=TRUTHS, use_aggregator=False)
    assert columns["rougeL"] == [row["rougeL"] for row in rows]


def test_pairs_may_be_added_one_by_one(metric: Any) -> None:
    for truth, inverted in zip(TRUTHS, INVERTED, strict=True):
        metric.add(prediction=inverted, reference=truth)
    assert metric.compute()["rouge1"] == metric.compute(predictions=INVERTED, references=TRUTHS)["rouge1"]


def test_it_combines_with_others(metric: Any) -> None:
    import evaluate

    means = evaluate.combine([metric]).compute(predictions=INVERTED, references=TRUTHS)
    assert means["bleu_sacrebleu"] == metric.compute(predictions=INVERTED, references=TRUTHS)["bleu_sacrebleu"]
