"""Recipes: what is wrong is said in one line that names file, key, expectation and the nearest right name."""

from pathlib import Path

import pytest
import yaml

from harness.pipeline.recipe import load_recipe
from traceinv.errors import InputError


def test_the_lab_recipe_has_every_regime_of_the_comparison_and_three_seeds() -> None:
    recipe = load_recipe("lab")
    assert recipe.seeds == [0, 1, 2]
    assert set(recipe.regimes) == {
        "base",
        "answer_only",
        "summary",
        "surrogate_trace",
        "inverted",
        "inverted_without_summary",
        "inverted_mismatched",
        "oracle",
    }


def test_overrides_and_seeds_change_the_recipe() -> None:
    recipe = load_recipe("lab", ["student.epochs=1", "policy.k=3"], seeds=2)
    assert (recipe.student.epochs, recipe.policy.model_dump()["k"], recipe.seeds) == (1, 3, [0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"studnet": {}}, "unknown key 'studnet' (did you mean 'student'?)"),
        ({"student": {"epoch": 3}}, "unknown key 'student.epoch' (did you mean 'epochs'?)"),
        ({"student": {"epochs": "many"}}, "student.epochs: input should be a valid number"),
        ({"regimes": ["base", "orcale"]}, "regimes.1: input should be 'base'"),
        ({"benchmark": {"tasks": ["lab_chian"]}}, "unknown task 'lab_chian' (did you mean 'lab_chain'?)"),
        ({"benchmark": {"tasks": ["gsm8k"], "samples": 0}}, "benchmark.samples: input should be greater than 0"),
        ({"policy": {"kind": "answer_only"}}, "wrong.yaml: policy: answer_only shows no summary, which inverted needs"),
        ({"seeds": [1, 1]}, "seeds: expected no value twice, got [1, 1]"),
        ({"seeds": []}, "seeds: list should have at least 1 item"),
        (
            {"policy": {"kind": "every_kth_step", "k": 0}},
            "policy.every_kth_step.k: input should be greater than or equal to 1",
        ),
    ],
)
def test_a_wrong_recipe_is_refused_by_file_and_key(
    change: dict[str, object], message: str, small_recipe: Path, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(small_recipe.read_text()) | change))
    with pytest.raises(InputError) as error:
        load_recipe(str(path))
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_key_is_named(small_recipe: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(small_recipe.read_text())
    del content["benchmark"]
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="benchmark: field required"):
        load_recipe(str(path))


def test_what_is_not_yaml_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("name: x\nseeds: [1,\n")
    with pytest.raises(InputError, match=r"wrong\.yaml:3: not YAML"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("lba", [], "unknown recipe 'lba' (did you mean 'lab'?)"),
        ("nowhere.yaml", [], "nowhere.yaml: no such recipe file"),
        ("lab", ["seeds"], "--set 'seeds': expected KEY.KEY=VALUE"),
        ("lab", ["name.x=1"], "'name' holds a value"),
        ("lab", ["student.epoch=1"], "did you mean 'epochs'?"),
    ],
)
def test_wrong_names_and_overrides_are_refused(name: str, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError) as error:
        load_recipe(name, overrides)
    assert message in str(error.value)
