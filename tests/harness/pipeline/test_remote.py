"""A store in a bucket, on a real S3-compatible server: artifacts whole or not at all, races, damage, drafts elsewhere."""

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
import stub_stages
from kills import RECIPE, WRITING_KINDS
from object_server import BUCKET, SECRET, object_server
from processes import kill_tree
from sample_artifacts import description
from small_recipe import TRACEINV, run_command, run_record, write_recipe
from stub_stages import Recorder, sum_graph

from harness.cli import main
from harness.pipeline import drafts
from harness.pipeline.descriptions import Artifact
from harness.pipeline.drafts import DraftCopier, newest_copy
from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.objects import Objects
from harness.pipeline.remote import RemoteStore
from harness.pipeline.scheduler import run
from harness.pipeline.store import Store
from harness.pipeline.upkeep import check
from traceinv.errors import GateError

pytest.importorskip("s3fs")
pytest.importorskip("moto")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""The client leaves its connections to the garbage collector."""


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with object_server() as variables:
        yield variables


@pytest.fixture
def url(server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address that no other test uses, and a machine of its own."""
    import_module("s3fs").S3FileSystem.clear_instance_cache()
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRACEINV_CACHE", str(tmp_path / "here"))
    return f"s3://{BUCKET}/{uuid4().hex}"


