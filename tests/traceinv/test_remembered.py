"""Digests of large files are remembered, and never those of a file that was touched since."""

import hashlib
import os
import sqlite3
import time
from pathlib import Path

import pytest

from traceinv import remembered
from traceinv.cache import CACHE
from traceinv.digests import digest_file
from traceinv.remembered import DATABASE, LEAST_BYTES, SETTLED_SECONDS

LARGE = b"0123456789abcdef" * (LEAST_BYTES // 16)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(LARGE)
    now = time.time()
    monkeypatch.setattr(remembered.time, "time", lambda: now + 10 * SETTLED_SECONDS)
    return path


def _reads(file: Path) -> int:
    """Ask for the digest and return how often the file was read for it."""
    reads: list[Path] = []

    def compute(path: Path) -> str:
        reads.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert remembered.remembered(file, compute) == hashlib.sha256(file.read_bytes()).hexdigest()
    return len(reads)


def test_a_file_that_was_not_touched_is_read_once(file: Path) -> None:
    assert [_reads(file), _reads(file)] == [1, 0]
    assert digest_file(file) == hashlib.sha256(LARGE).hexdigest()


def test_a_changed_file_of_the_same_size_and_time_is_read_again(file: Path) -> None:
    before = file.stat()
    _reads(file)
    file.write_bytes(LARGE[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert _reads(file) == 1


def test_another_file_under_the_same_name_is_read_again(file: Path, tmp_path: Path) -> None:
    _reads(file)
    other = tmp_path / "other"
    other.write_bytes(LARGE[::-1])
    other.replace(file)
    assert _reads(file) == 1


def test_a_file_that_was_touched_just_now_is_not_remembered(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered.time, "time", lambda: file.stat().st_mtime + SETTLED_SECONDS / 2)
    assert [_reads(file), _reads(file)] == [1, 1]


def test_what_looks_for_damage_reads_every_file(file: Path) -> None:
    _reads(file)
    with remembered.read_anew():
        assert _reads(file) == 1
    assert _reads(file) == 0


def test_small_files_are_read_each_time(file: Path, cache: Path) -> None:
    file.write_bytes(b"small")
    assert [_reads(file), _reads(file)] == [1, 1]
    assert not (cache / DATABASE).exists()


@pytest.mark.parametrize("content", [b"no database at all", None])
def test_a_cache_that_cannot_be_used_costs_time_alone(file: Path, cache: Path, content: bytes | None) -> None:
    cache.mkdir()
    if content is None:
        (cache / DATABASE).mkdir()
    else:
        (cache / DATABASE).write_bytes(content)
    assert [_reads(file), _reads(file)] == [1, 1]


def test_without_a_folder_nothing_is_remembered(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv(CACHE, str(tmp_path / "taken" / "cache"))
    assert [_reads(file), _reads(file)] == [1, 1]


def test_what_is_remembered_is_found_by_another_process(file: Path, cache: Path) -> None:
    _reads(file)
    with sqlite3.connect(cache / DATABASE) as database:
        ((path, value),) = database.execute("SELECT path, value FROM remembered").fetchall()
    assert (Path(path), value) == (file.resolve(), hashlib.sha256(LARGE).hexdigest())
