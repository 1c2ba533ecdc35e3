"""The leaderboard as Markdown: tables of comparable rows, the findings of each record, and published figures."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.leaderboard.folder import RecordFolder, load_records
from harness.leaderboard.groups import WORDS, ComparableTable, comparable_tables
from harness.leaderboard.published import Published
from harness.results.cells import cell_labels
from harness.results.schema import Comparability, ResultRecord
from harness.results.text import listed
from harness.results.verdict import ONE_SEED, findings_of, is_one_seed
from harness.views.audit import policy_leak_table, policy_value_table, threat_lines
from harness.views.faithfulness import bits_table, faithfulness_table, reading_table, style_line, style_table
from harness.views.markdown import code, link, render_table, text
from harness.views.tables import (
    Column,
    Table,
    accuracy_table,
    contrast_table,
    ending_table,
    leak_sides_table,
    leak_table,
    recovery_table,
    task_table,
)
from traceinv.errors import InputError

HEADER = """\
# Leaderboard

Made from the records in results/ by `traceinv leaderboard`; do not edit it by hand.

Intervals are 95% confidence intervals (CI) over questions and seeds ([how](docs/statistics.md)). With one seed they are Wilson
intervals over questions alone. Rows of one table may be compared: they share target, student, questions, prompts, task versions,
sampling and stage versions. Rows of different tables must not be compared.
"""


@dataclass(frozen=True)
class Leaderboard:
    """The Markdown, and a line for each file that is not in it."""

    markdown: str
    refused: list[str]


def build(results: Path, out: Path) -> Leaderboard:
    """Make the leaderboard of a folder of records, with links relative to the file `out`.

    Raises:
        InputError: the folder is missing or empty.
    """
    content = load_records(results)
    if not (content.records or content.published or content.refused):
        raise InputError(f"{results}: no record there; expected files that `traceinv run --out {results}` writes")
    folder = Path(os.path.relpath(results, out.parent)).as_posix()
    return Leaderboard(render(content, folder), content.refused)


def render(content: RecordFolder, folder: str = "results") -> str:
    """Render the leaderboard; links go to `folder`."""
    tables = comparable_tables(content.records)
    parts = [HEADER]
    parts += [_table_section(table, tables[:number]) for number, table in enumerate(tables)]
    parts += [
        _record_section(record, f"{folder}/{quote(os.fsencode(path.name))}") for path, record in content.records.items()
    ]
    if not tables:
        parts.append("There is no record yet.\n")
    parts += [_published_section(published) for published in content.published]
    if content.refused:
        names = "\n".join(f"- {text(line)}" for line in content.refused)
        parts.append(f"## Left out\n\n{names}\n")
    return "\n".join(parts)


def _table_section(table: ComparableTable, earlier: Sequence[ComparableTable]) -> str:
    tasks = ", ".join(table.comparability.tasks)
    paragraphs = [f"## {text(', '.join(table.recipe_names()))}: {text(tasks)}", _shared(table.comparability)]
    paragraphs += [_recipe_note(table, record) for record in table.differing_recipes()]
    for other in earlier:
        if parts := table.differing_parts(other):
            ids = ", ".join(record.id for record in other.records)
            paragraphs.append(f"Not comparable with the table of {text(ids)}: other {text(', '.join(parts))}.")
    paragraphs += [render_table(part) for part in _row_tables(table)]
    return "\n\n".join(paragraphs) + "\n"


def _row_tables(table: ComparableTable) -> list[Table]:
    """Build the tables of accuracies; where records share the table, a column names the records of each row."""
    rows = [entry.row for entry in table.entries]
    names = cell_labels(cell for entry in table.entries for cell in entry.cells)
    labels = ["; ".join(dict.fromkeys(names[cell] for cell in entry.cells)) for entry in table.entries]
    tables = [build(rows, labels) for build in (accuracy_table, task_table, ending_table)]
    if len(table.records) > 1:
        records = [", ".join(entry.records) for entry in table.entries]
        tables = [part.with_column(Column("record", "words"), records, len(part.columns)) for part in tables]
    return tables


def _shared(comparability: Comparability) -> str:
    """State the comparability key."""
    versions = ", ".join(f"{task} {version}" for task, version in comparability.tasks.items())
    stages = ", ".join(f"{kind} {version}" for kind, version in comparability.stages.items())
    parts = [
        *(f"{WORDS[part]} {getattr(comparability, part)}" for part in ("target", "student", "questions", "prompts")),
        f"the task versions ({versions})",
        f"the sampling ({_sampling(comparability)})",
        *([f"the stage versions ({stages})"] if stages else []),
    ]
    return text(f"All rows share {listed(parts)}.")


def _sampling(comparability: Comparability) -> str:
    """State how students answer: once where it is the same for all tasks."""
    by_task = {
        task: ", ".join(f"{key} {value}" for key, value in sampling.items())
        for task, sampling in comparability.sampling.items()
    }
    if len(set(by_task.values())) == 1:
        return next(iter(by_task.values()))
    return "; ".join(f"{task}: {sampling}" for task, sampling in by_task.items())


def _recipe_note(table: ComparableTable, record: str) -> str:
    differing = ", ".join(f"{d.key} ({d.first} / {d.second})" for d in table.differing_recipes()[record])
    return text(f"The recipe of {record} differs from that of {table.records[0].id} in {differing}.")


def _record_section(record: ResultRecord, place: str) -> str:
    seeds = f"{len(record.seeds)} {'seed' if len(record.seeds) == 1 else 'seeds'}"
    paragraphs = [
        f"## {record.id}, {seeds}",
        *_findings(record),
        *map(text, threat_lines(record.threats)),
        *(render_table(table) for table in _record_tables(record)),
        *(text(style_line(style)) for style in record.style),
        _made(record, place),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _findings(record: ResultRecord) -> list[str]:
    """State the findings of a record: a bold headline for each cell, its details, and last what leaked."""
    found = findings_of(record)
    paragraphs = [
        paragraph
        for finding in found
        for paragraph in (f"**{text(finding.headline)}**", text(" ".join(finding.details)))
        if paragraph
    ]
    last = [ONE_SEED] * is_one_seed(record.rows) + [finding.conclusion for finding in found]
    return [*paragraphs, text(" ".join(last))]


def _record_tables(record: ResultRecord) -> list[Table]:
    several = len(record.policies) > 1
    tables = (
        *((policy_leak_table(record.policies),) if several else ()),
        *((policy_value_table(record.policies),) if record.policies else ()),
        leak_table(record.leak),
        leak_sides_table(record.leak),
        contrast_table(record.contrasts),
        recovery_table(record.recovery),
        faithfulness_table(record.faithfulness),
        reading_table(record.reading),
        bits_table(record.likelihood),
        style_table(record.style),
    )
    return [table for table in tables if table.rows]


def _made(record: ResultRecord, place: str) -> str:
    made = record.provenance
    cores, processor = (made.hardware.get(key, "unknown") for key in ("cores", "processor"))
    return (
        f"{link(record.id, place)}, made on {text(made.created[:10])} at commit {text(made.commit)} by "
        f"{code(made.command)} on {text(cores)} cores ({text(processor)})."
    )


def _published_section(published: Published) -> str:
    setting = ", ".join(f"{key} {value}" for key, value in published.setting.items())
    table = Table(
        title="Figures in %",
        columns=(Column("regime", "words"), *(Column(name) for name in published.columns.values())),
        rows=tuple(
            (
                f"{row.regime} ({row.detail})" if row.detail else row.regime,
                *(str(row.figures.get(key, "")) for key in published.columns),
            )
            for row in published.rows
        ),
    )
    paragraphs = (
        f"## Published, not run here: {text(published.title)}",
        f"From {link(published.source, published.url)} ({text(published.place)}); {text(setting)}. {text(published.runs)}. "
        f"{text(published.note)} These figures must not be compared with any table above.",
        render_table(table),
    )
    return "\n\n".join(paragraphs) + "\n"
