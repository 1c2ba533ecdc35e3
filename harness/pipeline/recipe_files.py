"""Recipes as files: found by name or path, changed by `--set`, checked before anything runs."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.files import MAX_YAML_BYTES, parse_yaml, read_text
from harness.pipeline.audited import AuditChoice, audited, chosen_policies
from harness.pipeline.bounds import oversized
from harness.pipeline.recipe import MAX_SEEDS, Recipe
from traceinv.errors import InputError, nearest
from traceinv.schema import describe

RECIPES = Path(__file__).parents[1] / "recipes"


def load_recipe(
    name: str, overrides: Sequence[str] = (), seeds: int | None = None, audit: AuditChoice | None = None
) -> Recipe:
    """Read a recipe by the name of a built-in one or by path, with `a.b=value` overrides and a number of seeds.

    Args:
        audit: for an audit, whose recipe is this one with the values of its section `audit` in place of its own; the section is
            left out otherwise.

    Raises:
        InputError: there is no such recipe, it is not YAML, or a key or value is wrong; one line says which and why.
    """
    path = _find(name)
    content = _read(path)
    section = content.pop("audit", None)
    if audit is not None:
        content = audited(content, {} if section is None else section, path)
    steps = [(str(path), copy.deepcopy(content))]
    for override in overrides:
        _override(content, override)
        steps.append((f"--set {override}", copy.deepcopy(content)))
    if audit is not None and audit.policies:
        content["policies"] = chosen_policies(audit.policies, content.get("policies"))
        steps.append((f"--policies {','.join(audit.policies)}", copy.deepcopy(content)))
    if audit is not None and audit.regimes:
        content["regimes"] = list(audit.regimes)
        steps.append((f"--regimes {','.join(audit.regimes)}", copy.deepcopy(content)))
    if seeds is not None:
        content["seeds"] = list(range(min(seeds, MAX_SEEDS + 1)))
        steps.append((f"--seeds {seeds}", content))
    fault = _fault(content)
    if fault is None:
        return Recipe.model_validate(content)
    where = next(where for where, step in steps if _fault(step) == fault)
    raise InputError(f"{where}: {fault}")


def _fault(content: Mapping[str, Any]) -> str | None:
    """Describe what is wrong with a recipe in one line."""
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        return describe(error, Recipe)
    return oversized(recipe.model_dump())


def _read(path: Path) -> dict[str, Any]:
    content = parse_yaml(read_text(path, MAX_YAML_BYTES), str(path))
    if content is None:
        raise InputError(f"{path}: the file is empty")
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected keys and values, got {type(content).__name__}")
    return content


def _find(name: str) -> Path:
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.exists():
            raise InputError(f"{name}: no such recipe file")
        return path
    built_in = RECIPES / f"{name}.yaml"
    if not built_in.is_file():
        raise InputError(f"unknown recipe {name!r}{nearest(name, built_in_recipes())}")
    return built_in


def built_in_recipes() -> list[str]:
    """List the names of the recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def _override(content: dict[str, Any], override: str) -> None:
    """Set one value by its dotted path; the value is read as YAML.

    Another `kind` starts from its own defaults, so the other keys beside it are dropped.
    """
    path, equals, text = override.partition("=")
    shown = f"--set {override!r:.100}"
    if not equals or not path:
        raise InputError(f"{shown}: expected KEY.KEY=VALUE")
    *parents, last = path.split(".")
    place = content
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise InputError(f"{shown}: {parent!r} holds a value, not further keys")
    value = parse_yaml(text, shown)
    if last == "kind" and place.get("kind") != value:
        place.clear()
    place[last] = value
