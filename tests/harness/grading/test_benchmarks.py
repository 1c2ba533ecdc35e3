"""The benchmarks' own references are right as they are, and wrong with one character changed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mirror import mirrored_rows

from harness.grading import EXPRESSION_RULE, NUMBER_RULE, grade_literal, grade_math

from .conftest import read_cases

REFERENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "math500": lambda row: str(row["answer"]),
    "gsm8k_test": lambda row: str(row["answer"].split("####")[1].strip()),
    "gsm8k_train_2000": lambda row: str(row["answer"].split("####")[1].strip()),
    "aime24": lambda row: str(row["expected_answer"]),
    "aime25": lambda row: str(row["answer"]),
    "amc23": lambda row: str(row["answer"]),
}
SENTENCES = [
    "We get this by counting 3 cases. The answer is {}.",
    "Therefore $\\boxed{{{}}}$ is right, and not 7777.",
    "<think>Perhaps \\boxed{{7777}}.</think>\n**Answer:** ${}$",
    "So the final answer is: \\[{}\\]",
]
PREDICTIONS = ["The answer is {}", "[ANSWER]{}[/ANSWER]", "So:\n```python\nassert f(1) == {}\n```", "It returns\n{}"]


def changes(reference: str) -> Iterator[str]:
    """Yield a reference with one character changed or removed: a digit, letter, sign, bracket or separator."""
    turned = str.maketrans("+-([)]", "-+[(])")
    for i, character in enumerate(reference):
        before, after = reference[:i], reference[i + 1 :]
        if character.isdigit():
            yield before + str((int(character) + 1) % 10) + after
        if character.isalpha():
            yield before + ("n" if character == "k" else "k") + after
        if character in "+-([)]":
            yield before + character.translate(turned) + after
        if (character.isdigit() and len(reference) > 1) or character in "-.,":
            yield before + after


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_in_a_sentence_is_correct(name: str, sentence: str) -> None:
    rule = EXPRESSION_RULE if name == "math500" else NUMBER_RULE
    references = [REFERENCES[name](row) for row in mirrored_rows(name)]
    grades = [grade_math(sentence.format(reference), reference, rule=rule) for reference in references]
    assert [grade for grade in grades if grade.state != "correct"] == []


@pytest.mark.parametrize("name", [name for name in REFERENCES if name != "math500"])
def test_a_number_with_one_character_changed_is_wrong(name: str) -> None:
    for reference in {REFERENCES[name](row) for row in mirrored_rows(name)}:
        for changed in set(changes(reference)) - {reference, reference.replace(",", "", 1)}:
            grade = grade_math(f"The answer is {changed}.", reference, rule=NUMBER_RULE)
            assert grade.value == 0 or int(changed.replace(",", "")) == int(reference.replace(",", "")), changed


@pytest.mark.slow
def test_an_expression_with_one_character_changed_is_wrong_but_for_the_equivalent_ones() -> None:
    equivalent = {(case["reference"], case["changed"]) for case in read_cases("equivalent_change")}
    references = {REFERENCES["math500"](row) for row in mirrored_rows("math500")}
    accepted = {
        (reference, changed)
        for reference in references
        for changed in set(changes(reference)) - {reference}
        if grade_math(f"Therefore $\\boxed{{{changed}}}$.", reference).value
    }
    assert accepted == equivalent


@pytest.mark.parametrize("sentence", PREDICTIONS)
def test_every_output_of_cruxeval_in_a_sentence_is_correct(sentence: str) -> None:
    outputs = [row["output"] for row in mirrored_rows("cruxeval")]
    grades = [grade_literal(sentence.format(output), output) for output in outputs]
    assert [grade for grade in grades if grade.state != "correct"] == []


def test_an_output_of_cruxeval_with_one_character_changed_is_wrong() -> None:
    equivalent = {("{2: 0.76, 5: [3, 6, 9, 12]}", "{2: .76, 5: [3, 6, 9, 12]}")}
    accepted = {
        (output, changed)
        for output in {row["output"] for row in mirrored_rows("cruxeval")}
        for changed in set(changes(output)) - {output}
        if grade_literal(f"[ANSWER]{changed}[/ANSWER]", output).value
    }
    assert accepted <= equivalent


def test_every_worked_solution_of_gsm8k_is_correct() -> None:
    rows = mirrored_rows("gsm8k_test")
    grades = [grade_math(row["answer"], REFERENCES["gsm8k_test"](row), rule=NUMBER_RULE) for row in rows]
    assert all(grade.value == 1 for grade in grades)
