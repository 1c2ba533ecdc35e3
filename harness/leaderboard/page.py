"""The leaderboard as Markdown: tables of comparable rows, the findings of each record, and published figures."""

import os
from collections.abc import Mapping, Sequence
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
from harness.views.audit import audit_lines, disclosed, policy_leak_table, policy_value_table, threat_lines
from harness.views.faithfulness import bits_table, faithfulness_table, reading_table, style_line, style_table
from harness.views.markdown import code, folded, link, render_table, text
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

What leaks through what a target discloses, beyond what its surrogate gives. Made from the records in results/ by `traceinv
leaderboard`; do not edit it by hand. [How to read it](#how-to-read-it).
"""
READING = """\
## How to read it

*Beyond the surrogate* is the accuracy of the best attack less that of the best regime without disclosures, in percentage
points. An attack teaches a student with what the target discloses. *Summary's effect* is what inverted traces gain if the
inverter sees the summary too; where no trace is inverted, what teaching the summary gains over the answer alone. A difference
is *significant* where its 95% confidence interval (CI) excludes 0, after correction for the number of comparisons.

Intervals are over questions and seeds ([how](docs/statistics.md)); with one seed they are Wilson intervals over questions
alone. Rows of one table of accuracies may be compared: they share target, student, questions, prompts, task versions, sampling
and stage versions. Rows of different tables must not be compared.
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
    places = {record.id: f"{folder}/{quote(os.fsencode(path.name))}" for path, record in content.records.items()}
    parts = [HEADER]
    if content.records:
        parts.append(_overview(list(content.records.values()), places))
    parts += [_record_section(record, places[record.id]) for record in content.records.values()]
    parts += [_table_section(table, tables[:number]) for number, table in enumerate(tables)]
    if not tables:
        parts.append("There is no record yet.\n")
    parts += [_published_section(published) for published in content.published]
    if content.refused:
        names = "\n".join(f"- {text(line)}" for line in content.refused)
        parts.append(f"## Left out\n\n{names}\n")
    parts.append(READING)
    return "\n".join(parts)


def _overview(records: Sequence[ResultRecord], places: Mapping[str, str]) -> str:
    """Build the table of all records: one row a record and cell."""
    lines = [(record, finding) for record in records for finding in findings_of(record)]
    table = Table(
        title="What leaks",
        columns=(
            *(Column("record", "words"), Column("target", "words"), Column("disclosed", "words")),
            *(Column(name, "words") for name in ("beyond the surrogate", "summary's effect")),
            Column("seeds"),
        ),
        rows=tuple(
            (
                record.id,
                finding.cell.target,
                disclosed(record, finding.cell),
                finding.gain or "not measured",
                finding.summary_effect or "not measured",
                str(len(record.seeds)),
            )
            for record, finding in lines
        ),
    )
    return render_table(table, [places[record.id] for record, _ in lines]) + "\n"


def _table_section(table: ComparableTable, earlier: Sequence[ComparableTable]) -> str:
    tasks = ", ".join(table.comparability.tasks)
    accuracies, *others = _row_tables(table)
    key = [_shared(table.comparability), *(_recipe_note(table, record) for record in table.differing_recipes())]
    key += _apart(table, earlier)
    paragraphs = (
        f"## Accuracies: {text(', '.join(table.recipe_names()))}",
        render_table(accuracies),
        folded(
            f"By task, how replies ended, and what the rows share ({tasks})",
            "\n\n".join([*map(render_table, others), *key]),
        ),
    )
    return "\n\n".join(paragraphs) + "\n"


def _apart(table: ComparableTable, earlier: Sequence[ComparableTable]) -> list[str]:
    """Say why a table stands apart from the earlier ones; only the one that differs least is named."""
    unlike = [(parts, other) for other in earlier if (parts := table.differing_parts(other))]
    if not unlike:
        return []
    parts, nearest = min(unlike, key=lambda entry: len(entry[0]))
    ids = ", ".join(record.id for record in nearest.records)
    more = f" Nor with {len(unlike) - 1} other tables above, which differ as much or more." if len(unlike) > 1 else ""
    return [f"Not comparable with the table of {text(ids)}: other {text(', '.join(parts))}.{more}"]


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
    several = len(record.policies) > 1
    found = _findings(record)
    ranking = [*map(text, audit_lines(record)), render_table(policy_leak_table(record.policies))] if several else found
    figures = [*map(render_table, _record_tables(record)), *(text(style_line(style)) for style in record.style)]
    paragraphs = [
        f"## {text(record.id)}, {seeds}",
        *map(text, threat_lines(record.threats)),
        *ranking,
        *([folded("Findings by policy", "\n\n".join(found))] if several else []),
        *([folded(f"All figures of {record.id}", "\n\n".join(figures))] if figures else []),
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
    tables = (
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
        folded("Figures", render_table(table)),
    )
    return "\n\n".join(paragraphs) + "\n"
