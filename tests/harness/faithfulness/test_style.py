"""Style distance is 0.5 between texts of one source and 1 between those that differ in every text."""

from random import Random

import pytest

from harness.faithfulness.style import TooFewTexts, style_distance, style_stats, summary_style
from traceinv.records import Disclosure, Question


def _texts(count: int, seed: int, words: str) -> list[str]:
    rng = Random(seed)
    return [" ".join(rng.choices(words.split(), k=20)) for _ in range(count)]


def test_texts_of_one_source_are_indistinguishable() -> None:
    words = "we add the two sides and take a root of it then check"
    distance = style_distance(_texts(150, 1, words), _texts(150, 2, words))
    assert distance.auc.low < 0.5 < distance.auc.high
    assert distance.auc.high - distance.auc.low < 0.2


def test_texts_of_two_sources_are_distinguished_and_the_shares_say_how() -> None:
    recap = [f"## Setup\n\nI find $x={n}$ first.\n\n## Result\n\nSo \\frac{{1}}{{2}}." for n in range(40)]
    bubbles = [f"1. find x, which is {n}\n2. halve" for n in range(40)]
    distance = style_distance(recap, bubbles)
    assert distance.auc.mean == distance.auc.low == 1
    assert (distance.taught.headings, distance.taught.first_person, distance.taught.latex) == (1, 1, 1)
    assert (distance.used.headings, distance.used.first_person, distance.used.latex) == (0, 0, 0)
    assert distance.used.median_words == 8


def test_the_same_texts_give_the_same_figures_and_too_few_are_refused() -> None:
    first, second = _texts(20, 1, "a b c d"), _texts(20, 2, "a b c e")
    assert style_distance(first, second) == style_distance(first, second)
    with pytest.raises(TooFewTexts, match="expected 5 or more texts that inverters are trained on, got 2"):
        style_distance(first[:2], second)
    with pytest.raises(TooFewTexts, match="used on, got 4"):
        style_distance(first, second[:4])


def _disclosures(texts: list[str]) -> list[Disclosure]:
    question = Question(id="q", kind="k", text="?")
    return [Disclosure(id="q", question=question, answer="a", summary=text) for text in [*texts, None]]


def test_disclosures_without_a_summary_do_not_count_and_too_few_give_no_figure() -> None:
    first, second = _texts(20, 1, "a b c d"), _texts(20, 2, "a b c e")
    assert summary_style(_disclosures(first), _disclosures(second), 0) == style_distance(first, second)
    assert summary_style(_disclosures(first), _disclosures(second[:4]), 0) is None


def test_a_heading_in_bold_or_with_a_colon_counts() -> None:
    assert style_stats(["**Idea**\nadd", "Idea:\nadd", "an idea: add", "**add** it"]).headings == 0.5
