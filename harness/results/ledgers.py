"""What a record's ledgers say of regimes that had nothing to teach."""

from collections.abc import Callable, Sequence

from harness.results.cells import cell_labels
from harness.results.schema import Cell, Ledger
from harness.results.text import listed


def ledger_lines(ledgers: Sequence[Ledger], cell: Cell) -> list[str]:
    """Say which regimes of a cell had no question to teach, and under which seeds.

    Some are left out of the record; of others the student is the base.
    """
    own = [ledger for ledger in ledgers if ledger.cell == cell]
    asked = max((ledger.asked for ledger in own), default=0)
    left_out, untaught = _by_seed(own, lambda ledger: ledger.left_out), _by_seed(own, _untaught)
    lines = []
    if left_out:
        lines.append(f"Left out, since not one of the {asked} questions gave a row to teach: {left_out}.")
    if untaught:
        lines.append(
            f"Taught no example, since none of the {asked} questions gave one, so that its student is the base: {untaught}."
        )
    return lines


def ledger_notes(ledgers: Sequence[Ledger]) -> list[str]:
    """Say the same of every cell of a record, each after its name where there are several."""
    names = cell_labels(ledger.cell for ledger in ledgers)
    return [f"{name}: {line}" if name else line for cell, name in names.items() for line in ledger_lines(ledgers, cell)]


def _untaught(ledger: Ledger) -> list[str]:
    """Return the regimes that have a student and taught it nothing."""
    return [regime for regime, rows in ledger.rows.items() if rows == 0 and regime not in ledger.left_out]


def _by_seed(ledgers: Sequence[Ledger], regimes: Callable[[Ledger], Sequence[str]]) -> str:
    """List regimes, with their seeds where it is not all of them; empty where there are none."""
    seeds: dict[str, list[str]] = {}
    for ledger in ledgers:
        for regime in regimes(ledger):
            seeds.setdefault(regime, []).append(str(ledger.seed))
    every = {str(ledger.seed) for ledger in ledgers}
    named = [regime if set(its) == every else f"{regime} (seed {listed(its)})" for regime, its in seeds.items()]
    return listed(named) if named else ""
