"""Equations are judged where they can be, left alone where they were only half read, and never hang."""

import itertools
from types import SimpleNamespace

import pytest
from mirror import mirrored_rows

from harness.faithfulness.metrics import equations
from harness.faithfulness.metrics.equations import Equations, judge_equations


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        ("So 3 + 4 = 7.", 1, 0),
        ("So 3 + 4 = 8.", 0, 1),
        ("48/2 = 24 clips, and 24 + 48 = 71 in all", 1, 1),
        ("x = 3 + 4 = 7 = 14/2", 2, 0),
        (r"\begin{align*} 3+4 &= 7 \\ &= 14/3 \end{align*}", 1, 1),
        (r"\[f(3) = \frac{10}{2} = \boxed{5}\]", 1, 0),
        (r"$\dfrac{1}{2} + \tfrac{1}{3} = \frac{5}{6}$", 1, 0),
        (r"2^{10} = 1024, (3+4)^2 = 49, 2(3+4) = 14, 4 \times 5 \div 2 = 10", 4, 0),
        ("1,000 + 5 = 1,005 and $5 * 3 = $15", 2, 0),
        ("He has 48/2=<<48/2=24>>24 left", 1, 0),
        ("1/3 = 0.33 and 1/3 = 0.34 and 7/2 = 3", 1, 2),
        ("- 48 / 2 = 24\n* 6 * 4 = 25\n  - 3 + 4 = 7", 2, 1),
        (r"\begin{align*} - 3 + 5 &= 2 \\ - 3 - 4 &= -7 \end{align*}", 2, 0),
        ("So (3 + 4) = 7 and 4! = 24 and 3! = 7", 2, 1),
        ("9600/0.09 = 106,666.67, so\n106,666.67 = 9600/0.09\nand 9600/0.09 = 106666.67", 3, 0),
        ("1,400 + 280 = 1,680, and 1,400 + 280 = 1,681, no", 1, 1),
        ("1695/7 = 242.142... and 1695/7 = 242.142… and 1/3 = 0.333\\ldots, not 1/3 = 0.335...", 3, 1),
        ("1695/7 = 242.142", 0, 1),
        ("5² = 25, 2³ + 1 = 9, 10⁻¹ = 0.1 and 5² = 24", 3, 1),
        ("0.5 * 3 = 1.6 and 2*(1.5+1) = 2*(2.7)", 0, 2),
        ("所以3 + 4 = 7。三加四是3 + 4 = 8。", 1, 1),
        ("9**9**9**9 = 1 and 0/0 = 1 and 2**-99999999 = 0", 0, 0),
    ],
)
def test_closed_equations_are_judged(text: str, true: int, false: int) -> None:
    assert judge_equations(text) == Equations(true, false, timed_out=False)


@pytest.mark.parametrize(
    "text",
    [
        "2x + 3 = 7",
        "3 = 3 x",
        "half of 48 = 24",
        "10% of 50 = 5",
        "50 mod 7 = 1",
        "3 + 5 = 1 (mod 7)",
        r"3 + 5 = 1 \pmod 7",
        "sin 30 = 0.5",
        "f'(3) = 4",
        "S_3 = 6",
        "1011_2 = 11",
        "|-3| = 3",
        "5 = 3 apples + 2 oranges",
        "apples + 2 = 5",
        r"279/999 = 0.\overline{279}",
        r"t \begin{pmatrix} 2 \\ -3 \end{pmatrix} = \begin{pmatrix} 0 \\ 1 \end{pmatrix}",
        "3 4 = 7",
        "at 12:30 = 30",
        "the ratio 1:2 = 0.5",
        "3,5 = 7/2",
        "2 + 2 != 5",
        "abs(-3) = 3",
        "fact(3) = 6",
        "24 = 2 dozen",
        "1500000 = 1.5 million",
        "$0.05 = 5 cents",
        "50/7 = 7 remainder 1",
        "25 = 5 squared",
        "10 = 20 divided by 2",
        "twice 3 + 4 = 10",
        "negative 3 + 5 = 2",
        r"$\sqrt{2} = 1.41$",
        r"$\pi = 3.14$",
        "253/2=126, rem 1",
        "253/2 = 126, remainder 1",
        "253/2 = 126 with a remainder of 1",
        "253/2 = 126 R 1",
        "253/2 = 126 R1",
        "253/2=126余1",
        "2v³ - 5*2 = 0",
        "10 = 5v²",
        "10 = 5x₁",
        "x₁ - 3 = 4",
        "20 = 4πr²",
        "sin²(30) = 1",
        "12 = 6 cm²",
        "12 = 6cm",
        "20 = 4ab",
        "ab4 = 5",
        "2*(15.21+5.889+5.889) = 2*(27.0)",
        "= = =",
        "__import__('os').system('true') = 1",
    ],
)
def test_what_may_be_half_an_equation_is_left_alone(text: str) -> None:
    judged = judge_equations(text)
    assert (judged.true, judged.false) == (0, 0)
    assert judged.share is None


def test_roots_and_factorials_are_judged_by_computer_algebra() -> None:
    text = r"$\sqrt{25} = 5$ and $5! = 120$ and $\binom{5}{2} = 11$"
    assert judge_equations(text, seconds=100) == Equations(2, 1, timed_out=False)


@pytest.mark.slow
def test_an_endless_expression_costs_no_more_than_the_limit() -> None:
    """The process that judges it is killed after 5 s of CPU time; without that, this test would not end."""
    assert judge_equations(r"\sqrt{9^{9^{9^{9}}}} = 1 " * 50 + "and 1 + 1 = 2", seconds=1).false == 0


def test_equations_after_the_time_limit_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(equations, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    text = "1 + 1 = 2 and 2 + 2 = 5 and 3 + 3 = 6 and 4 + 4 = 8"
    assert judge_equations(text, seconds=3) == Equations(2, 1, timed_out=True)
    assert judge_equations(text, seconds=100) == Equations(3, 1, timed_out=False)


@pytest.mark.parametrize(
    "hostile", ["1=" * 9_000, "(" * 50_000 + "=1", "1+" * 50_000 + "=3", "\n" * 100_000, "9^" * 9_000 + "=1"]
)
def test_long_hostile_texts_are_judged_without_an_error(hostile: str) -> None:
    judge_equations(hostile, seconds=30)


@pytest.mark.parametrize(
    ("file", "field", "least"),
    [
        pytest.param("math500", "solution", 0.97, marks=pytest.mark.slow),
        ("gsm8k_test", "answer", 0.99),
    ],
)
def test_what_people_write_is_true(file: str, field: str, least: float) -> None:
    texts = [row[field] for row in mirrored_rows(file)[:150]]
    judged = [judge_equations(text) for text in texts]
    true, false = sum(row.true for row in judged), sum(row.false for row in judged)
    assert true > 100
    assert true / (true + false) > least
