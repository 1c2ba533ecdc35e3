"""A run that is killed inside its stages goes on where it was, and ends with the record of one that was not."""

from pathlib import Path

import pytest
from kills import TRAINING_KINDS, kill_and_resume, places


def test_kills_are_spread_over_the_four_places_in_the_order_of_the_pipeline() -> None:
    assert places(4) == ["reasoning_model", "transcripts", "inversions", "responses"]
    assert [sum(place in TRAINING_KINDS for place in places(count)) for count in (1, 5, 10)] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_killed_inside_its_stages_ends_with_the_record_of_one_that_was_not(tmp_path: Path) -> None:
    report = kill_and_resume(tmp_path, kills=4, seed=1)
    assert [kill.hit.kind for kill in report.kills] == places(4)
    assert report.is_sound, "\n".join(report.lines())
