"""Recipes: what is wrong is said in one line that names file, key, expectation and the nearest right name."""

from pathlib import Path

import pytest
import yaml

from harness.pipeline.audited import AuditChoice
from harness.pipeline.recipe_files import RECIPES, built_in_recipes, load_recipe
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
        "ideal_inverted",
        "oracle",
    }


def test_overrides_and_seeds_change_the_recipe() -> None:
    recipe = load_recipe("lab", ["students.lab.training.epochs=1", "policies.half.k=3"], seeds=2)
    assert recipe.students["lab"].training.epochs == 1
    assert recipe.policies["half"].model_dump()["k"] == 3
    assert recipe.seeds == [0, 1]


def test_another_kind_starts_from_its_own_defaults() -> None:
    regimes = "regimes=[base, answer_only, inverted_without_summary, oracle]"
    recipe = load_recipe("lab", [regimes, "policies.half.kind=answer_only"])
    assert recipe.policies["half"].model_dump() == {"kind": "answer_only"}


def test_cells_are_every_combination_of_what_is_named() -> None:
    policies = "policies={half: {kind: every_kth_step, k: 2}, third: {kind: every_kth_step, k: 3}}"
    recipe = load_recipe("lab", [policies, "budgets=[0.5, 1.0]"])
    cells = [(cell.policy, cell.budget) for cell in recipe.cells()]
    assert cells == [("half", 0.5), ("half", 1.0), ("third", 0.5), ("third", 1.0)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"studnets": {}}, "unknown key 'studnets' (did you mean 'students'?)"),
        ({"students": {"lab": {"trainign": {}}}}, "unknown key 'students.lab.trainign' (did you mean 'training'?)"),
        ({"students": {"lab": {"training": {"epochs": "many"}}}}, "students.lab.training.epochs: input should be"),
        ({"students": {}}, "students: dictionary should have at least 1 item"),
        ({"regimes": ["base", "orcale"]}, "regimes.1: unknown regime 'orcale' (did you mean 'oracle'?)"),
        ({"contrasts": [["inverted", "bse"]]}, "contrasts.0.1: unknown regime 'bse' (did you mean 'base'?)"),
        ({"benchmark": {"tasks": ["lab_chian"]}}, "unknown task 'lab_chian' (did you mean 'lab_chain'?)"),
        ({"benchmark": {"tasks": ["gsm8k"], "samples": 0}}, "benchmark.samples: input should be greater than 0"),
        (
            {"policies": {"silent": {"kind": "answer_only"}}, "regimes": ["base", "summary"]},
            "wrong.yaml: policies.silent: answer_only discloses no summary, which all regimes need",
        ),
        (
            {"policies": {"half": {"kind": "every_kth_stp"}}},
            "policies.half.kind: unknown kind 'every_kth_stp' (did you",
        ),
        (
            {"policies": {"half": {"k": 2}}},
            "policies.half: expected a mapping with a `kind`, one of answer_and_metadata, ",
        ),
        (
            {"policies": {"half": {"kind": "every_kth_step", "k": 0}}},
            "policies.half.k: input should be greater than or",
        ),
        ({"targets": {"lab": {"kind": "lab", "steps": [2, 9]}}}, "targets.lab."),
        ({"questions": {"kind": "lab", "per_family": 8, "steps": [4, 2]}}, "questions.steps: expected the fewest"),
        ({"seeds": [1, 1]}, "seeds: expected no value twice, got [1, 1]"),
        ({"seeds": []}, "seeds: list should have at least 1 item"),
        ({"budgets": [0.0]}, "budgets.0: input should be greater than 0"),
        ({"seeds": [-1]}, "seeds.0: input should be greater than or equal to 0"),
        ({"seeds": [2**32]}, "seeds.0: input should be less than"),
        ({"engine": "vlm"}, "engine: input should be 'transformers', 'vllm' or 'mock'"),
        ({"contrasts": [["inverted", "inverted"]]}, "contrasts.0: expected two different regimes"),
        ({"contrasts": [["oracle", "inverted"]] * 2}, "contrasts: expected no value twice"),
        ({"benchmark": {"tasks": ["gsm8k"], "seed": -1}}, "benchmark.seed: input should be greater than or equal"),
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


