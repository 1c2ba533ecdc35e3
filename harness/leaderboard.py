"""leaderboard.md, from the records in results/ and nothing else: the same records give the same bytes."""

import os
from collections.abc import Sequence
from pathlib import Path

from harness.results import FaithfulnessRow, Interval, ResultRecord, Row, read_records

HEADER = """\
# Leaderboard

Made from the records in results/ by `traceinv leaderboard`; do not edit it by hand.

Accuracies are percentages with 95% intervals over questions and seeds (Student's t over a two-way random-effects model; with
one seed Wilson's interval, which says nothing about seeds). *spread* is the largest less the smallest accuracy of a seed.
*finished* is the share of answers that ended before the token limit; *no answer*, *open* (the reasoning was never closed) and
*bad format* are the shares that failed so, all counted as wrong; *bounds* are the accuracy if every cut-off answer counted as
wrong and as right. Rows of one table share target, student, questions and prompt; rows of different tables do not, and must
not be compared.
"""
FIGURES = {
    "length_ratio": "length ratio",
    "token_f1": "token F1",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "true_steps": "true steps",
    "matched_steps": "matched steps",
}


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
            _scores(record.rows),
            "",
            f"Faithfulness of the inverted traces (floor: the trace of another question), {_pairs(record)}:",
            "",
            _faithfulness(record.faithfulness),
            "",
            f"Record [{record.id}]({folder}/{record.id}.json), made on {made.created[:10]} at commit {made.commit} by "
            f"`{made.command}` on {made.hardware['cores']} cores ({made.hardware['processor']}).",
            "",
        ]
    )


def _scores(rows: Sequence[Row]) -> str:
    columns = list(rows[0].scores)
    rates = ["spread", "finished", "no answer", "open", "bad format", "bounds", "tokens", "seeds", "items"]
    lines = [_line(["regime", *columns, *rates]), _line(["---"] * (1 + len(columns) + len(rates)))]
    for row in sorted(rows, key=lambda row: row.kind != "regime"):
        name = row.name if row.kind == "regime" else f"*{row.name} (reference)*"
        lines.append(_line([name, *(_percent(row.scores[column].accuracy) for column in columns), *_rates(row)]))
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


def _faithfulness(rows: Sequence[FaithfulnessRow]) -> str:
    if not rows:
        return "Not measured: no regime of this run inverts traces."
    lines = [_line(["inverter of", "", *FIGURES.values()]), _line(["---"] * (len(FIGURES) + 2))]
    for row in rows:
        for name, figures in (("inverted", row.inverted), ("floor", row.floor)):
            lines.append(_line([row.regime, name, *(_plain(figures[figure]) for figure in FIGURES)]))
    return "\n".join(lines)


def _pairs(record: ResultRecord) -> str:
    return " and ".join(f"{row.pairs} pairs ({row.regime})" for row in record.faithfulness) or "no pairs"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(found: Interval) -> str:
    return f"{100 * found.mean:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _plain(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"
