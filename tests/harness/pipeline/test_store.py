"""The store: artifacts whole or not at all, damaged ones refused, drafts that belong to their key."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sample_artifacts import description

from harness.pipeline import descriptions
from harness.pipeline.descriptions import Artifact, digest_folder
from harness.pipeline.store import Store
from traceinv.digests import digest_file
from traceinv.errors import GateError, InputError


def _publish(store: Store, key: str, text: str) -> Artifact:
    with store.lock("kind", key):
        draft = store.open_draft("kind", key, resumable=False)
        (draft / "a.txt").write_text(text)
        return store.publish(draft, description(key))


def test_an_artifact_is_found_by_its_key_once_it_is_published(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.open_draft("kind", "k", resumable=False)
    assert store.find("kind", "k") is None
    _publish(store, "k", "x")
    artifact = store.find("kind", "k")
    assert artifact is not None
    assert (artifact.log, artifact.digest) == ({"rows": 1}, digest_folder(artifact.path))
    assert not store.damaged


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: (path / "a.txt").unlink(), "a.txt: missing, expected 5"),
        (lambda path: (path / "a.txt").write_text("fir"), "a.txt: 3 bytes, expected 5"),
        (lambda path: (path / "artifact.json").write_text(""), "artifact.json: "),
        (lambda path: (path / "artifact.json").write_text("{}"), "artifact.json: kind: field required"),
        (lambda path: (path / "artifact.json").unlink(), "artifact.json: No such file"),
        (
            lambda path: (path / "artifact.json").write_text(
                (path / "artifact.json").read_text().replace('"kind": "kind"', '"kind": "other"')
            ),
            "artifact.json is not what was written",
        ),
        (
            lambda path: (path / "artifact.json").write_text(
                (path / "artifact.json").read_text().replace("1.0", "2.0")
            ),
            "artifact.json is not what was written",
        ),
        (lambda path: (path / "a.txt").write_text("fjrst"), "its files have the digest "),
        (lambda path: (path / "b.txt").write_text(""), "b.txt: is none of its files"),
        (lambda path: (path / "artifact.json").write_text("[" * 100_000), "artifact.json: not JSON: "),
        (lambda path: (path / "artifact.json").write_text("[]"), "artifact.json: "),
        (lambda path: (path / "artifact.json").write_bytes(b"\xff"), "artifact.json: not JSON: "),
        (lambda path: shutil.rmtree(path) or path.write_text("a file"), "not a folder"),
        (lambda path: _move_away(path / "a.txt"), "a.txt: is a link, and an artifact holds none"),
        (lambda path: _move_away(path / "artifact.json"), "artifact.json: is a link, and an artifact holds none"),
        (lambda path: (path / "all").symlink_to("/"), "all: is a link, and an artifact holds none"),
    ],
)
def test_a_damaged_artifact_is_refused_by_name_and_made_anew(damage: Any, reason: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = _publish(store, "k", "first").path
    damage(path)
    store = Store(tmp_path)
    assert store.find("kind", "k") is None
    assert reason in store.damaged[path]
    _publish(store, "k", "second")
    assert store.find("kind", "k") is not None
    assert (path / "a.txt").read_text() == "second"
    assert not store.damaged


def _move_away(file: Path) -> None:
    """Leave a link in a file's place."""
    moved = file.rename(file.parents[2] / file.name)
    file.symlink_to(moved)


def test_an_artifact_may_lie_elsewhere_as_a_whole(tmp_path: Path) -> None:
    path = _publish(Store(tmp_path / "store"), "k", "x").path
    path.symlink_to(path.rename(tmp_path / "elsewhere"))
    assert Store(tmp_path / "store").find("kind", "k") is not None


def test_a_stage_that_leaves_a_link_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.open_draft("kind", "k", resumable=False)
    (draft / "all").symlink_to("/")
    with pytest.raises(GateError, match="all: is a link; a stage must leave files"):
        store.publish(draft, description("k"))
    assert store.find("kind", "k") is None


def test_two_artifacts_that_were_exchanged_are_both_noticed(tmp_path: Path) -> None:
    paths = [_publish(Store(tmp_path), key, key).path for key in "kl"]
    aside = tmp_path / "aside"
    paths[0].rename(aside)
    paths[1].rename(paths[0])
    aside.rename(paths[1])
    store = Store(tmp_path)
    assert [store.find("kind", key) for key in "kl"] == [None, None]
    assert list(store.damaged.values()) == ["artifact.json describes kind/l", "artifact.json describes kind/k"]


def test_contents_are_read_once_and_those_that_this_process_wrote_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Store(tmp_path)
    _publish(writer, "k", "x")
    read: list[Path] = []
    monkeypatch.setattr(descriptions, "digest_file", lambda path: read.append(path) or digest_file(path))
    assert writer.find("kind", "k") is not None
    assert read == []
    reader = Store(tmp_path)
    assert [reader.find("kind", "k") is not None for _ in range(3)] == [True] * 3
    assert len(read) == 1


