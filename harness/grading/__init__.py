"""The graders that tasks use: pure functions from a response and a reference to a `Grade`."""

from harness.grading.base import Grade, State
from harness.grading.lab import grade_function, grade_value

__all__ = ["Grade", "State", "grade_function", "grade_value"]
