"""The code graders as a metric of the `evaluate` package: `evaluate.load("harness/grading/metrics/code_accuracy.py")`.

`evaluate` runs a copy of this file, so it names what it needs by whole paths and heavy packages are imported at the top.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import datasets
import evaluate

from harness.grading import Grade, grade_humaneval, grade_mbpp
from harness.grading.metrics.figures import RESULTS, grade_each
from harness.sandbox import require_isolation

_DESCRIPTION = (
    "Whether the programs of responses pass tests. Programs run isolated (bubblewrap), without network, and never see what the "
    "tests expect."
)
_INPUTS = f"""\
Args:
    predictions: the responses, reasoning included.
    references: for each response the tests, with the fields that the hub's data sets have. As HumanEval: prompt, test,
        entry_point, canonical_solution. As MBPP: test_list, code; optional: test_imports, test_setup_code.
{RESULTS}"""
HUMANEVAL = ("prompt", "test", "entry_point", "canonical_solution")
MBPP = ("test_list", "code")
TEXTS = (*HUMANEVAL, "code", "test_setup_code")
LISTS = ("test_list", "test_imports")


class CodeAccuracy(evaluate.Metric):  # type: ignore[misc]  # evaluate is not followed
    """Grades programs by tests."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        reference = dict.fromkeys(TEXTS, text) | dict.fromkeys(LISTS, datasets.Sequence(text))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": text, "references": reference}),
        )

    def add_batch(self, *, predictions: Any = None, references: Any = None, **inputs: Any) -> None:
        """Add a batch; fields that a reference lacks become empty, since `evaluate` wants all of them."""
        super().add_batch(predictions=predictions, references=[_complete(row) for row in references], **inputs)

    def add(self, *, prediction: Any = None, reference: Any = None, **inputs: Any) -> None:
        """Add one prediction, as `add_batch`."""
        super().add(prediction=prediction, reference=_complete(reference), **inputs)

    def _compute(self, predictions: Sequence[str], references: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        require_isolation()
        pairs = enumerate(zip(predictions, references, strict=True))
        return grade_each([_job(response, reference, number) for number, (response, reference) in pairs])


def _complete(reference: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: reference.get(name) or "" for name in TEXTS}
    return texts | {name: list(reference.get(name) or ()) for name in LISTS}


def _job(response: str, reference: Mapping[str, Any], number: int) -> Callable[[], Grade]:
    """Return the call that grades a response.

    Raises:
        ValueError: the reference has the fields of neither data set.
    """
    if all(reference[name] for name in HUMANEVAL):
        return partial(grade_humaneval, response, **{name: reference[name] for name in HUMANEVAL})
    if all(reference[name] for name in MBPP):
        return partial(
            grade_mbpp,
            response,
            tests=reference["test_list"],
            reference=reference["code"],
            imports=reference["test_imports"],
            setup=reference["test_setup_code"],
        )
    fields = [name for name, value in reference.items() if value]
    raise ValueError(
        f"code_accuracy: references[{number}]: expected {', '.join(HUMANEVAL)}, or {' and '.join(MBPP)}; "
        f"got {', '.join(fields) or 'none of them'}"
    )
