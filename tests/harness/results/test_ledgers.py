"""What a record's ledgers say of regimes that had nothing to teach."""

from sample_records import CELL

from harness.results.ledgers import ledger_lines, ledger_notes
from harness.results.schema import Cell, Ledger

OTHER = CELL.model_copy(update={"policy": "silent"})


def _ledger(seed: int = 0, cell: Cell = CELL, left_out: tuple[str, ...] = (), **rows: int) -> Ledger:
    return Ledger(cell=cell, seed=seed, asked=32, rows=rows, too_long={}, shared=10, left_out=list(left_out))


def test_a_student_that_was_taught_no_example_is_said_to_be_the_base() -> None:
    assert ledger_lines([_ledger(oracle=32, self_verified=0)], CELL) == [
        "Taught no example, since none of the 32 questions gave one, so that its student is the base: self_verified."
    ]


def test_a_regime_without_a_student_is_said_to_be_left_out() -> None:
    assert ledger_lines([_ledger(oracle=32, inverted=0, left_out=("inverted",))], CELL) == [
        "Left out, since not one of the 32 questions gave a row to teach: inverted."
    ]


def test_seeds_are_named_where_it_is_not_all_of_them() -> None:
    (line,) = ledger_lines([_ledger(0, self_verified=0), _ledger(1, self_verified=3)], CELL)
    assert line.endswith(": self_verified (seed 0).")


def test_where_every_regime_taught_something_nothing_is_said() -> None:
    assert ledger_lines([_ledger(oracle=32, self_verified=1)], CELL) == []


def test_notes_name_the_cell_where_there_are_several() -> None:
    ledgers = [_ledger(self_verified=0), _ledger(cell=OTHER, self_verified=2)]
    (note,) = ledger_notes(ledgers)
    assert note.startswith(f"policy {CELL.policy}: Taught no example")
