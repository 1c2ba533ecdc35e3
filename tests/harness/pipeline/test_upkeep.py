"""Upkeep of a store: what is wrong is named, what nothing reaches goes, what was blessed says why."""

from dataclasses import replace
from pathlib import Path

import pytest
import stub_stages
from stub_stages import Recorder, add, make, sum_graph

from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.scheduler import run
from harness.pipeline.store import Artifact, Store
from harness.pipeline.upkeep import adopt, check_digests, recompute, remove_drafts, sample_artifacts, sizes, unreached
from harness.stages.base import stage
from traceinv.errors import InputError


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    stub_stages.use(monkeypatch)
    store = Store(tmp_path)
    run(sum_graph(1, 2), store, InlineExecutor(), Recorder())
    return store


def _of(store: Store, kind: str) -> list[Artifact]:
    return [artifact for artifact in store.artifacts() if artifact.kind == kind]


def test_a_sound_store_has_no_faults(store: Store) -> None:
    assert [fault for _, fault in check_digests(store)] == [None] * 3
    assert [recompute(store, artifact) for artifact in sample_artifacts(store, 9)] == [None] * 3


def test_changed_contents_of_the_same_size_are_named(store: Store) -> None:
    (artifact,) = _of(store, "add")
    (artifact.path / "number.txt").write_text("4")
    (fault,) = (fault for _, fault in check_digests(store) if fault)
    assert (fault.kind, fault.key) == ("add", artifact.key)
    assert "its description says" in fault.reason


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
    assert {artifact.kind for artifact in unreached(store, [("make", one.key)])} == {"add", "make"}


def test_drafts_go_unless_a_process_works_on_them(store: Store) -> None:
    for key in ("held", "left"):
        store.open_draft("make", key, resumable=True)
    with store.lock("make", "left"):
        pass
    with store.lock("make", "held"):
        assert remove_drafts(store) == 1
    assert [path.name for path in (store.root / "partial" / "make").iterdir() if path.is_dir()] == ["held"]


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


@pytest.mark.parametrize(("because", "message"), [(" ", "expected a reason"), ("x", "nothing to adopt")])
def test_an_adoption_without_need_or_reason_is_refused(store: Store, because: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        adopt(store, _of(store, "make")[0].key, because)


def test_an_unknown_key_names_the_nearest(store: Store) -> None:
    key = _of(store, "add")[0].key
    with pytest.raises(InputError, match=f"did you mean '{key}'"):
        adopt(store, key[:-1], "x")
