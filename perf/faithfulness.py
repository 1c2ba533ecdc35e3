"""Compare our ROUGE with rouge-score's, in one run and on the same texts: the figures and the speed.

    python perf/faithfulness.py [--tokens 500,2000,6000,20000] [--texts FILE.jsonl --field solution] [--all]
    python perf/faithfulness.py --command 48 [--tokens 6000] [--figures NAME,NAME]

Both run on one core. Time is the process's CPU time, so that a busy machine does not decide the ratio; the table shows the
median over the pairs. Texts consist of sentences of human solutions, or, without a file, of words drawn by Zipf's law. Every pair
has two new texts; the cache of stems is kept between pairs, as in use. rouge-score needs 3 GB and some minutes for 20,000 tokens.

With `--command`, `traceinv faithfulness` as a whole runs on so many pairs: every figure, three floors a pair, the start of its
processes. Its CPU time is divided by its workers, one a core. rouge-score computes ROUGE-1, -2 and -L of the pairs alone, without
floors, on one core; its time is taken on two of the pairs.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from process import TRACEINV, measure
from table import Row, keep

from harness.faithfulness.compare import compare_pair
from harness.faithfulness.metrics.overlap import bleu_nltk, bleu_sacrebleu, overlap
from harness.faithfulness.metrics.rouge import rouge_l, rouge_lsum, rouge_n
from harness.faithfulness.metrics.text import Text
from harness.faithfulness.metrics.words import nltk_words
from traceinv.records import Question

ROUGE = ("rouge1", "rouge2", "rougeL")
TOLERANCE = 1e-9
WHOLE = "every figure"
GOAL = 50
"""For all figures of a pair, and for the command: so many times as fast as rouge-score's three."""
Figures = dict[str, float]
Measure = Callable[[str, str], Figures]


def main() -> int:
    """Print one line for each length; return 1 where a figure differs."""
    options = _options()
    sentences = _sentences(options.texts, options.field)
    if options.command:
        return _command(sentences, int(options.tokens.split(",")[0]), options)
    print(f"{'tokens':>7} {'figures':<22} {'package':>12} {'here':>12} {'ratio':>8} {'largest difference':>19}")
    worst = 0.0
    for tokens in map(int, options.tokens.split(",")):
        pairs = 1 if tokens > 10_000 else 3
        made = [_pair(sentences, tokens, Random(f"{tokens}/{number}")) for number in range(pairs)]
        for name, (theirs, ours) in _contests(options.all).items():
            worst = max(worst, _contest(tokens, name, theirs, ours, made))
        if options.all:
            start = time.process_time()
            for truth, inverted in made:
                overlap(Text(truth), Text(inverted))
            print(
                f"{tokens:>7} {'every overlap figure':<22} {'':>12} {len(made) / (time.process_time() - start):>10.3g}/s"
            )
    print("every figure equal to 1e-9" if worst <= TOLERANCE else f"a figure differs by {worst}")
    return 0 if worst <= TOLERANCE else 1


def _command(sentences: list[list[str]], tokens: int, options: argparse.Namespace) -> int:
    """Time the whole command beside rouge-score, print a line, and return 1 where the ratio is under the goal."""
    pairs = [_pair(sentences, tokens, Random(number)) for number in range(options.command)]
    theirs, _ = _contests(everything=False)["ROUGE-1, -2 and -L"]
    cores = len(os.sched_getaffinity(0))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.jsonl"
        path.write_text("".join(json.dumps({"truth": one, "inverted": other}) + "\n" for one, other in pairs))
        chosen = ["--figures", options.figures] if options.figures else []
        start = time.process_time()
        for pair in pairs[:2]:
            theirs(*pair)
        slow = (time.process_time() - start) / 2
        spent = measure([*TRACEINV, "faithfulness", str(path), "--workers", str(cores), *chosen]).cpu
    fast = spent / cores / len(pairs)
    print(
        f"{len(pairs)} pairs of {tokens} words: rouge-score {1 / slow:.3g} pairs/s, the command {1 / fast:.3g} on {cores} cores"
    )
    print(f"ratio: {slow / fast:.1f} (goal {GOAL})")
    return 0 if slow / fast >= GOAL else 1


