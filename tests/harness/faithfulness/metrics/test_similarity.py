"""Which steps are alike: neighbouring steps that are one step of the other trace are all found."""

from random import Random

from harness.faithfulness.metrics.similarity import ALMOST_EQUAL, MAX_MERGED, MAX_MERGED_WORDS, Merge, step_similarity
from harness.faithfulness.metrics.wording import join, wording
from traceinv.steps import Step

WORDS = ("we", "add", "not", "take", "3", "-4", "0.5", "+", "*", "half", "the", "17")


def _steps(rng: Random, count: int) -> list[str]:
    return [" ".join(rng.choices(WORDS, k=rng.randint(0, 4))) for _ in range(count)]


def test_every_window_that_equals_a_step_is_found() -> None:
    rng = Random(0)
    for _ in range(20):
        apart = _steps(rng, 12)
        others = _steps(rng, 3) + [" ".join(apart[start : start + rng.randint(2, 6)]) for start in range(0, 9, 3)]
        found = step_similarity(
            [Step(text, None) for text in apart], [Step(text, None) for text in others], exact=False
        )
        assert found is not None
        for count in range(2, MAX_MERGED + 1):
            for start in range(len(apart) - count + 1):
                window = join([wording(text) for text in apart[start : start + count]])
                for column, other in enumerate(map(wording, others)):
                    if window == other and window.words and (window.numbers or count <= MAX_MERGED_WORDS):
                        assert found.merged[Merge(count, 1)][start, column] == 1.0


def test_a_window_that_is_like_no_step_is_not_found() -> None:
    apart = ["take 3", "add 4", "the half"]
    found = step_similarity(
        [Step(text, None) for text in apart], [Step("take 3 add 5", None), Step("not", None)], exact=False
    )
    assert found is not None
    assert all(not pairs for pairs in found.merged.values())
    almost = step_similarity([Step(text, None) for text in apart], [Step("take 3 we add 4", None)], exact=False)
    assert almost is not None
    assert ALMOST_EQUAL <= almost.merged[Merge(2, 1)][0, 0] < 1
