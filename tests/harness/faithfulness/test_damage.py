"""Every figure moves as it should under known damage: this validates the figures, and names which one sees what."""

from collections.abc import Mapping
from functools import cache
from random import Random
from statistics import fmean

import pytest
from mirror import mirrored_rows

from harness.faithfulness.compare import Figures, compare_pair, mean_figures
from harness.faithfulness.damage import damages
from traceinv.records import Question

QUESTION = Question(id="", kind="prose", text="")
SEEN_BY = {
    "numbers changed, 3%": ("step_f1", "true_equations"),
    "numbers changed, 100%": ("step_f1", "true_equations", "rougeL", "concludes"),
    "last 3 numbers changed": ("concludes",),
    "variables swapped": ("bleu_sacrebleu", "rougeL"),
    "+ - * / < > swapped": ("step_f1", "true_equations"),
    "every `is`, `can`, `has` negated": ("step_f1",),
    "neighbouring sentences swapped": ("step_f1", "rougeL"),
    "paragraphs shuffled": ("step_f1", "rougeL"),
    "sentences shuffled": ("step_f1", "rougeL", "step_order"),
    "word salad": ("step_f1", "rougeL", "bleu_sacrebleu"),
    "told twice": ("step_f1", "step_precision", "rougeL"),
    "sentences deleted, 60%": ("step_f1", "rougeL", "length_ratio"),
    "cut to 50%": ("step_f1", "rougeL", "concludes"),
}
"""The figures that fall below 0.99 of what they are for the whole trace; docs/damage.md says so too."""
GROWING = (
    ["identical", "numbers changed, 3%", "numbers changed, 10%", "numbers changed, 30%", "numbers changed, 100%"],
    ["identical", "sentences deleted, 10%", "sentences deleted, 30%", "sentences deleted, 60%"],
    ["identical", "cut to 75%", "cut to 50%", "cut to 25%"],
)
FALLING = ("token_f1", "bleu_sacrebleu", "rouge1", "rouge2", "rougeL", "step_f1")


def _trace(seed: int) -> tuple[str, str]:
    """Write a trace as a reasoning model does: talk, lines of calculation, checks; return it with its answer."""
    rng = Random(seed)
    names, things = ["Ann", "Ben", "Cleo", "Dan"], ["clips", "books", "eggs", "cards", "stamps"]
    parts = ["Okay, so I need to find the answer to this problem. Let me think about it step by step."]
    total = rng.randrange(20, 60)
    for number in range(12):
        name, thing, more = rng.choice(names), rng.choice(things), rng.randrange(3, 40)
        parts.append(
            rng.choice(
                [
                    f"First, {name} has {total} {thing} in the {number + 2}. box. That is because the problem says so. "
                    f"So adding {more} more gives {total} + {more} = {total + more}.",
                    f"Let x be the number of {thing} that {name} has. Then x - {more} = {total}.\n\nSo:\n\n"
                    f"x = {total} + {more}\n\nx = {total + more}\n\nTherefore a < b can be checked.",
                    f"Wait, maybe {name} is not right here. But if each of the {more} {thing} is counted {number + 2} times, "
                    f"then {more} * {number + 2} = {more * (number + 2)}. Hmm, is that correct? Let me check again.",
                ]
            )
        )
        total += more
    parts.append(f"So the total is {total}. Let me verify that {total} - 1 = {total - 1}. The answer is {total}.")
    return "\n\n".join(parts), str(total)


@cache
def _table(real: bool) -> Mapping[str, Figures]:
    """Return the mean figures for each kind of damage."""
    traces = _real() if real else [_trace(seed) for seed in range(4)]
    table = {}
    for name, damage in damages().items():
        rows = [
            compare_pair(QUESTION, answer, text, damage(text, Random(i))) for i, (text, answer) in enumerate(traces)
        ]
        table[name] = mean_figures([row.figures for row in rows])
    return table


def _real() -> list[tuple[str, str]]:
    rows = sorted(mirrored_rows("traces/r1_aime24.transcripts"), key=lambda row: len(row["trace"]))
    return [(row["trace"], row["answer"]) for row in rows[:6]]


REAL = [False, pytest.param(True, marks=pytest.mark.slow)]


@pytest.mark.parametrize("real", REAL)
def test_how_a_trace_is_written_changes_no_step(real: bool) -> None:
    table = _table(real)
    for name in (
        "identical",
        "double blanks, single newlines",
        "newlines to blanks",
        "Markdown: bold, bullets",
        "numbers as $3$",
    ):
        assert table[name]["step_f1"] == pytest.approx(1, abs=0.03), name
    for name in ("synonyms, 30%", "synonyms, 100%"):
        assert table[name]["step_f1"] == pytest.approx(1, abs=0.05), name


@pytest.mark.parametrize("real", REAL)
@pytest.mark.parametrize("damage", SEEN_BY)
def test_every_damage_is_seen_by_the_figures_that_the_documentation_names(damage: str, real: bool) -> None:
    table = _table(real)
    for figure in SEEN_BY[damage]:
        whole, spoilt = table["identical"][figure], table[damage][figure]
        assert whole is not None
        assert spoilt is not None
        assert spoilt < 0.99 * whole, figure


@pytest.mark.parametrize("real", REAL)
@pytest.mark.parametrize("damages_in_order", GROWING, ids=["numbers", "deleted", "cut"])
def test_figures_fall_as_the_damage_grows(damages_in_order: list[str], real: bool) -> None:
    table = _table(real)
    for figure in FALLING:
        values = [table[name][figure] for name in damages_in_order]
        known = [value for value in values if value is not None]
        assert len(known) == len(values)
        assert known == sorted(known, reverse=True), figure
        assert known[0] - known[-1] > 0.1, figure


@pytest.mark.parametrize("real", REAL)
def test_the_headline_is_ordered_by_how_much_of_the_reasoning_is_lost(real: bool) -> None:
    """Layout, then words, then a few numbers, then all of them, then order, then everything."""
    order = [
        "Markdown: bold, bullets",
        "numbers changed, 3%",
        "numbers changed, 30%",
        "sentences shuffled",
        "word salad",
    ]
    values = [_table(real)[name]["step_f1"] or 0.0 for name in order]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.1


def test_a_short_true_account_is_told_from_a_foreign_trace_by_its_precision() -> None:
    """Its F1 is low because it is short; that much the length ratio says."""
    short, foreign = [], []
    for seed in range(8):
        truth, answer = _trace(seed)
        brief = "\n\n".join(truth.split("\n\n")[::6])
        short.append(compare_pair(QUESTION, answer, truth, brief).figures)
        foreign.append(compare_pair(QUESTION, answer, truth, _trace(seed + 50)[0]).figures)
    precision = [fmean(row["step_precision"] or 0.0 for row in rows) for rows in (short, foreign)]
    assert precision[0] > 0.9 > 0.5 > precision[1]
    assert fmean(row["length_ratio"] or 0.0 for row in short) < 0.5
