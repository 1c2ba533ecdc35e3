"""The record of a run with several cells, made of artifacts that no model wrote."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_run import INTERRUPTIONS, fake_artifacts, planned, rewrite_samples

from harness import stats
from harness.assembly import identity
from harness.assembly.comparability import ROW_STAGES
from harness.assembly.identity import find_record, record_id
from harness.assembly.record import assemble
from harness.faithfulness.likelihood import TraceBits
from harness.pipeline.descriptions import Adoption, Artifact
from harness.pipeline.nodes import base as nodes
from harness.pipeline.plan import Plan
from harness.results.files import write_record
from harness.results.items import ItemFile
from harness.results.schema import ResultRecord, Row
from harness.stages import stage_kinds
from harness.stages.likelihood import LIKELIHOOD
from traceinv.errors import GateError

POLICIES = {"half": {"kind": "every_kth_step", "k": 2}, "third": {"kind": "every_kth_step", "k": 3}}
TRAINING = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 4, "max_tokens": 512}
STUDENTS = {"first": {"training": TRAINING}, "second": {"training": {**TRAINING, "epochs": 2}}}
TWO_SEEDS: dict[str, Any] = {"seeds": [0, 1], "policies": POLICIES}
INVERTERS = ["inverted", "zero_shot_inverted"]


@pytest.fixture(scope="module")
def two_policies() -> Plan:
    return planned(**TWO_SEEDS)


@pytest.fixture(scope="module")
def artifacts(two_policies: Plan, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Artifact]:
    return fake_artifacts(two_policies, tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def assembled(two_policies: Plan, artifacts: Mapping[str, Artifact]) -> tuple[ResultRecord, ItemFile]:
    return assemble(two_policies, artifacts, "traceinv run small")


@pytest.fixture(scope="module")
def record(assembled: tuple[ResultRecord, ItemFile]) -> ResultRecord:
    return assembled[0]


def _rows(record: ResultRecord, name: str) -> list[Row]:
    return [row for row in record.rows if row.name == name]


def test_every_cell_has_a_row_for_each_regime_and_reference(record: ResultRecord) -> None:
    assert [cell.policy for cell in record.cells()] == list(POLICIES)
    for cell in record.cells():
        rows = [row for row in record.rows if row.cell == cell]
        assert [row.name for row in rows] == [*record.recipe["regimes"], "target", "surrogate"]
        for row in rows:
            without_seeds = row.name in ("base", "target", "surrogate")
            assert row.seeds == ([] if without_seeds else [0, 1])
            assert set(row.scores) == {"lab_chain", "lab_compose", "math", "code", "all"}
    assert _rows(record, "inverted")[0].scores["all"].by_seed == [0.6, 0.6]


def test_rows_of_one_model_name_the_same_runs_in_every_cell(record: ResultRecord) -> None:
    for name in ("base", "target", "surrogate"):
        first, second = _rows(record, name)
        assert first.runs == second.runs
        assert len(first.runs) == 1
    for name in ("answer_only", "inverted"):
        first, second = _rows(record, name)
        assert not set(first.runs) & set(second.runs)
        assert len(first.runs) == len(second.runs) == 2


def test_the_contrasts_of_all_cells_are_corrected_together(record: ResultRecord) -> None:
    compared = [(c.cell.policy, c.first, c.second, c.group) for c in record.contrasts]
    pairs = {(first, second) for _, first, second, _ in compared}
    assert pairs == {
        *(("inverted", second) for second in ("answer_only", "summary", "inverted_mismatched")),
        *(("oracle", second) for second in ("answer_only", "inverted")),
        ("summary", "answer_only"),
    }
    assert len(set(compared)) == len(compared) == len(POLICIES) * len(pairs) * len(("math", "code", "all"))
    together = stats.holm([contrast.p_value for contrast in record.contrasts])
    assert [contrast.p_holm for contrast in record.contrasts] == pytest.approx(list(together), abs=1e-4)
    alone = stats.holm([c.p_value for c in record.contrasts if c.cell.policy == "half"])
    assert any(c.p_holm > p for c, p in zip(record.contrasts, alone, strict=False))


def test_every_cell_has_a_recovery_and_a_ledger_for_each_seed(record: ResultRecord) -> None:
    regimes = set(record.recipe["regimes"]) - {"base", "oracle"}
    assert {(row.cell.policy, row.regime) for row in record.recovery} == {
        (policy, regime) for policy in POLICIES for regime in regimes
    }
    assert [(ledger.cell.policy, ledger.seed) for ledger in record.ledger] == [
        (policy, seed) for policy in POLICIES for seed in (0, 1)
    ]
    assert {(ledger.asked, ledger.shared, ledger.rows["inverted"]) for ledger in record.ledger} == {(32, 9, 28)}


def test_the_items_have_one_run_for_each_row_cell_and_seed(assembled: tuple[ResultRecord, ItemFile]) -> None:
    record, items = assembled
    for row in record.rows:
        runs = items.runs_of(row.name, row.cell)
        seeds: list[int | None] = [*row.seeds]
        assert [run.seed for run in runs] == (seeds or [None])
    (target, _) = [run for run in items.runs if run.row == "target"]
    assert target.states["lab_chain"] == "c" * 36 + "w" * 4


def test_what_does_not_depend_on_the_student_stands_in_the_record_once(tmp_path: Path) -> None:
    two_students = planned(policies=POLICIES, students=STUDENTS)
    record, _ = assemble(two_students, fake_artifacts(two_students, tmp_path), "traceinv run small")
    assert len(record.cells()) == 4
    expected = [(policy, None, inverter) for policy in POLICIES for inverter in INVERTERS]
    assert [(row.cell.policy, row.cell.student, row.regime) for row in record.faithfulness] == expected
    assert [(row.cell.policy, row.cell.student, row.inverter) for row in record.likelihood] == [
        (policy, None, "each as taught") for policy in POLICIES
    ]
    assert [(row.cell.policy, row.cell.student) for row in record.style] == [(policy, None) for policy in POLICIES]


def test_bits_are_those_of_the_models_that_were_taught_with_each_part(record: ResultRecord) -> None:
    row = record.likelihood[0]
    assert row.taught == list(row.bits) == ["question", "summary"]
    assert row.bits["question"].mean == pytest.approx(100.0 + 1.5)
    assert row.leaked["summary"].mean == pytest.approx(60.0)
    assert (row.exact, row.exact_traces) == ({"question": 4.5, "summary": 1.5}, 2)


@pytest.mark.parametrize(("dropped", "traces"), [("a", 3), ("abcd", 0)])
def test_bits_are_those_of_the_traces_that_every_model_had_room_for(dropped: str, traces: int, tmp_path: Path) -> None:
    small = planned()
    artifacts = fake_artifacts(small, tmp_path)
    (surrogate,) = small.cells[0].likelihood["question"]
    file = artifacts[surrogate.id].path / LIKELIHOOD
    full = TraceBits.model_validate_json(file.read_text())
    kept = [at for at, name in enumerate(full.ids) if name not in dropped]
    cut = TraceBits(
        ids=[full.ids[at] for at in kept],
        tokens=[full.tokens[at] for at in kept],
        bits={part: [values[at] for at in kept] for part, values in full.bits.items()},
        skipped=len(dropped),
    )
    file.write_text(cut.model_dump_json())
    row = assemble(small, artifacts, "traceinv run small")[0].likelihood[0]
    assert (row.traces, row.skipped) == (traces, len(dropped))
    if traces:
        assert row.bits["question"].mean == pytest.approx(100.0 + 2)
        assert row.leaked["summary"].mean == pytest.approx(60.0)
        assert row.tokens == pytest.approx(70)
    else:
        assert row.bits == row.leaked == {}


def test_what_a_killed_run_took_up_changes_nothing_but_the_provenance(tmp_path: Path) -> None:
    small = planned()
    calm, interrupted = fake_artifacts(small, tmp_path / "calm"), fake_artifacts(small, tmp_path / "cut", INTERRUPTIONS)
    first, second = (assemble(small, artifacts, "traceinv run small")[0] for artifacts in (calm, interrupted))
    assert first.comparable() == second.comparable()


def test_on_what_the_models_ran_stands_in_the_provenance_alone(tmp_path: Path) -> None:
    """The batch size decides near ties of greedy replies; it is no figure of the run, which another machine may repeat."""
    small = planned()
    record, _ = assemble(small, fake_artifacts(small, tmp_path), "traceinv run small")
    engines = {entry.kind: entry.engine for entry in record.provenance.stages}
    assert engines["transcripts"] == {"batch_size": 128, "device": "cpu"}
    assert engines["student"] is None
    assert '"device"' not in json.dumps(record.comparable())


def test_the_reason_of_an_adoption_stands_in_the_record(tmp_path: Path) -> None:
    small = planned()
    artifacts, hidden = fake_artifacts(small, tmp_path), small.cells[0].hidden.id
    adoption = Adoption(key="old", version=0, because="only the log differs")
    description = artifacts[hidden].description.model_copy(update={"adopted": adoption})
    adopted = {**artifacts, hidden: replace(artifacts[hidden], description=description)}
    record, _ = assemble(small, adopted, "traceinv run small")
    assert [entry.adopted for entry in record.provenance.stages if entry.adopted] == ["only the log differs"]


def test_a_model_that_was_asked_fewer_items_stops_the_record(tmp_path: Path) -> None:
    small = planned()
    artifacts = fake_artifacts(small, tmp_path)
    grades = artifacts[small.cells[0].grades["inverted"][0].id]
    rewrite_samples(grades, "lab_chain", lambda samples: samples[:-1])
    with pytest.raises(GateError, match="did not answer the same items equally often"):
        assemble(small, artifacts, "traceinv run small")


def test_a_response_that_does_not_say_how_it_ended_stops_the_record(tmp_path: Path) -> None:
    small = planned()
    artifacts = fake_artifacts(small, tmp_path)
    grades = artifacts[small.cells[0].grades["target"][None].id]
    rewrite_samples(grades, "lab_chain", lambda samples: [s.model_copy(update={"tokens": None}) for s in samples])
    with pytest.raises(GateError, match="does not say how it ended or how many tokens it has"):
        assemble(small, artifacts, "traceinv run small")


def test_an_item_that_one_model_could_not_be_graded_on_is_left_out_for_all_and_named(tmp_path: Path) -> None:
    small = planned()
    artifacts = fake_artifacts(small, tmp_path)
    grades = artifacts[small.cells[0].grades["inverted"][0].id]
    ungradable = {"state": "ungradable", "value": None}
    rewrite_samples(grades, "lab_chain", lambda s: [s[0].model_copy(update=ungradable), *s[1:]])
    record, _ = assemble(small, artifacts, "traceinv run small")
    figures = {gate.name: gate.figures for gate in record.gates}
    assert figures["every response graded"] == {"dropped": ["lab_chain: lab_chain/00"]}
    assert {row.scores["lab_chain"].items for row in record.rows} == {39}


def test_a_regime_that_could_teach_no_question_is_left_out_and_record_and_verdict_say_so(tmp_path: Path) -> None:
    small = planned(seeds=[0, 1])
    artifacts = fake_artifacts(small, tmp_path)
    empty = small.cells[0].examples[1]["inverted"].id
    description = artifacts[empty].description.model_copy(update={"log": {"rows": 0, "too_long": 0}})
    artifacts[empty] = replace(artifacts[empty], description=description)
    record, items = assemble(small, artifacts, "traceinv run small")
    assert not _rows(record, "inverted")
    assert _rows(record, "inverted_mismatched")
    assert not [run for run in items.runs if run.row == "inverted"]
    assert not [c for c in record.contrasts if "inverted" in (c.first, c.second)]
    assert [ledger.left_out for ledger in record.ledger] == [[], ["inverted"]]
    assert "Left out, since not one of the 32 questions gave a row to teach: inverted (seed 1)." in record.verdict


def _data_in(folder: Path, text: str) -> dict[str, Any]:
    folder.mkdir()
    (folder / "items.jsonl").write_text(text)
    return {"benchmark": {"tasks": ["lab_chain"], "data_dir": str(folder)}}


def test_a_run_has_the_same_id_wherever_its_data_lies_and_another_one_with_other_data(tmp_path: Path) -> None:
    here, there = (planned(**_data_in(tmp_path / name, "text")) for name in ("here", "there"))
    other = planned(**_data_in(tmp_path / "other", "other text"))
    assert record_id(here) == record_id(there) != record_id(other)


def test_a_run_has_another_id_with_another_version_of_a_stage(
    two_policies: Plan, record: ResultRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record_id(planned(**TWO_SEEDS)) == record.id
    kinds = dict(stage_kinds())
    kinds["student"] = replace(kinds["student"], version=(kinds["student"].version or 0) + 1)
    monkeypatch.setattr(nodes, "stage_kinds", lambda: kinds)
    assert record_id(planned(**TWO_SEEDS)) != record.id
    cheap = dict(stage_kinds())
    cheap["style"] = replace(cheap["style"], libraries=())
    monkeypatch.setattr(nodes, "stage_kinds", lambda: cheap)
    assert record_id(planned(**TWO_SEEDS)) == record.id


def test_how_often_checkpoints_are_saved_changes_neither_id_nor_comparability(tmp_path: Path) -> None:
    def assembled(name: str, save_every: int | None) -> ResultRecord:
        training = {**TRAINING, "save_every": save_every}
        saving = planned(students={"lab": {"training": training}}, inverter={"training": training})
        return assemble(saving, fake_artifacts(saving, tmp_path / name), "traceinv run small")[0]

    never, often = assembled("never", None), assembled("often", 2)
    assert never.id == often.id
    assert [row.comparability for row in never.rows] == [row.comparability for row in often.rows]


def test_rows_of_recipes_with_other_regimes_stay_comparable(tmp_path: Path) -> None:
    keys = []
    for regimes in (["base", "answer_only", "oracle"], ["base", "answer_only", "inverted", "oracle"]):
        small = planned(regimes=regimes)
        record, _ = assemble(small, fake_artifacts(small, tmp_path / str(len(regimes))), "traceinv run small")
        keys += [row.comparability for row in record.rows if row.name == "answer_only"]
    assert keys[0].stages == keys[1].stages
    assert keys[0].stages.keys() == set(ROW_STAGES)


def test_each_stage_that_runs_a_model_is_known_to_decide_accuracies_or_not() -> None:
    versioned = {name for name, kind in stage_kinds().items() if kind.version is not None}
    assert versioned == {*ROW_STAGES, "likelihood", "endpoint"}, (
        "the version of `endpoint` is in the digest of its target"
    )


def test_a_record_is_used_again_while_artifacts_and_the_source_that_assembles_them_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = planned()
    artifacts = fake_artifacts(small, tmp_path / "store")
    record, items = assemble(small, artifacts, "traceinv run small")
    assert find_record(small, artifacts, tmp_path) is None
    path = write_record(record, items, tmp_path)
    assert find_record(small, artifacts, tmp_path) == record
    others = dict(artifacts)
    grades = small.cells[0].grades["target"][None].id
    description = others[grades].description.model_copy(update={"key": "another"})
    others[grades] = replace(others[grades], description=description)
    assert find_record(small, others, tmp_path) is None, "an artifact is another one"
    with monkeypatch.context() as patched:
        patched.setattr(identity, "assembly_fingerprint", lambda: "another")
        assert find_record(small, artifacts, tmp_path) is None, "records are made by other source"
    path.write_text("{")
    assert find_record(small, artifacts, tmp_path) is None, "the record is damaged"


def test_a_record_states_the_versions_of_the_libraries_that_its_stages_name(record: ResultRecord) -> None:
    assert {"traceinv", "trl", "lm_eval", "scikit-learn", "nltk", "scipy"} <= record.provenance.packages.keys()
    assert "python" not in record.provenance.packages


def test_the_reading_test_of_each_inverter_and_part_is_in_the_record(record: ResultRecord) -> None:
    rows = [row for row in record.reading if row.cell.policy == "half"]
    assert [(row.inverter, row.part) for row in rows] == [
        (inverter, part) for inverter in INVERTERS for part in ("answer", "summary")
    ]
    answer, summary = rows[:2]
    assert (summary.pairs, summary.asked, summary.unchanged) == (20, 24, 0.0)
    assert set(summary.fall) == {"step_f1"}, "a figure that is undefined everywhere has no fall"
    assert summary.fall["step_f1"].mean == pytest.approx(0.3)
    assert summary.fall["step_f1"].low > 0
    assert answer.unchanged == 1.0
    assert answer.fall["step_f1"].low <= 0 <= answer.fall["step_f1"].high
    assert "inverted shows no sign of reading the answer" in record.verdict
