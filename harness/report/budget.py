"""The budget curve: what students reach by how many questions the target was asked, over records that differ in that alone."""

from collections.abc import Sequence
from typing import Any

from harness.pipeline.store import digest_json
from harness.report import charts
from harness.report.charts import Spot
from harness.report.figure import Figure, Table, percent_interval
from harness.results.schema import Interval, ResultRecord

TITLE = "Accuracy by number of target queries"
WORDS = (
    "What a student gains when the target is asked more questions: how steep the lines are says how much each further disclosure "
    "gives away. Only records whose recipes differ in nothing but the number of questions stand in one plot."
)


def budget_figures(records: Sequence[ResultRecord]) -> list[Figure]:
    """A budget curve for each set of records that share all else; or one line that says why there is none."""
    series: dict[str, list[ResultRecord]] = {}
    for record in records:
        series.setdefault(digest_json(_all_else(record)), []).append(record)
    curves = [found for found in series.values() if len({_queries(record) for record in found}) > 1]
    if not curves:
        reason = "No plot: no two of the records shown differ in the number of target queries alone."
        return [Figure("budget", TITLE, WORDS, missing=reason)]
    return [_figure(f"budget-{number}", found) for number, found in enumerate(curves)]


def _figure(key: str, records: Sequence[ResultRecord]) -> Figure:
    ordered = sorted(records, key=_queries)
    group = next((name for name in ("math", "all") if name in ordered[0].rows[0].scores), "all")
    found = {
        (row.name, _queries(record)): row.scores[group].accuracy
        for record in ordered
        for row in record.rows
        if row.kind == "regime" and group in row.scores
    }
    spots = [Spot(name, x, y.mean, y.low, y.high, _says(name, x, y)) for (name, x), y in found.items()]
    wide, narrow = charts.draw_both(
        lambda width: charts.scatter(
            spots, "questions asked of the target", f"accuracy, {group}", width, diagonal=False
        )
    )
    counts = sorted({x for _, x in found})
    return Figure(
        key=key,
        title=TITLE,
        words=WORDS,
        alt=f"Line plot of accuracy over the number of target queries. {'; '.join(spot.says for spot in spots)}.",
        wide=wide,
        narrow=narrow,
        table=Table(
            ("regime", *(f"{count:,} queries" for count in counts)),
            [
                (name, *(percent_interval(found[name, x]) if (name, x) in found else "not run" for x in counts))
                for name in dict.fromkeys(name for name, _ in found)
            ],
        ),
    )


def _says(name: str, queries: int, found: Interval) -> str:
    return f"{name}, {queries:,} queries: {percent_interval(found)}"


def _queries(record: ResultRecord) -> int:
    """Questions asked of the target for one student."""
    return max((ledger.asked for ledger in record.ledger), default=0)


def _all_else(record: ResultRecord) -> dict[str, Any]:
    """The recipe without its name and the number of questions."""
    questions = record.recipe.get("questions")
    rest = (
        {key: value for key, value in questions.items() if key != "per_family"} if isinstance(questions, dict) else None
    )
    return {**{key: value for key, value in record.recipe.items() if key != "name"}, "questions": rest}
