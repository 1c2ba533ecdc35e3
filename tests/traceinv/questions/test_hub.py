"""Questions and replies of a data set, loaded as those of the hub are; the data set lies in a folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from traceinv.errors import InputError
from traceinv.hub_data import HubDataset
from traceinv.questions.hub import HubQuestions

PINNED = {"dataset": "owner/name", "revision": "a" * 40}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a data set with a train and a test split as the hub holds them."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    made = tmp_path / "made"
    made.mkdir()
    for split, numbers in (("train", range(12)), ("test", range(100, 103))):
        rows = [
            {"problem": f"What is {n} plus 1?", "reasoning": f"{n}+1={n + 1}", "answer": str(n + 1)} for n in numbers
        ]
        (made / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


def test_the_rows_of_a_split_are_loaded_with_their_places(folder: Path) -> None:
    rows = list(HubDataset(dataset=str(folder), split="test").rows())
    assert [row["answer"] for _, row in rows] == ["101", "102", "103"]
    assert rows[0][0] == f"{folder} test row 0"


def test_questions_of_a_data_set_are_drawn_as_those_of_a_file(folder: Path) -> None:
    source = HubQuestions.model_validate({"dataset": str(folder), "count": 5})
    drawn = [source.questions(role, source.hub_rows()) for role in ("target", "surrogate")]
    assert [len(rows) for rows in drawn] == [5, 5]
    assert not {q.text for q in drawn[0]} & {q.text for q in drawn[1]}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"revision": None}, "revision: expected a commit of 40 hexadecimal digits, got None"),
        ({"revision": "main"}, "revision: expected a commit of 40 hexadecimal digits, got 'main'"),
        ({"dataset": "./here"}, "revision: a folder has none"),
    ],
)
def test_a_data_set_of_the_hub_is_pinned_and_a_folder_is_not(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HubDataset.model_validate(PINNED | changes)
    assert fault.partition(": ")[2] in str(caught.value)


def test_a_split_that_is_not_there_and_a_hub_that_does_not_answer_are_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="the split 'dev' cannot be loaded: Unknown split"):
        list(HubDataset(dataset=str(folder), split="dev").rows())
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="owner/name: the split 'train' cannot be loaded: the hub does not answer"):
        list(HubDataset.model_validate(PINNED).rows())
