"""What an audit makes of a recipe: many policies, compared on the same questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traceinv.errors import InputError, nearest
from traceinv.policies import Policy
from traceinv.registry import discover


@dataclass(frozen=True)
class AuditChoice:
    """What of a recipe is audited.

    Attributes:
        policies: names of the recipe's policies, or kinds of policies with their defaults; all where empty.
        regimes: all where empty.
    """

    policies: Sequence[str] = ()
    regimes: Sequence[str] = ()


def audited(content: dict[str, Any], section: Any, path: Path) -> dict[str, Any]:
    """Put the section `audit` over a recipe: policies as a whole, other mappings key by key.

    Raises:
        InputError: the section is no mapping.
    """
    if not isinstance(section, dict):
        raise InputError(f"{path}: audit: expected keys of the recipe and their values, got {type(section).__name__}")
    name = {"name": f"{content.get('name')}-audit", "policies_together": True}
    return _merged(content, name | section) | ({"policies": section["policies"]} if "policies" in section else {})


def _merged(first: dict[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def chosen_policies(names: Sequence[str], policies: Any) -> dict[str, Any]:
    """Return the policies of these names; a name that the recipe lacks is taken as a kind.

    Raises:
        InputError: a name is neither.
    """
    known = policies if isinstance(policies, dict) else {}
    kinds = sorted(discover("traceinv.policies", Policy))
    for name in names:
        if name not in known and name not in kinds:
            near = nearest(name, [*known, *kinds])
            raise InputError(f"--policies: {name!r} is neither a policy of the recipe nor a kind of policy{near}")
    return {name: known.get(name, {"kind": name}) for name in names}
