"""The commands `traceinv targets list`, `check` and `new`."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.exits import DONE, FAILED, say
from harness.commands.options import Commands

if TYPE_CHECKING:
    from harness.pipeline.recipe import Recipe
    from traceinv.targets.base import ReasoningModel


def add_targets(commands: Commands) -> None:
    """Add the parsers of `traceinv targets`."""
    targets = commands.add_parser("targets", help="list, check and write targets").add_subparsers(
        required=True, metavar="COMMAND"
    )
    listing = targets.add_parser("list", help="list the kinds of targets, or the targets of a recipe")
    listing.add_argument("recipe", nargs="?", metavar="RECIPE", help="the name of a built-in recipe, or a YAML file")
    _add_set(listing)
    listing.add_argument("--json", action="store_true", help="print the same as JSON")
    listing.set_defaults(command=_list)
    check = targets.add_parser(
        "check",
        help="check a recipe's targets: permission, questions, and how its data is read",
        description="Load a recipe, draw its questions, and read the recorded data for them. No model is loaded and no server is "
        "asked, unless --ask is given.",
    )
    check.add_argument("recipe", metavar="RECIPE", help="the name of a built-in recipe, or a YAML file")
    _add_set(check)
    check.add_argument("--ask", action="store_true", help="send one question to each endpoint and show how it is read")
    check.set_defaults(command=_check)
    new = targets.add_parser("new", help="write a recipe with a target for your own data, as a start")
    new.add_argument("name", metavar="NAME", help="of the recipe: lower-case letters, digits, - and _")
    new.add_argument(
        "--kind", choices=("recorded", "local", "endpoint"), default="recorded", help="(default: recorded)"
    )
    new.add_argument("--data", default="data.jsonl", metavar="FILE", help="with questions, and for `recorded` replies")
    new.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: NAME.yaml)")
    new.set_defaults(command=_new)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")


def _list(options: argparse.Namespace) -> int:
    from harness.pipeline.recipe_files import load_recipe

    rows = _of_recipe(load_recipe(options.recipe, options.set)) if options.recipe else _kinds()
    if options.json:
        print(json.dumps(rows, indent=1))
        return DONE
    widths = {
        key: max(len(str(row[key])) for row in [dict(zip(rows[0], rows[0], strict=True)), *rows]) for key in rows[0]
    }
    for row in [{key: key.replace("_", " ") for key in rows[0]}, *rows]:
        say("  ".join(f"{row[key]!s:{width}}" for key, width in widths.items()).rstrip())
    return DONE


def _kinds() -> list[dict[str, Any]]:
    """Describe every kind of target that is installed."""
    from traceinv.registry import discover
    from traceinv.targets.base import ReasoningModel

    return [
        {
            "kind": kind,
            "replies_from": model.answers_from,
            "permission": "required" if model.needs_permission else "the run trains it",
            "about": " ".join((model.__doc__ or "").split("\n\n")[0].split()),
        }
        for kind, model in discover("traceinv.targets", ReasoningModel).items()
    ]


def _of_recipe(recipe: "Recipe") -> list[dict[str, Any]]:
    from harness.assembly.targets import target_facts

    return [
        {
            "name": facts.name,
            "kind": facts.kind,
            "traces": "known" if facts.traces_known else "hidden",
            "permission": facts.permission,
            "not_measured": "; ".join(facts.left_out) or "-",
        }
        for facts in target_facts(recipe)
    ]


def _check(options: argparse.Namespace) -> int:
    """Check a recipe's targets; return 1 where a target gives nothing that can be disclosed."""
    from harness.pipeline.recipe_files import load_recipe

    recipe = load_recipe(options.recipe, options.set)
    asked = {role: _questions(recipe, role) for role in ("target", "surrogate")}
    say(f"questions: {len(asked['target'])} for the target, {len(asked['surrogate'])} for the surrogate, none shared")
    usable = True
    for name, target in recipe.targets.items():
        traces = "known" if target.traces_known else "hidden"
        say(f"targets.{name}: {target.kind}, traces {traces}; permission: {target.permission_words()}")
        usable &= _replies(recipe, f"targets.{name}", target, asked["target"], options.ask)
    for name, surrogate in recipe.surrogates.items():
        say(f"surrogates.{name}: {surrogate.kind}")
        usable &= _replies(recipe, f"surrogates.{name}", surrogate, asked["surrogate"], options.ask)
    return DONE if usable else FAILED


def _questions(recipe: "Recipe", role: Any) -> list[Any]:
    from harness.stages.questions import rows_of

    source = recipe.questions
    path = recipe.question_file()
    _check_file("questions", path)
    return source.questions(role, rows_of(source, path))


def _replies(recipe: "Recipe", where: str, model: "ReasoningModel", questions: list[Any], ask: bool) -> bool:
    """Say how a model's replies are read; return whether there is one that can be used."""
    from traceinv.models import locate
    from traceinv.targets.base import ModelWithWeights
    from traceinv.targets.endpoint import EndpointModel
    from traceinv.targets.recorded import RecordedModel

    if isinstance(model, ModelWithWeights):
        say(f"{where}: weights in {locate(model.model, model.trust_remote_code)}")
    if isinstance(model, RecordedModel):
        return _recorded(recipe, where, model, questions)
    if isinstance(model, EndpointModel):
        return _asked(recipe, where, model, questions[:1]) if ask else _say_unasked(where, model)
    return True


