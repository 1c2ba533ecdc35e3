"""Tables as data; each is built once and rendered for terminal, Markdown and HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.results.cells import cell_labels
from harness.results.schema import Cell
from harness.results.text import plain

UNIT = ""
"""Percentages in a table have no unit: its title names it."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        kind: `name` is left-aligned, `figure` is right-aligned, and both stay on one line; `words` may be wrapped.
    """

    name: str
    kind: Literal["name", "figure", "words"] = "figure"


@dataclass(frozen=True)
class Table:
    """A table of plain text; nothing in it is markup, and all of it has passed `plain`.

    Attributes:
        rows: one cell a column.
        caption: how to read the table.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        columns = tuple(replace(column, name=plain(column.name)) for column in self.columns)
        rows = tuple(tuple(plain(cell) for cell in row) for row in self.rows)
        shown = {"title": plain(self.title), "columns": columns, "rows": rows, "caption": plain(self.caption)}
        for name, value in shown.items():
            object.__setattr__(self, name, value)

    def with_column(self, column: Column, cells: Sequence[str], at: int = 1) -> "Table":
        """Insert a column at a position.

        Raises:
            ValueError: there is not one cell for each row.
        """
        rows = tuple((*row[:at], cell, *row[at:]) for row, cell in zip(self.rows, cells, strict=True))
        return replace(self, columns=(*self.columns[:at], column, *self.columns[at:]), rows=rows)

    def with_notes(self, notes: Sequence[str]) -> "Table":
        """Add sentences to the caption."""
        return replace(self, caption=" ".join(filter(None, (self.caption, *notes))))


def labels_of(cells: Sequence[Cell]) -> list[str]:
    """Return the name of each row's cell, by the parts in which the cells differ."""
    labels = cell_labels(cells)
    return [labels[cell] for cell in cells]


def with_cells(table: Table, labels: Sequence[str]) -> Table:
    """Insert a column with the name of each row's cell where there are several cells."""
    return table.with_column(Column("cell", "words"), labels) if any(labels) else table
