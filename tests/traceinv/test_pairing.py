"""Texts are paired with texts of other questions of the same group and of similar length."""

import pytest

from traceinv.pairing import sample_neighbours, swap_neighbours


@pytest.mark.parametrize("count", [2, 3, 21, 22])
def test_neighbours_swap_so_that_every_text_is_used_once_and_never_by_itself(count: int) -> None:
    donors = swap_neighbours([5 * number % count for number in range(count)], ["a"] * count, seed=0)
    assert sorted(donors) == sorted(donors.values()) == list(range(count))
    assert all(index != donor for index, donor in donors.items())
    assert all(abs(5 * index % count - 5 * donor % count) <= 2 for index, donor in donors.items())


def test_groups_do_not_mix_and_a_text_alone_is_left_out() -> None:
    assert swap_neighbours([1, 1, 1, 1, 1], ["a", "b", "a", "c", "b"], seed=0) == {0: 2, 2: 0, 1: 4, 4: 1}
    assert swap_neighbours([], [], seed=0) == {}


def test_others_are_different_of_the_same_group_and_of_like_length() -> None:
    lengths = [10 * (number % 50) for number in range(200)]
    groups = ["even" if number % 2 == 0 else "odd" for number in range(200)]
    others = sample_neighbours(lengths, groups, draws=3, seed=0)
    for index, chosen in enumerate(others):
        assert len(set(chosen) - {index}) == 3
        assert all(groups[other] == groups[index] for other in chosen)
        assert all(abs(lengths[other] - lengths[index]) <= 40 for other in chosen)
    assert sample_neighbours(lengths, groups, 3, seed=0) == others
    assert sample_neighbours(lengths, groups, 3, seed=1) != others


def test_a_text_alone_has_no_other_and_few_texts_give_what_they_have() -> None:
    assert sample_neighbours([5, 6, 7], ["a", "b", "b"], draws=3, seed=0) == [[], [2], [1]]


def test_samples_of_one_question_do_not_crowd_out_the_others() -> None:
    """Ten samples of each question, of equal length: the nearest are all its own, and the floor is drawn beyond them."""
    questions = [index // 10 for index in range(200)]
    others = sample_neighbours([100 * number for number in questions], [""] * 200, 3, 0, questions)
    for index, chosen in enumerate(others):
        assert len(set(chosen)) == 3
        assert all(1 <= abs(questions[other] - questions[index]) <= 2 for other in chosen)
    assert sample_neighbours([1, 2, 3], [""] * 3, 3, 0, [0, 0, 0]) == [[], [], []]


def test_pairs_stay_the_same_from_version_to_version() -> None:
    """The rows of the mismatched control and the floors of committed records depend on them."""
    lengths, groups = [5, 3, 5, 8, 1, 3, 9, 2, 7], list("ababababa")
    assert swap_neighbours(lengths, groups, 1) == {4: 0, 0: 4, 2: 8, 8: 6, 6: 2, 7: 1, 1: 7, 5: 3, 3: 5}
    assert sample_neighbours(lengths, groups, 2, 1) == [
        *([6, 8], [5, 7], [6, 4], [1, 7], [6, 2], [3, 7], [4, 0], [3, 5], [4, 0])
    ]
    questions = [0, 1, 2, 3, 0, 1, 2, 3, 4]
    assert sample_neighbours(lengths, groups, 1, 2, questions) == [[8], [3], [0], [1], [2], [3], [0], [5], [0]]
