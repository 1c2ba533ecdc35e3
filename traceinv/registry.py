"""Plug-ins, one file each, found by importing a package's modules: classes with a `kind`, or objects with a name."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from traceinv.errors import InputError, nearest
from traceinv.schema import FieldFault

T = TypeVar("T", bound=BaseModel)


class Named(Protocol):
    """An object with a name."""

    @property
    def name(self) -> str: ...


Instance = TypeVar("Instance", bound=Named)


@cache
def discover(package: str, base: type[T]) -> Mapping[str, type[T]]:
    """Import every module of a package and index the subclasses of `base` by their `kind`.

    Installed distributions add to it through an entry-point group of the package's name: each entry point names a module.

    Raises:
        InputError: a plug-in cannot be imported.
        ValueError: two classes have the same kind.
    """
    _modules(package)
    kinds: dict[str, type[T]] = {}
    for subclass in _subclasses(base):
        kind = subclass.model_fields["kind"].default
        if isinstance(kind, str) and kinds.setdefault(kind, subclass) is not subclass:
            raise ValueError(f"{package}: {subclass.__name__} and {kinds[kind].__name__} both have the kind {kind!r}")
    return dict(sorted(kinds.items()))


def instances(package: str, kind: type[Instance]) -> list[Instance]:
    """Return the instances of a class that the modules of a package hold, and the modules that entry points name.

    Raises:
        InputError: a plug-in cannot be imported, or two instances have the same name.
    """
    found: dict[int, Instance] = {}
    names: dict[str, str] = {}
    for module in _modules(package):
        for value in vars(module).values():
            if not isinstance(value, kind) or id(value) in found:
                continue
            other = names.setdefault(value.name, module.__name__)
            if other != module.__name__:
                raise InputError(f"{package}: {other} and {module.__name__} both define {value.name!r}")
            found[id(value)] = value
    return list(found.values())


def _modules(package: str) -> list[ModuleType]:
    """Import every module of a package, and those that the entry points of its group name.

    Raises:
        InputError: a plug-in cannot be imported.
    """
    modules = [import_module(f"{package}.{module.name}") for module in iter_modules(import_module(package).__path__)]
    for entry in entry_points(group=package):
        try:
            modules.append(import_module(entry.module))
        except Exception as error:
            raise InputError(f"{package}: the plug-in {entry.module} cannot be imported: {error}") from error
    return modules


def chooser(package: str, base: type[T]) -> Callable[[Any], Any]:
    """Return a validator that turns `{kind: x, ...}` into the plug-in of that kind."""

    def choose(value: Any) -> Any:
        if isinstance(value, base):
            return value
        kinds = discover(package, base)
        if not isinstance(value, dict) or "kind" not in value:
            raise ValueError(f"expected a mapping with a `kind`, one of {', '.join(kinds)}")
        kind = value["kind"]
        if not isinstance(kind, str) or kind not in kinds:
            raise FieldFault("kind", f"unknown kind {kind!r}{nearest(str(kind), kinds)}")
        try:
            return kinds[kind].model_validate(value)
        except ValidationError as error:
            raise FieldFault.of(error, kinds[kind]) from None

    return choose


def _subclasses(base: type[T]) -> list[type[T]]:
    return [subclass for direct in base.__subclasses__() for subclass in (direct, *_subclasses(direct))]
