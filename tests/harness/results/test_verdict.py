"""The verdict states the figures of a run, whatever its regimes, tasks and cells are."""

import pytest
from sample_records import CELL, CONTRASTS, contrast, leak_row, recovery_row, row

from harness.results.schema import Contrast
from harness.results.verdict import headline_group, verdict

NAMES = ("base", "answer_only", "summary", "surrogate_trace", "inverted", "oracle", "target")
ROWS = [row(name, seeds=(0, 1)) for name in NAMES]
INVERTED = [c for c in CONTRASTS if c.first == "inverted"]


def test_every_outcome_of_a_contrast_is_stated_with_its_figures() -> None:
    assert verdict(ROWS, INVERTED, [recovery_row("inverted")]) == (
        "On math, inverted (65.0%) is significantly above answer_only (23.0%; +42.0 points, 95% CI [37.0, 47.0]); it is not "
        "significantly different, after Holm correction over 3 comparisons, from summary (31.0%; +34.0 points, 95% CI [2.0, "
        "66.0]; minimum detectable effect 14.0 points); it is not significantly different from surrogate_trace (50.0%; +15.0 "
        "points, 95% CI [-1.0, 31.0]; minimum detectable effect 14.0 points); it recovers 79.0% (95% CI [69.0, 89.0]) of the "
        "gain from base to oracle."
    )


def test_a_significant_loss_is_stated_as_one() -> None:
    stated = verdict(ROWS, [contrast("inverted", "answer_only", -0.2, -0.1)], [])
    assert "is significantly below answer_only (23.0%; -15.0 points, 95% CI [-20.0, -10.0])" in stated


def test_recovery_is_not_reported_where_the_oracle_gains_nothing_significant() -> None:
    stated = verdict(ROWS, INVERTED, [recovery_row("inverted", reported=False)])
    assert (
        "has no recovery, since the oracle's gain over base is not significant (+2.0 points, 95% CI [-3.0, 7.0])"
        in stated
    )


@pytest.mark.parametrize(
    ("groups", "group", "where"),
    [
        (("math", "code", "all"), "math", "On math,"),
        (("code", "all"), "code", "On code,"),
        (("all",), "all", "On all tasks,"),
    ],
)
def test_a_run_is_judged_on_math_else_on_code_else_on_all_tasks(
    groups: tuple[str, ...], group: str, where: str
) -> None:
    rows = [row(name, groups=groups, seeds=(0, 1)) for name in NAMES]
    assert headline_group(rows) == group
    stated = verdict(rows, [contrast("inverted", "answer_only", 0.1, 0.2, group=group)], [])
    assert stated.startswith(f"{where} inverted (")
    assert "is significantly above answer_only" in stated


def test_a_policy_without_summaries_is_judged_by_the_inverters_that_need_none() -> None:
    rows = [row(name) for name in ("base", "answer_only", "surrogate_trace", "inverted_without_summary", "oracle")]
    stated = verdict(rows, CONTRASTS, [])
    assert stated.startswith("On math, inverted_without_summary (45.0%) is significantly below surrogate_trace")
    assert "trains no student" not in stated


def test_controls_do_not_count_as_inverted_traces() -> None:
    stated = verdict([row("answer_only"), row("inverted_mismatched")], [], [])
    assert stated.startswith(
        "This run trains no student on inverted traces. On math, the accuracies are: answer_only 23.0% and"
    )


def test_an_inverting_regime_without_a_contrast_is_named() -> None:
    assert "On math, inverted (65.0%) is compared with no other regime." in verdict([row("inverted")], [], [])


def test_every_cell_has_a_sentence_of_its_own() -> None:
    silent = CELL.model_copy(update={"policy": "silent"})
    rows = [row(name, cell=cell) for cell in (CELL, silent) for name in ("answer_only", "inverted")]
    contrasts: list[Contrast] = [
        contrast("inverted", "answer_only", 0.1, 0.2),
        contrast("inverted", "answer_only", -0.1, 0.2, cell=silent),
    ]
    stated = verdict(rows, contrasts, [])
    assert "On math (policy recap), inverted (65.0%) is significantly above answer_only" in stated
    assert "On math (policy silent), inverted (65.0%) is not significantly different from answer_only" in stated


def test_the_leak_is_stated_after_the_regimes_of_its_cell() -> None:
    silent = CELL.model_copy(update={"policy": "silent"})
    rows = [row(name, cell=cell, seeds=(0, 1)) for cell in (CELL, silent) for name in ("answer_only", "inverted")]
    stated = verdict(rows, [], [], [leak_row(), leak_row("code"), leak_row(reported=False, cell=silent)])
    assert stated == (
        "On math (policy recap), inverted (65.0%) is compared with no other regime. On math (policy recap), disclosures leak "
        "50.0% (95% CI [30.0, 70.0]) of what the oracle gains over the best regime without disclosures. On math (policy "
        "silent), inverted (65.0%) is compared with no other regime. On math (policy silent), the leak is not reported: the "
        "oracle's gain over a regime without disclosures is not significant (+2.0 points, 95% CI [-3.0, 7.0])."
    )


def test_students_of_one_seed_are_compared_as_these_two_students() -> None:
    contrasts = [contrast("inverted", name, *ends, one_seed=True) for name, ends in (
        ("answer_only", (0.37, 0.47)), ("surrogate_trace", (-0.01, 0.31)))]  # fmt: skip
    stated = verdict([row(name) for name in NAMES], contrasts, [])
    assert "inverted (65.0%) is, for these two students, significantly above answer_only (23.0%;" in stated
    assert "it is, for these two students, not significantly different from surrogate_trace (50.0%;" in stated


def test_one_seed_is_named_as_the_limit_that_it_is() -> None:
    one = (
        "With one seed, a comparison is about these two students: its interval covers other questions, not the differences "
        "between training runs."
    )
    assert verdict([row("inverted")], [], []).endswith(one)
    assert one not in verdict([row("inverted", seeds=(0, 1))], [], [])
