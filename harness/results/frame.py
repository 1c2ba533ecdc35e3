"""Records as a data frame, for notebooks and scripts."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results.files import read_record
from harness.results.schema import ResultRecord, Row, Score

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = (
    "record",
    "target",
    "surrogate",
    "policy",
    "budget",
    "student",
    "row",
    "kind",
    "seeds",
    "group",
    "accuracy",
    "low",
    "high",
    "spread",
    "finished",
    "no_answer",
    "unfinished",
    "bad_format",
    "if_unfinished_right",
    "if_unfinished_wrong",
    "mean_tokens",
    "items",
)
"""The columns of `records_to_frame`; accuracies and shares are from 0 to 1."""


def load_record(path: str | Path) -> ResultRecord:
    """Read a result record from its JSON file.

    Raises:
        InputError: the file is no record; the message names the field.
    """
    return read_record(Path(path))


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record; docs/record.schema.json holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ResultRecord.model_json_schema()}


def records_to_frame(records: Iterable[ResultRecord]) -> "DataFrame":
    """Return one line for each record, row and task or group of tasks.

    `accuracy` is the mean over seeds and items, `low` and `high` its 95% interval, `spread` the largest less the smallest
    mean of a seed. `row` is the regime, or `target` or `surrogate`; `seeds` is their number, 0 where a model is the same for
    all seeds. The other columns are the fields of `Cell` and `Score` in `harness.results.schema`.
    """
    from pandas import DataFrame

    lines = [
        _line(record.id, row, group, score)
        for record in records
        for row in record.rows
        for group, score in row.scores.items()
    ]
    return DataFrame(lines, columns=list(COLUMNS))


def _line(record: str, row: Row, group: str, score: Score) -> dict[str, Any]:
    accuracy = score.accuracy
    return {
        "record": record,
        **row.cell.model_dump(),
        "row": row.name,
        "kind": row.kind,
        "seeds": len(row.seeds),
        "group": group,
        "accuracy": accuracy.mean,
        "low": accuracy.low,
        "high": accuracy.high,
        "spread": accuracy.spread,
        **score.model_dump(exclude={"accuracy", "by_seed"}),
    }