def _on_another_machine(url: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> RemoteStore:
    monkeypatch.setenv("TRACEINV_CACHE", str(folder))
    return RemoteStore(url)


def _publish(store: Store, key: str, text: str) -> Artifact:
    draft = store.open_draft("kind", key, resumable=False)
    (draft / "sub").mkdir()
    (draft / "sub" / "a.txt").write_text(text)
    return store.publish(draft, description(key))


def _wait_for_copy(url: str, changed: float) -> None:
    deadline = time.monotonic() + 60
    while (copy := newest_copy(Objects(url), "partial/kind/k")) is None or copy[1].changed < changed:
        assert time.monotonic() < deadline, "the draft is not copied"
        time.sleep(0.05)


def test_artifacts_are_those_of_a_folder_and_are_found_on_another_machine(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_stages.use(monkeypatch)
    graph = sum_graph(1, 2)
    in_folder = run(graph, Store(tmp_path / "folder"), InlineExecutor(), Recorder())
    in_bucket = run(graph, RemoteStore(url), InlineExecutor(), Recorder())
    assert {node: artifact.digest for node, artifact in in_folder.items()} == {
        node: artifact.digest for node, artifact in in_bucket.items()
    }
    watcher = Recorder()
    again = run(graph, _on_another_machine(url, monkeypatch, tmp_path / "there"), InlineExecutor(), watcher)
    assert watcher.computed == []
    assert [artifact.path.is_relative_to(tmp_path / "there") for artifact in again.values()] == [True] * 3
    assert sorted((artifact.path / "number.txt").read_text() for artifact in again.values()) == ["1", "2", "3"]


def test_an_artifact_that_came_from_another_machine_is_read_here(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = pickle.dumps(_publish(RemoteStore(url), "k", "x"))
    monkeypatch.setenv("TRACEINV_CACHE", str(tmp_path / "there"))
    path = pickle.loads(sent).path  # noqa: S301
    assert path.is_relative_to(tmp_path / "there")
    assert (path / "sub" / "a.txt").read_text() == "x"


def test_of_two_that_race_the_second_uses_the_artifact_of_the_first(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = RemoteStore(url), _on_another_machine(url, monkeypatch, tmp_path / "there")
    draft = here.open_draft("kind", "k", resumable=False)
    (draft / "a.txt").write_text("late")
    first = _publish(there, "k", "first")
    second = here.publish(draft, description("k"))
    assert second.digest == first.digest
    assert (second.path / "sub" / "a.txt").read_text() == "first"
    assert len(Objects(url).folders("kind/k")) == 1, "what the second had uploaded is gone"


def test_of_many_that_race_at_once_all_end_with_one_artifact(url: str, tmp_path: Path) -> None:
    program = (
        "import sys; from test_remote import _publish; from harness.pipeline.remote import RemoteStore; "
        "print((_publish(RemoteStore(sys.argv[1]), 'k', sys.argv[2]).path / 'sub' / 'a.txt').read_text())"
    )
    paths = [str(Path(__file__).parent), *sys.path]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, url, f"text {number}"],
            env={**os.environ, "TRACEINV_CACHE": str(tmp_path / str(number)), "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    assert len({process.communicate()[0] for process in processes}) == 1
    assert [process.returncode for process in processes] == [0] * 4


def test_an_upload_that_was_torn_is_no_artifact_and_its_files_are_uploaded_again(url: str) -> None:
    store = RemoteStore(url)
    draft = store.open_draft("kind", "k", resumable=False)
    (draft / "a.txt").write_text("x")
    Objects(url).write("kind/k/torn/a.txt", b"x")  # what a killed process had uploaded by then
    assert store.find("kind", "k") is None
    assert list(store.artifacts()) == []
    artifact = store.publish(draft, description("k"))
    assert store.find("kind", "k") == artifact


@pytest.mark.parametrize(
    ("content", "reason"), [(b"other", "its files have the digest"), (b"cut", "3 bytes, expected 5"), (None, "missing")]
)
def test_a_damaged_file_is_found_and_its_artifact_made_anew(
    content: bytes | None, reason: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(RemoteStore(url), "k", "first")
    objects = Objects(url)
    (place,) = objects.folders("kind/k")
    if content is None:
        objects.remove(f"kind/k/{place}/sub/a.txt")
    else:
        objects.write(f"kind/k/{place}/sub/a.txt", content)
    store = _on_another_machine(url, monkeypatch, tmp_path / "there")
    found = store.find("kind", "k")
    if found is None:
        assert reason in store.damaged[store.path("kind", "k")]
    else:
        with pytest.raises(GateError, match=f"{reason}.*the same command computes it again"):
            _ = found.path
    assert store.find("kind", "k") is None
    assert (_publish(store, "k", "second").path / "sub" / "a.txt").read_text() == "second"
    assert store.find("kind", "k") is not None


def test_a_draft_is_gone_on_with_on_another_machine(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "COPY_SECONDS", 0.05)
    here = RemoteStore(url)
    draft = here.open_draft("kind", "k", resumable=True)
    with here.keeping(draft, resumable=True):
        for rows in ("1\n", "1\n2\n"):
            (draft / "rows.jsonl").write_text(rows)
            _wait_for_copy(url, (draft / "rows.jsonl").stat().st_mtime)
    there = _on_another_machine(url, monkeypatch, tmp_path / "there")
    assert (there.open_draft("kind", "k", resumable=True) / "rows.jsonl").read_text() == "1\n2\n"
    assert not list(there.open_draft("kind", "other", resumable=True).iterdir())
    there.publish(there.open_draft("kind", "k", resumable=True), description("k"))
    assert Objects(url).sizes("partial") == {}


def test_a_copy_of_a_draft_that_lacks_an_object_is_not_used(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = Objects(url)
    draft = RemoteStore(url).open_draft("kind", "k", resumable=True)
    (draft / "rows.jsonl").write_text("1\n")
    DraftCopier(draft, objects, "partial/kind/k").copy()
    for name in objects.sizes("partial/kind/k"):
        if not name.endswith("files.json"):
            objects.remove(f"partial/kind/k/{name}")
    there = _on_another_machine(url, monkeypatch, tmp_path / "there")
    assert not list(there.open_draft("kind", "k", resumable=True).iterdir())


def test_dropped_files_are_gone_and_their_description_stays(url: str) -> None:
    store = RemoteStore(url)
    store.drop(_publish(store, "k", "x"))
    assert store.find("kind", "k") is None
    found = store.find("kind", "k", even_dropped=True)
    assert found is not None
    assert found.dropped
    assert list(Objects(url).sizes("kind/k")) == ["artifact.json"]
    _publish(store, "k", "x")
    assert store.find("kind", "k") is not None


def test_upkeep_works_on_a_bucket_and_deletion_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub_stages.use(monkeypatch)
    run(sum_graph(1, 2), RemoteStore(url), InlineExecutor(), Recorder())
    assert main(["store", "verify", "--store", url, "--sample", "1"]) == 0
    assert "3 artifacts checked, 1 computed again, 0 faults" in capsys.readouterr().out
    assert main(["store", "du", "--store", url]) == 0
    assert main(["store", "gc", "--store", url]) == 0
    assert "nothing reaches: 3 artifacts" in capsys.readouterr().out
    assert main(["store", "gc", "--store", url, "--delete"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    objects = Objects(url)
    objects.write(f"add/{objects.folders('add')[0]}/artifact.json", b"{}")
    assert main(["store", "verify", "--store", url]) == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s4://bucket/x", "unknown protocol 's4' (known: s3, gs, abfs)"),
        ("s3://", "expected s3://BUCKET/PREFIX"),
        (f"s3://key:{SECRET}@bucket/x", "keys do not belong in an address"),
        ("file:///tmp/x", "name a folder by its path alone"),
        ("s3://no-such-bucket/x", "there is no such bucket"),
    ],
)
@pytest.mark.parametrize("command", [["run", "lab"], ["store", "du"], ["status"]])
def test_a_wrong_address_is_one_line_and_exit_2(
    command: list[str], address: str, message: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--store", address]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.splitlines()[-1].startswith("traceinv: --store")
    assert SECRET not in error


def test_missing_credentials_are_one_line_and_exit_2(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    import_module("s3fs").S3FileSystem.clear_instance_cache()
    assert main(["store", "du", "--store", url]) == 2
    assert "credentials" in capsys.readouterr().err


def test_a_published_artifact_names_no_secret(url: str, tmp_path: Path) -> None:
    _publish(RemoteStore(url), "k", "x")
    objects = Objects(url)
    contents = [objects.read(name) or b"" for name in objects.sizes("")]
    contents += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert contents
    assert not any(SECRET.encode() in content for content in contents)
    assert json.loads(objects.read("kind/k/artifact.json") or b"")["description"]["kind"] == "kind"


@pytest.mark.slow
def test_runs_that_race_and_one_that_was_killed_end_with_the_record_of_a_folder(url: str, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "small.yaml", RECIPE)
    subprocess.run(run_command(recipe, tmp_path / "folder"), check=True, stdout=subprocess.DEVNULL)
    killed = _start(recipe, url, tmp_path / "killed")
    kind, key, stored = _wait_for_rows(url, killed)
    kill_tree(killed)
    racing = [_start(recipe, url, tmp_path / name) for name in ("one", "other")]
    assert [process.wait() for process in racing] == [0, 0]
    description = json.loads(Objects(url).read(f"{kind}/{key}/artifact.json") or b"")["description"]
    assert description["log"]["resumed"] >= stored
    record = run_record(tmp_path / "folder").comparable()
    assert [run_record(tmp_path / name).comparable() for name in ("one", "other")] == [record, record]
    assert all(fault is None for fault in check(RemoteStore(url)))


def _start(recipe: Path, url: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Begin a run on a machine of its own."""
    command = [*TRACEINV, "run", str(recipe), "--workers", "1", "--store", url, "--out", str(folder / "out")]
    return subprocess.Popen(
        command, env={**os.environ, "TRACEINV_CACHE": str(folder / "cache")}, stdout=subprocess.DEVNULL
    )


def _wait_for_rows(url: str, process: "subprocess.Popen[bytes]") -> tuple[str, str, int]:
    """Wait until rows of an unfinished stage are in the bucket; return its kind and key, and how many there are."""
    objects = Objects(url)
    while process.poll() is None:
        for kind in WRITING_KINDS:
            for key in objects.folders(f"partial/{kind}"):
                copy = newest_copy(objects, f"partial/{kind}/{key}")
                names = [] if copy is None else [d for name, d in copy[1].files.items() if name.endswith(".jsonl")]
                rows = sum((objects.read(f"{copy[0]}/{name}") or b"").count(b"\n") for name in names) if copy else 0
                if rows:
                    return kind, key, rows
        time.sleep(0.2)
    raise AssertionError("the run ended before rows of a stage were in the bucket")
