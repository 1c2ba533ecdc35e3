"""Every recipe that ships loads, is planned, and says what it takes, on a machine that has neither its data nor its models."""

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.pipeline.recipe_files import built_in_recipes, load_recipe
from traceinv.regimes import REGIMES

QUESTIONS = 1600
TRAINED = ("student", "inverter", "reasoning_model")


@pytest.fixture(params=built_in_recipes())
def command(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    extra = []
    if request.param == "gsm8k-recorded":  # names its data by a folder, and every question must be there
        rows = (
            {"question": f"What is {n} plus 1?", "answer": f"It is {n + 1}.\n#### {n + 1}"} for n in range(QUESTIONS)
        )
        (tmp_path / "gsm8k_train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (tmp_path / "gsm8k_test.jsonl").write_text("")
        extra = ["--set", f"data_dir={tmp_path}"]
    return ["run", request.param, "--dry-run", "--store", str(tmp_path / "store"), *extra]


def test_a_shipped_recipe_is_costed(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--json"]) == 0
    stages = json.loads(capsys.readouterr().out)
    trained = [stage for stage in stages if stage["kind"] in TRAINED]
    assert trained
    for stage in trained:
        cost = stage["cost"]
        assert cost["rows"]["value"] > 0, stage["name"]
        assert cost["steps"]["value"] > 0, stage["name"]
        assert cost["tokens"]["value"] > cost["learned"]["value"] > 0, stage["name"]


@pytest.mark.parametrize("name", ["one-gpu", "settle"])
def test_what_is_meant_for_one_gpu_fits_on_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", name, "--dry-run", "--json", "--store", str(tmp_path)]) == 0
    stages = json.loads(capsys.readouterr().out)
    assert [stage["cost"]["does_not_fit"] for stage in stages if stage["cost"]["does_not_fit"]] == []
    assert all(stage["cost"]["memory_bytes"] for stage in stages if stage["kind"] in TRAINED)


def test_the_papers_trainings_fit_on_no_single_gpu_and_the_dry_run_says_what_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = ["run", "paper", "--dry-run", "--store", str(tmp_path), "--set=accelerate=null"]
    assert main(one) == 0
    printed = capsys.readouterr().out
    assert "h100 has 78.0 GiB; in `training`: lora trains fewer weights" in printed
    lora = [f"--set={place}.training.lora.rank=64" for place in ("inverter", "students.qwen", "students.llama")]
    assert main([*one, *lora]) == 0
    assert "would not fit" not in capsys.readouterr().out


def test_the_papers_trainings_fit_on_the_node_of_eight_that_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "paper", "--dry-run", "--store", str(tmp_path)]) == 0
    assert "would not fit" not in capsys.readouterr().out


def test_settle_has_the_controls_that_both_lacked_and_names_its_contrasts() -> None:
    recipe = load_recipe("settle")
    controls = {name for name, regime in REGIMES.items() if regime.role == "control" and not regime.partial}
    assert controls & {*recipe.regimes} >= {"inverted_mismatched", "inverted_shuffled", "inverted_length_matched"}
    assert {"self_verified", "surrogate_hinted"} <= {*recipe.regimes}
    assert recipe.contrasts[0] == ("inverted", "surrogate_trace")
    assert len(recipe.seeds) == 3
