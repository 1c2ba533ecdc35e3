"""Predicted outputs are Python literals, which are parsed and never run."""

from typing import Any

import pytest

from harness.grading import grade_literal

from .conftest import read_cases

HUGE = [
    "[ANSWER]" * 100_000,
    "```\n" * 100_000,
    "[ANSWER]" + "[" * 9_000 + "[/ANSWER]",
    "[ANSWER]" + "-" * 9_000 + "1[/ANSWER]",
    "[ANSWER]" + "1+" * 4_000 + "1j[/ANSWER]",
    "[ANSWER]" + "1" * 9_000 + "[/ANSWER]",
    "[ANSWER]'\x00'[/ANSWER]",
    "f(" * 100_000,
]


@pytest.mark.parametrize("case", read_cases("literal"), ids=lambda case: case["response"][:60])
def test_a_predicted_output_is_in_the_right_state(case: dict[str, Any]) -> None:
    assert grade_literal(case["response"], case["reference"]).state == case["state"]


@pytest.mark.parametrize("response", HUGE, ids=lambda response: response[:12])
@pytest.mark.timeout(60)  # it takes milliseconds; a pattern that backtracks would take hours
def test_a_huge_or_broken_literal_is_no_answer(response: str) -> None:
    assert grade_literal(response, "1").state in {"no_answer", "bad_format"}
