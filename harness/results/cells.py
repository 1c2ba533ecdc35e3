"""Names of cells for people."""

from collections.abc import Iterable

from harness.results.schema import Cell

PARTS = ("target", "surrogate", "policy", "budget", "student")


def cell_labels(cells: Iterable[Cell]) -> dict[Cell, str]:
    """Name each cell by the parts in which the cells differ: `policy recap, student qwen`.

    The name of a single cell is empty. A part that is None is left out.
    """
    distinct = list(dict.fromkeys(cells))
    differing = [part for part in PARTS if len({getattr(cell, part) for cell in distinct} - {None}) > 1]
    return {cell: _label(cell, differing) for cell in distinct}


def _label(cell: Cell, parts: Iterable[str]) -> str:
    values = {part: getattr(cell, part) for part in parts}
    return ", ".join(f"{part} {_value(value)}" for part, value in values.items() if value is not None)


def _value(value: str | float) -> str:
    return f"{100 * value:g}%" if isinstance(value, float) else value
