"""The scores of official graders, which stand beside the grade: where they agree with it, and where they are known to differ."""

import pytest

from harness.grading import grade_jeebench, grade_math500
from harness.grading.prm800k import equal_by_prm800k


@pytest.mark.parametrize(
    ("answer", "reference", "equal"),
    [
        ("42", "42", True),
        ("42.0", "42", True),
        ("43", "42", False),
        (r"\dfrac12", r"\frac{1}{2}", True),
        ("1/2", r"\frac{1}{2}", True),
        ("0.5", r"\frac{1}{2}", True),
        (r"\frac{2}{4}", r"\frac{1}{2}", False),
        ("c", r"\text{(C)}", True),
        ("(c)", r"\text{(C)}", True),
        (r"\text{evelyn}", r"\text{Evelyn}", True),
        ("x=5", "5", True),
        (r"2\sqrt3", r"2\sqrt{3}", True),
        (r"\sqrt{12}", r"2\sqrt{3}", True),
        (r"\sqrt{13}", r"2\sqrt{3}", False),
        ("5 cm", "5", True),
        ("5 m", "5", False),
        (r"90^\circ", "90", True),
        (r"50\%", "50", True),
        ("1,234", "1234", True),
        ("pi/4", r"\frac{\pi}{4}", True),
        ("x**2+1", "x^2+1", True),
        ("(1, 2)", r"\left(1,2\right)", True),
        ("(2, 1)", "(1,2)", False),
        ("[1,2)", "(1,2)", False),
        ("2,1", "1,2", False),
        ("x=y", "y=x", False),
        ("4", r"2^{2}", False),
        ("", "5", False),
        ("9" * 1000, "5", False),
        ("{" * 400, "5", False),
        (r"\frac{" * 80, "5", False),
    ],
)
def test_answers_are_equal_by_the_rule_of_prm800k(answer: str, reference: str, equal: bool) -> None:
    assert equal_by_prm800k(answer, reference) is equal


@pytest.mark.parametrize(
    ("response", "reference", "value", "official"),
    [
        (r"\boxed{\frac{2}{4}}", r"\frac{1}{2}", 1, 0),
        (r"\boxed{c}", r"\text{(C)}", 0, 1),
        (r"\boxed{42}", "42", 1, 1),
        (r"\boxed{41}", "42", 0, 0),
        ("I do not know", "42", 0, 0),
        (r"<think>\boxed{42}", "42", 0, 0),
    ],
)
def test_a_grade_of_math500_has_both_verdicts(response: str, reference: str, value: float, official: float) -> None:
    grade = grade_math500(response, reference)
    assert (grade.value, grade.official) == (value, official)


@pytest.mark.parametrize(
    ("response", "reference", "kind", "value", "official"),
    [
        (r"\boxed{0.63}", "0.62", "Numeric", 1, 0),
        (r"\boxed{0.62}", "0.62", "Numeric", 1, 1),
        (r"\boxed{0.64}", "0.62", "Numeric", 0, 0),
        (r"\boxed{AC}", "ACD", "MCQ(multiple)", 0.5, 0.5),
        (r"\boxed{AB}", "ACD", "MCQ(multiple)", 0, 0),
        ("The answer is A or C.", "ACD", "MCQ(multiple)", 0, 0.5),
        (r"\boxed{B}", "B", "MCQ", 1, 1),
        ("I do not know", "B", "MCQ", 0, 0),
        ("I do not know", "3", "Integer", 0, 0),
        (r"\boxed{10^{400}}", "3", "Integer", 0, 0),
    ],
)
def test_a_grade_of_jeebench_has_the_score_of_the_authors(
    response: str, reference: str, kind: str, value: float, official: float
) -> None:
    grade = grade_jeebench(response, reference, kind)
    assert (grade.value, grade.official) == (value, official)


def test_an_ungradable_item_has_no_official_score() -> None:
    assert grade_math500(r"\boxed{1}", "").official is None
    assert grade_jeebench("A", "x", "MCQ").official is None
