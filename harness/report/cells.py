"""Group the figures of a record by cell."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from harness.results.cells import parts_of
from harness.results.schema import Cell


class _HasCell(Protocol):
    @property
    def cell(self) -> Cell: ...


Entry = TypeVar("Entry", bound=_HasCell)


def by_cell(entries: Iterable[Entry]) -> dict[Cell, list[Entry]]:
    """Group the entries of a record by their cell, in the order of the record."""
    groups: dict[Cell, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.cell, []).append(entry)
    return groups


def covers(general: Cell, cell: Cell) -> bool:
    """Say whether a figure of the cell `general` also stands for `cell`: all parts that `general` names are equal."""
    return parts_of(general).items() <= parts_of(cell).items()
