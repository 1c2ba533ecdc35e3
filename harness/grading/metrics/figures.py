"""What the metrics return of grades."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.grading.base import Grade

RESULTS = """\
Returns:
    accuracy: the mean score over the predictions that can be graded, from 0 to 1; None where there is none.
    states: for each prediction `correct`, `wrong`, `no_answer` (nothing follows the reasoning), `unfinished` (the reasoning is
        never closed), `bad_format` (no answer in a form that is asked for) or `ungradable` (the reference cannot be used).
    explanations: for each prediction the reason, in one sentence.
"""


def grade_each(jobs: Sequence[Callable[[], Grade]]) -> dict[str, Any]:
    """Run the graders, several at a time, and return the results of the metric.

    Raises:
        ValueError: there is no job.
    """
    if not jobs:
        raise ValueError("expected a prediction or more")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        grades = list(pool.map(lambda job: job(), jobs))
    values = [grade.value for grade in grades if grade.state != "ungradable"]
    return {
        "accuracy": sum(values) / len(values) if values else None,
        "states": [grade.state for grade in grades],
        "explanations": [grade.explanation for grade in grades],
    }