def _contest(
    tokens: int,
    name: str,
    theirs: Measure,
    ours: Measure,
    pairs: list[tuple[str, str]],
) -> float:
    """Time both functions on the pairs, print a line, and return the largest difference between their figures."""
    warm = _pair([["so", "it", "is"]], 12, Random(0))
    theirs(*warm), ours(*warm)
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    largest = 0.0
    for truth, inverted in pairs:
        start = time.process_time()
        reference = theirs(truth, inverted)
        middle = time.process_time()
        figures = ours(truth, inverted)
        seconds["theirs"].append(middle - start)
        seconds["ours"].append(time.process_time() - middle)
        largest = max(largest, *(abs(figures[figure] - value) for figure, value in reference.items()))
    slow, fast = median(seconds["theirs"]), median(seconds["ours"])
    line = f"{tokens:>7} {name:<22} {1 / slow:>10.3g}/s {1 / fast:>10.3g}/s {slow / fast:>7.0f}x {largest:>19.1e}"
    print(line, flush=True)
    if name == WHOLE:
        keep(
            Row(
                f"faithfulness, pairs a CPU s of {tokens} words",
                f"{1 / fast:.3g}",
                f"{1 / slow:.3g}",
                slow / fast,
                GOAL,
                False,
            )
        )
    return largest


def _contests(everything: bool) -> dict[str, tuple[Measure, Measure]]:
    """Return (the package's function, ours) by name."""
    from rouge_score.rouge_scorer import RougeScorer

    def package(names: tuple[str, ...]) -> Measure:
        scorer = RougeScorer(list(names), use_stemmer=True)
        return lambda truth, inverted: {name: score.fmeasure for name, score in scorer.score(truth, inverted).items()}

    contests: dict[str, tuple[Measure, Measure]] = {
        "ROUGE-1, -2 and -L": (package(ROUGE), _rouge),
        WHOLE: (package(ROUGE), _whole),
    }
    if everything:
        contests["ROUGE-Lsum"] = (package(("rougeLsum",)), _lsum)
        contests["BLEU, both variants"] = (_package_bleu, _bleu)
    return contests


def _rouge(truth: str, inverted: str) -> Figures:
    first, second = Text(truth), Text(inverted)
    return {
        "rouge1": rouge_n(first, second, 1),
        "rouge2": rouge_n(first, second, 2),
        "rougeL": rouge_l(first, second),
    }


def _whole(truth: str, inverted: str) -> Figures:
    """Compute all that `traceinv faithfulness` does for a pair."""
    figures = compare_pair(Question(id="", kind="", text=""), "5", truth, inverted).figures
    return {name: figures[name] or 0.0 for name in ROUGE}


def _lsum(truth: str, inverted: str) -> Figures:
    return {"rougeLsum": rouge_lsum(Text(truth), Text(inverted))}


def _bleu(truth: str, inverted: str) -> Figures:
    first, second = Text(truth), Text(inverted)
    return {"sacrebleu": bleu_sacrebleu(first, second), "nltk": bleu_nltk(first, second)}


def _package_bleu(truth: str, inverted: str) -> Figures:
    import sacrebleu
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    method = SmoothingFunction().method3
    words = nltk_words(truth), nltk_words(inverted)
    return {
        "sacrebleu": sacrebleu.sentence_bleu(inverted, [truth]).score / 100,
        "nltk": float(sentence_bleu([words[0]], words[1], smoothing_function=method)),
    }


def _pair(sentences: list[list[str]], tokens: int, rng: Random) -> tuple[str, str]:
    """Make two texts with a number of rouge-score's words, one sentence a line; a third of the sentences is in both."""
    common = [rng.choice(sentences) for _ in range(1 + tokens // 3)]
    return _text(sentences, common, tokens, rng), _text(sentences, common, tokens, rng)


def _text(sentences: list[list[str]], common: list[list[str]], tokens: int, rng: Random) -> str:
    lines, count, shared = [], 0, iter(common)
    while count < tokens:
        line = next(shared) if rng.random() < 1 / 3 else rng.choice(sentences)
        lines.append(" ".join(line))
        count += len(Text(lines[-1]).rouge)
    return "\n".join(lines)


def _sentences(path: Path | None, field: str) -> list[list[str]]:
    if path:
        texts = [json.loads(text)[field] for text in path.read_text(encoding="utf-8").splitlines()]
        lines = [line.split() for text in texts for line in text.splitlines()]
        return [line for line in lines if Text(" ".join(line)).rouge]
    rng = Random(0)
    words = ["".join(rng.choice("aeiourstlnmdp") for _ in range(rng.randint(2, 9))) for _ in range(4000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    return [rng.choices(words, weights, k=rng.randint(6, 24)) for _ in range(3000)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tokens", default="500,2000,6000,20000", help="number of words of each text, several by commas"
    )
    parser.add_argument("--texts", type=Path, help="JSONL file with the sentences of the texts")
    parser.add_argument("--field", default="solution", help="the field of the file that has the text")
    parser.add_argument("--all", action="store_true", help="compare ROUGE-Lsum and BLEU too")
    parser.add_argument(
        "--command", type=int, default=0, metavar="PAIRS", help="time the whole command on so many pairs"
    )
    parser.add_argument("--figures", help="with --command: these figures only, by commas")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
