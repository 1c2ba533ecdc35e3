"""Where a model's weights are: a folder, the shipped model, or a repository of the hub at a revision."""

from pathlib import Path
from typing import Any

import pytest

from traceinv import models
from traceinv.errors import InputError
from traceinv.models import SHIPPED_MODEL, locate


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Answer for the hub with the shipped model's folder, and keep what it was asked."""
    seen: list[dict[str, Any]] = []

    def snapshot_download(repository: str, **options: Any) -> str:
        seen.append({"repository": repository, **options})
        if repository == "org/missing":
            raise OSError("404: no such repository\nmore")
        return str(locate(SHIPPED_MODEL))

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    monkeypatch.setattr(models, "is_offline", lambda: False)
    return seen


def test_a_repository_of_the_hub_is_downloaded_at_its_revision_and_without_pickles(asked: list[dict[str, Any]]) -> None:
    assert locate("org/model@abc123") == locate("org/model") == locate(SHIPPED_MODEL)
    assert [(one["repository"], one["revision"]) for one in asked] == [("org/model", "abc123"), ("org/model", None)]
    assert not any(pattern.endswith((".bin", ".pt", ".py", "*")) for pattern in asked[0]["allow_patterns"])


def test_a_folder_comes_before_a_repository_of_the_same_name(
    asked: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org").mkdir()
    (tmp_path / "org" / "model").symlink_to(locate(SHIPPED_MODEL))
    assert locate("org/model") == Path("org/model")
    assert not asked


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/nowhere", "no such folder; expected a folder"),
        ("plain-name", "no such folder; expected a folder"),
        ("../escape/model", "no such folder; expected a folder"),
        ("org/missing", r"none of the hub's \(404: no such repository\); expected a folder"),
    ],
)
def test_what_is_neither_is_refused_in_one_line(name: str, reason: str, asked: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match=reason) as raised:
        locate(name)
    assert "\n" not in str(raised.value)
