"""Whole runs of the small recipe, as a user runs them, and seen from both sides of the barrier."""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Any

import pytest
from processes import descendants, wait_until_gone
from small_recipe import run_command, run_record
from stub_stages import Recorder

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors import base as executors
from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.graph import SIDE, Node
from harness.pipeline.nodes import TESTER
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import Artifacts, find_artifacts, run
from harness.pipeline.store import Store
from harness.results.schema import ResultRecord
from harness.stages import stage_kinds
from harness.stages.base import Inputs, Log, StageKind
from traceinv.progress import Progress
from traceinv.records import Transcript
from traceinv.rows import read_rows, write_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def finished(small_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("finished")
    subprocess.run(run_command(small_recipe, folder), check=True)
    return folder


@pytest.fixture(scope="module")
def record(finished: Path) -> ResultRecord:
    return run_record(finished)


def _stages(record: ResultRecord) -> list[tuple[str, dict[str, Any], str]]:
    return [(stage.kind, stage.labels, stage.key) for stage in record.provenance.stages]


def test_one_worker_and_several_give_the_same_keys_and_the_same_record(
    record: ResultRecord, small_recipe: Path, tmp_path: Path
) -> None:
    """Keys are made of the contents of inputs, so equal keys at the end mean equal contents before."""
    subprocess.run([*run_command(small_recipe, tmp_path), "--workers", "1"], check=True)
    again = run_record(tmp_path)
    assert _stages(again) == _stages(record)
    assert again.comparable() == record.comparable()


def test_a_second_run_computes_nothing(finished: Path, small_recipe: Path) -> None:
    output = subprocess.run(run_command(small_recipe, finished), check=True, capture_output=True, text=True)
    assert "computed 0 of" in output.stdout


def test_a_dry_run_lists_the_stages_of_the_record_as_cached(
    record: ResultRecord, finished: Path, small_recipe: Path
) -> None:
    command = [*run_command(small_recipe, finished), "--dry-run", "--json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    stages = json.loads(output.stdout)
    assert all(stage["cached"] for stage in stages)
    assert [(stage["kind"], stage["labels"], stage["key"]) for stage in stages] == _stages(record)


def test_the_record_says_what_its_accuracies_depend_on_and_compares_its_regimes(record: ResultRecord) -> None:
    assert [row.name for row in record.rows] == [*record.recipe["regimes"], "target", "surrogate"]
    comparability = record.rows[0].comparability
    assert all(row.comparability == comparability for row in record.rows)
    assert set(comparability.tasks) == {"lab_chain", "lab_compose"}
    assert comparability.sampling["lab_chain"]["temperature"] == 0
    assert comparability.stages["student"] == stage_kinds()["student"].version
    assert {(c.first, c.second) for c in record.contrasts} >= {("inverted", "answer_only"), ("oracle", "inverted")}
    assert all(contrast.p_holm >= contrast.p_value for contrast in record.contrasts)
    assert {row.regime for row in record.recovery} == set(record.recipe["regimes"]) - {"base", "oracle"}


def test_the_record_says_how_different_the_summaries_are_that_inverters_are_trained_on(record: ResultRecord) -> None:
    (style,) = record.style
    assert 20 <= min(style.taught.texts, style.used.texts) <= max(style.taught.texts, style.used.texts) <= 32
    assert style.auc.low < style.auc.mean < style.auc.high


def test_the_record_carries_its_gates_and_its_ledger(record: ResultRecord) -> None:
    trained = [name for name in record.recipe["regimes"] if name != "base"]
    (ledger,) = record.ledger
    assert ledger.asked == 32
    assert set(ledger.rows) == set(trained)
    assert 0 < ledger.shared <= min(ledger.rows.values())
    figures = {gate.name: gate.figures for gate in record.gates}
    students = [model for model in figures["training"]["models"] if model["kind"] == "student"]
    assert {model["regime"]: model["examples"] for model in students} == dict.fromkeys(trained, ledger.shared)
    assert figures["same questions"] == {"items": 8, "families": 1, "prompts": 8}
    assert figures["rendering"]["first_rows"]["oracle"].endswith("<|end|>")
    writing = figures["nothing cut in silence"]["stages"]
    assert {stage.get("role") or stage["regime"] for stage in writing} == {
        *("target", "surrogate", "second"),
        *("inverted", "zero_shot_inverted"),
    }


def test_every_stage_of_the_record_is_in_the_store_under_its_key(record: ResultRecord, finished: Path) -> None:
    store = Store(finished / "store")
    for entry in record.provenance.stages:
        artifact = store.find(entry.kind, entry.key)
        assert artifact is not None
        assert (artifact.description.version, artifact.description.fingerprint) == (entry.version, entry.fingerprint)
    engines = {entry.kind: entry.engine for entry in record.provenance.stages if entry.engine}
    assert set(engines) == {"transcripts", "inversions", "responses"}
    assert {(engine["engine"], engine["batch_size"] > 0, engine["dtype"]) for engine in engines.values()} == {
        ("transformers", True, "torch.float32")
    }


class Watcher(Recorder):
    """Remembers which nodes were computed."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Node] = []

    def finished(self, node: Node, artifact: Artifact) -> None:
        self.nodes.append(node)


def test_other_hidden_traces_change_nothing_on_the_testers_side(
    finished: Path, small_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(load_recipe(str(small_recipe)))
    shutil.copytree(finished / "store", tmp_path / "store")
    store = Store(tmp_path / "store")
    before = find_artifacts(planned.graph, store)
    hidden = planned.cells[0].hidden
    store.remove(hidden.kind.name, before[hidden.id].key)
    _hide_other_lines(monkeypatch)
    watcher = Watcher()
    after = run(planned.graph, store, InlineExecutor(), watcher)

    changed = {node.id for node in planned.graph if after[node.id].digest != before[node.id].digest}
    assert {hidden.id, planned.cells[0].examples[0]["oracle"].id} <= changed
    assert not [node for node in planned.graph if node.labels[SIDE] == TESTER and node.id in changed]
    assert {_short_name(node) for node in watcher.nodes} == _read_the_hidden_traces(planned, before, after)


def _hide_other_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the stage `transcripts` write other traces with the same disclosures: lines that no summary shows are replaced."""
    kinds = dict(stage_kinds())
    original: StageKind = kinds["transcripts"]

    def altered(params: Any, inputs: Inputs, out: Path, progress: Progress) -> Log:
        log = original.run(params, inputs, out, progress)
        rows = [_with_other_hidden_lines(row) for row in read_rows(out / "transcripts.jsonl", Transcript)]
        write_rows(out / "transcripts.jsonl", rows)
        return log

    kinds["transcripts"] = replace(original, run=altered)
    monkeypatch.setattr(executors, "stage_kinds", lambda: kinds)


def _with_other_hidden_lines(row: Transcript) -> Transcript:
    if not row.complete or row.trace is None:
        return row
    lines = [line for line in row.trace.splitlines() if line.strip()]
    if len(lines) < 2:
        return row
    return row.model_copy(update={"trace": "\n".join("hidden" if i % 2 == 0 else line for i, line in enumerate(lines))})


def _read_the_hidden_traces(planned: Plan, before: Artifacts, after: Artifacts) -> set[tuple[str, Any]]:
    """Name the nodes that read the hidden traces, and those after them whose inputs changed."""
    names = {
        ("transcripts", "target"),
        ("disclosures", "target"),  # the door: it reads the hidden side, and lets nothing new through
        ("examples", "oracle"),
        ("student", "oracle"),
        ("responses", "oracle"),
        ("ceiling", None),
        *(("faithfulness", regime) for regime in ("inverted", "zero_shot_inverted")),
        *(("calibration", regime) for regime in ("inverted", "zero_shot_inverted")),
        *(("likelihood", model) for model in ("inverted", "surrogate")),
        ("exact_bits", None),
        ("utility", None),
        *(("reading", regime) for regime in ("inverted", "zero_shot_inverted")),
    }
    (responses,) = planned.graph.select(stage_kinds()["responses"], regime="oracle")
    if after[responses.id].digest != before[responses.id].digest:
        names.add(("grades", "oracle"))
    return names


def _short_name(node: Node) -> tuple[str, Any]:
    return node.kind.name, node.labels.get("regime") or node.labels.get("role")


def test_workers_die_with_the_run_that_started_them(small_recipe: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(run_command(small_recipe, tmp_path))
    while not glob("partial/*/*/", root_dir=tmp_path / "store"):
        assert process.poll() is None, "the run ended before a worker had begun a stage"
        time.sleep(0.05)
    workers = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert workers
    wait_until_gone(workers)
