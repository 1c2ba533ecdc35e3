"""Rows that may stand in one table: those with the same comparability key, each run once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.results.differences import Difference, differences
from harness.results.schema import Cell, Comparability, ResultRecord, Row
from harness.views.accuracies import place
from traceinv.digests import digest_json

WORDS = {
    "target": "target",
    "student": "student",
    "questions": "questions",
    "prompts": "prompts",
    "tasks": "tasks or task versions",
    "sampling": "sampling",
    "stages": "stage versions",
}
"""The parts of a comparability key in words."""


@dataclass(frozen=True)
class Entry:
    """A row of a table.

    Attributes:
        records: the ids of the records that hold it: several where records share a run.
        cells: the cells that hold it: several where cells share a run.
    """

    row: Row
    records: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ComparableTable:
    """Rows that may be compared.

    Attributes:
        records: those with a row in the table, in the order of their ids.
        entries: in the order in which a table shows them.
    """

    comparability: Comparability
    records: list[ResultRecord]
    entries: list[Entry]

    def recipe_names(self) -> list[str]:
        """List the names of the records' recipes."""
        return list(dict.fromkeys(str(record.recipe.get("name", record.id)) for record in self.records))

    def differing_recipes(self) -> dict[str, list[Difference]]:
        """Return the values in which the recipe of each further record differs from the first record's, by the record's id."""
        first, *others = self.records
        differing = {
            record.id: [d for d in differences(first.recipe, record.recipe) if d.key != "name"] for record in others
        }
        return {record: values for record, values in differing.items() if values}

    def differing_parts(self, other: "ComparableTable") -> list[str]:
        """Name the parts of the comparability key that differ from those of another table; empty without a common task."""
        if not set(self.comparability.tasks) & set(other.comparability.tasks):
            return []
        ours, theirs = self.comparability, other.comparability
        return [words for part, words in sorted(WORDS.items()) if getattr(ours, part) != getattr(theirs, part)]


def comparable_tables(records: Mapping[Path, ResultRecord]) -> list[ComparableTable]:
    """Group the rows of records by their comparability key, in the order of the first record of each group."""
    groups: dict[str, list[tuple[ResultRecord, Row]]] = {}
    for record in records.values():
        for row in record.rows:
            key = digest_json(row.comparability.model_dump(mode="json"))
            groups.setdefault(key, []).append((record, row))
    return [
        ComparableTable(
            comparability=members[0][1].comparability,
            records=list({record.id: record for record, _ in members}.values()),
            entries=_entries(members),
        )
        for members in groups.values()
    ]


def _entries(members: Sequence[tuple[ResultRecord, Row]]) -> list[Entry]:
    """Make one entry of the rows that are the same run; a row without runs is an entry by itself."""
    by_run: dict[tuple[str | int, ...], list[tuple[ResultRecord, Row]]] = {}
    for number, (record, row) in enumerate(members):
        by_run.setdefault(tuple(row.runs) or (number,), []).append((record, row))
    entries = [
        Entry(
            row=same[0][1],
            records=tuple(dict.fromkeys(record.id for record, _ in same)),
            cells=tuple(dict.fromkeys(row.cell for _, row in same)),
        )
        for same in by_run.values()
    ]
    return sorted(entries, key=lambda entry: place(entry.row))
