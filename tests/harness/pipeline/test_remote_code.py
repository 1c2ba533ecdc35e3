"""Code that comes with a model: run where the recipe says so for that model, and nowhere else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fake_run import fake_artifacts
from small_recipe import SMALL_RECIPE
from stage_inputs import run_stage

from harness.assembly.record import assemble
from harness.pipeline.plan import plan
from harness.pipeline.recipe import Recipe
from traceinv.engines import load_engine
from traceinv.errors import InputError
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.records import Example
from traceinv.rows import write_rows

FIELD = "trust_remote_code"
CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM
Path({marker!r}).touch()
class OwnConfig(LlamaConfig):
    model_type = "own"
class OwnModel(LlamaForCausalLM):
    config_class = OwnConfig
"""
TRAINING = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 2, "max_tokens": 128}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """The file that the model's code writes when it is run."""
    return tmp_path / "ran"


@pytest.fixture
def own(tmp_path: Path, marker: Path) -> Path:
    """A model of a type that no library knows, with the code that builds it."""
    folder = tmp_path / "own-model"
    shutil.copytree(locate(SHIPPED_MODEL), folder)
    (folder / "modeling_own.py").write_text(CODE.format(marker=str(marker)))
    names = {"AutoConfig": "modeling_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.OwnModel"}
    _change(folder, model_type="own", architectures=["OwnModel"], auto_map=names)
    return folder


def _change(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _loading(content: dict[str, Any]) -> dict[tuple[str, str | None], bool]:
    """Return by kind of stage, and by regime or role, whether code may be run; without the field, it may not."""
    return {
        (node.kind.name, str(node.labels.get("regime") or node.labels.get("role"))): bool(
            node.params.get(FIELD) or (node.params.get("model") or {}).get(FIELD)
        )
        for node in plan(Recipe.model_validate(content)).graph
    }


def test_without_a_word_of_it_no_parameter_has_the_field() -> None:
    recipe = Recipe.model_validate(SMALL_RECIPE)
    assert FIELD not in recipe.model_dump_json()
    assert all(FIELD not in json.dumps(node.params) for node in plan(recipe).graph)


def test_only_the_stages_that_load_the_model_may_run_its_code() -> None:
    training = SMALL_RECIPE["students"]["lab"]["training"]
    of_student = _loading(SMALL_RECIPE | {"students": {"lab": {"training": training, FIELD: True}}})
    trusting = {name for name, trusted in of_student.items() if trusted}
    assert {kind for kind, _ in trusting} == {"examples", "student", "responses"}
    assert not of_student["responses", "target"]
    assert not of_student["responses", "surrogate"]
    of_inverter = _loading(SMALL_RECIPE | {"inverter": SMALL_RECIPE["inverter"] | {FIELD: True}})
    trusting = {name for name, trusted in of_inverter.items() if trusted}
    assert {kind for kind, _ in trusting} == {"inverter", "inversions", "likelihood"}
    assert not of_inverter["likelihood", "surrogate"]
    of_target = _loading(SMALL_RECIPE | {"targets": {"lab": SMALL_RECIPE["targets"]["lab"] | {FIELD: True}}})
    assert {name for name, trusted in of_target.items() if trusted} == {
        ("reasoning_model", "target"),
        ("transcripts", "target"),
        ("transcripts", "second"),
        ("responses", "target"),
    }


def test_the_record_says_whose_code_was_run(tmp_path: Path) -> None:
    training = SMALL_RECIPE["students"]["lab"]["training"]
    planned = plan(Recipe.model_validate(SMALL_RECIPE | {"students": {"lab": {"training": training, FIELD: True}}}))
    record = assemble(planned, fake_artifacts(planned, tmp_path), "traceinv run small")[0]
    assert record.recipe["students"]["lab"][FIELD] is True
    (gate,) = [gate for gate in record.gates if gate.name == "code that came with models"]
    assert gate.figures == {"run": ["students.lab"]}


def test_code_of_another_repository_is_refused_even_then(own: Path) -> None:
    _change(own, auto_map={"AutoConfig": "someone/else--modeling_own.OwnConfig"})
    with pytest.raises(InputError, match=r"config\.json: auto_map: names code of another repository"):
        load_engine("transformers", own, trust_remote_code=True)


@pytest.mark.slow
def test_a_trained_model_keeps_its_code_and_runs_it_only_where_it_is_trusted(
    own: Path, marker: Path, tmp_path: Path
) -> None:
    rows = [Example(id=str(n), prompt=f"What is {n}?", completion=f"<think>\na={n}\n</think>\n\n{n}") for n in (1, 2)]
    for folder in ("examples", "rows"):
        (tmp_path / folder).mkdir()
    write_rows(tmp_path / "examples" / "examples.jsonl", rows)
    (tmp_path / "rows" / "ids.json").write_text('["1", "2"]')
    inputs = {"base": own, "examples": tmp_path / "examples", "rows": tmp_path / "rows"}
    params = {"training": TRAINING, "seed": 0}
    with pytest.raises(Exception, match=FIELD):
        run_stage("student", params, inputs, tmp_path / "refused")
    assert not marker.exists()
    run_stage("student", params | {FIELD: True}, inputs, tmp_path / "taught")
    assert marker.exists()
    marker.unlink()
    with pytest.raises(InputError, match="cannot be loaded"):
        load_engine("transformers", tmp_path / "taught")
    assert not marker.exists()
    load_engine("transformers", tmp_path / "taught", trust_remote_code=True)
    assert marker.exists()
