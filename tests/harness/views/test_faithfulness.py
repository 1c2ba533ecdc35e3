"""The leaderboard's sentence on style."""

import pytest

from harness.results.schema import Interval, StyleDistance, StyleStats
from harness.views.faithfulness import style_line

STATS = StyleStats(texts=60, median_words=20, headings=0, first_person=0, latex=0)


@pytest.mark.parametrize(("low", "verb"), [(0.4, "cannot"), (0.5, "cannot"), (0.9, "can")])
def test_the_sentence_says_whether_summaries_can_be_distinguished(low: float, verb: str) -> None:
    distance = StyleDistance(taught=STATS, used=STATS, auc=Interval(mean=0.95, low=low, high=1, spread=None))
    assert f"A word classifier {verb} distinguish the surrogate's summaries" in style_line(distance)
