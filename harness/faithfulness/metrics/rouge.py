"""Compute ROUGE F-measures (Lin 2004), equal to rouge-score's with `use_stemmer=True` and much faster on long texts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from harness.faithfulness.metrics.ngrams import numbered, run_counts, shared_runs
from harness.faithfulness.metrics.text import Text


def rouge_n(truth: Text, inverted: Text, n: int) -> float:
    """Return ROUGE-N: the F-measure of runs of `n` words, each counted as often as both texts have it."""
    true_words, words = truth.rouge, inverted.rouge
    shared = shared_runs(true_words, words, n)[-1]
    return _f_measure(shared, run_counts(true_words, n)[-1], run_counts(words, n)[-1])


def rouge_l(truth: Text, inverted: Text) -> float:
    """Return ROUGE-L: the F-measure of the longest common subsequence of words (bit-parallel, Hyyrö 2004; rapidfuzz)."""
    from rapidfuzz.distance import LCSseq

    true_ids, ids = (ids.tolist() for ids in numbered(truth.rouge, inverted.rouge))
    return _f_measure(LCSseq.similarity(true_ids, ids), len(true_ids), len(ids))


def rouge_lsum(truth: Text, inverted: Text) -> float:
    """Return ROUGE-Lsum: the F-measure of the words that each true line shares, in order, with any line of the other text."""
    lines = list({tuple(line): line for line in inverted.rouge_lines}.values())
    lines_with: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        for word in set(line):
            lines_with.setdefault(word, []).append(number)
    common: Counter[str] = Counter()
    same: set[tuple[str, ...]] = set(map(tuple, lines))
    for words, times in Counter(map(tuple, truth.rouge_lines)).items():
        union: Sequence[str] = words if words in same else _union_of_subsequences(words, lines, lines_with)
        for word in union:
            common[word] += times
    true_words = sum(map(len, truth.rouge_lines))
    others = Counter(word for line in inverted.rouge_lines for word in line)
    return _f_measure((common & others).total(), true_words, others.total())


def _f_measure(common: int, true_total: int, total: int) -> float:
    """Return the harmonic mean of precision and recall, in rouge-score's order of operations."""
    if not common:
        return 0.0
    precision, recall = common / total, common / true_total
    return 2 * precision * recall / (precision + recall)


def _union_of_subsequences(
    line: Sequence[str], others: Sequence[Sequence[str]], others_with: Mapping[str, Sequence[int]]
) -> list[str]:
    """Return the words of `line` that are in the longest common subsequence with at least one of the others.

    Where two lines have several longest common subsequences, the one that rouge-score reads out of its table is taken, so
    that the unions are equal. Sets of positions are the bits of integers.

    Args:
        others_with: for each word the indices of the other lines that hold it.
    """
    places: dict[str, int] = {}
    for position, word in enumerate(line):
        places[word] = places.get(word, 0) | 1 << position
    reachable: dict[int, int] = {}
    for word, positions in places.items():
        for number in others_with.get(word, ()):
            reachable[number] = reachable.get(number, 0) | positions
    union, everything = 0, (1 << len(line)) - 1
    # lines that can add most go first, because most others then have nothing left to add
    for number in sorted(reachable, key=lambda number: -reachable[number].bit_count()):
        if reachable[number] & ~union:
            matches = [places.get(word, 0) for word in others[number]]
            # a second word in a row that is not in this line changes nothing
            matches = [match for match, before in zip(matches, [0, *matches], strict=False) if match or before]
            union |= _common_subsequence(matches, everything)
    return [word for position, word in enumerate(line) if union >> position & 1]


def _common_subsequence(matches: Sequence[int], everything: int) -> int:
    """Return the positions of one longest common subsequence, as the bits of an integer.

    The rows are those of the bit-parallel algorithm of Hyyrö (2004): bit i of row j is 0 where the common subsequence of the
    first i + 1 words and the first j + 1 others is longer than that of the first i words. Reading back from the end, a match
    is always taken; of two equally long ways, the one that leaves out a word of this line.

    Args:
        matches: for each word of the other line, its positions in this line.
        everything: all positions of this line.
    """
    rows, row = [], everything
    for match in matches:
        if match:
            row = ((row + (row & match)) | (row & ~match)) & everything
        rows.append(row)
    positions, before = 0, everything
    for match, row in zip(reversed(matches), reversed(rows), strict=True):
        stops = (match | ~row) & before
        if not stops:
            break
        last = 1 << (stops.bit_length() - 1)
        if match & last:
            positions |= last
            before = last - 1
        else:
            before = (last << 1) - 1
    return positions
