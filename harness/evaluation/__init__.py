"""Asking models the items of benchmarks, grading the responses, and the records of it."""
