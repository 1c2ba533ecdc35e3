"""What the project imports is what pyproject.toml declares, and constraints.txt pins all of it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

from harness.stages import stage_kinds

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("harness", "traceinv", "tasks", "perf")
VERSIONS_IN_KEYS = {library for kind in stage_kinds().values() for library in kind.libraries}


def test_every_import_of_the_packages_is_declared() -> None:
    extras = PROJECT["optional-dependencies"]
    allowed = _declared([*PROJECT["dependencies"], *extras["vllm"], *extras["inspect"]])
    assert not _imported(*PACKAGES) - allowed


def test_every_import_of_the_tests_is_declared() -> None:
    allowed = _declared(PROJECT["dependencies"]) | _declared(PROJECT["optional-dependencies"]["dev"])
    assert not _imported("tests") - allowed


def test_no_dependency_is_declared_without_use() -> None:
    used = _imported(*PACKAGES) | {_normal(name) for name in VERSIONS_IN_KEYS}
    assert not _declared(PROJECT["dependencies"]) - used


def test_every_dependency_is_pinned() -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all("==" in pin for pin in pins)
    declared = _declared(PROJECT["dependencies"]) | _declared(PROJECT["optional-dependencies"]["dev"])
    assert not declared - _declared(pins)


def test_the_lock_has_the_pins_of_the_set_up_with_their_hashes() -> None:
    pins = set((ROOT / "constraints.txt").read_text().lower().replace("_", "-").splitlines())
    text = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^(\w\S+==\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})*)", text, flags=re.M)
    locked = [pin for pin, _ in entries]
    assert len(locked) == text.count("==")
    assert all(hashes for _, hashes in entries)
    assert not {pin.replace("_", "-") for pin in locked} - pins, "run make lock"
    declared = _declared(PROJECT["dependencies"]) | _declared(PROJECT["optional-dependencies"]["dev"])
    assert declared - _declared(locked) == {"torch"}, "its build depends on the machine; or run make lock"


def _declared(requirements: Iterable[str]) -> set[str]:
    """Return the names of the distributions in a list of requirements."""
    return {_normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}


def _imported(*folders: str) -> set[str]:
    """Return the distributions of the third-party modules that the Python files of these folders import."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    ours = {path.stem for folder in ("tests", "perf") for path in (ROOT / folder).rglob("*.py")} | {*PACKAGES}
    modules = {name for path in files for name in _modules(path)} - ours - sys.stdlib_module_names
    known = packages_distributions()
    return {_normal(name) for module in modules for name in known.get(module, [module])}


def _modules(path: Path) -> set[str]:
    """Return the top-level names that a Python file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def _normal(name: str) -> str:
    """Return the form in which names of distributions are equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_citation_names_the_version_and_licence_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert "Apache License" in (ROOT / "LICENSE").read_text()
