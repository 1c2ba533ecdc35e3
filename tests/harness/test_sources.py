"""Which source stands behind an artifact: all that it imports, but no comment and no docstring."""

import subprocess
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from harness import sources
from harness.sources import changed_files, closure, fingerprint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A package of the test's own: `own` imports `used`, which imports `inner` late and `typed` for its types."""
    folder = tmp_path / f"package_{abs(hash(request.node.name))}"
    folder.mkdir()
    name = folder.name
    guard = f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {name} import typed\n"
    for module, text in {
        "__init__": "",
        "own": f"from {name} import used\n",
        "used": f'{guard}def f():\n    """Return x."""\n    from {name}.inner import x\n    return x  # why\n',
        "inner": "x = 1\n",
        "typed": "",
        "aside": "",
    }.items():
        (folder / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sources, "OURS", (name,))
    monkeypatch.setattr(sources, "SOURCE_FOLDERS", (name,))
    return folder


def _fingerprint(package: Path) -> str:
    for function in (sources.module_path, sources.read_source, sources.changed_files, sources._package_folder):
        function.cache_clear()
    return fingerprint((f"{package.name}.own",))


@pytest.mark.parametrize("module", ["own", "used", "inner"])
def test_what_is_imported_anywhere_counts(module: str, package: Path) -> None:
    before = _fingerprint(package)
    with (package / f"{module}.py").open("a") as file:
        file.write("y = 2\n")
    assert _fingerprint(package) != before


@pytest.mark.parametrize("module", ["typed", "aside"])
def test_what_is_there_for_types_or_for_others_does_not(module: str, package: Path) -> None:
    before = _fingerprint(package)
    (package / f"{module}.py").write_text("changed = 1\n")
    assert _fingerprint(package) == before


def test_comments_docstrings_and_blank_lines_do_not_count(package: Path) -> None:
    before = _fingerprint(package)
    text = (package / "used.py").read_text()
    (package / "used.py").write_text(text.replace("Return x.", "Return it.").replace("# why", "\n\n    # because"))
    assert _fingerprint(package) == before


def test_a_package_stands_for_all_that_is_in_it(package: Path) -> None:
    (package / "inside" / "prompts").mkdir(parents=True)
    (package / "inside" / "deep.py").write_text("")
    (package / "inside" / "prompts" / "recap.txt").write_text("Summarise.")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "own.pyc").write_text("")
    _fingerprint(package)
    names = ("", ".own", ".used", ".inner", ".typed", ".aside", ".inside.deep", ".inside.prompts.recap.txt")
    assert closure((package.name,)).keys() == {package.name + name for name in names}


def test_a_data_file_counts_by_its_bytes(package: Path) -> None:
    (package / "data.json").write_text("1")
    _fingerprint(package)
    before = fingerprint((package.name,))
    (package / "data.json").write_text("2")
    _fingerprint(package)
    assert fingerprint((package.name,)) != before


def test_plug_ins_of_other_distributions_belong_to_the_package(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "their_plug_in.py").write_text("x = 1\n")
    entry = EntryPoint(name="theirs", value="their_plug_in", group=package.name)
    monkeypatch.setattr(sources, "entry_points", lambda group: [entry])
    _fingerprint(package)
    assert closure((package.name,))["their_plug_in"] == tmp_path / "their_plug_in.py"


def test_a_file_counts_with_all_that_it_imports(package: Path, tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(f"from {package.name} import used\n")
    _fingerprint(package)
    reached = closure((), {"task/utils.py": tmp_path / "task.py"})
    assert reached.keys() == {"task/utils.py", f"{package.name}.used", f"{package.name}.inner"}


def test_uncommitted_changes_count_where_they_mean_something(package: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=package.parent, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "start")
    _fingerprint(package)
    assert not changed_files()
    with (package / "used.py").open("a") as file:
        file.write("# a comment\n")
    (package / "new.py").write_text("x = 1\n")
    (package / "prompt.txt").write_text("Summarise.")
    with (package / "inner.py").open("a") as file:
        file.write("z = 1\n")
    _fingerprint(package)
    assert {path.name for path in changed_files()} == {"inner.py", "new.py", "prompt.txt"}
