"""The commit in a record is that of the checkout that holds the package, and of no other repository."""

import subprocess
from pathlib import Path

from harness.results.provenance import package_version, source_commit


def _commit(folder: Path) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    subprocess.run(["git", *author, "commit", "-q", "-m", "x"], cwd=folder, check=True)


def test_a_package_installed_inside_another_repository_has_an_unknown_commit(tmp_path: Path) -> None:
    installed = tmp_path / "venv" / "site-packages"
    installed.mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    _commit(tmp_path)
    assert len(source_commit(tmp_path)) == 12
    assert source_commit(installed) == "unknown"


def test_a_checkout_with_changes_is_dirty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    _commit(tmp_path)
    (tmp_path / "file").write_text("y")
    assert source_commit(tmp_path).endswith("-dirty")


def test_a_package_that_is_not_installed_is_absent() -> None:
    assert package_version("no-such-package") == "absent"
