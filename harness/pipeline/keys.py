"""Which code an artifact was made by: that of some modules, all of ours that these import, and the packages under them."""

import ast
import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

OURS = ("harness", "traceinv")
PACKAGES = (
    *("torch", "transformers", "trl", "accelerate", "datasets", "tokenizers", "numpy", "scipy"),
    *("lm_eval", "math-verify", "sympy", "rouge_score", "rapidfuzz", "nltk", "sacrebleu", "scikit-learn"),
)


@cache
def code_version(own: str, modules: tuple[str, ...]) -> str:
    """The code version as it was when this process first asked."""
    return read_code_version(own, modules)


def read_code_version(own: str, modules: tuple[str, ...]) -> str:
    """A hash of source as it is now, and of the versions of the packages.

    Args:
        own: the module that the code stands in beside other code; what it imports is not followed.
        modules: those that the code uses; whatever they import is followed.
    """
    total = hashlib.sha256(_path(own).read_bytes())
    for module, source in sorted(sources(modules).items()):
        total.update(f"{module}\n".encode() + source)
    for package in PACKAGES:
        total.update(f"{package}=={package_version(package)}\n".encode())
    total.update(platform.python_version().encode())
    return total.hexdigest()[:16]


def sources(modules: tuple[str, ...]) -> dict[str, bytes]:
    """The source of modules and, through all their imports, of every module of ours that they lead to."""
    found: dict[str, bytes] = {}
    wanted = list(modules)
    while wanted:
        module = wanted.pop()
        if module not in found:
            found[module] = _path(module).read_bytes()
            wanted += _imports(found[module])
    return found


def package_modules(name: str) -> tuple[str, ...]:
    """A package and the modules in it: for those that are run or looked up by name, which no import shows."""
    spec = find_spec(name)
    assert spec is not None
    inside = iter_modules(spec.submodule_search_locations or [])
    return (name, *(f"{name}.{module.name}" for module in inside))


def package_version(package: str) -> str:
    """A package's version, or `absent`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _path(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


@cache
def _imports(source: bytes) -> tuple[str, ...]:
    """The modules of ours that a source imports anywhere but for its types alone."""
    return tuple(dict.fromkeys(name for node in _run(ast.parse(source)) for name in _named(node)))


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all inside it, less what stands under `if TYPE_CHECKING`."""
    yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from _run(child)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if _is_module(inner) else node.module
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] in OURS)


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a module, no package
        return False
