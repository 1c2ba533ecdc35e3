"""Tests of the lab's questions and of their splits."""

from collections import Counter
from itertools import combinations

import pytest

from traceinv.lab.families import guessed_world
from traceinv.lab.questions import SPLITS, TEST_PRIVATE, TEST_SEED, TEST_STEPS, draw, sample_problems, split_of


def test_no_two_splits_share_a_question_even_up_to_renaming() -> None:
    keys = {split: {(p.family, p.key) for p in draw(split, 60, (1, 8), seed=0).values()} for split in SPLITS}
    for first, second in combinations(SPLITS, 2):
        assert not keys[first] & keys[second]


def test_the_test_questions_are_in_no_other_split_whatever_the_seed() -> None:
    test = {p.question for p in draw("test", 200, TEST_STEPS, TEST_SEED).values()}
    others = [draw(split, 100, TEST_STEPS, seed) for split in SPLITS if split != "test" for seed in (0, TEST_SEED)]
    assert len(test) == 800
    assert not test & {p.question for problems in others for p in problems.values()}


def test_a_seed_gives_the_same_questions_and_another_gives_others() -> None:
    first = sample_problems("chain", "target", 20, (4, 8), seed=1)
    assert first == sample_problems("chain", "target", 20, (4, 8), seed=1)
    assert first != sample_problems("chain", "target", 20, (4, 8), seed=2)
    assert {split_of(problem) for problem in first} == {"target"}


def test_asking_for_more_questions_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="no 100 different problems"):
        sample_problems("compose", "test", 100, (1, 1), seed=0)


@pytest.mark.parametrize("family", ["chain", "dials", "prints", "compose"])
def test_always_giving_the_commonest_answer_scores_at_most_a_fifth_of_each_task(family: str) -> None:
    problems = sample_problems(family, "test", 200, TEST_STEPS, TEST_SEED, max_answer_share=0.2)
    assert max(Counter(problem.answer for problem in problems).values()) <= 40


def test_private_questions_of_two_splits_are_disjoint_whatever_their_worlds() -> None:
    keys = {
        split: {(p.family, p.key) for p in draw(split, 40, (1, 6), 0, (0, 2), guessed_world).values()}
        for split in SPLITS
    }
    for first, second in combinations(SPLITS, 2):
        assert not keys[first] & keys[second]


def test_the_range_of_private_steps_holds_and_all_of_it_is_used() -> None:
    drawn = sample_problems("chain", "test", 60, TEST_STEPS, 0, private=TEST_PRIVATE)
    assert {problem.private for problem in drawn} == set(range(TEST_PRIVATE[0], TEST_PRIVATE[1] + 1))
    short = sample_problems("chain", "target", 8, (2, 2), 0, private=(4, 4))
    assert {problem.private for problem in short} == {2}
