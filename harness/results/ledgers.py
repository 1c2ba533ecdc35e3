"""What a record's ledgers say of regimes that are left out."""

from collections.abc import Sequence

from harness.results.cells import cell_labels
from harness.results.schema import Cell, Ledger
from harness.results.text import listed


def left_out_lines(ledgers: Sequence[Ledger], cell: Cell) -> list[str]:
    """Say which regimes of a cell are left out because they could teach no question, under which seeds."""
    by_regime: dict[str, list[int]] = {}
    for ledger in ledgers:
        for regime in ledger.left_out if ledger.cell == cell else ():
            by_regime.setdefault(regime, []).append(ledger.seed)
    every = {ledger.seed for ledger in ledgers if ledger.cell == cell}
    named = [
        regime if set(seeds) == every else f"{regime} (seed {listed(list(map(str, seeds)))})"
        for regime, seeds in by_regime.items()
    ]
    asked = max((ledger.asked for ledger in ledgers if ledger.cell == cell), default=0)
    return [f"Left out, since not one of the {asked} questions gave a row to teach: {listed(named)}."] if named else []


def left_out_notes(ledgers: Sequence[Ledger]) -> list[str]:
    """Say the same of every cell of a record, each after its name where there are several."""
    names = cell_labels(ledger.cell for ledger in ledgers)
    return [
        f"{name}: {line}" if name else line for cell, name in names.items() for line in left_out_lines(ledgers, cell)
    ]
