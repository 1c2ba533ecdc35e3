"""Style distance is 0.5 between texts of one source and 1 between those that differ in every text."""

from random import Random

import pytest

from harness.faithfulness.style import manner, style_distance


def _texts(count: int, seed: int, words: str) -> list[str]:
    rng = Random(seed)
    return [" ".join(rng.choices(words.split(), k=20)) for _ in range(count)]


def test_texts_of_one_source_cannot_be_told_apart() -> None:
    words = "we add the two sides and take a root of it then check"
    found = style_distance(_texts(150, 1, words), _texts(150, 2, words))
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.2


def test_texts_of_two_sources_can_and_their_manner_says_how() -> None:
    recap = [f"## Setup\n\nI find $x={n}$ first.\n\n## Result\n\nSo \\frac{{1}}{{2}}." for n in range(40)]
    bubbles = [f"1. find x, which is {n}\n2. halve" for n in range(40)]
    found = style_distance(recap, bubbles)
    assert found.auc == found.low == 1
    assert (found.first.headings, found.first.first_person, found.first.latex) == (1, 1, 1)
    assert (found.second.headings, found.second.first_person, found.second.latex) == (0, 0, 0)
    assert found.second.median_words == 8


def test_the_same_texts_give_the_same_figures_and_too_few_are_refused() -> None:
    first, second = _texts(20, 1, "a b c d"), _texts(20, 2, "a b c e")
    assert style_distance(first, second) == style_distance(first, second)
    with pytest.raises(ValueError, match="expected 5 texts or more a side, got 2 and 20"):
        style_distance(first[:2], second)


def test_a_heading_in_bold_or_with_a_colon_counts() -> None:
    assert manner(["**Idea**\nadd", "Idea:\nadd", "an idea: add", "**add** it"]).headings == 0.5
