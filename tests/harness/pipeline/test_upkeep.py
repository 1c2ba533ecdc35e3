"""Upkeep of a store: what is wrong is named, what nothing reaches goes, what was blessed says why."""

from dataclasses import replace
from pathlib import Path

import pytest
import stub_stages
from stub_stages import Recorder, add, make, sum_graph

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.graph import Graph
from harness.pipeline.scheduler import find_artifacts, run
from harness.pipeline.store import Store
from harness.pipeline.upkeep import adopt, check, reachable, recompute, sample_artifacts, sizes, tidy, unreached
from harness.stages.base import Log, stage
from traceinv.errors import GateError, InputError


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    stub_stages.use(monkeypatch)
    store = Store(tmp_path)
    run(sum_graph(1, 2), store, InlineExecutor(), Recorder())
    return store


def _of(store: Store, kind: str) -> list[Artifact]:
    return [artifact for artifact in store.artifacts() if artifact.kind == kind]


def test_a_sound_store_has_no_faults(store: Store) -> None:
    assert list(check(store)) == [None] * 3
    assert [recompute(store, artifact) for artifact in sample_artifacts(store, 9)] == [None] * 3


def test_changed_contents_of_the_same_size_are_named(store: Store) -> None:
    (artifact,) = _of(store, "add")
    (artifact.path / "number.txt").write_text("4")
    (fault,) = (fault for fault in check(store) if fault)
    assert (fault.kind, fault.key) == ("add", artifact.key)
    assert "its description says" in fault.reason


def test_an_artifact_that_cannot_be_used_is_a_fault_and_counts_as_unreached(store: Store) -> None:
    (artifact,) = _of(store, "add")
    (artifact.path / "number.txt").unlink()
    (fault,) = (fault for fault in check(store) if fault)
    assert fault.reason == "number.txt: missing, expected 1"
    assert unreached(store, [("add", artifact.key)])[0] == ("add", artifact.key)
    assert sizes(store)["add"][0] == 1


def test_an_artifact_that_cannot_be_computed_again_is_a_fault(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> Log:
        raise RuntimeError("out of memory")

    stub_stages.use(monkeypatch, replace(make, run=fail), add)
    fault = recompute(store, _of(store, "make")[0])
    assert fault is not None
    assert "out of memory" in fault.reason
    assert list(check(store)) == [None] * 3, "what was computed again is no artifact"


def test_a_stage_that_computes_something_else_is_found_by_computing_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(make, run=lambda params, inputs, out, progress: {})
    stub_stages.use(monkeypatch, changed, add)
    faults = [recompute(store, artifact) for artifact in _of(store, "make")]
    assert all(fault and "computed again" in fault.reason for fault in faults)


def test_sizes_count_artifacts_and_what_killed_stages_left(store: Store) -> None:
    (store.open_draft("make", "k", resumable=True) / "rows").write_text("12345")
    totals = sizes(store)
    assert totals["make"][0] == 2
    assert totals["partial"] == (1, 5)


def test_only_what_nothing_reaches_is_unreached(store: Store) -> None:
    (last,) = _of(store, "add")
    assert unreached(store, [("add", last.key)]) == []
    assert len(unreached(store, [])) == 3
    (one, _) = _of(store, "make")
    assert {kind for kind, _ in unreached(store, [("make", one.key)])} == {"add", "make"}


def test_what_a_graph_would_use_is_reachable_and_what_another_made_is_not(store: Store) -> None:
    run(sum_graph(7), store, InlineExecutor(), Recorder())
    assert len(reachable(sum_graph(1, 2), store)) == 3
    assert len(unreached(store, reachable(sum_graph(1, 2), store))) == 2
    assert len(reachable(sum_graph(1, 8), store)) == 1


def test_artifacts_of_an_earlier_version_are_reachable_until_todays_are_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bumped = stage(make.params, version=2)(make.run)
    stub_stages.use(monkeypatch, bumped, add)
    graph = Graph()
    nodes = {str(i): graph.add(bumped, {"number": n}, {}, {}) for i, n in enumerate((1, 2))}
    graph.add(add, {}, nodes, {})
    assert unreached(store, reachable(graph, store)) == []
    run(graph, store, InlineExecutor(), Recorder())
    assert len(unreached(store, reachable(graph, store))) == 0, "the inputs of the sum are those of the earlier version"
    assert len(reachable(graph, store)) == 3


def test_tidying_removes_what_is_listed_and_what_killed_stages_left(store: Store) -> None:
    store.open_draft("make", "left", resumable=True)
    (store.root / "logs").mkdir()
    (store.root / "logs" / "make.log").write_text("x")
    assert tidy(store, [("add", _of(store, "add")[0].key)]) == 1
    assert {path.name for path in store.root.iterdir() if path.is_dir()} == {"add", "make"}
    assert _of(store, "add") == []
    with store.in_use(), pytest.raises(GateError, match="a run is using it"):
        tidy(store, [("make", _of(store, "make")[0].key)])
    assert len(_of(store, "make")) == 2


def test_an_adopted_artifact_stands_under_the_new_key_with_its_reason(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bumped = stage(make.params, version=2)(make.run)
    stub_stages.use(monkeypatch, bumped, add)
    old = _of(store, "make")[0]
    new = adopt(store, old.key, because="the new version only renames a field of the log")
    assert (new.digest, new.description.version) == (old.digest, 2)
    assert new.key != old.key
    assert new.description.adopted is not None
    assert new.description.adopted.key == old.key
    assert "renames" in new.description.adopted.because
    with pytest.raises(InputError, match="computed already"):
        adopt(store, old.key, because="once more")


def test_an_adopted_artifact_has_the_key_that_a_run_looks_for_though_a_parameter_is_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wider(stub_stages.Params):
        scale: float = 1.0

    wider = stage(Wider, version=1)(make.run)
    stub_stages.use(monkeypatch, wider, add)
    graph = Graph()
    node = graph.add(wider, {"number": 1}, {}, {})
    old = next(artifact for artifact in _of(store, "make") if artifact.log == {"number": 1})
    assert find_artifacts(graph, store) == {}
    new = adopt(store, old.key, because="the scale was 1 before")
    assert find_artifacts(graph, store) == {node.id: new}


def test_a_damaged_artifact_and_one_of_an_unknown_stage_are_not_adopted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = _of(store, "make")
    (one.path / "number.txt").write_text("7")
    stub_stages.use(monkeypatch, stage(make.params, version=2)(make.run), add)
    with pytest.raises(GateError, match="not those that were computed"):
        adopt(store, one.key, because="x")
    stub_stages.use(monkeypatch, add)
    with pytest.raises(GateError, match="no stage of this kind"):
        adopt(store, other.key, because="x")


@pytest.mark.parametrize(("because", "message"), [(" ", "expected a reason"), ("x", "nothing to adopt")])
def test_an_adoption_without_need_or_reason_is_refused(store: Store, because: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        adopt(store, _of(store, "make")[0].key, because)


def test_an_unknown_key_names_the_nearest(store: Store) -> None:
    key = _of(store, "add")[0].key
    with pytest.raises(InputError, match=f"did you mean '{key}'"):
        adopt(store, key[:-1], "x")
