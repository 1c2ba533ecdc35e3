"""The verdict states the figures of a run truly, whatever its regimes, policies, tasks and cells are."""

import pytest
from sample_records import CELL, CONTRASTS, contrast, interval, leak_row, reading_row, recovery_row, row

from harness.results.schema import Contrast, LeakRow
from harness.results.verdict import ONE_SEED, Finding, findings, headline_group, verdict

NAMES = (
    "base",
    "answer_only",
    "summary",
    "surrogate_trace",
    "inverted",
    "inverted_without_summary",
    "oracle",
    "target",
)
ROWS = [row(name, seeds=(0, 1)) for name in NAMES]
SILENT = CELL.model_copy(update={"policy": "silent"})


def _finding(*names: str, leak: LeakRow | None = None, contrasts: list[Contrast] | None = None) -> Finding:
    (found,) = findings([row(name, seeds=(0, 1)) for name in names], contrasts or [], [], [leak] if leak else [])
    return found


def test_the_headline_is_what_disclosures_give_beyond_the_surrogate() -> None:
    found = _finding(*NAMES, leak=leak_row(gain=interval(0.034, 0.047)))
    assert found.headline == (
        "Beyond the surrogate on math: +3.4 points [-1.3, 8.1], not significant; 6.2 or more would have shown"
    )


@pytest.mark.parametrize(
    ("gain", "stated"),
    [
        (interval(0.14), "+14.0 points [9.0, 19.0], significant"),
        (interval(-0.14), "-14.0 points [-19.0, -9.0], significantly less"),
    ],
)
def test_a_significant_gain_or_loss_is_stated_as_one(gain: object, stated: str) -> None:
    assert _finding(*NAMES, leak=leak_row(gain=gain)).headline == f"Beyond the surrogate on math: {stated}"


def test_one_seed_limits_what_is_claimed() -> None:
    found = _finding(*NAMES, leak=leak_row(one_seed=True))
    assert found.headline.endswith("significant for these students")
    rows = [row(name) for name in NAMES]
    stated = verdict(rows, [], [], [leak_row(one_seed=True)])
    assert ONE_SEED in stated
    assert not stated.endswith(ONE_SEED)
    assert ONE_SEED not in verdict(ROWS, [], [], [leak_row()])


def test_the_whole_verdict_leads_with_the_headline_and_ends_with_what_needed_the_summary() -> None:
    effects = [
        contrast("inverted", "inverted_without_summary", 0.1, 0.2),
        contrast("summary", "answer_only", -0.1, 0.2, p_holm=1.0),
    ]
    recovery = [recovery_row("inverted"), recovery_row("surrogate_trace")]
    assert verdict(ROWS, effects, recovery, [leak_row()]) == (
        "Beyond the surrogate on math: +14.0 points [9.0, 19.0], significant. Disclosures leak 50.0% (95% CI [30.0, 70.0]) of "
        "what the oracle gains over the best regime without disclosures; the strongest attack is inverted (65.0%), the best "
        "without disclosures surrogate_trace (50.0%). What the summary adds: inverted - inverted_without_summary +15.0 points "
        "[10.0, 20.0] (significant) and summary - answer_only +5.0 points [-10.0, 20.0] (not significant; 14.0 or more would "
        "have shown). Recovery, counted from base and so with what the surrogate gives: inverted 79.0% (95% CI [69.0, 89.0]) and "
        "surrogate_trace 54.8% (95% CI [44.8, 64.8]). What leaked on math: 50.0% (95% CI [30.0, 70.0]) of the oracle's gain "
        "beyond the surrogate; without the summary it is 10.0% (95% CI [-10.0, 30.0]), so 80.0% of the leak needed the summary."
    )


def test_what_a_perfect_inverter_would_take_stands_beside_what_the_attacks_took() -> None:
    found = _finding(*NAMES, leak=leak_row(planted=interval(0.8)))
    assert found.details[1] == "A perfect inverter would take 80.0% (95% CI [75.0, 85.0]): what is planted."


def test_a_leak_that_may_be_zero_is_no_leak() -> None:
    found = _finding(*NAMES, leak=leak_row(gain=interval(0.01), leak=interval(0.05, 0.2)))
    assert found.details[0].startswith(
        "No significant leak: 5.0% (95% CI [-15.0, 25.0]) of what the oracle gains over the best"
    )
    assert found.conclusion == (
        "What leaked on math: nothing significant, 5.0% (95% CI [-15.0, 25.0]) of the oracle's gain beyond the surrogate; "
        "without the summary 10.0% (95% CI [-10.0, 30.0])."
    )


def test_a_withheld_leak_says_why_and_the_gain_stands_in_its_place() -> None:
    found = _finding(*NAMES, leak=leak_row(reported=False, gain=interval(0.01)))
    assert found.details[0] == (
        "The leak on math is not reported: the oracle's gain over a regime without disclosures is not significant (+2.0 points, "
        "95% CI [-3.0, 7.0])."
    )
    assert found.conclusion == "What leaked on math: +1.0 points [-4.0, 6.0] (not significant) beyond the surrogate."


def test_a_run_without_an_oracle_has_a_gain_and_no_leak() -> None:
    found = _finding(
        "answer_only", "surrogate_trace", leak=leak_row(reported=False, gap=None, withheld="the run has no oracle")
    )
    assert found.headline == "Beyond the surrogate on math: +14.0 points [9.0, 19.0], significant"
    assert found.details[0] == "The leak on math is not reported: the run has no oracle."


