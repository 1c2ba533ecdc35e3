"""leaderboard.md, from the records in results/ and nothing else: the same records give the same bytes."""

import os
from collections.abc import Sequence
from pathlib import Path

from harness.faithfulness.markdown import (
    BESIDE_ACCURACY,
    FIGURES,
    faithfulness_table,
    likelihood_table,
    normalised_cells,
)
from harness.results import FaithfulnessRow, Interval, ResultRecord, Row, read_records

HEADER = """\
# Leaderboard

Made from the records in results/ by `traceinv leaderboard`; do not edit it by hand.

Accuracies are percentages with 95% intervals over questions and seeds (Student's t over a two-way random-effects model; with
one seed Wilson's interval, which says nothing about seeds). *spread* is the largest less the smallest accuracy of a seed.
*finished* is the share of answers that ended before the token limit; *no answer*, *open* (the reasoning was never closed) and
*bad format* are the shares that failed so, all counted as wrong; *bounds* are the accuracy if every cut-off answer counted as
wrong and as right. Rows of one table share target, student, questions and prompt; rows of different tables do not, and must
not be compared. *normalised*: how close the inverted traces are to the true ones, 0 being the trace of another question, 1 the
target's own second trace.
"""


def render(records: Sequence[ResultRecord], folder: str = "results") -> str:
    """The whole leaderboard as Markdown; links go to `folder`."""
    if not records:
        return f"{HEADER}\nThere is no record yet.\n"
    return "\n".join([HEADER, *(_section(record, folder) for record in records)])


def build(results: Path, out: Path) -> str:
    """The leaderboard of a folder of records, with links relative to where it will stand.

    Raises:
        InputError: the folder is missing or a record is bad.
    """
    return render(read_records(results), Path(os.path.relpath(results, out.parent)).as_posix())


def _section(record: ResultRecord, folder: str) -> str:
    made = record.provenance
    return "\n".join(
        [
            f"## {record.recipe['name']}, {len(record.seeds)} {'seed' if len(record.seeds) == 1 else 'seeds'}",
            "",
            record.verdict,
            "",
            _scores(record.rows, record.faithfulness),
            "",
            "Faithfulness of the inverted traces:",
            "",
            faithfulness_table(record.faithfulness),
            "",
            *_likelihood(record),
            f"Record [{record.id}]({folder}/{record.id}.json), made on {made.created[:10]} at commit {made.commit} by "
            f"`{made.command}` on {made.hardware['cores']} cores ({made.hardware['processor']}).",
            "",
        ]
    )


def _likelihood(record: ResultRecord) -> list[str]:
    if not record.likelihood:
        return []
    return [
        f"Bits of a hidden trace ({record.likelihood[0].tokens:.0f} tokens) under a model that was shown the question, the "
        "answer too, the summary too, and by how many bits the answer and the summary each lower it:",
        "",
        likelihood_table(record.likelihood),
        "",
    ]


def _scores(rows: Sequence[Row], faithfulness: Sequence[FaithfulnessRow]) -> str:
    columns = list(rows[0].scores)
    faithful = [f"normalised {FIGURES[figure]}" for figure in BESIDE_ACCURACY]
    rates = ["spread", "finished", "no answer", "open", "bad format", "bounds", "tokens", "seeds", "items"]
    header = ["regime", *columns, *faithful, *rates]
    lines = [_line(header), _line(["---"] * len(header))]
    for row in sorted(rows, key=lambda row: row.kind != "regime"):
        name = row.name if row.kind == "regime" else f"*{row.name} (reference)*"
        accuracies = [_percent(row.scores[column].accuracy) for column in columns]
        lines.append(_line([name, *accuracies, *normalised_cells(faithfulness, row.name), *_rates(row)]))
    return "\n".join(lines)


def _rates(row: Row) -> list[str]:
    """How the answers to all tasks ended."""
    total = row.scores["all"]
    shares = (total.finished, total.no_answer, total.unfinished, total.bad_format)
    return [
        "" if total.accuracy.spread is None else f"{100 * total.accuracy.spread:.1f}",
        *(f"{100 * share:.1f}" for share in shares),
        f"{100 * total.if_unfinished_wrong:.1f} to {100 * total.if_unfinished_right:.1f}",
        f"{total.mean_tokens:.0f}",
        str(len(row.seeds) or 1),
        str(total.items),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(found: Interval) -> str:
    return f"{100 * found.mean:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"
