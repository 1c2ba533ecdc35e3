"""The line of each policy in an audit, and its threat model, made of artifacts that no model wrote."""

from pathlib import Path

import pytest
from fake_run import fake_artifacts, planned

from harness.assembly.audit import shown_words
from harness.assembly.record import assemble
from harness.results.schema import ResultRecord
from traceinv.policies.answer_and_metadata import AnswerAndMetadata
from traceinv.policies.headed_recap import HeadedRecap

POLICIES = {"silent": {"kind": "answer_only"}, "half": {"kind": "every_kth_step", "k": 2}}
REGIMES = ["base", "answer_only", "summary", "surrogate_trace", "inverted", "oracle"]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> ResultRecord:
    plan = planned(policies=POLICIES, regimes=REGIMES, seeds=[0, 1], policies_together=True)
    return assemble(plan, fake_artifacts(plan, tmp_path_factory.mktemp("artifacts")), "traceinv audit small")[0]


def test_every_cell_has_a_line_with_the_best_of_its_own_attacks(record: ResultRecord) -> None:
    silent, half = record.policies
    assert (silent.cell.policy, silent.attack, half.cell.policy, half.attack) == (
        "silent",
        "answer_only",
        "half",
        "inverted",
    )
    assert (silent.shown, half.shown) == ("answer (answer_only)", "answer and summary (every_kth_step, k 2)")
    assert silent.leak is not None
    assert half.leak is not None
    assert silent.leak.mean < 0 < half.leak.mean
    assert half.utility.conveyed is not None


def test_intervals_hold_for_all_policies_at_once(record: ResultRecord) -> None:
    for row in record.policies:
        (alone,) = (leak for leak in record.leak if leak.cell == row.cell and leak.group == row.group)
        assert alone.leak is not None
        assert row.leak is not None
        assert row.leak.mean == alone.leak.mean
        assert row.leak.low < alone.leak.low < alone.leak.high < row.leak.high


def test_bits_are_what_the_whole_disclosure_saves(record: ResultRecord) -> None:
    silent, half = record.policies
    assert (half.bits, half.exact_bits) == (60.0, 3.0)
    assert silent.bits is None, "no regime of this policy inverts"


def test_the_threat_model_is_part_of_the_record(record: ResultRecord) -> None:
    (silent, half) = record.threats
    assert (half.queries, half.data, half.surrogate_data) == (32, 9, 32)
    assert half.interface == "answer and summary (every_kth_step, k 2)"
    assert silent.permission == "the target is trained by this run"


def test_a_run_without_attacks_has_a_line_that_says_so(tmp_path: Path) -> None:
    plan = planned(regimes=["base", "oracle"])
    (row,) = assemble(plan, fake_artifacts(plan, tmp_path), "traceinv run small")[0].policies
    assert (row.attack, row.leak, row.withheld) == (None, None, "the run has no attack, or nothing to compare it with")


def test_nested_values_and_prompts_are_left_out_of_the_words_for_a_policy() -> None:
    words = shown_words(HeadedRecap(model="m"))
    assert words == "answer and summary (headed_recap, model m, attempts 3)"
    assert shown_words(AnswerAndMetadata()) == "answer and number of tokens (answer_and_metadata)"
