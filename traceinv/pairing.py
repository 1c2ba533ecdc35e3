"""Pair texts with texts of other questions that are of the same group and of similar length.

Both ways of pairing walk through each group in the order of length. `swap_neighbours` uses every text once, so that the
texts of a training set stay the same; `sample_neighbours` draws several texts for each.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from random import Random


def swap_neighbours(lengths: Sequence[int], groups: Sequence[str], seed: int) -> dict[int, int]:
    """Give each text the text of a neighbour in the order of length, and each text to one other.

    Neighbours swap in pairs; the last three of a group of odd size pass theirs on in a circle. A text that is alone in its
    group is left out.

    Returns:
        The index of the text that each index is given, in the order in which they are paired.
    """
    donors: dict[int, int] = {}
    for members in _in_length_order(lengths, groups, Random(seed)):
        circles = [members[start : start + 2] for start in range(0, len(members) - 1, 2)]
        if len(members) % 2 and circles:
            circles[-1].append(members[-1])
        for circle in circles:
            donors.update(zip(circle, circle[1:] + circle[:1], strict=True))
    return donors


def sample_neighbours(
    lengths: Sequence[int], groups: Sequence[str], draws: int, seed: int, questions: Sequence[int] | None = None
) -> list[list[int]]:
    """Draw for each text up to `draws` texts of other questions among those nearest to it in length.

    The nearest are twice as many as are drawn.

    Args:
        questions: the number of each text's question, where several texts may belong to one question.

    Returns:
        For each text the indices drawn; empty where the group holds no other question.
    """
    question_of = range(len(lengths)) if questions is None else questions
    rng = Random(seed)
    drawn: list[list[int]] = [[] for _ in groups]
    for members in _in_length_order(lengths, groups, rng):
        runs = [list(run) for _, run in groupby(members, key=lambda index: question_of[index])]
        for position, run in enumerate(runs):
            nearest = _nearest(runs, position, question_of, draws)
            for index in run:
                drawn[index] = rng.sample(nearest, min(draws, len(nearest)))
    return drawn


def _in_length_order(lengths: Sequence[int], groups: Sequence[str], rng: Random) -> Iterator[list[int]]:
    """Yield the indices of each group from the shortest text to the longest, equal lengths in random order.

    A group is shuffled only when it is reached, so that what the caller draws from `rng` in between is reproducible.
    """
    by_group: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        by_group.setdefault(group, []).append(index)
    for members in by_group.values():
        rng.shuffle(members)
        members.sort(key=lambda index: lengths[index])
        yield members


def _nearest(runs: Sequence[list[int]], position: int, question_of: Sequence[int], draws: int) -> list[int]:
    """List the `draws` nearest texts of other questions on either side; a side that has more makes up for the other.

    Args:
        runs: the texts in order of length; neighbours of one question stand in one run and share their nearest texts.
    """
    question = question_of[runs[position][0]]
    before = (
        i for at in range(position - 1, -1, -1) if question_of[runs[at][0]] != question for i in reversed(runs[at])
    )
    after = (i for at in range(position + 1, len(runs)) if question_of[runs[at][0]] != question for i in runs[at])
    shorter, longer = (list(islice(side, 2 * draws)) for side in (before, after))
    return [
        *shorter[: max(draws, 2 * draws - len(longer))][::-1],
        *longer[: max(draws, 2 * draws - len(shorter))],
    ]