def test_a_run_without_students_of_the_surrogate_does_not_speak_of_it() -> None:
    found = _finding("base", "answer_only", "inverted", "oracle", leak=leak_row(best_undisclosed="base"))
    assert found.headline.startswith("Beyond the untaught student on math:")
    assert "the surrogate" not in " ".join((found.headline, *found.details, found.conclusion))


def test_a_policy_that_shows_no_summary_is_judged_by_attacks_that_use_none() -> None:
    names = ("base", "answer_only", "surrogate_trace", "inverted_without_summary", "oracle")
    found = _finding(*names, leak=leak_row(best_disclosed="inverted_without_summary", without_summary=None))
    assert "the strongest attack is inverted_without_summary (45.0%)" in found.details[0]
    assert found.conclusion.endswith("beyond the surrogate; the attacks use no summary.")


def test_a_run_without_inverted_traces_still_has_a_leak() -> None:
    found = _finding("base", "answer_only", "surrogate_trace", "oracle", leak=leak_row(best_disclosed="answer_only"))
    assert "the strongest attack is answer_only (23.0%)" in found.details[0]
    assert "inver" not in " ".join((found.headline, *found.details, found.conclusion))


def test_where_every_attack_uses_the_summary_it_is_not_known_how_much_needed_it() -> None:
    found = _finding("base", "summary", "surrogate_trace", leak=leak_row(without_summary=None))
    assert found.conclusion.endswith("; no attack does without the summary, so how much needed it is not known.")


def test_a_run_without_attacks_says_so_and_states_its_accuracies() -> None:
    found = _finding("base", "inverted_mismatched", "oracle")
    assert found.headline == "No leak is measured on math: this run teaches no student with what the target discloses"
    assert found.details == ("Accuracy on math: base 16.0%, inverted_mismatched 20.0% and oracle 78.0%.",)
    assert found.conclusion == "What leaked on math: this run does not say."


def test_a_run_without_a_student_taught_otherwise_says_what_is_missing() -> None:
    found = _finding("answer_only", "inverted")
    assert found.headline == (
        "No leak is measured on math: there is no comparison with a student that is taught without disclosures"
    )


def test_a_record_made_before_the_gain_was_computed_states_a_contrast_in_its_place() -> None:
    old = leak_row(gain=None, detectable=None, without_summary=None)
    found = _finding(*NAMES, leak=old, contrasts=CONTRASTS)
    assert found.headline == (
        "Beyond the surrogate on math (inverted - surrogate_trace): +15.0 points [-1.0, 31.0], not significant; 14.0 or more "
        "would have shown"
    )
    assert _finding(*NAMES, contrasts=CONTRASTS).headline == found.headline


def test_the_reading_test_says_of_each_part_whether_the_inverter_reads_it() -> None:
    tests = [reading_row(fall=0.3), reading_row(part="answer", fall=0.01)]
    (found,) = findings(ROWS, [], [], [leak_row()], tests)
    assert found.details[1] == (
        "Reading test, with another question's part in place of the right one: inverted reads the summary (step F1 -0.300 "
        "[-0.350, -0.250]) and shows no sign of reading the answer (step F1 -0.010 [-0.060, 0.040])."
    )
    (both,) = findings(ROWS, [], [], [leak_row()], [*tests, reading_row("inverted_without_summary", "answer", 0.2)])
    assert both.details[1].endswith(
        "[-0.060, 0.040]); inverted_without_summary reads the answer (step F1 -0.200 [-0.250, -0.150])."
    )
    (other,) = findings(ROWS, [], [], [leak_row()], [reading_row(cell=SILENT)])
    assert not any("Reading test" in detail for detail in other.details)


def test_recovery_is_not_reported_where_the_oracle_gains_nothing_significant() -> None:
    stated = verdict(ROWS, [], [recovery_row("inverted", reported=False)], [leak_row()])
    assert (
        "Recovery is not reported, since the oracle's gain over base is not significant (+2.0 points, 95% CI [-3.0, 7.0])."
        in stated
    )


@pytest.mark.parametrize(
    ("groups", "group", "where"),
    [
        (("math", "code", "all"), "math", "on math:"),
        (("code", "all"), "code", "on code:"),
        (("all",), "all", "on all tasks:"),
    ],
)
def test_a_run_is_judged_on_math_else_on_code_else_on_all_tasks(
    groups: tuple[str, ...], group: str, where: str
) -> None:
    rows = [row(name, groups=groups, seeds=(0, 1)) for name in NAMES]
    assert headline_group(rows) == group
    (found,) = findings(rows, [], [], [leak_row(other) for other in groups])
    assert found.headline.startswith(f"Beyond the surrogate {where}")
    assert found.conclusion.startswith(f"What leaked {where}")


def test_every_cell_has_findings_of_its_own_and_the_conclusions_come_last() -> None:
    rows = [
        row(name, cell=cell, seeds=(0, 1)) for cell in (CELL, SILENT) for name in ("surrogate_trace", "answer_only")
    ]
    leak = [leak_row(), leak_row("code"), leak_row(cell=SILENT, gain=interval(0.01), leak=interval(0.0, 0.1))]
    first, second = findings(rows, [], [], leak)
    assert (first.name, second.name) == ("policy recap", "policy silent")
    assert first.headline == "Beyond the surrogate on math (policy recap): +14.0 points [9.0, 19.0], significant"
    assert second.headline.startswith("Beyond the surrogate on math (policy silent): +1.0 points [-4.0, 6.0], not")
    assert verdict(rows, [], [], leak).endswith(f" {first.conclusion} {second.conclusion}")
