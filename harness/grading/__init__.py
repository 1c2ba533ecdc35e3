"""The graders that tasks use: functions that take a response and a reference and return a `Grade`."""

from harness.grading.answers import EXPRESSION_RULE, NUMBER_RULE, Rule
from harness.grading.base import Grade, GradingFailed, State
from harness.grading.choice import grade_choice, grade_jeebench
from harness.grading.code import grade_humaneval, grade_mbpp
from harness.grading.literal import grade_literal
from harness.grading.livecodebench import grade_livecodebench
from harness.grading.math import grade_math, grade_math500

__all__ = [
    "EXPRESSION_RULE",
    "NUMBER_RULE",
    "Grade",
    "GradingFailed",
    "Rule",
    "State",
    "grade_choice",
    "grade_humaneval",
    "grade_jeebench",
    "grade_literal",
    "grade_livecodebench",
    "grade_math",
    "grade_math500",
    "grade_mbpp",
]
