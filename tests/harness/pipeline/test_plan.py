"""The plan of a recipe: the barrier between the hidden side and the tester's, and what cells share."""

from pathlib import Path

import pytest

from harness.pipeline.graph import SIDE, Node
from harness.pipeline.nodes import HIDDEN, JUDGE, TESTER
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.stages import stage_kinds
from traceinv.errors import InputError

SCORERS = {"faithfulness", "ceiling", "likelihood", "calibration", "reading", "exact_bits"}


@pytest.fixture(scope="module")
def lab() -> Plan:
    return plan(load_recipe("lab"))


def _readers(planned: Plan, source: Node) -> list[Node]:
    return [node for node in planned.graph if source in node.inputs.values()]


def _on(planned: Plan, side: str) -> list[Node]:
    return planned.graph.select(**{SIDE: side})


def _sources(node: Node) -> list[Node]:
    return [source for source in node.inputs.values() if isinstance(source, Node)]


def test_the_testers_side_reads_hidden_artifacts_through_disclosures_alone(lab: Plan) -> None:
    doors = [node for node in _on(lab, TESTER) if any(source.labels[SIDE] == HIDDEN for source in _sources(node))]
    assert {node.kind.name for node in doors} == {"disclosures"}


def test_hidden_artifacts_are_the_target_its_transcripts_and_what_the_oracle_learns(lab: Plan) -> None:
    hidden = {(node.kind.name, node.labels.get("regime")) for node in _on(lab, HIDDEN)}
    oracle = {("examples", "oracle"), ("student", "oracle")}
    assert hidden == {("reasoning_model", None), ("transcripts", None), *oracle}


def test_nothing_but_a_judge_reads_what_a_judge_wrote(lab: Plan) -> None:
    for node in lab.graph:
        if any(source.labels[SIDE] == JUDGE for source in _sources(node)):
            assert node.labels[SIDE] == JUDGE, node


def test_hidden_transcripts_are_read_by_the_policy_the_scorers_and_the_oracle_alone(lab: Plan) -> None:
    readers = _readers(lab, lab.cells[0].hidden)
    assert {node.kind.name for node in readers} == {"disclosures", "examples", "utility", *SCORERS} - {"calibration"}
    assert {node.labels["regime"] for node in readers if node.kind.name == "examples"} == {"oracle"}


def test_second_transcripts_are_read_by_the_ceiling_alone(lab: Plan) -> None:
    (second,) = lab.graph.select(role="second")
    assert [node.kind.name for node in _readers(lab, second)] == ["ceiling"]


def test_shared_rows_do_not_depend_on_the_oracle(lab: Plan) -> None:
    for node in lab.cells[0].shared_rows.values():
        assert "oracle" not in node.inputs


def test_every_inverter_and_the_prompted_one_are_measured(lab: Plan) -> None:
    cell = lab.cells[0]
    assert set(cell.faithfulness) == {"inverted", "inverted_without_summary", "zero_shot_inverted"}


def test_bits_are_asked_for_with_the_prompt_that_a_model_was_taught_with_alone(lab: Plan) -> None:
    asked = {part: [node.params["shown"] for node in nodes] for part, nodes in lab.cells[0].likelihood.items()}
    assert asked == {"question": [["question"]], "answer": [["answer"]] * 3, "summary": [["summary"]] * 3}
    (surrogate,) = lab.cells[0].likelihood["question"]
    assert not surrogate.params["as_inverter"]
    regimes = "regimes=[base, surrogate_trace, inverted_without_summary]"
    silent = plan(load_recipe("lab", [regimes, "policies.half.kind=answer_only"]))
    assert set(silent.cells[0].likelihood) == {"question", "answer"}


def test_every_part_that_an_inverter_is_shown_is_exchanged_in_its_reading_test(lab: Plan) -> None:
    parts = {regime: list(nodes) for regime, nodes in lab.cells[0].reading.items()}
    assert parts == {
        "inverted": ["answer", "summary"],
        "inverted_without_summary": ["answer"],
        "zero_shot_inverted": ["answer", "summary"],
    }
    (node, *_) = lab.cells[0].reading["inverted"]["summary"]
    own, other = node.inputs["inversions"], node.inputs["exchanged"]
    assert isinstance(own, Node)
    assert isinstance(other, Node)
    assert own.inputs["model"] is other.inputs["model"]
    assert own.params == other.params


def test_style_is_measured_only_where_there_are_summaries(lab: Plan) -> None:
    assert lab.cells[0].style is not None
    regimes = "regimes=[base, answer_only, inverted_without_summary]"
    silent = plan(load_recipe("lab", [regimes, "policies.half.kind=answer_only"]))
    assert silent.cells[0].style is None


def test_no_inverting_regime_means_nothing_is_inverted_and_no_second_sample_is_asked_for() -> None:
    planned = plan(load_recipe("lab", ["regimes=[base, answer_only, oracle]"]))
    kinds = {node.kind.name for node in planned.graph}
    assert not kinds & {"inverter", "inversions", "style", *SCORERS}
    assert not planned.graph.select(role="second")


def test_a_curriculum_starts_from_the_student_of_its_first_regime() -> None:
    planned = plan(load_recipe("lab", ["regimes=[base, surrogate_trace, inverted_after_surrogate, oracle]"], seeds=1))
    student_kind = stage_kinds()["student"]
    (student,) = planned.graph.select(student_kind, regime="inverted_after_surrogate")
    (first,) = planned.graph.select(student_kind, regime="surrogate_trace")
    assert student.inputs["base"] is first
    assert first.inputs["base"] is not first
    assert student.inputs["rows"] is first.inputs["rows"]


