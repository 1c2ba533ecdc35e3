"""A folder of records."""

import json
from pathlib import Path

import pytest
from sample_records import record, write

from harness.leaderboard.folder import load_records
from harness.leaderboard.published import read_published
from traceinv.errors import InputError

PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def test_records_are_read_in_the_order_of_their_ids(tmp_path: Path) -> None:
    paths = [write(tmp_path, record(name)) for name in ("b", "a")]
    assert list(load_records(tmp_path).records) == paths[::-1]


def test_records_with_the_same_id_are_all_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(record().model_dump_json())
    write(tmp_path, record("other"))
    content = load_records(tmp_path)
    assert [path.name for path in content.records] == ["other.json"]
    assert content.refused == [f"{tmp_path / name}.json: 2 records have the id 'lab-1'" for name in ("a", "b")]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder of records"):
        load_records(tmp_path / "nowhere")


def test_every_published_file_is_named_after_its_id() -> None:
    paths = list(PUBLISHED.glob("*.json"))
    assert paths
    assert all(read_published(path).id == path.stem for path in paths)
    assert len(load_records(PUBLISHED.parent).published) == len(paths)


def test_a_published_figure_without_a_column_is_refused(tmp_path: Path) -> None:
    content = json.loads((PUBLISHED / "paper-v1-gpt5-mini.json").read_text())
    content["rows"][0]["figures"]["gsm8k"] = 1.0
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"x\.json: .*'gsm8k' is not one of the columns"):
        read_published(tmp_path / "x.json")
