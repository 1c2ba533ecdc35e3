"""Two records side by side: their recipes, and the accuracies of their rows on the same items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.benchmarks.groups import compared_groups
from harness.results.differences import Difference, differences
from harness.results.files import ITEMS_SUFFIX, read_items, read_record
from harness.results.items import ItemFile, pair, scores_of
from harness.results.outcomes import Outcome, compare_pairs
from harness.results.schema import Cell, Comparability, ResultRecord, Row
from traceinv.errors import InputError, nearest
from traceinv.schema import Closed


class RowComparison(Closed):
    """A row of the first record and its counterpart in the second.

    Attributes:
        same_run: whether both rows are read from the same artifacts, so that there is nothing to compare.
        comparability: the parts of the comparability key that differ. Tasks whose versions differ are not compared.
    """

    row: str
    first_cell: Cell
    second_cell: Cell
    same_run: bool
    comparability: list[Difference]
    outcomes: list[Outcome]


class UnmatchedRow(Closed):
    """A row without a counterpart in the other record."""

    row: str
    cell: Cell


class RecordComparison(Closed):
    """Two records.

    Attributes:
        first, second: their ids.
        recipe: the values of the recipes that differ.
        rows: the rows that both have. p-values are corrected over all outcomes of all rows (Holm).
    """

    first: str
    second: str
    recipe: list[Difference]
    rows: list[RowComparison]
    only_first: list[UnmatchedRow]
    only_second: list[UnmatchedRow]


@dataclass(frozen=True, eq=False)
class _RowPair:
    first: Row
    second: Row

    @property
    def same_run(self) -> bool:
        return bool(self.first.runs) and self.first.runs == self.second.runs

    @property
    def same_student(self) -> bool:
        return self.first.comparability.student == self.second.comparability.student

    @property
    def one_seed(self) -> bool:
        return 1 in (len(self.first.seeds), len(self.second.seeds))


def find_record(name: str, results: Path) -> Path:
    """Return the path of a record, given its path or its id in a folder of records.

    Raises:
        InputError: there is no such record.
    """
    path = Path(name)
    if path.suffix == ".json":
        if path.is_file():
            return path
        raise InputError(f"{name}: no such record")
    known = results / f"{name}.json"
    if not known.is_file():
        ids = [path.stem for path in results.glob("*.json") if not path.name.endswith(ITEMS_SUFFIX)]
        raise InputError(f"unknown record {name!r} in {results}{nearest(name, ids)}")
    return known


def compare_records(first_path: Path, second_path: Path) -> RecordComparison:
    """Compare two records.

    Rows are matched by name and cell. A row that no cell matches is matched by its name where each record has one such row, as
    two records with one cell each have.

    Raises:
        InputError: a record or the item file beside it is missing or bad.
    """
    first, second = read_record(first_path), read_record(second_path)
    items = read_items(first_path), read_items(second_path)
    matched = _match(first, second)
    outcomes = _outcomes([rows for rows in matched if not rows.same_run], *items)
    return RecordComparison(
        first=first.id,
        second=second.id,
        recipe=differences(first.recipe, second.recipe),
        rows=[
            RowComparison(
                row=rows.first.name,
                first_cell=rows.first.cell,
                second_cell=rows.second.cell,
                same_run=rows.same_run,
                comparability=comparability_differences(rows.first.comparability, rows.second.comparability),
                outcomes=outcomes.get(rows, []),
            )
            for rows in matched
        ],
        only_first=_unmatched(first, [rows.first for rows in matched]),
        only_second=_unmatched(second, [rows.second for rows in matched]),
    )


def comparability_differences(first: Comparability, second: Comparability) -> list[Difference]:
    """List the parts of two comparability keys that differ."""
    return differences(first.model_dump(mode="json"), second.model_dump(mode="json"))


def _match(first: ResultRecord, second: ResultRecord) -> list[_RowPair]:
    by_cell = {(row.name, row.cell): row for row in second.rows}
    by_name = {name: rows[0] for name, rows in _by_name(second.rows).items() if len(rows) == 1}
    pairs = []
    for name, rows in _by_name(first.rows).items():
        for row in rows:
            counterpart = by_cell.get((name, row.cell))
            if counterpart is None and len(rows) == 1:
                counterpart = by_name.get(name)
            if counterpart is not None:
                pairs.append(_RowPair(row, counterpart))
    return pairs


def _by_name(rows: Sequence[Row]) -> dict[str, list[Row]]:
    names: dict[str, list[Row]] = {}
    for row in rows:
        names.setdefault(row.name, []).append(row)
    return names


def _unmatched(record: ResultRecord, matched: Sequence[Row]) -> list[UnmatchedRow]:
    return [UnmatchedRow(row=row.name, cell=row.cell) for row in record.rows if row not in matched]


def _outcomes(matched: Sequence[_RowPair], first: ItemFile, second: ItemFile) -> Mapping[_RowPair, list[Outcome]]:
    """Test every pair of rows on every group of tasks. Rows of the same student share the variance between their seeds."""
    jobs = []
    for rows in matched:
        for group, tasks in compared_groups(_common_tasks(rows)).items():
            scores = pair(
                scores_of(first.letters_by_item(rows.first.name, rows.first.cell, tasks)),
                scores_of(second.letters_by_item(rows.second.name, rows.second.cell, tasks)),
            )
            if scores is not None:
                jobs.append((rows, group, scores))
    students = {rows: rows.first.comparability.student for rows in matched if rows.same_student}
    return compare_pairs(jobs, students, [rows for rows in matched if rows.one_seed])


def _common_tasks(rows: _RowPair) -> list[str]:
    """List the tasks of both rows that have the same version: items of another version may be other questions."""
    first, second = rows.first.comparability.tasks, rows.second.comparability.tasks
    return [task for task, version in first.items() if second.get(task) == version]
