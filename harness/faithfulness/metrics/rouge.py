"""ROUGE F-measures (Lin 2004), equal to rouge-score's with `use_stemmer=True` and much faster on long texts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from harness.faithfulness.metrics.text import Text


def rouge_n(truth: Text, inverted: Text, n: int) -> float:
    """ROUGE-N: F-measure of shared runs of `n` words, each counted as often as both texts have it."""
    true_ngrams, ngrams = truth.ngrams("rouge", n), inverted.ngrams("rouge", n)
    return _f_measure(shared(true_ngrams, ngrams), true_ngrams.total(), ngrams.total())


def rouge_l(truth: Text, inverted: Text) -> float:
    """ROUGE-L: F-measure of the longest common subsequence of words, by rapidfuzz's bit-parallel algorithm (Hyyrö 2004)."""
    from rapidfuzz.distance import LCSseq

    numbers: dict[str, int] = {}
    true_ids, ids = ([numbers.setdefault(word, len(numbers)) for word in text.rouge] for text in (truth, inverted))
    return _f_measure(LCSseq.similarity(true_ids, ids), len(true_ids), len(ids))


def rouge_lsum(truth: Text, inverted: Text) -> float:
    """ROUGE-Lsum: for each line of the truth, the words that it has in common with any line of the other text, in order."""
    lines = list({tuple(line): line for line in inverted.rouge_lines}.values())
    lines_with: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        for word in set(line):
            lines_with.setdefault(word, []).append(number)
    found: Counter[str] = Counter()
    for line in truth.rouge_lines:
        found.update(_union_of_subsequences(line, lines, lines_with))
    true_words = sum(map(len, truth.rouge_lines))
    words = Counter(word for line in inverted.rouge_lines for word in line)
    return _f_measure((found & words).total(), true_words, words.total())


def shared(first: Counter[tuple[str, ...]], second: Counter[tuple[str, ...]]) -> int:
    """How many counts two counters share."""
    if len(first) > len(second):
        first, second = second, first
    return sum(min(count, second[key]) for key, count in first.items() if key in second)


def _f_measure(common: int, true_total: int, total: int) -> float:
    """Harmonic mean of precision and recall, in the order of operations of rouge-score."""
    if not common:
        return 0.0
    precision, recall = common / total, common / true_total
    return 2 * precision * recall / (precision + recall)


def _union_of_subsequences(
    line: Sequence[str], others: Sequence[Sequence[str]], others_with: Mapping[str, Sequence[int]]
) -> list[str]:
    """The words of `line` that are in the longest common subsequence with at least one of the others.

    Where two lines have several longest common subsequences, the one is taken that rouge-score reads out of its table, so that
    the unions are equal; sets of positions are the bits of whole numbers.
    """
    places: dict[str, int] = {}
    for position, word in enumerate(line):
        places[word] = places.get(word, 0) | 1 << position
    reachable: dict[int, int] = {}
    for word, positions in places.items():
        for number in others_with.get(word, ()):
            reachable[number] = reachable.get(number, 0) | positions
    union, everything = 0, (1 << len(line)) - 1
    # Those that can add most go first, since most others then have nothing left to add.
    for number in sorted(reachable, key=lambda number: -reachable[number].bit_count()):
        if reachable[number] & ~union:
            union |= _common_subsequence([places.get(word, 0) for word in others[number]], everything)
    return [word for position, word in enumerate(line) if union >> position & 1]


def _common_subsequence(matches: Sequence[int], everything: int) -> int:
    """The positions of one longest common subsequence.

    Args:
        matches: for each word of the other line, the positions in this line at which it stands.
        everything: all positions of this line.

    The rows are those of the bit-parallel algorithm of Hyyrö (2004): bit i of row j is 0 where the common subsequence of the
    first i + 1 words and the first j + 1 others is longer than that of the first i words. Reading back from the end, a match is
    always taken, and of two ways that lose nothing the one that leaves out a word of this line.
    """
    rows, row = [], everything
    for match in matches:
        if match:
            row = ((row + (row & match)) | (row & ~match)) & everything
        rows.append(row)
    found, before = 0, everything
    for match, row in zip(reversed(matches), reversed(rows), strict=True):
        stops = (match | ~row) & before
        if not stops:
            break
        last = 1 << (stops.bit_length() - 1)
        if match & last:
            found |= last
            before = last - 1
        else:
            before = (last << 1) - 1
    return found
