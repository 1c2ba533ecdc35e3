"""Steps of prose are compared by what they say: not by how they are written, but by numbers, signs, operators and negation."""

from random import Random

import pytest

from harness.faithfulness.metrics.align import step_figures
from harness.faithfulness.metrics.similarity import step_similarity
from harness.faithfulness.metrics.wording import wording
from traceinv.records import Question
from traceinv.steps import steps_of

PROSE = Question(id="", kind="prose", text="")
HOSTILE = [
    "",
    "\x00",
    "\ud800",
    "²³₄",
    "\\frac" * 2_000,
    "\\frac{" * 2_000 + "1" + "}{2}" * 2_000,
    "*" * 10_000,
    "$" * 10_000,
    "1/" * 5_000,
    "-" * 10_000,
]


def _step_f1(truth: str, inverted: str) -> float | None:
    similarity = step_similarity(steps_of(PROSE, truth), steps_of(PROSE, inverted), exact=False)
    return step_figures(similarity)["step_f1"]


@pytest.mark.parametrize(
    ("truth", "inverted"),
    [
        ("The list is 5,7,9,9.", "The list is 5, 7, 9, 9."),
        ("It costs 1,234.50 in all.", "It costs 1234.5 in all."),
        ("It costs 1{,}234 in all.", "It costs 1234 in all."),
        ("It has 1,234,567 rows, so 3.", "It has 1234567 rows, so 3."),
        ("x^2 = 4", "x² = 4"),
        ("x^{12} = 4", "x¹² = 4"),
        ("x_1 = 4", "x₁ = 4"),
        ("We have $3$ eggs.", "We have 3 eggs."),
        (r"We have \(3\) eggs.", "We have 3 eggs."),
        ("**We** have *three* `eggs`, so 3", "- We have three eggs, so 3"),
        ("## So 3 + 4 = 7", "So 3 + 4 = 7"),
        ("It is 5.0 m long.", "It is 5 m long."),
        ("p = 1/2", "p = 0.5"),
        (r"p = \frac{3}{8}", "p = 3/8"),
        ("p = ½ here", r"p = \dfrac12 here"),
        (r"a \le b \cdot 3", "a ≤ b × 3"),
        ("10 - 3 = 7", "10 − 3 = 7"),
        ("48 divided by 2 is 24.", "48/2 is 24."),
        ("2 * x = 6", "2x = 6"),
        ("So it isn't 5.", "So it is not 5."),
        ("A well-known 3-digit number.", "A well known 3 digit number."),
        (r"\alpha = 3", "α = 3"),
        ("Yes.", "Yes!"),
        ("答案是对的。", "答案是对的！"),
        ("得到７。", "得到7。"),
    ],
)
def test_another_way_to_write_a_step_is_the_same_step(truth: str, inverted: str) -> None:
    assert _step_f1(truth, inverted) == 1


@pytest.mark.parametrize(
    ("truth", "inverted"),
    [
        ("The list is 5,7,9,9.", "The list is 57,99."),
        ("The point is (1,2).", "The point is 12."),
        ("Yes.", "No."),
        ("Correct.", "Invalid."),
        ("So yes.", "So no."),
        ("答案是对的。", "完全不同的话。"),
        ("答案是对的。", "答案是不对的。"),
        ("この答えは正しい。", "次に別の値を計算する。"),
        ("x = -3.", "x = 3."),
        ("The root is -3 here.", "The root is 3 here."),
        ("a + b = 7", "a - b = 7"),
        ("a * b = 7", "a / b = 7"),
        ("x - a + b = 7", "x + a - b = 7"),
        ("so a < b holds", "so a > b holds"),
        ("x² = 4", "x³ = 4"),
        ("x₁ = 4", "x₂ = 4"),
        ("So n is even.", "So n is not even."),
        ("That can be.", "That can't be."),
        ("So :", "Simplify :"),
    ],
)
def test_another_statement_in_the_same_words_is_another_step(truth: str, inverted: str) -> None:
    assert _step_f1(truth, inverted) == 0


def test_a_step_that_only_one_account_spells_out_does_not_contradict_the_other() -> None:
    assert _step_f1("Adding 3 and 4 we get 7 eggs in all.", "Adding 3 + 4 we get 7 eggs in all.") == 1


@pytest.mark.parametrize(
    ("truth", "inverted"),
    [
        ("So a=2.\nSo b=3.", "So a=2; so b=3."),
        ("First\n3 + 4 = 7\n7 + 5 = 12\nand so on.", "First 3 + 4 = 7 7 + 5 = 12 and so on."),
        ("我们先算三加四。得到七。", "我们先算三加四，得到七。"),
    ],
)
def test_steps_that_are_written_apart_or_in_one_are_the_same(truth: str, inverted: str) -> None:
    assert _step_f1(truth, inverted) == _step_f1(inverted, truth) == 1


def test_steps_in_one_count_only_where_nearly_all_of_them_is_there() -> None:
    assert _step_f1("So a=2.\nSo b=3.\nThen c=4.", "So a=2; so b=3; then c=5.") == 0


def test_chinese_and_japanese_sentences_end_without_a_blank() -> None:
    texts = [step.text for step in steps_of(PROSE, "三加四是七。对吗？「对！」所以答案是七。3.5不对。")]
    assert texts == ["三加四是七。", "对吗？", "「对！」", "所以答案是七。", "3.5不对。"]


def test_what_a_step_holds_is_read_in_one_form() -> None:
    read = wording("So **x₁** − 1{,}234.50 isn't -\\frac{1}{2}.")
    assert read.words == ("so", "x", "1", "-", "1234.5", "is", "not", "-0.5")
    assert read.numbers == ("-0.5", "1", "1234.5")
    assert (read.negations, read.operators) == (1, ("-1234.5",))


def test_no_text_makes_a_reader_fail() -> None:
    rng = Random(0)
    letters = "ab12 .,-+*/^_{}()\\$²₁−中。½\n"
    made = ["".join(rng.choice(letters) for _ in range(rng.randrange(60))) for _ in range(500)]
    for text in [*HOSTILE, *made]:
        wording(text)
        assert _step_f1(text, text) in (None, 0, 1)
