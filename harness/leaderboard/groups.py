"""Which rows may stand in one table: those that share target, student, data, task version, prompt and sampling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from harness.leaderboard.folder import Shelf
from harness.pipeline.recipe import Regime
from harness.results.compare import differences, score_keys, unshared_conditions
from harness.results.schema import Conditions, ResultRecord, Row
from harness.views.markdown import text

WORDS = {"target": "target", "student": "student", "data": "questions", "prompts": "prompts"}


@dataclass(frozen=True)
class Entry:
    """A row of a table.

    Attributes:
        path: the record that it stands in.
        same_as: the earlier row whose runs it repeats, in words, so that nobody counts them twice.
    """

    path: Path
    record: ResultRecord
    row: Row
    same_as: str | None


@dataclass(frozen=True)
class Board:
    """Records whose rows may be compared."""

    conditions: Conditions
    records: dict[Path, ResultRecord]

    @property
    def title(self) -> str:
        """The names of the recipes, and the tasks."""
        names = dict.fromkeys(str(record.recipe.get("name", record.id)) for record in self.records.values())
        return f"{text(', '.join(names))}: {text(', '.join(self.conditions.tasks))}"

    def entries(self) -> list[Entry]:
        """All rows, the same regimes beside each other, models that are only a reference last."""
        seen: dict[tuple[str, ...], str] = {}
        found = []
        for path, record in self.records.items():
            for row in record.rows:
                keys = tuple(score_keys(record, row.name))
                found.append(Entry(path, record, row, seen.get(keys)))
                if keys:
                    seen.setdefault(keys, f"{row.name} of {record.id}")
        order = list(get_args(Regime))
        return sorted(found, key=lambda e: (e.row.kind != "regime", _place(e.row.name, order), e.row.name))

    def shared(self) -> str:
        """What all rows share, in words."""
        named = ", ".join(f"{word} `{text(getattr(self.conditions, key))}`" for key, word in WORDS.items())
        versions = ", ".join(f"{text(task)} {text(version)}" for task, version in self.conditions.tasks.items())
        return (
            f"All rows share {named}, the task versions ({versions}) and the sampling ({_sampling(self.conditions)})."
        )

    def unlike(self) -> str | None:
        """What the recipes of its records do not share, though their rows may be compared."""
        recipes = [record.recipe for record in self.records.values()]
        keys = dict.fromkeys(d.key for other in recipes[1:] for d in differences(recipes[0], other) if d.key != "name")
        if not keys:
            return None
        values = [f"{text(key)} ({' / '.join(text(_at(recipe, key)) for recipe in recipes)})" for key in keys]
        return f"The recipes of these records, in the order of their ids, differ in {', '.join(values)}."

    def unlike_board(self, other: "Board") -> str | None:
        """Why it does not share a table with another board of the same tasks; None where they share no task."""
        if not set(self.conditions.tasks) & set(other.conditions.tasks):
            return None
        keys = [d.key.partition(".")[0] for d in unshared_conditions(self.conditions, other.conditions)]
        names = {**WORDS, "tasks": "tasks or task versions", "sampling": "sampling"}
        kinds = ", ".join(dict.fromkeys(names[key] for key in keys))
        ids = ", ".join(record.id for record in other.records.values())
        return f"Not comparable with the table of {text(ids)}: other {kinds}."


def boards(shelf: Shelf) -> list[Board]:
    """The records of a shelf by what their rows share, in the order of their first ids."""
    found: list[Board] = []
    for path, record in shelf.records.items():
        board = next((board for board in found if board.conditions == record.conditions), None)
        if board is None:
            found.append(Board(record.conditions, {path: record}))
        else:
            board.records[path] = record
    return found


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _sampling(conditions: Conditions) -> str:
    """How students answer: once where it is the same for all tasks."""
    told = {task: ", ".join(f"{k} {v}" for k, v in how.items()) for task, how in conditions.sampling.items()}
    if len(set(told.values())) == 1:
        return text(next(iter(told.values())))
    return text("; ".join(f"{task}: {how}" for task, how in told.items()))


def _at(recipe: Mapping[str, Any], key: str) -> Any:
    value: Any = recipe
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
