"""Compare two logs, or a log with the rows of a record, on the items that both answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.benchmarks.groups import task_groups
from harness.logs.formats import is_record, read_log
from harness.logs.pairing import Pairing, SideItem, items_of_log, pair_items
from harness.logs.samples import DEFAULT, Log, Wanted
from harness.results.files import read_items, read_record
from harness.results.items import Pairs, pair, scores_of
from harness.results.outcomes import Outcome, compare_pairs
from harness.results.schema import Cell
from traceinv.errors import InputError
from traceinv.schema import Closed


class SideDescription(Closed):
    """What a side of a comparison is.

    Attributes:
        name: the file, or the record's id.
        format: a format of logs, or `record`.
        scored_by: the name of the score that is compared.
        other_scores: names of scores that could be compared instead.
    """

    name: str
    format: str
    model: str | None
    scored_by: str | None
    other_scores: list[str]


class ComparedRow(Closed):
    """A comparison of one row of each side; a log has one row without a name and a cell.

    Attributes:
        by_id, by_text: how many items were paired by id, and how many by the text of the question.
        other_question: how many items have one id and two questions; they are not paired by id.
        outcomes: on each task, each domain, and all tasks.
    """

    first_row: str | None
    first_cell: Cell | None
    second_row: str | None
    second_cell: Cell | None
    by_id: int
    by_text: int
    other_question: int
    outcomes: list[Outcome]


class LogComparison(Closed):
    """Two logs, or a log and a record; p-values are corrected over all outcomes of all rows (Holm).

    Attributes:
        other_versions: tasks that are left out, since the sides have other versions of them.
    """

    first: SideDescription
    second: SideDescription
    rows: list[ComparedRow]
    other_versions: list[str]


@dataclass(frozen=True, eq=False)
class SideRow:
    """One row of a side; name and cell are None for a log.

    Attributes:
        one_seed: whether it is a student of one seed, whose figures say nothing of students of other seeds.
    """

    name: str | None
    cell: Cell | None
    items: Sequence[SideItem]
    one_seed: bool = False


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        versions: the version of each task, where it is known.
    """

    description: SideDescription
    rows: Sequence[SideRow]
    versions: dict[str, str]


def read_side(path: Path, wanted: Wanted = DEFAULT, format_name: str | None = None) -> Side:
    """Read a record or a log as one side of a comparison.

    Raises:
        InputError: it cannot be read, or has no scores.
    """
    return (
        _record_side(path)
        if format_name is None and is_record(path)
        else _log_side(read_log(path, wanted, format_name))
    )


def compare_sides(first: Side, second: Side) -> LogComparison:
    """Compare every row of one side with every row of the other.

    Raises:
        InputError: no row shares an item with another.
    """
    jobs: list[tuple[int, str, Pairs]] = []
    compared: list[tuple[SideRow, SideRow, Pairing]] = []
    other_versions: dict[str, None] = {}
    for ours in first.rows:
        for theirs in second.rows:
            other_versions |= dict.fromkeys(_other_versions(first, second, ours, theirs))
            pairing = pair_items(*(_without(row.items, other_versions) for row in (ours, theirs)))
            jobs += [(len(compared), group, scores) for group, scores in _groups(pairing)]
            compared.append((ours, theirs, pairing))
    if not jobs:
        raise InputError(_why_nothing(first, second, [pairing for *_, pairing in compared], list(other_versions)))
    one_seed = [number for number, (ours, theirs, _) in enumerate(compared) if ours.one_seed or theirs.one_seed]
    outcomes = compare_pairs(jobs, one_seed=one_seed)
    return LogComparison(
        first=first.description,
        second=second.description,
        rows=[_compared_row(*rows, outcomes[number]) for number, rows in enumerate(compared) if number in outcomes],
        other_versions=list(other_versions),
    )


def _log_side(log: Log) -> Side:
    if log.scored_by is None:
        raise InputError(
            f"{log.path}: its responses have no grade; run: traceinv grade TASK {log.path} --out GRADED.jsonl"
        )
    description = SideDescription(
        name=str(log.path),
        format=log.format,
        model=log.model,
        scored_by=log.scored_by,
        other_scores=list(log.other_scores),
    )
    return Side(description, [SideRow(None, None, items_of_log(log))], dict(log.versions))


def _record_side(path: Path) -> Side:
    record, items = read_record(path), read_items(path)
    rows = []
    versions: dict[str, str] = {}
    for row in record.rows:
        tasks = list(row.comparability.tasks)
        versions |= row.comparability.tasks
        scores = scores_of(items.letters_by_item(row.name, row.cell, tasks))
        of_row = [SideItem(task, name, True, (), of) for (task, name), of in scores.items()]
        rows.append(SideRow(row.name, row.cell, of_row, one_seed=len(row.seeds) == 1))
    description = SideDescription(name=record.id, format="record", model=None, scored_by="grade", other_scores=[])
    return Side(description, rows, versions)


def _other_versions(first: Side, second: Side, ours: SideRow, theirs: SideRow) -> list[str]:
    shared = {item.task for item in ours.items} & {item.task for item in theirs.items}
    known = first.versions.keys() & second.versions.keys()
    return sorted(task for task in shared & known if first.versions[task] != second.versions[task])


def _without(items: Sequence[SideItem], tasks: dict[str, None]) -> list[SideItem]:
    return [item for item in items if item.task not in tasks]


def _groups(pairing: Pairing) -> list[tuple[str, Pairs]]:
    """Pair the scores on each task, domain and on all tasks; of groups with the same tasks only the first is kept."""
    names: dict[tuple[str, ...], str] = {}
    for group, members in task_groups(pairing.tasks()).items():
        names.setdefault(tuple(members), group or "all")
    paired = []
    for tasks, group in names.items():
        scores = pair(*pairing.scores(tasks))
        if scores is not None:
            paired.append((group, scores))
    return paired


def _compared_row(ours: SideRow, theirs: SideRow, pairing: Pairing, outcomes: list[Outcome]) -> ComparedRow:
    return ComparedRow(
        first_row=ours.name,
        first_cell=ours.cell,
        second_row=theirs.name,
        second_cell=theirs.cell,
        by_id=pairing.by_id,
        by_text=pairing.by_text,
        other_question=pairing.other_question,
        outcomes=outcomes,
    )


def _why_nothing(first: Side, second: Side, pairings: Sequence[Pairing], other_versions: Sequence[str]) -> str:
    """Say why two sides have nothing to compare."""
    sides = f"{first.description.name} and {second.description.name}"
    if any(pairing.pairs for pairing in pairings):
        return f"{sides} share items, but none with a score on both sides"
    if any(pairing.other_question for pairing in pairings):
        return f"{sides} share ids, but the questions under one id differ"
    if other_versions:
        return f"{sides} have other versions of {', '.join(other_versions)}"
    tasks = [sorted({item.task or "(unnamed)" for row in side.rows for item in row.items}) for side in (first, second)]
    return (
        f"{sides} share no item: tasks {', '.join(tasks[0][:5])} and {', '.join(tasks[1][:5])}. Numbers for ids count "
        "only where both sides have the questions' texts; `traceinv grade TASK FILE --out GRADED.jsonl` writes the task's own ids"
    )
