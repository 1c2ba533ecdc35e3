"""The stage graph itself keeps hidden transcripts from the tester's side."""

import pytest

from harness.pipeline.plan import Experiment, External, Stage, plan
from harness.pipeline.recipe import load_recipe
from traceinv.lab.models import BASE

SCORERS = {"faithfulness", "ceiling", "likelihood", "calibration"}


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return plan(load_recipe("lab"), External(BASE, "digest"))


def _readers(experiment: Experiment, source: Stage) -> list[Stage]:
    return [stage for stage in experiment.stages if source in stage.inputs.values()]


def _named(experiment: Experiment, name: str) -> Stage:
    (stage,) = (stage for stage in experiment.stages if stage.name == name)
    return stage


def test_hidden_transcripts_are_read_by_the_policy_the_scorer_and_the_oracle_alone(experiment: Experiment) -> None:
    for stage in _readers(experiment, _named(experiment, "target answers the target's questions")):
        assert stage.kind in {"disclosures", *SCORERS} or stage.name.startswith("lesson oracle"), stage.name


def test_second_transcripts_are_read_by_the_ceiling_alone(experiment: Experiment) -> None:
    readers = _readers(experiment, _named(experiment, "target answers the same again"))
    assert [stage.kind for stage in readers] == ["ceiling"]


def test_no_stage_but_a_scorers_reads_what_a_scorer_wrote(experiment: Experiment) -> None:
    for stage in experiment.stages:
        if any(isinstance(source, Stage) and source.kind in SCORERS for source in stage.inputs.values()):
            assert stage.kind in SCORERS, stage.name


def test_every_inverter_and_the_prompted_one_are_measured(experiment: Experiment) -> None:
    assert set(experiment.faithfulness) == {"inverted", "inverted_without_summary", "zero_shot_inverted"}
    assert {regime for regime, _ in experiment.likelihood} == {*experiment.faithfulness, "surrogate"}


def test_style_is_measured_on_what_is_shown_and_only_where_there_are_summaries(experiment: Experiment) -> None:
    assert experiment.style is not None
    assert {source.kind for source in experiment.style.inputs.values() if isinstance(source, Stage)} == {"disclosures"}
    silent = load_recipe("lab", ["policy={kind: answer_only}", "regimes=[base, answer_only, inverted_without_summary]"])
    assert plan(silent, External(BASE, "digest")).style is None
