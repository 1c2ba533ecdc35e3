"""Every plot of one record, in the order of the page."""

from harness.report import leaks, scores
from harness.report.artifacts import RunArtifacts
from harness.report.figure import Figure
from harness.report.training import training
from harness.results.schema import ResultRecord


def record_figures(record: ResultRecord, run: RunArtifacts | str) -> list[Figure]:
    """Every plot of a record; `run` are its artifacts, or why there are none."""
    return [
        scores.accuracy(record),
        scores.recovery(record),
        scores.finished(record),
        leaks.faithfulness(record),
        leaks.bits(record),
        training(run),
    ]
