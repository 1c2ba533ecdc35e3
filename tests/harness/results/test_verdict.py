"""The sentence says what the figures say, and no more."""

from sample_records import CONTRASTS, RECOVERY, contrast, rows

from harness.results.verdict import verdict


def test_the_verdict_names_sizes_intervals_and_what_would_settle_the_rest() -> None:
    assert verdict(rows(), CONTRASTS, RECOVERY) == (
        "On math, inverted (40.0%) beats answer_only (20.0%) by 15.0 points [10.0, 20.0], falls short of summary (55.0%) by "
        "15.0 points [10.0, 20.0], cannot be told apart at this size from surrogate_trace (39.0%; 1.0 points [-8.0, 10.0]; 14.0 "
        "points would have shown; about 900 more questions or 6 more seeds would show 1.0) and recovers 50.0% [45.0, 55.0] of "
        "the gain from base to oracle. There is one seed, so nothing is known of how others differ."
    )


def test_a_difference_that_many_comparisons_may_have_brought_is_not_called_a_win() -> None:
    said = verdict(rows(), [contrast("answer_only", 0.01, 0.2, p_holm=0.2)], [])
    assert "is ahead of answer_only (20.0%) by 10.5 points [1.0, 20.0], but not surely so among 1 comparisons" in said
    assert "beats" not in said


def test_where_no_size_would_settle_it_the_verdict_says_so() -> None:
    said = verdict(rows(), [contrast("answer_only", -0.1, 0.12, more_questions=None, more_seeds=None)], [])
    assert "not even 100,000 more questions or 100 more seeds would show 1.0" in said
    said = verdict(rows(), [contrast("answer_only", -0.1, 0.12, more_seeds=None)], [])
    assert "about 900 more questions would show 1.0" in said


def test_recovery_is_withheld_where_the_oracle_may_have_gained_nothing() -> None:
    withheld = RECOVERY[0].model_copy(update={"recovered": None})
    assert "recovers no share that can be stated" in verdict(rows(), CONTRASTS, [withheld])


def test_without_inverted_traces_there_is_no_verdict_on_inversion() -> None:
    said = verdict([row for row in rows() if row.name != "inverted"], [], [])
    assert said.startswith("This run has no students taught inverted traces")
