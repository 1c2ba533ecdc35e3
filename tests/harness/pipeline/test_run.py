"""Whole runs of the small recipe: killed and resumed, made again, and seen from both sides of the barrier."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Any

import pytest

from harness.pipeline.executors.local import InlineExecutor
from harness.pipeline.plan import External, Stage, plan
from harness.pipeline.recipe import load_recipe
from harness.pipeline.scheduler import run
from harness.pipeline.store import Artifact, Store, digest_folder
from harness.results.files import read_record
from harness.results.schema import ResultRecord
from harness.stages import kinds as stages
from traceinv.lab.models import BASE
from traceinv.records import Transcript
from traceinv.rows import read_rows, write_rows

pytestmark = pytest.mark.slow
TRACEINV = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())"]


def _command(recipe: Path, folder: Path) -> list[str]:
    return [*TRACEINV, "run", str(recipe), "--store", str(folder / "store"), "--out", str(folder / "out")]


def _record(folder: Path) -> ResultRecord:
    (path,) = (p for p in (folder / "out").glob("*.json") if not p.name.endswith(".items.json"))
    return read_record(path)


def _items(folder: Path) -> Any:
    (path,) = (folder / "out").glob("*.items.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def finished(small_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("finished")
    subprocess.run(_command(small_recipe, folder), check=True, timeout=600)
    return folder


def _kill_when(command: list[str], seen: Path, pattern: str) -> None:
    """Start a run and kill -9 it as soon as something matches the pattern in its store."""
    process = subprocess.Popen(command, start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        while not glob(pattern, root_dir=seen):  # unlike Path.glob it bears a draft that goes away meanwhile
            assert process.poll() is None, f"the run ended before {pattern} appeared"
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()


def test_a_run_killed_at_several_stages_ends_with_the_record_of_one_that_was_not(
    finished: Path, small_recipe: Path, tmp_path: Path
) -> None:
    command = _command(small_recipe, tmp_path)
    for pattern in ("drafts/*/*", "transcripts/*", "inverter/*", "student/*", "scores/*"):
        _kill_when(command, tmp_path / "store", pattern)
        for meta in (tmp_path / "store").glob("*/*/artifact.json"):
            if meta.parent.parent.name == "drafts":
                continue
            assert json.loads(meta.read_text())["digest"] == digest_folder(meta.parent), "artifacts are whole"
    subprocess.run(command, check=True, timeout=600)
    assert _record(tmp_path).comparable() == _record(finished).comparable()
    assert _items(tmp_path) == _items(finished)


def test_the_same_seed_gives_the_same_artifacts_all_the_way(finished: Path, small_recipe: Path, tmp_path: Path) -> None:
    """Keys are made of the contents of inputs, so equal keys at the end mean equal contents before."""
    subprocess.run([*_command(small_recipe, tmp_path), "--workers", "1"], check=True, timeout=600)
    again, first = _record(tmp_path), _record(finished)
    assert [(s.name, s.key) for s in again.provenance.stages] == [(s.name, s.key) for s in first.provenance.stages]
    assert again.id == first.id


def test_a_second_run_computes_nothing(finished: Path, small_recipe: Path) -> None:
    output = subprocess.run(_command(small_recipe, finished), check=True, timeout=120, capture_output=True, text=True)
    assert "computed 0 of" in output.stdout


def test_the_record_says_what_its_scores_depend_on_and_compares_its_regimes(finished: Path) -> None:
    record = _record(finished)
    assert set(record.conditions.tasks) == {"lab_chain", "lab_compose"}
    assert record.conditions.sampling["lab_chain"]["temperature"] == 0
    assert {(c.first, c.second) for c in record.contrasts} >= {("inverted", "answer_only"), ("oracle", "inverted")}
    assert {row.regime for row in record.recovery} == set(record.recipe["regimes"]) - {"base", "oracle"}
    assert all(contrast.p_holm >= contrast.p_value for contrast in record.contrasts)


def test_the_record_says_how_unlike_the_summaries_are_that_inverters_are_taught_on(finished: Path) -> None:
    style = _record(finished).style
    assert style is not None
    assert 20 <= min(style.taught.texts, style.used.texts) <= max(style.taught.texts, style.used.texts) <= 32
    assert style.auc.low < style.auc.mean < style.auc.high


def test_the_record_carries_its_gates_and_its_ledger(finished: Path) -> None:
    record = _record(finished)
    taught = [name for name in record.recipe["regimes"] if name != "base"]
    (ledger,) = record.ledger
    assert ledger.asked == 32
    assert set(ledger.rows) == set(taught)
    assert 0 < ledger.shared <= min(ledger.rows.values())
    figures = {gate.name: gate.figures for gate in record.gates}
    assert {figures["training"][f"student {name}, seed 0"]["examples"] for name in taught} == {ledger.shared}
    assert figures["one prompt an item"]["prompts"] == 8
    assert figures["render"]["first_rows"]["oracle"].endswith("<|end|>")


class _Watcher:
    """Remembers which stages were computed."""

    def __init__(self) -> None:
        self.computed: list[str] = []

    def found(self, stage: Stage, artifact: Artifact) -> None: ...

    def started(self, stage: Stage) -> None: ...

    def advanced(self, name: str, share: float) -> None: ...

    def finished(self, stage: Stage, artifact: Artifact) -> None:
        self.computed.append(stage.name)


def test_changing_the_hidden_traces_changes_nothing_on_the_testers_side(
    finished: Path, small_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished / "store", tmp_path / "store")
    store = Store(tmp_path / "store")
    experiment = plan(load_recipe(str(small_recipe)), External(BASE, digest_folder(BASE)))
    before = run(experiment, store, InlineExecutor(), _Watcher())
    shutil.rmtree(before["target answers the target's questions"].path)
    original = stages.STAGES["transcripts"]

    def altered(params: Any, inputs: Any, out: Path, progress: Any) -> dict[str, Any]:
        """Other hidden traces with the same disclosures: the lines that no summary shows are replaced."""
        log = original.run(params, inputs, out, progress)
        rows = [_with_other_hidden_lines(row) for row in read_rows(out / "transcripts.jsonl", Transcript)]
        write_rows(out / "transcripts.jsonl", rows)
        return log

    monkeypatch.setitem(stages.STAGES, "transcripts", replace(original, run=altered))
    watcher = _Watcher()
    after = run(experiment, store, InlineExecutor(), watcher)

    hidden = "target answers the target's questions"
    assert after[hidden].digest != before[hidden].digest
    assert after["lesson oracle, seed 0"].digest != before["lesson oracle, seed 0"].digest
    for stage in experiment.stages:
        if stage.name != hidden and not any(part in stage.name for part in ("oracle", "faithfulness", "likelihood")):
            assert after[stage.name].digest == before[stage.name].digest, stage.name
    assert set(watcher.computed) == {
        hidden,
        "target's disclosures",  # the door: it reads the hidden side, and lets nothing new through
        "lesson oracle, seed 0",
        "student oracle, seed 0",
        "scores of oracle, seed 0",
        "faithfulness of inverted, seed 0",
        "faithfulness of zero_shot_inverted",
        "ceiling of faithfulness",
        "calibrated faithfulness of inverted",
        "calibrated faithfulness of zero_shot_inverted",
        "likelihood under inverted, seed 0",
        "likelihood under zero_shot_inverted",
        "likelihood under surrogate",
    }


def _with_other_hidden_lines(row: Transcript) -> Transcript:
    if not row.complete or row.trace is None:
        return row
    lines = [line for line in row.trace.splitlines() if line.strip()]
    if len(lines) < 2:
        return row
    return row.model_copy(update={"trace": "\n".join("hidden" if i % 2 == 0 else line for i, line in enumerate(lines))})


def test_a_worker_dies_with_the_run_that_started_it(small_recipe: Path, tmp_path: Path) -> None:
    _kill_when(_command(small_recipe, tmp_path), tmp_path / "store", "drafts/*")
    pids = {int(draft.name.partition("-")[0]) for draft in (tmp_path / "store" / "drafts").iterdir()}
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker outlives its run"
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False