def test_cells_share_target_surrogate_and_their_scores() -> None:
    policies = "policies={half: {kind: every_kth_step, k: 2}, third: {kind: every_kth_step, k: 3}}"
    planned = plan(load_recipe("lab", [policies, "budgets=[0.5, 1.0]"], seeds=1))
    assert len(planned.cells) == 4
    assert len(planned.graph.select(role="target")) == 2 + 1 + 4  # questions, model; transcripts; one disclosure a cell
    first, *others = planned.cells
    for other in others:
        assert other.grades["base"][None] is first.grades["base"][None]
        assert other.grades["target"][None] is first.grades["target"][None]
        assert other.grades["inverted"][0] is not first.grades["inverted"][0]
    assert first.grades["surrogate_trace"][0].labels["policy"] == "half"
    inverters = {node.labels["policy"] for node in planned.graph if node.kind.name == "inverter"}
    assert inverters == {"half", "third"}, "budgets share an inverter, policies do not"


def test_a_recipe_whose_only_teacher_is_the_oracle_can_be_planned() -> None:
    planned = plan(load_recipe("lab", ["regimes=[oracle]"], seeds=1))
    assert set(planned.cells[0].shared_rows[0].inputs) == {"questions", "disclosures"}


def test_seeds_need_not_start_at_zero(lab: Plan) -> None:
    planned = plan(load_recipe("lab", ["seeds=[7, 3]"]))
    assert list(planned.cells[0].grades["inverted"]) == [7, 3]
    assert len(planned.graph) < len(lab.graph)
    (seed,) = {node.labels.get("seed") for node in planned.graph.select(role="target")}
    assert seed is None


def test_a_model_that_is_no_folder_of_weights_is_named_by_its_place_in_the_recipe(tmp_path: Path) -> None:
    for place in ("inverter.model", "students.lab.model", "targets.lab.model", "surrogates.small.model"):
        with pytest.raises(InputError, match=f"^{place}: model '/nowhere': no such folder"):
            plan(load_recipe("lab", [f"{place}=/nowhere"]))
    with pytest.raises(InputError, match=r"no config\.json in it"):
        plan(load_recipe("lab", [f"inverter.model={tmp_path}"]))


def test_names_of_nodes_are_unique_and_readable(lab: Plan) -> None:
    names = [lab.graph.name(node) for node in lab.graph]
    assert len(set(names)) == len(names)
    assert "student (regime inverted, seed 1)" in names
    assert "transcripts (role second)" in names


def test_a_surrogate_may_write_by_its_own_sampling_and_is_trained_no_differently() -> None:
    warm = "surrogates.small.sampling={temperature: 1.0, max_new_tokens: 64}"
    lab, warmer = plan(load_recipe("lab-shared")), plan(load_recipe("lab-shared", [warm]))
    sampled = {
        role: {
            node.params["sampling"]["temperature"]
            for node in warmer.graph.select(role=role)
            if "sampling" in node.params
        }
        for role in ("target", "surrogate")
    }
    assert sampled == {"target": {0.0}, "surrogate": {1.0}}
    trained = [[node.params for node in p.graph if node.kind.name == "reasoning_model"] for p in (lab, warmer)]
    assert trained[0] == trained[1]
    assert all("sampling" not in params["model"] for params in trained[0]), (
        "a default leaves the keys of old artifacts alone"
    )


TOGETHER = [
    "policies={silent: {kind: answer_only}, half: {kind: every_kth_step, k: 2}, third: {kind: every_kth_step, k: 3}}",
    "policies_together=true",
]


def test_a_policy_that_discloses_no_summary_goes_without_the_regimes_that_need_one() -> None:
    silent, half, _ = plan(load_recipe("lab", TOGETHER, seeds=1)).cells
    assert set(half.grades) - set(silent.grades) == {"summary", "inverted", "inverted_mismatched"}


def test_policies_that_stand_together_share_questions_and_all_that_uses_no_summary() -> None:
    silent, half, third = plan(load_recipe("lab", TOGETHER, seeds=1)).cells
    assert silent.shared_rows[0] is half.shared_rows[0] is third.shared_rows[0]
    assert {"answer_only of silent", "inverted of half", "inverted of third"} <= set(half.shared_rows[0].inputs)
    for regime in ("answer_only", "surrogate_trace", "inverted_without_summary", "oracle"):
        assert silent.grades[regime][0] is half.grades[regime][0] is third.grades[regime][0]
    assert half.grades["inverted"][0] is not third.grades["inverted"][0]
    assert half.likelihood["answer"][0] is third.likelihood["answer"][0]
    assert "zero_shot_inverted" not in half.faithfulness
    apart = plan(load_recipe("lab", TOGETHER[:1], seeds=1)).cells
    assert "zero_shot_inverted" in apart[1].faithfulness
    assert apart[0].grades["oracle"][0] is not apart[1].grades["oracle"][0]


def test_the_testers_side_of_policies_that_stand_together_reads_no_hidden_artifact() -> None:
    together = plan(load_recipe("lab", TOGETHER, seeds=1))
    doors = [n for n in _on(together, TESTER) if any(source.labels[SIDE] == HIDDEN for source in _sources(n))]
    assert {node.kind.name for node in doors} == {"disclosures"}
