"""The records of a shelf as Markdown."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.leaderboard.folder import Shelf, read_shelf
from harness.leaderboard.groups import Board, Entry, boards
from harness.leaderboard.published import Published
from harness.results.schema import ResultRecord, Row
from harness.results.verdict import points, told_apart, verdict
from harness.views.faithfulness import (
    BESIDE_ACCURACY,
    FIGURES,
    faithfulness_table,
    likelihood_table,
    normalised_cells,
    style_line,
)
from harness.views.markdown import link, table, text

HEADER = """\
# Leaderboard

Made from the records in results/ by `traceinv leaderboard`; do not edit it by hand.

Accuracies are percentages with 95% intervals over questions and seeds ([how](docs/statistics.md); with one seed Wilson's
interval, which says nothing about seeds). *spread* is the largest less the smallest accuracy of a seed. *finished* is the share
of answers that ended before the token limit; *no answer*, *open* (the reasoning was never closed) and *bad format* are the
shares that failed so, all counted as wrong; *bounds* are the accuracy if every cut-off answer counted as wrong and as right.
Differences are of two regimes on the same questions; a *no* says which difference would have shown in 80% of such experiments,
and what would settle one as large as was seen. *Recovery* is (regime - base) / (oracle - base), withheld where the oracle may
have gained nothing. *Normalised*: how close the inverted traces are to the true ones, 0 being the trace of another question, 1
the target's own second trace. Rows of one table share target, student, questions, task versions, prompts and sampling; rows of
different tables do not, and must not be compared.
"""


@dataclass(frozen=True)
class Leaderboard:
    """The Markdown, and a line for each file that is not in it."""

    markdown: str
    refused: list[str]


def build(results: Path, out: Path) -> Leaderboard:
    """The leaderboard of a folder of records, with links relative to where it will stand.

    Raises:
        InputError: the folder is missing.
    """
    shelf = read_shelf(results)
    folder = Path(os.path.relpath(results, out.parent)).as_posix()
    return Leaderboard(render(shelf, folder), shelf.refused)


def render(shelf: Shelf, folder: str = "results") -> str:
    """The whole leaderboard as Markdown; links go to `folder`."""
    found = boards(shelf)
    parts = [HEADER]
    for number, board in enumerate(found):
        parts.append(_board(board, found[:number], folder))
    if not found:
        parts.append("There is no record yet.\n")
    parts += [_published(each) for each in shelf.published]
    if shelf.refused:
        names = "\n".join(f"- {text(line)}" for line in shelf.refused)
        parts.append(f"## Left out\n\n{names}\n")
    return "\n".join(parts)


def _board(board: Board, earlier: Sequence[Board], folder: str) -> str:
    notes = [board.shared(), board.unlike(), *(board.unlike_board(other) for other in earlier)]
    paragraphs = [f"## {board.title}", *(note for note in notes if note), _scores(board.entries(), folder)]
    return "\n\n".join([*paragraphs, *(_record(path, record, folder) for path, record in board.records.items())]) + "\n"


def _record(path: Path, record: ResultRecord, folder: str) -> str:
    made = record.provenance
    cores, processor = (made.hardware.get(key, "unknown") for key in ("cores", "processor"))
    seeds = f"{len(record.seeds)} {'seed' if len(record.seeds) == 1 else 'seeds'}"
    return "\n\n".join(
        [
            f"### {record.id}, {seeds}",
            text(verdict(record.rows, record.contrasts, record.recovery)),
            f"Differences, in points (Holm over {len(record.contrasts)}):",
            _contrasts(record),
            "Recovery, in %:",
            _recovery(record),
            "Faithfulness of the inverted traces:",
            faithfulness_table(record.faithfulness),
            *_likelihood(record),
            *([style_line(record.style)] if record.style else []),
            f"{link(record.id, f'{folder}/{quote(path.name)}')}, made on {text(made.created[:10])} at commit "
            f"{text(made.commit)} by `{text(made.command)}` on {text(cores)} cores ({text(processor)}).",
        ]
    )


def _scores(entries: Sequence[Entry], folder: str) -> str:
    columns = list(dict.fromkeys(column for entry in entries for column in entry.row.scores))
    rates = ["spread", "finished", "no answer", "open", "bad format", "bounds", "tokens", "seeds", "items", "record"]
    faithful = [f"normalised {FIGURES[figure]}" for figure in BESIDE_ACCURACY]
    rows = [
        [
            _name(entry),
            *(_accuracy(entry.row, column) for column in columns),
            *normalised_cells(entry.record.faithfulness, entry.row.name),
            *_rates(entry.row),
            _link(entry, folder),
        ]
        for entry in entries
    ]
    return table(["regime", *(text(column) for column in columns), *faithful, *rates], rows)


def _name(entry: Entry) -> str:
    name = text(entry.row.name)
    name = name if entry.row.kind == "regime" else f"*{name} (reference)*"
    return f"{name} (the same runs as {text(entry.same_as)})" if entry.same_as else name


def _link(entry: Entry, folder: str) -> str:
    return link(entry.record.id, f"{folder}/{quote(entry.path.name)}")


def _accuracy(row: Row, column: str) -> str:
    return points(row.scores[column].accuracy) if column in row.scores else ""


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


def _contrasts(record: ResultRecord) -> str:
    rows = [
        [
            text(each.group),
            text(each.first),
            text(each.second),
            points(each.difference),
            f"{each.p_holm:.3f}",
            told_apart(each, len(record.contrasts)),
        ]
        for each in record.contrasts
    ]
    return table(["on", "regime", "less", "difference", "p (Holm)", "told apart"], rows) if rows else "None."


def _recovery(record: ResultRecord) -> str:
    if not record.recovery:
        return "Not measured: the run lacks base or oracle."
    groups = list(dict.fromkeys(row.group for row in record.recovery))
    found = {(row.regime, row.group): row for row in record.recovery}
    rows = []
    for regime in dict.fromkeys(row.regime for row in record.recovery):
        shares = [found[regime, group].recovered if (regime, group) in found else None for group in groups]
        rows.append([text(regime), *("withheld" if share is None else points(share) for share in shares)])
    return table(["regime", *(text(group) for group in groups)], rows)


def _likelihood(record: ResultRecord) -> list[str]:
    if not record.likelihood:
        return []
    return [
        f"Bits of a hidden trace ({record.likelihood[0].tokens:.0f} tokens) under a model that was shown the question, the "
        "answer too, the summary too, and by how many bits the answer and the summary each lower it:",
        likelihood_table(record.likelihood),
    ]


def _published(found: Published) -> str:
    setting = ", ".join(f"{text(key)} {text(value)}" for key, value in found.setting.items())
    rows = [
        [
            f"*{text(row.regime)}{f' ({text(row.detail)})' if row.detail else ''}, published, not run here*",
            *(f"{row.figures[key]:.1f}" if key in row.figures else "" for key in found.columns),
        ]
        for row in found.rows
    ]
    return "\n\n".join(
        [
            f"## Published, not run here: {text(found.title)}",
            f"Figures in % from {link(found.source, found.url)} ({text(found.place)}); {setting}. {text(found.runs)}. "
            f"{text(found.note)} They share no conditions with any table above.",
            table(["regime", *(text(name) for name in found.columns.values())], rows) + "\n",
        ]
    )
