"""Whatever happens to one file of a finished store is noticed, and the next run comes to the same record."""

from pathlib import Path

from store_faults import FAULTS, damage_and_run


def test_every_fault_is_named_or_computed_again_and_none_changes_the_record(tmp_path: Path) -> None:
    outcome = damage_and_run(tmp_path, faults=2 * len(FAULTS), seed=1)
    assert outcome.is_sound, "\n".join(outcome.lines())
    assert sum(outcome.recomputed.values()) == 2 * len(FAULTS)