def test_a_mistyped_key_is_named_before_the_one_that_it_leaves_out(small_recipe: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(small_recipe.read_text())
    content["regime"] = content.pop("regimes")
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"unknown key 'regime' \(did you mean 'regimes'\?\)"):
        load_recipe(str(path))


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
        ("lab", ["students.lab.training.epoch=1"], "--set students.lab.training.epoch=1: unknown key"),
        ("lab", ["polices.half.k=3"], "--set polices.half.k=3: unknown key 'polices' (did you mean 'policies'?)"),
        ("lab", ["policies.half.k=three"], "--set policies.half.k=three: policies.half.k: input should be"),
        ("lab", ["policies.half.k=3", "seeds=[a]"], "--set seeds=[a]: seeds.0: input should be a valid integer"),
        ("lab", ["seeds=[1"], "--set 'seeds=[1':1: not YAML"),
        (
            "lab",
            ["questions.per_family=100000000"],
            "per_family=100000000: questions.per_family: expected a number up to",
        ),
        (
            "lab",
            ["students.lab.training.epochs=1e308"],
            "students.lab.training.epochs: expected a number up to 10,000,000",
        ),
        ("lab", ["students.lab.training.epochs=.inf"], "expected a finite number, got inf"),
        ("lab", ["benchmark.limit=" + "9" * 400], "benchmark.limit: expected a number up to 10,000,000, got 99999"),
        ("lab", ["seeds=[-1]"], "seeds.0: input should be greater than or equal to 0"),
        ("lab", ["seeds=[99999999999999999999999]"], "seeds.0: input should be less than 4294967296"),
        (
            "lab",
            ["benchmark.parameters={a: !!set {b}}"],
            "a: expected text, a number, true, false, a list or keys, got set",
        ),
        ("lab", ['benchmark.parameters={a: "\\ud800"}'], "a: half a character"),
        ("lab", ["a=" + "[" * 3000], "[[[: nested too deeply"),
    ],
)
def test_wrong_names_and_overrides_are_refused(name: str, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError) as error:
        load_recipe(name, overrides)
    assert message in str(error.value)


def test_overrides_count_together_whatever_their_order() -> None:
    overrides = ["policies.half.kind=answer_only", "regimes=[base, answer_only]"]
    assert load_recipe("lab", overrides).regimes == ["base", "answer_only"]


def test_an_override_changes_one_of_several_aliases_alone(tmp_path: Path, small_recipe: Path) -> None:
    content = yaml.safe_load(small_recipe.read_text())
    content["targets"]["lab"]["training"] = content["surrogates"]["small"]["training"]
    path = tmp_path / "aliases.yaml"
    path.write_text(yaml.safe_dump(content))
    assert "&id" in path.read_text()
    recipe = load_recipe(str(path), ["targets.lab.training.epochs=7"])
    assert (recipe.targets["lab"].training.epochs, recipe.surrogates["small"].training.epochs) == (7, 2)


def test_too_many_seeds_are_refused_before_they_are_listed() -> None:
    with pytest.raises(InputError, match="--seeds 1000000000000: seeds: list should have at most 100 items"):
        load_recipe("lab", seeds=10**12)


AUDIT = {
    "policies": {"silent": {"kind": "answer_only"}, "third": {"kind": "every_kth_step", "k": 3}},
    "questions": {"per_family": 5},
    "seeds": [4, 5],
}


def _with_audit(folder: Path, section: object) -> str:
    content = yaml.safe_load((RECIPES / "lab-shared.yaml").read_text()) | {"audit": section}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def test_the_section_audit_stands_over_the_recipe_of_an_audit_alone(tmp_path: Path) -> None:
    path = _with_audit(tmp_path, AUDIT)
    plain, audit = load_recipe(path), load_recipe(path, audit=AuditChoice())
    assert plain == load_recipe("lab-shared")
    assert (audit.name, list(audit.policies), audit.seeds) == ("lab-shared-audit", ["silent", "third"], [4, 5])
    assert audit.policies_together
    assert not plain.policies_together
    assert audit.questions.size() == 4 * 5, "mappings are merged key by key"
    assert audit.students == plain.students
    assert load_recipe(path, ["questions.per_family=7"], audit=AuditChoice()).questions.size() == 4 * 7


