"""The store: keys by content, artifacts whole or not at all."""

import os
from pathlib import Path

from harness.pipeline.store import Store, digest_folder, make_key


def _publish(store: Store, key: str, text: str) -> Path:
    draft = store.open_draft()
    (draft / "a.txt").write_text(text)
    return store.publish(draft, "kind", key, 1.0, {"rows": 1}).path


def test_an_artifact_is_found_by_its_key_once_it_is_published(tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.open_draft()
    (draft / "a.txt").write_text("x")
    assert store.find("kind", "k") is None
    store.publish(draft, "kind", "k", 1.0, {"rows": 1})
    found = store.find("kind", "k")
    assert found is not None
    assert (found.log, found.digest) == ({"rows": 1}, digest_folder(found.path))


def test_the_first_of_two_runs_that_publish_one_key_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert _publish(store, "k", "first") == _publish(store, "k", "second")
    assert (store.path("kind", "k") / "a.txt").read_text() == "first"


def test_drafts_of_dead_processes_are_swept_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)
    own = store.open_draft()
    dead = own.with_name(own.name.replace(str(os.getpid()), "4194305", 1))  # above the kernel's largest pid
    foreign = own.with_name("4194305-elsewhere-0")
    for folder in (dead, foreign):
        folder.mkdir()
    store.sweep()
    assert own.exists()
    assert foreign.exists(), "another machine's process cannot be seen from here"
    assert not dead.exists()


def test_an_artifact_whose_description_was_lost_is_made_anew(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = _publish(store, "k", "first")
    (path / "artifact.json").write_text("")
    assert store.find("kind", "k") is None
    _publish(store, "k", "second")
    assert (path / "a.txt").read_text() == "second"


def test_a_key_changes_with_kind_code_parameters_and_inputs_alone() -> None:
    base = make_key("kind", "v1", {"a": 1, "b": 2}, {"in": "d"})
    assert base == make_key("kind", "v1", {"b": 2, "a": 1}, {"in": "d"})
    others = [
        make_key("other", "v1", {"a": 1, "b": 2}, {"in": "d"}),
        make_key("kind", "v2", {"a": 1, "b": 2}, {"in": "d"}),
        make_key("kind", "v1", {"a": 1, "b": 3}, {"in": "d"}),
        make_key("kind", "v1", {"a": 1, "b": 2}, {"in": "e"}),
    ]
    assert len({base, *others}) == 5


def test_a_folders_digest_depends_on_names_and_bytes_not_on_times(tmp_path: Path) -> None:
    for name, file, text in (("one", "a", "x"), ("two", "a", "x"), ("three", "b", "x"), ("four", "a", "y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text)
    os.utime(tmp_path / "one" / "a", (0, 0))
    digests = [digest_folder(tmp_path / name) for name in ("one", "two", "three", "four")]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