def test_a_description_of_an_earlier_version_of_the_project_has_no_seal_and_can_be_used(tmp_path: Path) -> None:
    path = _publish(Store(tmp_path), "k", "x").path / "artifact.json"
    path.write_text(json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != "seal"}))
    assert Store(tmp_path).find("kind", "k") is not None


@pytest.mark.parametrize(("days", "left"), [(31, 0), (29, 1)])
def test_a_draft_that_nobody_goes_on_with_is_swept_by_its_age(days: int, left: int, tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.open_draft("kind", "k", resumable=True)
    (draft / "rows.jsonl").write_text("row\n")
    for path in (draft / "rows.jsonl", draft):
        os.utime(path, (0, time.time() - days * 86_400))
    assert len(store.sweep()) == 1 - left
    assert len(store.drafts()) == left
    assert not list((tmp_path / "partial").rglob("*.lock"))


def test_a_draft_that_somebody_works_on_is_never_swept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.open_draft("kind", "k", resumable=True)
    os.utime(draft, (0, 0))
    with store.lock("kind", "k"):
        assert store.sweep() == []
    assert draft.is_dir()


@pytest.mark.parametrize("stands_there", ["file", "dangling link"])
def test_whatever_stands_in_the_place_of_an_artifact_is_replaced(stands_there: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    place = store.path("kind", "k")
    place.parent.mkdir()
    if stands_there == "file":
        place.write_text("")
    else:
        place.symlink_to(tmp_path / "nowhere")
    assert store.find("kind", "k") is None
    _publish(store, "k", "x")
    assert store.find("kind", "k") is not None


def test_nothing_is_made_before_something_is_computed(tmp_path: Path) -> None:
    assert Store(tmp_path / "store").find("kind", "k") is None
    assert list(Store(tmp_path / "store").artifacts()) == []
    assert not (tmp_path / "store").exists()


def test_a_published_artifact_leaves_neither_draft_nor_lock(tmp_path: Path) -> None:
    _publish(Store(tmp_path), "k", "x")
    assert [path for path in (tmp_path / "partial").rglob("*") if path.is_file()] == []


def test_a_half_written_file_of_a_killed_run_is_no_part_of_the_artifact(tmp_path: Path) -> None:
    whole = _publish(Store(tmp_path / "undisturbed"), "k", "x")
    store = Store(tmp_path / "killed")
    (store.open_draft("kind", "k", resumable=True) / ".artifact.json.4711.draft").write_text("{")
    draft = store.open_draft("kind", "k", resumable=True)
    (draft / "a.txt").write_text("x")
    assert store.publish(draft, description("k")).digest == whole.digest


def test_a_store_in_use_is_not_tidied_and_a_read_only_one_can_be_used(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.in_use(), store.in_use(), pytest.raises(GateError, match="a run is using it"), store.alone():
        pass
    with store.alone():
        pass
    with Store(tmp_path / "nowhere").in_use():
        pass


def test_a_resumable_draft_keeps_what_a_killed_run_left_and_another_does_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.open_draft("kind", "k", resumable=True) / "rows.jsonl").write_text("row\n")
    assert (store.open_draft("kind", "k", resumable=True) / "rows.jsonl").read_text() == "row\n"
    assert not list(store.open_draft("kind", "k", resumable=False).iterdir())


HOLD = """
import sys
from pathlib import Path
from harness.pipeline.store import Store
with Store(Path(sys.argv[1])).lock("kind", "k"):
    print("taken", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_waits_for_the_lock_and_a_dead_one_holds_none(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        waiting = threading.Thread(target=_take, args=(tmp_path,), daemon=True)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        holder.kill()
    waiting.join()


def _take(root: Path) -> None:
    with Store(root).lock("kind", "k"):
        pass


def test_a_folders_digest_depends_on_names_and_bytes_not_on_times(tmp_path: Path) -> None:
    for name, file, text in (("one", "a", "x"), ("two", "a", "x"), ("three", "b", "x"), ("four", "a", "y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text)
    os.utime(tmp_path / "one" / "a", (0, 0))
    digests = [digest_folder(tmp_path / name) for name in ("one", "two", "three", "four")]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_a_folders_digest_follows_links_and_takes_any_name(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for folder in ("copied", "linked"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / os.fsdecode(b"odd-\xff")).write_text("y")
    (tmp_path / "data" / "a").write_text("x")
    (tmp_path / "copied" / "sub").mkdir()
    (tmp_path / "copied" / "sub" / "a").write_text("x")
    (tmp_path / "linked" / "sub").symlink_to(tmp_path / "data")
    assert digest_folder(tmp_path / "linked") == digest_folder(tmp_path / "copied")
    (tmp_path / "data" / "a").write_text("z")
    assert digest_folder(tmp_path / "linked") != digest_folder(tmp_path / "copied")


def test_a_link_back_to_a_folder_that_holds_it_is_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "link").symlink_to(tmp_path / other)
    with pytest.raises(InputError, match=r"a/link/link: is a link to a folder that holds it"):
        digest_folder(tmp_path / "a")
