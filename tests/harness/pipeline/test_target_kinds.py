"""Kinds of targets in recipes: what is refused before anything runs, and what a plan leaves out."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_recipe import SMALL_RECIPE
from stage_inputs import run_stage

from harness.assembly.targets import target_facts
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe import Recipe
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import known_key
from traceinv.errors import InputError
from traceinv.models import SHIPPED_MODEL

EXAMPLES = Path(__file__).parents[3] / "examples"
PERMISSION = {"ground": "open_data", "licence": "MIT"}
HOSTED = {"kind": "endpoint", "base_url": "http://localhost:1/v1", "model": "m", "permission": {"ground": "own_model"}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"question": f"What is {n} plus 1?", "trace": f"{n}+1={n + 1}", "answer": str(n + 1)} for n in range(12)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def recipe(data: Path, **changes: Any) -> dict[str, Any]:
    return (
        SMALL_RECIPE
        | {
            "questions": {"kind": "file", "path": str(data), "count": 5},
            "targets": {"rec": {"kind": "recorded", "path": str(data), "permission": PERMISSION}},
        }
        | changes
    )


def planned(content: dict[str, Any]) -> Plan:
    return plan(Recipe.model_validate(content))


def loaded(content: dict[str, Any], folder: Path) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(content))
    return load_recipe(str(path))


def without_permission(target: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in target.items() if key != "permission"}


@pytest.mark.parametrize("kind", ["recorded", "local", "endpoint"])
def test_a_target_without_the_ground_on_which_it_may_be_tested_is_refused(
    kind: str, data: Path, tmp_path: Path
) -> None:
    targets = {
        "recorded": {"kind": "recorded", "path": str(data)},
        "local": {"kind": "local", "model": SHIPPED_MODEL},
        "endpoint": without_permission(HOSTED),
    }
    policies = {"silent": {"kind": "answer_only"}}
    content = recipe(data, targets={"x": targets[kind]}, policies=policies, regimes=["base", "answer_only"])
    with pytest.raises(InputError, match=r"targets\.x\.permission: field required: on what ground"):
        loaded(content, tmp_path)
    for permission, fault in (
        ({"ground": "open_data"}, r"permission\.licence: field required, because the ground is open_data"),
        ({"ground": "provider_consent"}, r"permission\.reference: field required"),
        ({"ground": "because"}, r"targets\.x\.permission\.ground"),
        (None, r"targets\.x\.permission: field required"),
        ("MIT", r"targets\.x\.permission"),
    ):
        faulty = {**content, "targets": {"x": targets[kind] | {"permission": permission}}}
        with pytest.raises(InputError, match=fault):
            loaded(faulty, tmp_path)


def test_the_labs_targets_need_no_permission() -> None:
    assert target_facts(Recipe.model_validate(SMALL_RECIPE))[0].permission == "the target is trained by this run"


def test_a_recorded_target_is_neither_scored_nor_asked_and_the_record_says_so(data: Path) -> None:
    made = planned(recipe(data))
    (cell,) = made.cells
    assert list(cell.grades) == [
        "base",
        "answer_only",
        "summary",
        "inverted",
        "inverted_mismatched",
        "oracle",
        "surrogate",
    ]
    kinds = {node.kind.name for node in made.graph.select(role="target")}
    assert kinds == {"questions", "decontaminated", "recorded", "disclosures"}
    (facts,) = target_facts(made.recipe)
    assert (facts.ground, facts.permission, facts.traces_known) == ("open_data", "open data (licence MIT)", True)
    assert facts.left_out == ["the target's own score, since the run has no weights of it"]


def test_questions_and_replies_of_a_data_set_of_the_hub_need_no_path(data: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "set").mkdir()
    (folder / "train.jsonl").write_bytes(data.read_bytes())
    recorded = {"kind": "recorded", "permission": PERMISSION}
    for name, revision in ((str(folder), None), ("owner/name", "b" * 40)):
        pinned = {"dataset": name, "revision": revision}
        made = planned(recipe(data, questions={"kind": "hub", "count": 5} | pinned, targets={"rec": recorded}))
        (node,) = made.graph.select(role="target", target="rec", side="hidden")
        assert {key: node.params["model"]["hub"][key] for key in pinned} == pinned
        assert ("recording" in node.inputs) == (revision is None), (
            "a folder counts by its contents, the hub by its commit"
        )
    with pytest.raises(InputError, match=r"targets\.rec\.hub: expected a path or a data set of the hub, not both"):
        loaded(recipe(data, targets={"rec": recorded | {"path": str(data), "hub": pinned}}), tmp_path)


def test_a_data_set_of_the_hub_is_read_by_the_stages_of_questions_and_replies(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (folder := tmp_path / "set").mkdir()
    (folder / "train.jsonl").write_bytes(data.read_bytes())
    source = {"kind": "hub", "dataset": str(folder), "count": 5}
    log = run_stage("questions", {"source": source, "role": "target"}, {"data": folder}, tmp_path / "questions")
    assert log == {"questions": 5}
    model = {"kind": "recorded", "hub": {"dataset": str(folder)}}
    inputs = {"questions": tmp_path / "questions", "recording": folder}
    assert run_stage("recorded", {"model": model, "sample": 0}, inputs, tmp_path / "out")["complete"] == 5


def test_a_recorded_surrogate_gives_no_bits_and_no_hints(data: Path, tmp_path: Path) -> None:
    surrogates = {"rec": {"kind": "recorded", "path": str(data)}}
    (cell,) = planned(recipe(data, surrogates=surrogates)).cells
    assert "surrogate" not in cell.grades
    assert "question" not in cell.likelihood
    with pytest.raises(InputError, match=r"surrogates\.rec: recorded has no weights, which surrogate_hinted needs"):
        loaded(recipe(data, surrogates=surrogates, regimes=["base", "surrogate_hinted"]), tmp_path)


def test_local_weights_are_used_as_they_are(data: Path) -> None:
    local = {"kind": "local", "model": SHIPPED_MODEL, "permission": {"ground": "open_weights", "licence": "MIT"}}
    made = planned(recipe(data, targets={"x": local}, surrogates={"y": local}))
    assert not [node for node in made.graph if node.kind.name == "reasoning_model"]
    assert {"target", "surrogate"} <= made.cells[0].grades.keys()
    lines = local | {"reads": "last_line", "instruction": "End with a number."}
    params = planned(recipe(data, surrogates={"y": lines})).graph.select(surrogate="y", role="surrogate")
    asked = [node.params for node in params if node.kind.name == "transcripts"]
    assert {(p["reads"], p["instruction"]) for p in asked} == {("last_line", "End with a number.")}


def test_hidden_traces_teach_no_oracle_and_measure_nothing(data: Path, tmp_path: Path) -> None:
    regimes = ["base", "answer_only", "inverted_without_summary", "oracle"]
    content = recipe(data, targets={"api": HOSTED}, policies={"silent": {"kind": "answer_only"}}, regimes=regimes)
    made = planned(content)
    (cell,) = made.cells
    assert "oracle" not in cell.grades
    assert (cell.faithfulness, cell.likelihood, cell.reading, cell.exact) == ({}, {}, {}, None)
    assert "the regimes oracle, since its traces are hidden" in " ".join(target_facts(made.recipe)[0].left_out)
    with pytest.raises(InputError, match=r"policies\.half: every_kth_step reads the trace, which targets\.api hides"):
        loaded({**content, "policies": {"half": {"kind": "every_kth_step", "k": 2}}}, tmp_path)
    with pytest.raises(InputError, match="its traces are hidden, which all regimes need"):
        loaded({**content, "regimes": ["oracle"]}, tmp_path)


def test_own_summaries_are_refused_where_a_model_has_none(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"policies\.own: own_summary shows the summary .* surrogates\.small has none"):
        loaded(recipe(data, policies={"own": {"kind": "own_summary"}}), tmp_path)


def test_where_a_file_lies_decides_nothing_and_its_contents_everything(data: Path, tmp_path: Path) -> None:
    def keys(path: Path) -> list[str | None]:
        made = planned(recipe(path))
        return [known_key(node, {}) for node in made.graph if node.kind.name == "questions"]

    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(data.read_bytes())
    assert keys(copy) == keys(data)
    longer = tmp_path / "longer.jsonl"
    longer.write_bytes(data.read_bytes() + b'{"question": "What is 1?", "trace": "t", "answer": "1"}\n')
    assert set(keys(longer)).isdisjoint(keys(data))


def test_paths_start_from_the_data_folder(data: Path) -> None:
    content = recipe(Path("rows.jsonl"), data_dir=str(data.parent))
    made = planned(content)
    assert made.recipe.benchmark.data_dir == str(data.parent)
    with pytest.raises(InputError, match=r"questions\.file: no such file or folder"):
        planned({**content, "data_dir": "/nowhere"})


def test_a_task_without_a_train_split_is_refused(data: Path, tmp_path: Path) -> None:
    for task, fault in (("math500", "math500 names no train split"), ("gsm9k", "unknown task 'gsm9k'")):
        with pytest.raises(InputError, match=rf"questions\.task: .*{fault}"):
            loaded(recipe(data, questions={"kind": "task", "task": task, "count": 3}), tmp_path)


def test_recorded_traces_need_a_short_recipe() -> None:
    assert len((EXAMPLES / "r1-parquet.yaml").read_text().splitlines()) < 25


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_an_example_is_a_recipe_that_loads(path: Path) -> None:
    for target in load_recipe(str(path)).targets.values():
        assert target.kind == "lab" or target.permission is not None


@pytest.mark.parametrize("name", ["gsm8k-recorded", "r1-recorded"])
def test_a_built_in_recipe_of_recorded_data_loads(name: str) -> None:
    assert [target.kind for target in load_recipe(name).targets.values()] == ["recorded"]
