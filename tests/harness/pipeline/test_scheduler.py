"""Running a graph: what is missing is computed once, in order; equal contents stop what follows from running again."""

from pathlib import Path

import pytest
import stub_stages
from stub_stages import Params, Recorder, add, make, sum_graph

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import InlineExecutor, StageFailed, needs
from harness.pipeline.graph import Graph, Node
from harness.pipeline.scheduler import find_artifacts, known_key, run
from harness.pipeline.store import Store
from harness.pipeline.upkeep import check
from harness.stages.base import Inputs, Log, Resources, StageKind, stage
from traceinv.devices import VARIABLE, AccelerateConfig
from traceinv.errors import GateError
from traceinv.progress import Progress


@pytest.fixture(autouse=True)
def _stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    stub_stages.use(monkeypatch)


def _total(graph: Graph, store: Store, recorder: Recorder) -> int:
    artifacts = run(graph, store, InlineExecutor(), recorder)
    (last,) = graph.select(add)
    return int(artifacts[last.id].log["number"])


def test_a_run_computes_every_node_once_and_a_second_run_nothing(tmp_path: Path) -> None:
    first, second = Recorder(), Recorder()
    assert _total(sum_graph(1, 2, 3), Store(tmp_path), first) == 6
    assert sorted(first.computed) == ["add", "make", "make", "make"]
    assert _total(sum_graph(1, 2, 3), Store(tmp_path), second) == 6
    assert second.computed == []


def test_another_number_computes_that_number_and_the_sum(tmp_path: Path) -> None:
    _total(sum_graph(1, 2), Store(tmp_path), Recorder())
    recorder = Recorder()
    assert _total(sum_graph(1, 5), Store(tmp_path), recorder) == 6
    assert sorted(recorder.computed) == ["add", "make"]


def test_what_comes_out_the_same_computes_nothing_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _total(sum_graph(1, 2), Store(tmp_path), Recorder())
    bumped = stage(make.params, version=2)(make.run)
    stub_stages.use(monkeypatch, bumped, add)
    graph = Graph()
    nodes = {str(i): graph.add(bumped, {"number": n}, {}, {}) for i, n in enumerate((1, 2))}
    graph.add(add, {}, nodes, {})
    recorder = Recorder()
    assert _total(graph, Store(tmp_path), recorder) == 3
    assert recorder.computed == ["make", "make"]
    assert recorder.cached_nodes == ["add"]


def test_a_damaged_artifact_is_computed_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _total(sum_graph(1), store, Recorder())
    (artifact,) = (artifact for artifact in store.artifacts() if artifact.kind == "make")
    (artifact.path / "number.txt").unlink()
    recorder = Recorder()
    assert _total(sum_graph(1), store, recorder) == 1
    assert recorder.computed == ["make"]


def test_a_failing_stage_keeps_what_was_finished(tmp_path: Path) -> None:
    graph = Graph()
    graph.add(make, {"number": 1}, {}, {}, cost=2)
    graph.add(make, {"fails": True}, {}, {}, cost=1)
    with pytest.raises(ValueError, match="told to fail"):
        run(graph, Store(tmp_path), InlineExecutor(), Recorder())
    assert [artifact.log for artifact in Store(tmp_path).artifacts()] == [{"number": 1}]
    assert not list((tmp_path / "partial" / "make").iterdir()), "what it left would be of no use to the next run"


def test_a_key_is_known_once_the_inputs_are_there(tmp_path: Path) -> None:
    graph, store = sum_graph(1, 2), Store(tmp_path)
    (last,) = graph.select(add)
    assert find_artifacts(graph, store) == {}
    assert known_key(last, {}) is None
    artifacts = run(graph, store, InlineExecutor(), Recorder())
    assert find_artifacts(graph, store) == artifacts
    assert known_key(last, artifacts) == artifacts[last.id].key


def _dropping(graph: Graph, store: Store) -> Recorder:
    recorder = Recorder()
    run(graph, store, InlineExecutor(), recorder, dropped=("make",))
    return recorder


def _larger(graph: Graph, number: int) -> Graph:
    """Add another sum of the same numbers."""
    graph.add(add, {"number": number}, {str(i): node for i, node in enumerate(graph.select(make))}, {})
    return graph


def test_files_are_dropped_once_all_that_reads_them_is_there_and_nothing_is_computed_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert sorted(_dropping(sum_graph(1, 2), store).computed) == ["add", "make", "make"]
    assert not list(tmp_path.glob("make/*/number.txt"))
    assert len(list(tmp_path.glob("add/*/number.txt"))) == 1
    again = Recorder()
    assert _total(sum_graph(1, 2), Store(tmp_path), again) == 3
    assert (again.computed, sorted(again.cached_nodes)) == ([], ["add", "make", "make"])
    assert len(find_artifacts(sum_graph(1, 2), Store(tmp_path))) == 3
    assert list(check(Store(tmp_path))) == [None, None, None]


def test_dropped_files_are_computed_again_for_what_is_missing_and_dropped_again(tmp_path: Path) -> None:
    _dropping(sum_graph(1, 2), Store(tmp_path))
    larger = _larger(sum_graph(1, 2), 10)
    assert len(find_artifacts(larger, Store(tmp_path))) == 1, "only the sum that was made before"
    recorder = _dropping(larger, Store(tmp_path))
    assert sorted(recorder.computed) == ["add", "make", "make"]
    assert recorder.cached_nodes == ["add"]
    assert not list(tmp_path.glob("make/*/number.txt"))


