"""Plug-ins: pydantic classes with a `kind`, one file each, found by importing a package's modules."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from traceinv.errors import InputError, nearest
from traceinv.schema import FieldFault

T = TypeVar("T", bound=BaseModel)


@cache
def discover(package: str, base: type[T]) -> Mapping[str, type[T]]:
    """Import every module of a package and index the subclasses of `base` by their `kind`.

    Installed distributions add to it through an entry-point group of the package's name: each entry point names a module.

    Raises:
        InputError: a plug-in cannot be imported.
        ValueError: two classes have the same kind.
    """
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
    for entry in entry_points(group=package):
        try:
            import_module(entry.module)
        except Exception as error:
            raise InputError(f"{package}: the plug-in {entry.module} cannot be imported: {error}") from error
    kinds: dict[str, type[T]] = {}
    for subclass in _subclasses(base):
        kind = subclass.model_fields["kind"].default
        if isinstance(kind, str) and kinds.setdefault(kind, subclass) is not subclass:
            raise ValueError(f"{package}: {subclass.__name__} and {kinds[kind].__name__} both have the kind {kind!r}")
    return dict(sorted(kinds.items()))


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
