"""Two records beside each other: what differs in their recipes, and what differs in outcome on the same questions."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.benchmarks.groups import compared_groups
from harness.results.files import read_items, read_record
from harness.results.items import ItemFile, pair
from harness.results.schema import Conditions, ResultRecord, TestedDifference
from harness.stats import Comparison, compare, holm
from traceinv.errors import InputError, nearest


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Difference(_Part):
    """A value that two records do not share, by its dotted key; None where a record has no such key."""

    key: str
    first: Any
    second: Any


class Outcome(TestedDifference):
    """One row on one group of tasks: `second` less `first`, on the questions that both were asked.

    Attributes:
        left_out: questions that only one was asked, or that could not be graded.
    """

    row: str
    group: str
    questions: int
    left_out: int
    first: float
    second: float


class RecordComparison(_Part):
    """Two records.

    Attributes:
        conditions: what rows must share to be compared (see `harness.results.schema.Conditions`) and these do not.
        other_versions: tasks of both whose versions differ: equal ids may be other questions, so they are not compared.
        same_runs: rows that are the very same runs in both, so that there is nothing to compare.
        only_first, only_second: rows that the other record does not have.
    """

    first: str
    second: str
    recipe: list[Difference]
    conditions: list[Difference]
    other_versions: list[str]
    outcomes: list[Outcome]
    same_runs: list[str]
    only_first: list[str]
    only_second: list[str]


def find_record(name: str, results: Path) -> Path:
    """A record by its path, or by its id in a folder of results.

    Raises:
        InputError: there is none.
    """
    path = Path(name)
    if path.suffix == ".json":
        if path.is_file():
            return path
        raise InputError(f"{name}: no such record")
    known = results / f"{name}.json"
    if not known.is_file():
        ids = [path.stem for path in results.glob("*.json") if not path.name.endswith(".items.json")]
        raise InputError(f"unknown record {name!r} in {results}{nearest(name, ids)}")
    return known


def compare_records(first_path: Path, second_path: Path) -> RecordComparison:
    """Compare the second record with the first.

    Raises:
        InputError: a record or the items beside it are missing or bad.
    """
    first, second = read_record(first_path), read_record(second_path)
    items = read_items(first_path), read_items(second_path)
    names = [[row.name for row in record.rows] for record in (first, second)]
    shared = [name for name in names[0] if name in names[1]]
    same = [name for name in shared if score_keys(first, name) == score_keys(second, name) != []]
    versions = [record.conditions.tasks for record in (first, second)]
    common = [task for task in versions[0] if task in versions[1]]
    return RecordComparison(
        first=first.id,
        second=second.id,
        recipe=differences(first.recipe, second.recipe),
        conditions=unshared_conditions(first.conditions, second.conditions),
        other_versions=[task for task in common if versions[0][task] != versions[1][task]],
        outcomes=_outcomes(
            [name for name in shared if name not in same],
            [task for task in common if versions[0][task] == versions[1][task]],
            items,
        ),
        same_runs=same,
        only_first=[name for name in names[0] if name not in names[1]],
        only_second=[name for name in names[1] if name not in names[0]],
    )


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """The values that two nested mappings do not share, by dotted key, in the order of the keys."""
    ones, others = dict(_flat(first)), dict(_flat(second))
    return [
        Difference(key=key, first=ones.get(key), second=others.get(key))
        for key in sorted(ones.keys() | others.keys())
        if ones.get(key) != others.get(key)
    ]


def unshared_conditions(first: Conditions, second: Conditions) -> list[Difference]:
    """What two records' rows would have to share to stand in one table, and do not."""
    return differences(first.model_dump(mode="json"), second.model_dump(mode="json"))


def score_keys(record: ResultRecord, row: str) -> list[str]:
    """The keys of the stages that scored a row: two rows with the same ones are one and the same run."""
    return [
        stage.key
        for stage in record.provenance.stages
        if stage.name == f"scores of {row}" or stage.name.startswith(f"scores of {row}, seed ")
    ]


def _outcomes(rows: list[str], tasks: list[str], items: tuple[ItemFile, ItemFile]) -> list[Outcome]:
    found: list[tuple[dict[str, Any], Comparison]] = []
    for row in rows:
        for group, members in compared_groups(tasks).items():
            pairs = pair(*items, row, members)
            if pairs is None:
                continue
            figures = {
                "row": row,
                "group": group,
                "questions": len(pairs.strata),
                "left_out": pairs.left_out,
                "first": float(pairs.first.mean()),
                "second": float(pairs.second.mean()),
            }
            found.append((figures, compare(pairs.second, pairs.first, pairs.strata)))
    corrected = holm([comparison.p_value for _, comparison in found])
    return [
        Outcome.model_validate({**asdict(comparison), **figures, "p_holm": p_holm})
        for (figures, comparison), p_holm in zip(found, corrected, strict=True)
    ]


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value