def test_a_finished_run_drops_what_an_earlier_one_kept(tmp_path: Path) -> None:
    _total(sum_graph(1, 2), Store(tmp_path), Recorder())
    assert _dropping(sum_graph(1, 2), Store(tmp_path)).computed == []
    assert not list(tmp_path.glob("make/*/number.txt"))


class _Counter(Recorder):
    """A watcher that counts how many stages run at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.running = self.most = 0

    def started(self, node: Node) -> None:
        self.running += 1
        self.most = max(self.most, self.running)

    def finished(self, node: Node, artifact: Artifact) -> None:
        super().finished(node, artifact)
        self.running -= 1


@pytest.mark.parametrize(("models", "most"), [(None, 3), (1, 1), (2, 2)])
def test_no_more_stages_that_run_a_model_share_a_device_than_may(
    models: int | None, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_model = stage(make.params, version=1, resources=Resources(gpus=1))(make.run)
    stub_stages.use(monkeypatch, with_model, add)
    graph = Graph()
    nodes = {str(n): graph.add(with_model, {"number": n}, {}, {}) for n in range(3)}
    graph.add(add, {}, nodes, {})
    watcher = _Counter()
    run(graph, Store(tmp_path), InlineExecutor(), watcher, models=models)
    assert (watcher.most, len(watcher.computed)) == (most, 4)


def test_a_training_on_several_devices_runs_beside_no_other_model_and_asks_for_as_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = stage(make.params, version=1, resources=Resources(gpus=1), libraries=("trl",))(make.run)
    asking = stage(make.params, version=1, resources=Resources(gpus=1))(make.run)
    assert (needs(training, {}, ()), needs(asking, {}, ())) == (Resources(1, 1), Resources(1, 1))
    config = AccelerateConfig(distributed_type="MULTI_GPU", num_processes=4)
    monkeypatch.setenv(VARIABLE, config.model_dump_json())
    assert (needs(training, {}, ()), needs(asking, {}, ()), needs(add, {}, ())) == (
        Resources(4, 4),
        Resources(1, 1),
        Resources(1, 0),
    )
    stub_stages.use(monkeypatch, training, add)
    graph = Graph()
    nodes = {str(n): graph.add(training, {"number": n}, {}, {}) for n in range(3)}
    graph.add(add, {}, nodes, {})
    watcher = _Counter()
    run(graph, Store(tmp_path), InlineExecutor(), watcher, models=2)
    assert (watcher.most, len(watcher.computed)) == (1, 4)


TRIES: dict[int, bool] = {}
"""Numbers that have failed."""


@stage(Params, version=1)
def fail_once(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Fail at the first call, and write a number at the second."""
    if not TRIES.pop(params.number, None):
        TRIES[params.number] = True
        raise StageFailed(f"number {params.number} failed")
    (out / "number.txt").write_text(str(params.number))
    return {"number": params.number}


def _with_a_failing_stage(kind: StageKind) -> Graph:
    """Return a graph of two sums, one of which needs what fails."""
    graph = Graph()
    sound, fails = graph.add(make, {"number": 1}, {}, {}), graph.add(kind, {"number": 2, "fails": True}, {}, {})
    graph.add(add, {"number": 10}, {"0": sound}, {})
    graph.add(add, {"number": 20}, {"0": sound, "1": fails}, {})
    return graph


@stage(Params, version=1)
def refuse(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Refuse always."""
    raise GateError("told to refuse")


def test_a_failing_stage_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub_stages.use(monkeypatch, make, add, refuse)
    recorder = Recorder()
    with pytest.raises(GateError, match=r"^told to refuse$"):
        run(_with_a_failing_stage(refuse), Store(tmp_path), InlineExecutor(), recorder)
    assert recorder.failures == ["told to refuse"]


def test_a_run_that_goes_on_computes_all_that_does_not_need_what_fails_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_stages.use(monkeypatch, make, add, refuse)
    recorder = Recorder()
    with pytest.raises(StageFailed) as caught:
        run(_with_a_failing_stage(refuse), Store(tmp_path), InlineExecutor(), recorder, retry_failed=True)
    assert str(caught.value) == (
        "1 stage of 4 failed twice, and 1 stage could not begin without what failed: told to refuse"
    )
    assert recorder.failures == ["told to refuse"] * 2
    assert sorted(recorder.computed) == ["add", "make"]


def test_what_failed_once_is_computed_at_the_second_try_and_so_is_what_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_stages.use(monkeypatch, make, add, fail_once)
    recorder = Recorder()
    graph = _with_a_failing_stage(fail_once)
    artifacts = run(graph, Store(tmp_path), InlineExecutor(), recorder, retry_failed=True)
    assert sorted(artifact.log["number"] for artifact in artifacts.values()) == [1, 2, 11, 23]
    assert recorder.failures == ["number 2 failed"]
    assert recorder.computed == ["make", "add", "fail_once", "add"]
    assert "1 stage failed and will be tried again" in recorder.messages
