"""An audit for people: threat model, ranking, and what it found."""

from sample_records import CELL, interval, policy_row, record, threat, utility

from harness.views.audit import audit_lines, policy_leak_table, policy_value_table, ranked, threat_lines

ROWS = [
    policy_row("half", 0.6),
    policy_row("silent", 0.02, attack="answer_only", utility=utility(0.0, 0.0)),
    policy_row("broken", None),
    policy_row("third", 0.3, utility=utility(None)),
]


def test_policies_are_ranked_by_what_they_leak_and_those_without_a_leak_come_last() -> None:
    assert [row.cell.policy for row in ranked(ROWS)] == ["silent", "third", "half", "broken"]
    table = policy_leak_table(ROWS)
    assert table.title == "Leak by policy on math"
    assert table.rows[0] == (
        "1", "silent", "2.0 [-8.0, 12.0]", "+0.6 [-4.4, 5.6]", "22.0 [17.0, 27.0]", "answer_only",
    )  # fmt: skip
    assert table.rows[-1][:3] == ("4", "broken", "not reported")
    assert "hold for all 4 policies at once" in table.caption
    assert "Median half width of the leaks' intervals: 10.0 points." in table.caption
    assert "Not reported: the oracle gains nothing." in table.caption


def test_utility_stands_in_the_same_order_and_says_why_it_is_withheld() -> None:
    table = policy_value_table(ROWS)
    assert [cells[0] for cells in table.rows] == ["silent", "third", "half", "broken"]
    assert table.rows[2] == ("half", "0.70 [0.65, 0.75]", "0.10 [0.05, 0.15]", "50", "50", "3.1", "4.2", "0.80")
    assert table.rows[1][1:3] == ("", "")
    assert table.caption.endswith("No AUC: 4 wrong answers of 200; expected 50 right and wrong ones.")


def test_cells_that_differ_in_more_than_their_policy_are_named_by_it_too() -> None:
    other = policy_row("half", 0.1, cell=CELL.model_copy(update={"policy": "half", "budget": 0.5}))
    assert [cells[1] for cells in policy_leak_table([ROWS[0], other]).rows] == ["half, budget 50%", "half, budget 100%"]


def test_the_threat_model_says_once_what_policies_share_and_what_each_shows() -> None:
    assert threat_lines([threat("half"), threat("silent")]) == [
        "Threat model: 1,200 questions asked of the target, 1,100 examples for each student, 1,200 questions answered by the "
        "surrogate for the inverters; permission: the target is trained by this run.",
        "The interface shows: half: answer and summary (half); silent: answer and summary (silent).",
    ]
    assert threat_lines([]) == []


def test_what_leaks_most_and_least_and_not_significantly_is_said() -> None:
    assert audit_lines(record(policies=ROWS)) == [
        "half leaks most, 60.0% of the oracle's gain beyond the surrogate, by inverted; silent least, 2.0%.",
        "No significant leak: silent.",
    ]
    unclear = [policy_row("half", 0.05), policy_row("third", -0.1)]
    assert audit_lines(record(policies=unclear)) == ["No significant leak: third, half."]
    nothing = [policy_row("half", None), policy_row("third", None, gain=interval(0.1))]
    assert audit_lines(record(policies=nothing)) == [
        "No policy's leak is reported: the oracle's gain over the best regime without disclosures is not significant."
    ]
