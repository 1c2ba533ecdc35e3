"""An artifact's key changes with all code that decides what it holds, and with no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.pipeline import keys as versions
from harness.pipeline.keys import read_code_version, sources
from harness.stages.kinds import STAGES, StageKind

TYPES = {"traceinv.errors", "traceinv.engines", "traceinv.engines.base"}
"""What a stage's function may use and not name: errors, and types whose values come from elsewhere."""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A package of the test's own, in which `own` uses `used`, which imports `inner` late, and `typed` for its types."""
    name = f"package_{abs(hash(request.node.name))}"
    folder = tmp_path / name
    folder.mkdir()
    guard = f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {name} import typed\n"
    for module, text in {
        "__init__": "",
        "own": f"from {name} import aside\n",
        "used": f"{guard}def f():\n    from {name}.inner import x\n    return x\n",
        "inner": "x = 1\n",
        "typed": "",
        "aside": "",
    }.items():
        (folder / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(versions, "OURS", (name,))
    return folder


def _version(package: Path) -> str:
    return read_code_version(f"{package.name}.own", (f"{package.name}.used",))


@pytest.mark.parametrize("module", ["own", "used", "inner"])
def test_what_is_imported_anywhere_counts(module: str, package: Path) -> None:
    before = _version(package)
    assert _version(package) == before
    with (package / f"{module}.py").open("a") as file:
        file.write("# changed\n")
    assert _version(package) != before


@pytest.mark.parametrize("module", ["typed", "aside"])
def test_what_is_there_for_types_or_for_other_stages_does_not(module: str, package: Path) -> None:
    before = _version(package)
    (package / f"{module}.py").write_text("changed = 1\n")
    assert _version(package) == before


@pytest.mark.parametrize("kind", STAGES.values(), ids=STAGES.keys())
def test_every_stage_names_the_modules_that_its_function_uses(kind: StageKind) -> None:
    assert set(_used(kind)) - TYPES <= sources(kind.modules).keys()


def _used(kind: StageKind) -> Iterator[str]:
    """The modules of ours whose names a stage's function mentions, itself or through functions beside it."""
    tree = ast.parse(sources((kind.own,))[kind.own])
    names = {alias.name: node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    wanted, seen = [kind.run.__name__], set()
    while wanted:
        function = functions[wanted.pop()]
        seen.add(function.name)
        for node in (n for statement in function.body for n in ast.walk(statement)):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
                wanted.append(node.id)
            if isinstance(node, ast.Name) and node.id in names:
                yield from versions._named(names[node.id])
