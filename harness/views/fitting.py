"""Tables that are wider than the terminal, in parts that are not."""

from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len

from harness.views.tables import Column, Table

WORD = 24
"""A longer word may be broken."""


def fit(table: Table, width: int, gap: int = 1, tight: bool = False) -> list[Table]:
    """Split a table by its columns into parts that fit a width; each part begins with the columns that name the rows.

    Figures are never broken, so a part with a single figure may be wider. The caption stands under the last part.

    Args:
        width: columns of the terminal.
        gap: columns between two columns of the table.
        tight: whether names of columns are broken, as `heading` does.
    """
    needs = [_needed(table, place, tight) + gap for place in range(len(table.columns))]
    names = _names(table.columns)
    used = needed = sum(needs[:names])
    parts: list[list[int]] = [[]]
    for place, wanted in enumerate(needs[names:], names):
        if parts[-1] and used + wanted > width + gap:
            parts.append([])
            used = needed
        parts[-1].append(place)
        used += wanted
    return [_part(table, [*range(names), *places], number, len(parts)) for number, places in enumerate(parts)]


def heading(column: Column, tight: bool) -> str:
    """Return a column's name; a tight one of figures has one word a line, so that it is hardly wider than they are."""
    return column.name.replace(" ", "\n") if tight and column.kind == "figure" else column.name


def _names(columns: Sequence[Column]) -> int:
    """Count the columns before the first figure that comes after a name; a rank may stand before the names."""
    named = next((place for place, column in enumerate(columns) if column.kind != "figure"), 0)
    figures = (place for place, column in enumerate(columns) if place > named and column.kind == "figure")
    return next(figures, len(columns))


def _needed(table: Table, place: int, tight: bool) -> int:
    """Return the least width of a column: its figures and names whole, its words broken at spaces."""
    column = table.columns[place]
    texts = [*heading(column, tight).split("\n"), *(row[place] for row in table.rows)]
    if column.kind == "words":
        return min(WORD, max((cell_len(word) for text in texts for word in text.split()), default=0))
    return max(map(cell_len, texts))


def _part(table: Table, places: Sequence[int], number: int, count: int) -> Table:
    if count == 1:
        return table
    return replace(
        table,
        title=f"{table.title} ({number + 1} of {count})",
        columns=tuple(table.columns[place] for place in places),
        rows=tuple(tuple(row[place] for place in places) for row in table.rows),
        caption=table.caption if number == count - 1 else "",
    )
