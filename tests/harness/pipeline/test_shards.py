"""Stages that are split into shards: what they write together is what one stage writes alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from kills import RECIPE
from small_recipe import SMALL_RECIPE, run_items, run_to_record, write_recipe
from stage_inputs import folder_of, question
from stub_stages import Recorder

from harness.cli import main
from harness.pipeline.descriptions import Artifact, digest_folder
from harness.pipeline.executors.base import InlineExecutor, needs
from harness.pipeline.graph import Graph, InputArtifact, Node
from harness.pipeline.plan import plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import find_artifacts, make_job, run
from harness.pipeline.store import PARTIAL, Store
from harness.stages import stage_kinds
from harness.stages.base import Resources
from traceinv.engines.mock import REPLIES
from traceinv.errors import InputError
from traceinv.rows import rows_file

PARAMS = {"engine": "mock", "sampling": {"max_new_tokens": 20}}
QUESTIONS = 22
"""Six batches of the mock engine."""
SHARDS = 3


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Node | InputArtifact]:
    questions = folder_of(tmp_path / "questions", [question(number) for number in range(QUESTIONS)])
    model = tmp_path / "model"
    model.mkdir()
    (model / REPLIES).write_text(json.dumps({f"q{n}": f"<think>{n}+1</think>{n + 1}" for n in range(QUESTIONS)}))
    return {
        name: InputArtifact(path, digest_folder(path)) for name, path in (("questions", questions), ("model", model))
    }


def asking(inputs: dict[str, Node | InputArtifact], shards: int) -> tuple[Graph, list[Node], Node]:
    """Return a graph in which a model is asked, its shards, and the node with all transcripts."""
    graph, kind = Graph(), stage_kinds()["transcripts"]
    parts = [
        graph.add(kind, {**PARAMS, "shard": {"index": index, "count": shards}}, inputs, {"shard": index})
        for index in range(shards)
    ]
    whole = graph.add(kind, PARAMS, inputs | {f"shard {index}": part for index, part in enumerate(parts)}, {})
    return graph, parts, whole


def computed(graph: Graph, store: Path) -> dict[str, Artifact]:
    return run(graph, Store(store), InlineExecutor(), Recorder())


def test_shards_together_are_the_artifact_of_one_stage_under_its_key(
    inputs: dict[str, Node | InputArtifact], tmp_path: Path
) -> None:
    graph, _, alone = asking(inputs, 0)
    one = computed(graph, tmp_path / "one")[alone.id]
    graph, parts, whole = asking(inputs, SHARDS)
    several = computed(graph, tmp_path / "several")
    assert (several[whole.id].key, several[whole.id].digest) == (one.key, one.digest)
    assert several[whole.id].log | one.log == one.log | {"merged": SHARDS}
    assert sum(several[part.id].log["questions"] for part in parts) == QUESTIONS
    assert len({several[part.id].key for part in parts}) == SHARDS


@pytest.mark.parametrize(("first", "then"), [(0, SHARDS), (SHARDS, 0), (SHARDS, SHARDS + 1)])
def test_a_finished_whole_is_used_however_it_is_split(
    first: int, then: int, inputs: dict[str, Node | InputArtifact], tmp_path: Path
) -> None:
    computed(asking(inputs, first)[0], tmp_path / "store")
    watcher = Recorder()
    graph, _, whole = asking(inputs, then)
    assert whole.id in find_artifacts(graph, Store(tmp_path / "store"))
    run(graph, Store(tmp_path / "store"), InlineExecutor(), watcher)
    assert watcher.computed == []


def test_a_killed_shard_goes_on_alone(inputs: dict[str, Node | InputArtifact], tmp_path: Path) -> None:
    graph, parts, whole = asking(inputs, SHARDS)
    calm = computed(graph, tmp_path / "calm")
    struck = calm[parts[1].id]
    draft = tmp_path / "killed" / PARTIAL / struck.kind / struck.key
    draft.mkdir(parents=True)
    rows = rows_file(struck.path)
    first = rows.read_bytes().splitlines(keepends=True)[:5]
    (draft / rows.name).write_bytes(b"".join(first) + b'{"id": "half a li')  # what a kill leaves
    killed = computed(graph, tmp_path / "killed")
    assert [killed[part.id].log["resumed"] for part in parts] == [0, 5, 0]
    assert killed[whole.id].digest == calm[whole.id].digest


def test_putting_shards_together_asks_for_no_gpu_and_a_model_over_several_devices_for_each() -> None:
    kind = stage_kinds()["transcripts"]
    assert needs(kind, PARAMS, ("questions", "model")) == Resources(1, 1)
    assert needs(kind, PARAMS | {"tensor_parallel": 4}, ("questions", "model")) == Resources(1, 4)
    assert needs(kind, PARAMS, ("questions", "model", "shard 0", "shard 1")) == Resources(1, 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shards": 0}, "shards: input should be greater than or equal to 1, got 0"),
        ({"shards": 1001}, "shards: input should be less than or equal to 1000, got 1001"),
        ({"shards": "many"}, "shards: input should be a valid integer"),
        (
            {"tensor_parallel": 2},
            "tensor_parallel: the engine transformers splits no model; expected 1, or engine vllm",
        ),
        (
            {"tensor_parallel": 0, "engine": "vllm"},
            "tensor_parallel: input should be greater than or equal to 1, got 0",
        ),
    ],
)
def test_wrong_values_are_refused_in_one_line(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_recipe(str(write_recipe(tmp_path / "recipe.yaml", SMALL_RECIPE | changes)))
    assert len(str(caught.value).splitlines()) == 1


def test_a_recipe_has_no_more_shards_than_batches_and_the_same_stages_beside_them(tmp_path: Path) -> None:
    def planned(changes: dict[str, Any]) -> Graph:
        return plan(load_recipe(str(write_recipe(tmp_path / "recipe.yaml", RECIPE | changes)))).graph

    whole, split = planned({}), planned({"shards": 5})
    assert len(planned({"shards": 1})) == len(whole)
    assert {split.name(node) for node in split if not node.is_shard} == {whole.name(node) for node in whole}
    shards = [split.name(node) for node in split if node.is_shard and node.labels.get("role") == "target"]
    assert shards == ["transcripts (role target, shard 0)", "transcripts (role target, shard 1)"], (
        "160 rows, 128 a batch"
    )


def test_tensor_parallelism_changes_no_key(tmp_path: Path) -> None:
    kind = stage_kinds()["transcripts"]
    store = Store(tmp_path)
    graph = Graph()
    one, four = (graph.add(kind, PARAMS | extra, {}, {}) for extra in ({}, {"tensor_parallel": 4}))
    assert make_job(graph, one, {}, store).key == make_job(graph, four, {}, store).key


def test_a_dry_run_costs_each_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path / "recipe.yaml", RECIPE | {"shards": 2})
    assert main(["run", str(recipe), "--store", str(tmp_path / "store"), "--dry-run", "--json"]) == 0
    stages = [stage for stage in json.loads(capsys.readouterr().out) if stage["kind"] == "transcripts"]
    asked = [stage for stage in stages if stage["labels"].get("role") == "target"]
    assert [stage["labels"].get("shard") for stage in asked] == [0, 1, None]
    assert [stage["cost"]["rows"]["value"] for stage in asked] == [80, 80, 0]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_in_shards_has_the_figures_of_one_without(tmp_path: Path) -> None:
    changes = {
        **RECIPE,
        "surrogates": {
            "small": {**RECIPE["surrogates"]["small"], "sampling": {"temperature": 1.0, "max_new_tokens": 160}}
        },
        "regimes": ["base", "answer_only", "inverted", "self_verified"],
        "candidates": {"count": 2},
    }
    whole, split = tmp_path / "whole", tmp_path / "split"
    whole.mkdir()
    split.mkdir()
    one, _ = run_to_record(whole, changes)
    several, _ = run_to_record(split, changes | {"shards": 3})
    assert several.comparable() == one.comparable()
    assert run_items(split) == run_items(whole)
    entries = {(stage.kind, stage.key) for stage in several.provenance.stages if "shard" not in stage.labels}
    assert entries == {(stage.kind, stage.key) for stage in one.provenance.stages}
    assert {stage.kind for stage in several.provenance.stages if "shard" in stage.labels} == {
        "transcripts",
        "inversions",
        "candidates",
    }
    for kind, key in entries:
        described = [json.loads((run / "store" / kind / key / "artifact.json").read_text()) for run in (whole, split)]
        assert described[0]["digest"] == described[1]["digest"], kind
