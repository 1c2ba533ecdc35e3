"""Tables as data."""

import pytest
from sample_records import (
    CELL,
    CONTRASTS,
    STYLE,
    contrast,
    faithfulness_row,
    interval,
    leak_row,
    likelihood_row,
    recovery_row,
    row,
)

from harness.views.accuracies import accuracy_table, ending_table, in_order, task_table
from harness.views.differences import contrast_table
from harness.views.faithfulness import bits_table, faithfulness_table, style_table
from harness.views.leaks import leak_sides_table, leak_table, recovery_table
from harness.views.tables import Column, Table

SILENT = CELL.model_copy(update={"policy": "silent"})


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def test_accuracies_are_shown_by_group_and_by_task() -> None:
    rows = [row("base"), row("inverted"), row("target")]
    groups, tasks = accuracy_table(rows), task_table(rows)
    assert _names(groups) == ["regime", "math", "code", "all tasks"]
    assert groups.rows[1] == ("inverted", "65.0 [60.0, 71.0]", "57.0 [52.0, 63.0]", "61.0 [56.0, 67.0]")
    assert groups.rows[2][0] == "target (reference)"
    assert _names(tasks) == ["regime", "lab_chain", "lab_compose"]


def test_a_score_that_a_row_lacks_is_blank() -> None:
    assert accuracy_table([row("base"), row("oracle", groups=("all",))]).rows[1][1:3] == ("", "")


def test_cells_are_named_by_what_differs_and_only_then() -> None:
    rows = [row("inverted"), row("inverted", cell=SILENT)]
    assert _names(accuracy_table(rows))[:2] == ["regime", "cell"]
    assert [cells[1] for cells in accuracy_table(rows).rows] == ["policy recap", "policy silent"]
    assert "cell" not in _names(accuracy_table(rows[:1]))
    reference = row("target", cell=CELL.model_copy(update={"student": None}))
    assert "cell" not in _names(accuracy_table([rows[0], reference]))


def test_rows_are_ordered_from_base_to_oracle_and_then_references() -> None:
    rows = [row(name) for name in ("target", "oracle", "inverted", "base")] + [
        row("inverted").model_copy(update={"name": "own"})
    ]
    assert [r.name for r in in_order(rows)] == ["base", "inverted", "oracle", "own", "target"]


def test_endings_are_shares_of_all_replies() -> None:
    table = ending_table([row("inverted", seeds=(0, 1))])
    assert dict(zip(_names(table), table.rows[0], strict=True)) == {
        "regime": "inverted",
        "finished": "85.5",
        "unclosed": "14.5",
        "no answer": "0.0",
        "bad format": "0.0",
        "bounds": "61.0 to 75.5",
        "tokens": "50",
        "spread": "4.0",
        "seeds": "2",
        "items": "200",
    }


@pytest.mark.parametrize(
    ("changes", "significant", "needed"),
    [
        ({"low": 0.1, "high": 0.2}, "yes", ""),
        ({"low": 0.1, "high": 0.2, "p_holm": 0.06}, "no (Holm)", "900 questions or 6 seeds"),
        ({"low": -0.1, "high": 0.2}, "no", "900 questions or 6 seeds"),
        ({"low": -0.1, "high": 0.2, "more_questions": None}, "no", "6 seeds"),
        ({"low": -0.1, "high": 0.2, "more_seeds": None}, "no", "900 questions"),
        ({"low": -0.1, "high": 0.2, "more_questions": None, "more_seeds": None}, "no", "over 100,000 questions"),
        ({"low": -0.1, "high": 0.1}, "no", ""),
        ({"low": 0.1, "high": 0.2, "one_seed": True}, "yes, 1 seed", ""),
    ],
)
def test_a_difference_says_whether_it_is_significant_and_what_data_it_needs(
    changes: dict[str, float | None], significant: str, needed: str
) -> None:
    cells = contrast_table([contrast("inverted", "summary", **changes)]).rows[0]  # type: ignore[arg-type]
    assert cells[0] == "inverted - summary"
    assert (cells[4], cells[6]) == (significant, needed)


def test_the_caption_counts_the_comparisons_that_were_corrected_for() -> None:
    assert "corrected for 4 comparisons" in contrast_table(CONTRASTS).caption
    assert "corrected for 24 comparisons" in contrast_table(CONTRASTS[:1], 24).caption


def test_intervals_say_whether_they_cover_seeds() -> None:
    one, two = [row("base"), row("inverted")], [row("base"), row("inverted", seeds=(0, 1))]
    for build in (accuracy_table, task_table):
        assert build(two).caption == "In brackets: 95% CI over questions and seeds."
        assert "over questions, for these models" in build(one).caption


def test_no_p_value_is_shown_where_each_side_has_one_seed() -> None:
    several, one = contrast("inverted", "summary", 0.1, 0.2), contrast("inverted", "summary", 0.1, 0.2, one_seed=True)
    table = contrast_table([several, one])
    assert [row[3] for row in table.rows] == ["0.001", ""]
    assert "no p is shown" in table.caption
    assert "no p is shown" not in contrast_table([several]).caption