def test_an_audit_takes_policies_by_name_or_by_kind_and_regimes(tmp_path: Path) -> None:
    path = _with_audit(tmp_path, AUDIT)
    choice = AuditChoice(policies=("third", "every_kth_step"), regimes=("base", "inverted", "oracle"))
    audit = load_recipe(path, seeds=1, audit=choice)
    assert {name: policy.model_dump()["k"] for name, policy in audit.policies.items()} == {
        "third": 3,
        "every_kth_step": 2,
    }
    assert (audit.regimes, audit.seeds) == (["base", "inverted", "oracle"], [0])


@pytest.mark.parametrize(
    ("section", "choice", "message"),
    [
        (
            AUDIT,
            AuditChoice(policies=("thrid",)),
            "--policies: 'thrid' is neither a policy of the recipe nor a kind of policy ",
        ),
        (
            AUDIT,
            AuditChoice(regimes=("orcale",)),
            "--regimes orcale: regimes.0: unknown regime 'orcale' (did you mean 'oracle'?)",
        ),
        ([1], AuditChoice(), "mine.yaml: audit: expected keys of the recipe and their values, got list"),
        ({"seedz": [1]}, AuditChoice(), "mine.yaml: unknown key 'seedz' (did you mean 'seeds'?)"),
    ],
)
def test_what_is_wrong_with_an_audit_is_said_in_one_line(
    section: object, choice: AuditChoice, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        load_recipe(_with_audit(tmp_path, section), audit=choice)
    assert message in str(error.value)


@pytest.mark.parametrize("name", built_in_recipes())
def test_the_audit_of_every_built_in_recipe_is_one(name: str) -> None:
    assert load_recipe(name, audit=AuditChoice()).policies_together


def test_the_labs_audit_compares_eight_policies_with_the_planted_leak() -> None:
    audit = load_recipe("lab", audit=AuditChoice())
    assert len(audit.policies) >= 8
    assert {"surrogate_trace", "inverted", "ideal_inverted", "oracle"} <= set(audit.regimes)
    assert any(not policy.discloses_summary for policy in audit.policies.values())


def test_a_curriculum_needs_its_first_regime() -> None:
    with pytest.raises(InputError, match="surrogate_trace is needed too"):
        load_recipe("lab", ["regimes=[base, inverted_after_surrogate]"])


def test_a_recipe_compares_the_pairs_of_its_own_regimes() -> None:
    recipe = load_recipe("lab", ["regimes=[base, answer_only, summary, oracle]"])
    assert set(recipe.contrasts) == {("summary", "answer_only"), ("oracle", "answer_only")}


def test_over_which_devices_trainings_are_spread_is_no_part_of_a_recipes_figures(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text("distributed_type: MULTI_CPU\nnum_processes: 2\n")
    recipe = load_recipe("lab", [f"accelerate={file}"])
    assert recipe.accelerate is not None
    assert recipe.accelerate.num_processes == 2
    assert recipe.model_dump() == load_recipe("lab").model_dump()
    named = [f"accelerate={file}", "accelerate.num_processes=4"]
    with pytest.raises(InputError):
        load_recipe("lab", named)  # the values of a file are changed in the file


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["accelerate=none.yaml"], r"--set accelerate=none\.yaml: accelerate: none\.yaml: .*[Nn]o such file"),
        (["accelerate={num_processes: 2}"], r"accelerate\.distributed_type: field required"),
        (
            ["accelerate={distributed_type: MULTI_CPU, num_processes: 2}", "students.lab.training.batch_size=3"],
            r"students\.lab\.training\.batch_size: expected a multiple of 2, the num_processes of `accelerate`, got 3",
        ),
        (
            ["accelerate={distributed_type: MULTI_CPU, num_processes: 16}"],
            r"surrogates\.small\.training\.batch_size: expected a multiple of 16",
        ),
    ],
)
def test_what_cannot_be_spread_is_refused_before_anything_runs(overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_recipe("lab", overrides)
