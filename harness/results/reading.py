"""What the reading test of a record shows, in words."""

from collections.abc import Collection, Sequence

from harness.results.schema import Cell, ReadingRow
from harness.results.text import listed, number

FIGURE_NAMES = {"step_f1": "step F1", "rougeL": "ROUGE-L", "token_f1": "token F1", "true_steps": "true steps"}


def reading_sentences(rows: Sequence[ReadingRow], cell: Cell, regimes: Collection[str]) -> list[str]:
    """State which parts of a disclosure each inverter reads.

    Args:
        rows: the reading test of all cells.
        cell: the cell that is meant.
        regimes: those of the cell; inverters of others are left out.
    """
    inverters = cell.model_copy(update={"student": None})
    stated: dict[str, list[str]] = {}
    for row in rows:
        if row.cell == inverters and (figure := next(iter(row.fall), None)):
            fall = row.fall[figure]
            seen = "reads" if fall.low > 0 else "shows no sign of reading"
            figures = f"{FIGURE_NAMES.get(figure, figure)} {number(-fall.mean, 3, signed=True)}"
            ends = f"[{number(-fall.high, 3)}, {number(-fall.low, 3)}]"
            stated.setdefault(row.inverter, []).append(f"{seen} the {row.part} ({figures} {ends})")
    read = "; ".join(f"{name} {listed(parts)}" for name, parts in stated.items() if name in regimes)
    return [f"Reading test, with another question's part in place of the right one: {read}."] if read else []
