"""Names of cells for people."""

from collections.abc import Iterable, Mapping, Sequence

from harness.results.schema import Cell, Label

PARTS = tuple(Cell.model_fields)
"""The parts of a cell; the labels of stages have the same names."""


def parts_of(cell: Cell) -> dict[str, Label]:
    """Return the parts of a cell by name, without those that it does not depend on."""
    return cell.model_dump(exclude_none=True)


def differing_parts(labels: Iterable[Mapping[str, Label]]) -> list[str]:
    """List the parts of a cell that have more than one value among these labels."""
    mappings = list(labels)
    return [part for part in PARTS if len({labels[part] for labels in mappings if part in labels}) > 1]


def parts_text(labels: Mapping[str, Label], parts: Sequence[str]) -> str:
    """Write the values of some parts: `policy recap, budget 25%`; parts without a value are left out."""
    return ", ".join(f"{part} {_value(labels[part])}" for part in parts if part in labels)


def cell_labels(cells: Iterable[Cell]) -> dict[Cell, str]:
    """Name each cell by the parts in which the cells differ: `policy recap, student qwen`.

    The name of a single cell is empty.
    """
    distinct = list(dict.fromkeys(cells))
    parts = differing_parts(parts_of(cell) for cell in distinct)
    return {cell: parts_text(parts_of(cell), parts) for cell in distinct}


def _value(value: Label) -> str:
    return f"{100 * value:g}%" if isinstance(value, float) else str(value)
