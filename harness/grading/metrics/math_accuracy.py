"""The math grader as a metric of the `evaluate` package: `evaluate.load("harness/grading/metrics/math_accuracy.py")`.

`evaluate` runs a copy of this file, so it names what it needs by whole paths and heavy packages are imported at the top.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import datasets
import evaluate

from harness.grading import EXPRESSION_RULE, NUMBER_RULE, grade_math
from harness.grading.metrics.figures import RESULTS, grade_each

_DESCRIPTION = (
    "Whether responses conclude with the right number, expression, set or words: the answer after the reasoning is compared with "
    "the reference by value, as the math tasks of traceinv are graded."
)
_INPUTS = f"""\
Args:
    predictions: the responses, reasoning included.
    references: the right answers, without a box.
    rule: where the answer may stand: `expression` (a box, or a final answer that is announced) or `number` (also the last
        number of the response, as for GSM8K).
{RESULTS}"""
RULES = {"expression": EXPRESSION_RULE, "number": NUMBER_RULE}


class MathAccuracy(evaluate.Metric):  # type: ignore[misc]  # evaluate is not followed
    """Grades responses to questions with one final answer."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(
        self, predictions: Sequence[str], references: Sequence[str], rule: str = "expression"
    ) -> dict[str, Any]:
        if rule not in RULES:
            raise ValueError(f"math_accuracy: rule: unknown rule {rule!r} (known: {', '.join(RULES)})")
        pairs = zip(predictions, references, strict=True)
        return grade_each([partial(grade_math, response, truth, rule=RULES[rule]) for response, truth in pairs])