def _recorded(recipe: "Recipe", where: str, model: Any, questions: list[Any]) -> bool:
    from harness.stages.recorded import recorded_rows

    read, path = recipe.recording(where, model)
    _check_file(f"{where}.path", path)
    rows = [read.transcripts(questions, recorded_rows(read, path), sample) for sample in (0, 1)]
    usable = [row for row in rows[0] if row.usable]
    summaries = sum(row.summary is not None for row in rows[0])
    say(
        f"{where}: {len(rows[0])} of {len(questions)} questions have a reply, {len(usable)} a whole one; {summaries} have a "
        f"summary of their own, {len(rows[1])} a second sample"
    )
    if usable:
        _show(usable[0])
    return bool(usable)


def _say_unasked(where: str, model: Any) -> bool:
    from traceinv.engines.asking import read_key

    read_key(model.key_variable)
    limits = {key: value for key, value in model.budget.model_dump().items() if value}
    spends = ", ".join(f"{key} {value:,}" for key, value in limits.items()) or "no limit"
    say(f"{where}: {model.model} at {model.base_url}; budget: {spends}; --ask sends one question")
    return True


def _asked(recipe: "Recipe", where: str, model: Any, questions: list[Any]) -> bool:
    """Send one question to an endpoint, within its budget."""
    import tempfile

    from traceinv.engines.budget import Ledger
    from traceinv.records import Transcript
    from traceinv.rows import RowFile
    from traceinv.targets.asked import ask_endpoint

    with tempfile.TemporaryDirectory() as folder:
        rows: RowFile[Transcript, str] = RowFile(Path(folder) / "rows.jsonl", Transcript, lambda row: row.id)
        sampling = model.sampling or recipe.sampling
        (row,) = ask_endpoint(model, questions, sampling, rows, Ledger(model.budget))
    seen = row.observed
    if seen is not None:
        say(f"{where}: answered by {seen.model}; it shows {seen.mode}; reasoning tokens: {seen.reasoning_tokens}")
    _show(row)
    return bool(row.usable)


def _show(row: Any) -> None:
    """Print the trace, the summary and the answer that were read from a reply."""
    for name in ("trace", "summary", "answer"):
        text = getattr(row, name)
        if text is not None:
            say(f"  {name}: {' '.join(text.split())[:150]}")


def _check_file(where: str, path: Path | None) -> None:
    from traceinv.errors import InputError

    if path is not None and not path.exists():
        raise InputError(f"{where}: no such file or folder {str(path)!r}")


TEMPLATE = """\
# Check it with `traceinv targets check {path}`, then `traceinv run {path} --dry-run`.
name: {name}
questions: {{kind: file, path: {data}, count: 100}}   # as many again for the surrogate
targets:
{target}
surrogates:
  small: {{kind: local, model: models/surrogate}}   # a folder of weights that writes <think>...</think>
policies:
  silent: {{kind: answer_only}}
{policy}sampling: {{temperature: 0.6, top_p: 0.95, max_new_tokens: 4096}}
inverter: {{model: models/student, training: {{epochs: 3, batch_size: 24, max_tokens: 8192}}}}
students:
  student: {{model: models/student, training: {{epochs: 3, batch_size: 32, max_tokens: 8192}}}}
regimes: [{regimes}]
benchmark: {{tasks: [gsm8k], limit: 200}}
seeds: [0, 1, 2]
"""
HALF = "  half: {kind: every_kth_step, k: 2}\n"
WITH_TRACES = "base, answer_only, surrogate_trace, inverted_without_summary, inverted, oracle"
WITHOUT_TRACES = "base, answer_only, surrogate_trace, inverted_without_summary"
PERMISSION = (
    "permission: {}   # own_model, open_weights + licence, open_data + licence, or provider_consent + reference"
)
TARGETS = {
    "recorded": f"  recorded:\n    kind: recorded\n    path: {{data}}\n    {PERMISSION.replace('{}', '{{}}')}",
    "local": f"  local:\n    kind: local\n    model: models/target\n    {PERMISSION.replace('{}', '{{}}')}",
    "endpoint": "  hosted:\n    kind: endpoint\n    base_url: http://localhost:8000/v1\n    model: NAME\n"
    "    key_variable: MY_KEY   # the environment variable that holds the key; leave it out where none is needed\n"
    f"    budget: {{{{queries: 200, tokens: 1000000}}}}\n    {PERMISSION.replace('{}', '{{}}')}",
}


def _new(options: argparse.Namespace) -> int:
    import re

    from traceinv.errors import InputError

    if not re.fullmatch(r"[a-z0-9_-]+", options.name):
        raise InputError(f"NAME {options.name!r}: expected lower-case letters, digits, - and _")
    path: Path = options.out or Path(f"{options.name}.yaml")
    if path.exists():
        raise InputError(f"{path}: there is a file of this name already")
    hidden = options.kind == "endpoint"
    data = json.dumps(options.data)
    text = TEMPLATE.format(
        path=path,
        name=options.name,
        data=data,
        target=TARGETS[options.kind].format(data=data),
        policy="" if hidden else HALF,
        regimes=WITHOUT_TRACES if hidden else WITH_TRACES,
    )
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    print(f"wrote {path}")
    print(f"next: state the permission in it, then run `traceinv targets check {path}`")
    return DONE
