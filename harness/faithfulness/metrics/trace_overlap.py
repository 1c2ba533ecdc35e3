"""The overlap figures as a metric of the `evaluate` package: `evaluate.load("harness/faithfulness/metrics/trace_overlap.py")`.

`evaluate` runs a copy of this file, so it names what it needs by whole paths and heavy packages are imported at the top.
"""

from collections.abc import Sequence
from statistics import fmean

import datasets
import evaluate

from harness.faithfulness.metrics.overlap import overlap
from harness.faithfulness.metrics.text import Text

_DESCRIPTION = (
    "How much of true traces' wording others share: ROUGE, BLEU and token F1 in named variants, fast on long texts."
)
_INPUTS = """\
Args:
    predictions: the inverted traces.
    references: the true traces, one for each prediction.
    use_aggregator: give means over pairs; else a list of each pair's figures.
Returns:
    Each figure by the name that `harness.faithfulness.metrics.overlap.overlap` gives it.
"""


class TraceOverlap(evaluate.Metric):  # type: ignore[misc]  # evaluate is not followed
    """Combines with other metrics: `evaluate.combine([...])`."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(
        self, predictions: Sequence[str], references: Sequence[str], use_aggregator: bool = True
    ) -> dict[str, float | list[float]]:
        if not references:
            raise ValueError("trace_overlap: expected a pair or more")
        pairs = zip(references, predictions, strict=True)
        rows = [overlap(Text(truth), Text(inverted)) for truth, inverted in pairs]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        return {name: fmean(column) if use_aggregator else column for name, column in columns.items()}
