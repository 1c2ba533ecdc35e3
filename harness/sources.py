"""Which source an artifact was made by: some modules and all of ours that they import, without comments and docstrings."""

import ast
import hashlib
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from traceinv.digests import digest_file

OURS = ("harness", "traceinv")
SOURCE_FOLDERS = (*OURS, "tasks")
NO_SOURCE = (".pyc", ".so")


@dataclass(frozen=True)
class Source:
    """A file of source.

    Attributes:
        digest: of its syntax tree without docstrings.
        imports: modules of ours that it imports, also inside functions, but not for its types alone.
    """

    digest: str
    imports: tuple[str, ...]


def fingerprint(modules: Iterable[str], files: Mapping[str, Path] = MappingProxyType({})) -> str:
    """Return a digest over the closure of some modules and files; it does not depend on where they lie."""
    total = hashlib.sha256()
    for name, path in sorted(closure(modules, files).items()):
        total.update(f"{name} {read_source(path).digest}\n".encode())
    return total.hexdigest()[:16]


def closure(modules: Iterable[str], files: Mapping[str, Path] = MappingProxyType({})) -> dict[str, Path]:
    """Return some modules and files, and every module of ours that they lead to through their imports, by name.

    A package stands for all that is in it, since modules and data files may be found by name, and for the plug-ins that other
    distributions add to it.
    """
    reached = {**files}
    for module in modules:
        reached |= _members(module)
    wanted = [name for path in reached.values() for name in read_source(path).imports]
    while wanted:
        module = wanted.pop()
        if module not in reached and (path := module_path(module)):
            reached[module] = path
            wanted += read_source(path).imports
    return reached


@cache
def module_path(module: str) -> Path | None:
    """Return the file of a module of ours; None where there is none. Nothing is imported but its top-level package."""
    top, *parts = module.split(".")
    place = _package_folder(top).joinpath(*parts)
    if place.is_dir():
        return place / "__init__.py" if (place / "__init__.py").is_file() else None
    path = place.with_suffix(".py")
    return path if path.is_file() else None


@cache
def read_source(path: Path) -> Source:
    """Read a file as it is when this process first asks; a file that is not Python counts by its bytes."""
    if path.suffix != ".py":
        return Source(digest_file(path), ())
    tree = ast.parse(path.read_bytes())
    imports = tuple(dict.fromkeys(name for node in _executed(tree) for name in _imported(node)))
    return Source(_tree_digest(tree), imports)


@cache
def changed_files() -> frozenset[Path]:
    """Return the files of the package that mean something else than in the last commit.

    Empty where the package does not lie in a git checkout, and for changes of comments and docstrings alone.
    """
    root = _package_folder(OURS[0]).parent
    status = _git(
        root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *SOURCE_FOLDERS
    )
    names = [entry[3:] for entry in status.split("\0") if entry]
    return frozenset(root / name for name in names if _means_something_else(root, name))


def _means_something_else(root: Path, name: str) -> bool:
    if not name.endswith(".py"):
        return True
    committed, path = _git(root, "show", f"HEAD:./{name}"), root / name
    if not path.is_file() or not committed:
        return True
    try:
        return _tree_digest(ast.parse(committed)) != _tree_digest(ast.parse(path.read_bytes()))
    except SyntaxError:
        return True


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


@cache
def _package_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"no package {package!r}")
    return Path(next(iter(spec.submodule_search_locations)))


def _members(module: str) -> dict[str, Path]:
    """Return a module, or all files of a package and its plug-ins, by name."""
    path = module_path(module)
    if path is None:
        raise ModuleNotFoundError(f"no module {module!r} of ours")
    if path.name != "__init__.py":
        return {module: path}
    members = _plug_ins(module)
    for file in (file for file in path.parent.rglob("[!.]*") if file.is_file() and file.suffix not in NO_SOURCE):
        parts = file.relative_to(path.parent).with_suffix("" if file.suffix == ".py" else file.suffix).parts
        members[".".join([module, *(part for part in parts if part != "__init__")])] = file
    return members


def _plug_ins(package: str) -> dict[str, Path]:
    """Return the files of the modules that installed distributions add to a package, by module."""
    specs = {entry.module: find_spec(entry.module) for entry in entry_points(group=package)}
    return {module: Path(spec.origin) for module, spec in specs.items() if spec and spec.origin}


def _tree_digest(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [statement for statement in body if not _is_docstring(statement)]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_docstring(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, skipping `if TYPE_CHECKING` blocks."""
    yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from _executed(child)


def _imported(node: ast.AST) -> Iterator[str]:
    """List the modules of ours that an import statement names."""
    if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if module_path(inner) else node.module
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] in OURS)
