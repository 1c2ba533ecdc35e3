"""Draw the budget curve: the accuracy of students by the number of questions that the target was asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report import charts
from harness.report.cells import covers
from harness.report.charts import Spot
from harness.report.figure import Figure
from harness.results.cells import cell_labels
from harness.results.schema import Cell, Interval, ResultRecord, Row
from harness.results.text import percent_interval
from harness.results.verdict import group_name
from harness.views.tables import Column, Table
from traceinv.digests import digest_json

TITLE = "Accuracy by number of target queries"
CAPTION = (
    "How much students gain when the target is asked more questions. One plot holds only students that differ in nothing but the "
    "number of questions."
)
QUESTION_COUNTS = ("per_family", "count", "limit")
"""The keys of a recipe's `questions` that set how many there are."""
Points = list[tuple[Row, int]]
"""Rows with the number of queries behind each."""


def budget_figures(records: Sequence[ResultRecord]) -> list[Figure]:
    """Draw a budget curve for each set of students that differ only in the number of queries, or say why there is none."""
    series: dict[str, Points] = {}
    for record in records:
        for row in record.rows:
            queries = _queries(record, row)
            if row.kind == "regime" and queries:
                series.setdefault(_all_but_queries(record, row), []).append((row, queries))
    curves = [points for points in series.values() if len({queries for _, queries in points}) > 1]
    if not curves:
        reason = "No plot: no two of the records shown differ only in the number of target queries."
        return [Figure("budget", TITLE, CAPTION, missing=reason)]
    names = cell_labels(_whole(row.cell) for points in curves for row, _ in points)
    return [
        _figure(f"budget-{number}", names[_whole(points[0][0].cell)], points) for number, points in enumerate(curves)
    ]


def _figure(key: str, name: str, points: Points) -> Figure:
    group = "math" if all("math" in row.scores for row, _ in points) else "all"
    values = {
        (row.name, queries): row.scores[group].accuracy for row, queries in sorted(points, key=lambda point: point[1])
    }
    spots = [Spot(regime, x, y.mean, y.low, y.high, _tooltip(regime, x, y)) for (regime, x), y in values.items()]
    y_title = f"accuracy, {group_name(group)}"
    wide, narrow = charts.draw_both(
        lambda width: charts.scatter(spots, "questions asked of the target", y_title, width, diagonal=False)
    )
    counts = sorted({queries for _, queries in values})
    return Figure(
        key=key,
        title=f"{TITLE}: {name}" if name else TITLE,
        caption=CAPTION,
        alt=f"Line plot of accuracy over the number of target queries. {'; '.join(spot.tooltip for spot in spots)}.",
        wide=wide,
        narrow=narrow,
        tables=(_table(values, counts),),
    )


def _table(values: Mapping[tuple[str, int], Interval], counts: Sequence[int]) -> Table:
    """Build the table of accuracies: one line a regime, one column a number of queries."""
    regimes = dict.fromkeys(regime for regime, _ in values)
    return Table(
        title=TITLE,
        columns=(Column("regime", "name"), *(Column(f"{count:,} queries") for count in counts)),
        rows=tuple(
            (regime, *(percent_interval(values[regime, x]) if (regime, x) in values else "not run" for x in counts))
            for regime in regimes
        ),
        caption="Accuracy in %, with its 95% CI over questions and seeds.",
    )


def _tooltip(regime: str, queries: int, accuracy: Interval) -> str:
    return f"{regime}, {queries:,} queries: {percent_interval(accuracy)}"


def _queries(record: ResultRecord, row: Row) -> int:
    """Return how many questions the target was asked for one student of a row; 0 where the record does not say."""
    return max((ledger.asked for ledger in record.ledger if covers(ledger.cell, row.cell)), default=0)


def _all_but_queries(record: ResultRecord, row: Row) -> str:
    """Digest all that a row's accuracies depend on besides its regime and the number of queries."""
    questions = record.recipe.get("questions")
    if isinstance(questions, dict):
        questions = {key: value for key, value in questions.items() if key not in QUESTION_COUNTS}
    recipe = {key: value for key, value in record.recipe.items() if key not in ("name", "questions", "budgets")}
    content: dict[str, Any] = {
        "recipe": recipe,
        "questions": questions,
        "cell": _whole(row.cell).model_dump(),
        "comparability": row.comparability.model_dump(exclude={"questions"}),
    }
    return digest_json(content)


def _whole(cell: Cell) -> Cell:
    """Return the cell with the whole budget."""
    return cell.model_copy(update={"budget": 1.0})