def test_the_leak_has_a_line_a_group_with_the_regimes_that_it_compares() -> None:
    rows = [
        leak_row(),
        leak_row("code", reported=False),
        leak_row("all", reported=False, gap=None, gain=None, detectable=None),
    ]
    table = leak_table(rows)
    assert _names(table) == ["on", "gain in points", "MDE", "leak in %", "without summary"]
    assert table.rows == (
        ("math", "+14.0 [9.0, 19.0]", "6.2", "50.0 [30.0, 70.0]", "10.0 [-10.0, 30.0]"),
        ("code", "+14.0 [9.0, 19.0]", "6.2", "not reported", ""),
        ("all tasks", "", "", "not reported", ""),
    )
    assert "planted" in _names(leak_table([leak_row().model_copy(update={"planted": leak_row().leak})]))
    sides = leak_sides_table(rows)
    assert _names(sides) == ["on", "best attack", "best without", "gap in points"]
    assert sides.rows == (
        ("math", "inverted", "surrogate_trace", "+28.0 [23.0, 33.0]"),
        ("code", "inverted", "surrogate_trace", "+2.0 [-3.0, 7.0]"),
        ("all tasks", "inverted", "surrogate_trace", "no oracle"),
    )


def test_recovery_has_a_line_a_regime_and_a_column_a_group() -> None:
    table = recovery_table([recovery_row("inverted"), recovery_row("inverted", "code", reported=False)])
    assert _names(table) == ["regime", "math", "code"]
    assert table.rows == (("inverted", "79.0 [69.0, 89.0]", "not reported"),)


def test_faithfulness_names_the_figures_without_a_normalised_value_and_why() -> None:
    table = faithfulness_table([faithfulness_row("inverted"), faithfulness_row("zero_shot_inverted")])
    assert [row[1] for row in table.rows[:4]] == ["step F1", "ROUGE-L", "length ratio", "token F1"], (
        "the headline is first"
    )
    assert table.rows[2] == (
        "inverted", "length ratio", "1.020 [0.980, 1.060]", "0.612 [0.572, 0.652]", "1.377 [1.337, 1.417]", "withheld",
    )  # fmt: skip
    assert table.rows[0][-1] == "0.500 [0.400, 0.600]"
    assert "times as long" not in table.caption
    assert "inverted 96 of 100, zero_shot_inverted 96 of 100" in table.caption
    assert "Withheld: length ratio: not a measure of likeness." in table.caption


def test_a_figure_that_one_inverter_lacks_is_named_with_it() -> None:
    lacking = faithfulness_row("zero_shot_inverted").model_copy(update={"normalised": {}, "withheld": {}})
    assert "token F1 of zero_shot_inverted" in faithfulness_table([faithfulness_row("inverted"), lacking]).caption


def test_a_summary_in_the_place_of_a_trace_is_not_low_in_silence() -> None:
    row = faithfulness_row("inverted")
    short = row.model_copy(update={"inverted": {**row.inverted, "length_ratio": interval(0.14)}})
    assert "inverted: 0.14 times as long as the true traces" in faithfulness_table([short]).caption
    assert "step precision" in faithfulness_table([short]).caption


def test_bits_are_shown_by_what_the_inverter_is_shown() -> None:
    table = bits_table([likelihood_row("inverted")])
    assert _names(table)[2:7] == ["question", "+ answer", "+ summary", "answer saves", "summary saves"]
    assert table.rows[0][2:4] == ("100.0 [96.0, 104.0]", "88.0 [84.0, 92.0]")
    assert table.rows[0][1] == "question, answer"
    taught = likelihood_row("each as taught").model_copy(update={"taught": ["question", "answer", "summary"]})
    both = bits_table([likelihood_row("inverted"), taught])
    assert [cells[:2] for cells in both.rows] == [("each as taught", ""), ("inverted", "question, answer")]
    exact = taught.model_copy(update={"exact": {"question": 4.5, "answer": 4.0, "summary": 1.5}, "exact_traces": 90})
    assert bits_table([exact]).rows[1] == ("exact", "", "4.5", "4.0", "1.5", "0.5", "2.5", "", "90")
    assert "no room" not in bits_table([taught]).caption
    assert "no room for them: 3 traces" in bits_table([taught.model_copy(update={"skipped": 3})]).caption
    without = likelihood_row("inverted").model_copy(update={"bits": {"question": STYLE.auc}, "leaked": {}})
    assert _names(bits_table([without]))[2:] == ["question", "tokens", "traces"]


def test_style_has_a_line_for_each_set_of_summaries() -> None:
    table = style_table([STYLE])
    assert [cells[:3] for cells in table.rows] == [
        ("surrogate's (trained on)", "12", "20"),
        ("target's (used on)", "12", "7.5"),
    ]


def test_a_column_must_have_a_cell_a_row() -> None:
    table = Table("t", (Column("a"),), (("1",), ("2",)))
    assert table.with_column(Column("b"), ["x", "y"], at=0).rows == (("x", "1"), ("y", "2"))
    with pytest.raises(ValueError, match="zip"):
        table.with_column(Column("b"), ["x"])
