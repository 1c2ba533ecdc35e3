"""The leaderboard as Markdown: findings first, then each record, calibration, published figures, and how to read it."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.leaderboard import records, tables
from harness.leaderboard.calibration import curve_section
from harness.leaderboard.folder import RecordFolder, load_records
from harness.leaderboard.groups import comparable_tables
from harness.leaderboard.overview import found_in, overview, summary
from harness.leaderboard.published import published_section
from harness.results.files import FRONTIER_SUFFIX
from harness.views.markdown import text
from traceinv.errors import InputError

HEADER = """\
# Leaderboard

What leaks through what a target discloses, beyond what its surrogate gives. [How to read it](#how-to-read-it).
"""
READING = """\
## How to read it

*Beyond the surrogate* is the accuracy of the best attack less that of the best regime without disclosures, in percentage
points. An attack teaches a student with what the target discloses. *Summary's effect* is what inverted traces gain if the
inverter sees the summary too; where no trace is inverted, what teaching the summary gains over the answer alone. A difference
is *significant* where its 95% confidence interval (CI) excludes 0, after correction for the number of comparisons.

Students differ in nothing but what they learn from; [regimes](docs/regimes.md) says what each regime
is. `base` is the untaught student and `oracle` the one taught the hidden traces: the ends of the scale.

Intervals are over questions and seeds ([how](docs/statistics.md)); with one seed they are Wilson intervals over questions
alone. Rows of one table of accuracies may be compared: they share target, student, questions, prompts, task versions, sampling
and stage versions. Rows of different tables must not be compared.

This file is made from the records in results/ by `traceinv leaderboard`; do not edit it by hand.
"""


@dataclass(frozen=True)
class Leaderboard:
    """The Markdown, and a line for each file that is not in it."""

    markdown: str
    refused: list[str]


def build(results: Path, out: Path, report: str | None = None) -> Leaderboard:
    """Make the leaderboard of a folder of records, with links relative to the file `out`.

    Args:
        report: address of the page of `traceinv report` that rows lead to; without it they lead to the record's section.

    Raises:
        InputError: the folder is missing or empty.
    """
    content = load_records(results)
    if not (content.records or content.published or content.refused or content.curves):
        raise InputError(f"{results}: no record there; expected files that `traceinv run --out {results}` writes")
    folder = Path(os.path.relpath(results, out.parent)).as_posix()
    return Leaderboard(render(content, folder, report, results), content.refused)


def render(
    content: RecordFolder, folder: str = "results", report: str | None = None, results: Path = Path("results")
) -> str:
    """Render the leaderboard.

    Args:
        folder: where links to the files of `results` lead.
        report: as in `build`.
    """
    standing = content.standing()
    groups = comparable_tables(standing)
    found = found_in(standing.values())
    parts = [HEADER]
    if found:
        pages = {
            record.id: f"{quote(report, safe='/:#?&=%')}#record-{record.id}" if report else records.anchor(record)
            for record in standing.values()
        }
        parts.append(f"> {text(' '.join(summary(found)))}\n")
        parts.append(overview(found, pages) + "\n")
    parts += [curve_section(curve, _place(folder, results, path)) for path, curve in content.curves.items()]
    for path, record in standing.items():
        own = [
            tables.body(group, groups[:n])
            for n, group in enumerate(groups)
            if len(group.records) == 1 and group.records[0] is record
        ]
        plot = path.with_suffix(FRONTIER_SUFFIX)
        frontier = _place(folder, results, plot) if plot.is_file() else None
        parts.append(records.section(record, _place(folder, results, path), own, frontier))
    parts += [tables.section(group, groups[:number]) for number, group in enumerate(groups) if len(group.records) > 1]
    if not standing:
        parts.append("There is no record yet.\n")
    if content.published:
        parts.append(published_section(content.published))
    if content.refused:
        names = "\n".join(f"- {text(line)}" for line in content.refused)
        parts.append(f"## Left out\n\n{names}\n")
    parts.append(READING)
    return "\n".join(parts)


def _place(folder: str, results: Path, path: Path) -> str:
    """Return the address of a file of the folder of records."""
    inside = path.relative_to(results) if path.is_relative_to(results) else Path(path.name)
    return f"{folder}/{quote(os.fsencode(inside.as_posix()))}"
