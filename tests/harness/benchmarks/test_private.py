"""A private benchmark: one YAML and one CSV file outside the checkout go to bench, to grade and to the students of a recipe."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from small_recipe import SMALL_RECIPE, run_command, run_items, run_record, write_recipe

from harness.benchmarks.catalog import forget
from harness.benchmarks.folders import FOLDERS_VARIABLE
from harness.cli import main
from harness.pipeline.graph import Node
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.sources import fingerprint, read_source
from harness.stages import stage_kinds
from traceinv.digests import digest_file, digest_text
from traceinv.errors import InputError
from traceinv.progress import silent

QUESTIONS = {"Count modulo 7. a=4;b=a*2. What is b?": 1, "Count modulo 7. a=3;b=a+3. What is b?": 6}
YAML = """\
task: traceinv_remainders
test_split: test
output_type: generate_until
custom_dataset: !function harness.benchmarks.data.load
process_results: !function harness.benchmarks.scorer.score_number
doc_to_text: "{{question}}"
doc_to_target: "{{reference}}"
generation_kwargs: {do_sample: false, temperature: 0.0, max_gen_toks: 64, until: []}
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
metadata:
  version: 1.0
  domain: math
  suites: {private: 1}
  items: 2
  licence: in house
  about: Counting modulo 7
  data: {files: [questions.csv]}
  fields: {id: number, question: text, reference: answer}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the benchmark; the current folder is another one."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return write_benchmark(tmp_path / "benchmark")


def write_benchmark(folder: Path) -> Path:
    folder.mkdir()
    (folder / "remainders.yaml").write_text(YAML)
    rows = [f'{number},"{text}",{answer}\n' for number, (text, answer) in enumerate(QUESTIONS.items(), 10)]
    (folder / "questions.csv").write_text("".join(["number,text,answer\n", *rows]))
    return folder


def write_private_recipe(folder: Path, include_path: Any, **changes: Any) -> Path:
    benchmark = {"tasks": ["remainders", "lab_chain"], "limit": 2, "include_path": include_path}
    path = folder / "recipe.yml"  # a recipe is no task, also where it lies among them
    return write_recipe(path, SMALL_RECIPE | {"benchmark": benchmark, "regimes": ["base", "answer_only"]} | changes)


def test_its_grader_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "check", "remainders", "--include-path", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "remainders: ok: loads (2 items)" in out
    assert "FAILED" not in out


def test_a_model_is_run_on_it(folder: Path, tmp_path: Path) -> None:
    first, second = ("remainders/remainders/10", "remainders/remainders/11")
    (tmp_path / "replies.json").write_text(json.dumps({first: r"\boxed{1}", second: r"\boxed{5}"}))
    options = ["--engine", "mock", "--suite", "private", "--include-path", str(folder), "--out", str(tmp_path / "out")]
    assert main(["bench", "--model", str(tmp_path / "replies.json"), *options]) == 0
    (task,) = json.loads((tmp_path / "out" / "bench.json").read_text())["tasks"]
    assert task["figures"]["accuracy"]["mean"] == 0.5
    assert task["data"]["file"] == "questions.csv"
    assert task["data"]["file_sha256"] == digest_file(folder / "questions.csv")
    assert "revision" not in task["data"]


def test_recorded_answers_to_it_are_graded(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": "remainders/10", "response": "The answer is 1."}, {"id": 11, "response": "The answer is 2."}]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["grade", "remainders", str(tmp_path / "r.jsonl"), "--include-path", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["accuracy"]["mean"] == 0.5


def test_a_recipe_asks_its_students_the_items(folder: Path, tmp_path: Path) -> None:
    planned = plan(load_recipe(str(write_private_recipe(tmp_path, [str(folder)]))))
    out = tmp_path / "items"
    out.mkdir()
    node = one(planned, "items")
    kind = stage_kinds()["items"]
    kind.run(kind.params.model_validate(node.params), {}, out, silent)
    remainders, _ = json.loads((out / "items.json").read_text())
    assert remainders["name"] == "remainders"
    assert remainders["prompts"] == digest_text("\n".join(digest_text(question) for question in QUESTIONS))
    graded = {node.labels.get("regime") for node in planned.graph.select(stage_kinds()["grades"])}
    assert graded == {"base", "answer_only", "target", "surrogate"}


def test_the_place_of_a_benchmark_decides_nothing_and_its_content_does(folder: Path, tmp_path: Path) -> None:
    recipe = write_private_recipe(tmp_path, [str(folder)])
    first = plan(load_recipe(str(recipe)))
    assert "include_path" not in json.dumps([dict(node.params) for node in first.graph])
    assert "include_path" not in load_recipe(str(recipe)).model_dump_json()
    sources = task_sources(first)

    folder.rename(tmp_path / "moved")
    moved = plan_anew(write_private_recipe(tmp_path, [str(tmp_path / "moved")]))
    assert [node.id for node in moved.graph] == [node.id for node in first.graph]
    assert task_sources(moved) == sources

    data = tmp_path / "moved" / "questions.csv"
    data.write_text(data.read_text().replace(",6\n", ",0\n"))
    changed = task_sources(plan_anew(recipe))
    assert not set(changed.values()) & set(sources.values())


def plan_anew(recipe: Path) -> Plan:
    """Plan a recipe as a process does that has included no folder and read no file yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDERS_VARIABLE, "")
        forget()
        read_source.cache_clear()
        return plan(load_recipe(str(recipe)))


def task_sources(planned: Plan) -> dict[str, str]:
    """Return the digest of the tasks' files in the keys of what depends on them, by kind of stage."""
    nodes = [one(planned, kind) for kind in ("items", "grades")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDERS_VARIABLE, str(planned.recipe.benchmark.include_path[0]))
        return {node.kind.name: fingerprint((), node.kind.files(node.params)) for node in nodes}


def one(planned: Plan, kind: str) -> Node:
    """Return the first node of a kind."""
    return planned.graph.select(stage_kinds()[kind])[0]


@pytest.mark.parametrize(
    ("include_path", "message"),
    [
        (["nowhere"], "recipe.yml: benchmark.include_path: no such folder 'nowhere'"),
        ("nowhere", "recipe.yml: benchmark.include_path: no such folder 'nowhere'"),
        (7, "recipe.yml: benchmark.include_path: expected a folder or a list of folders, got 7"),
        ([], "recipe.yml: benchmark.tasks: unknown task 'remainders'"),
    ],
)
def test_a_wrong_folder_of_a_recipe_is_refused_by_file_and_key(
    include_path: Any, message: str, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        load_recipe(str(write_private_recipe(tmp_path, include_path)))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_recipe_scores_its_students_on_it(folder: Path, tmp_path: Path) -> None:
    recipe = write_private_recipe(tmp_path, [str(folder)])
    done = subprocess.run(run_command(recipe, tmp_path), capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    assert run_items(tmp_path)["ids"]["remainders"] == ["remainders/10", "remainders/11"]
    for row in run_record(tmp_path).rows:
        assert row.scores.keys() == {"remainders", "lab_chain", "math", "all"}
        assert row.scores["math"].items == 4
    shutil.rmtree(folder)
    assert main(["store", "verify", "--store", str(tmp_path / "store")]) == 0
    again = subprocess.run(run_command(recipe, tmp_path), capture_output=True, text=True, timeout=800)
    assert again.returncode == 2
    assert "benchmark.include_path: no such folder" in again.stderr
