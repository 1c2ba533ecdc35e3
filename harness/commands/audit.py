"""`traceinv audit`: what the policies of a recipe leak, one beside the other."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.exits import DONE
from harness.commands.options import Commands, names, positive
from harness.commands.running import STORE, Finished, finish, print_stages, report_damage

if TYPE_CHECKING:
    from harness.results.schema import ResultRecord


def add_audit(commands: Commands) -> None:
    """Add the command's arguments."""
    audit = commands.add_parser(
        "audit",
        help="rank disclosure policies by what they leak",
        description="Run every policy of a recipe with every regime and seed, in one graph, and rank the policies by their leak: "
        "the maximum over all attacks. The recipe's section `audit` gives policies and sizes.",
    )
    audit.add_argument("recipe", metavar="RECIPE", help="the name of a built-in recipe, or a YAML file")
    audit.add_argument(
        "--policies",
        type=names,
        default=(),
        metavar="a,b",
        help="these policies of the recipe alone, or kinds of policies",
    )
    audit.add_argument("--regimes", type=names, default=(), metavar="a,b", help="these regimes instead of the recipe's")
    audit.add_argument("--seeds", type=positive, metavar="N", help="run seeds 0 to N-1 instead of the recipe's")
    audit.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")
    audit.add_argument("--out", type=Path, metavar="DIR", help="where the record goes (default: runs/RECIPE-audit)")
    audit.add_argument(
        "--store", type=Path, default=STORE, metavar="DIR", help=f"where artifacts go (default: {STORE})"
    )
    audit.add_argument("--workers", type=positive, metavar="N", help="processes at a time (default: one a core)")
    audit.add_argument("--dry-run", action="store_true", help="list the stages that would be computed, and stop")
    audit.add_argument("--json", action="store_true", help="print the record as JSON; with --dry-run every stage")
    audit.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Audit the policies of a recipe; return 0 when done.

    Raises:
        InputError: the recipe is wrong, or a folder cannot be written to.
        GateError: a stage or a gate failed.
    """
    from harness.pipeline.audited import AuditChoice
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe import load_recipe
    from harness.pipeline.scheduler import find_artifacts
    from harness.pipeline.store import Store

    choice = AuditChoice(options.policies, options.regimes)
    planned = plan(load_recipe(options.recipe, options.set, options.seeds, choice))
    store = Store(options.store)
    cached = find_artifacts(planned.graph, store)
    report_damage(store)
    if options.dry_run:
        print_stages(planned, cached, options.json)
        return DONE
    out = options.out or Path("runs") / planned.recipe.name
    done = finish(planned, store, cached, out, options.workers, options.json)
    plot = _write_frontier(done)
    if options.json:
        print(done.record.model_dump_json(indent=1))
        return DONE
    notes = [f"computed {done.computed} of {len(planned.graph)} stages; record: {done.path}"]
    _print_audit(done.record, [*notes, *([f"leak against utility: {plot}"] if plot else [])])
    return DONE


def _write_frontier(done: Finished) -> Path | None:
    """Write the plot of leak against utility beside the record; None where there is none."""
    from harness.files import write_atomic
    from harness.report.policies import frontier, standalone

    figure = frontier(done.record.policies)
    if figure.missing:
        return None
    path = done.path.with_suffix(".frontier.svg")
    write_atomic(path, standalone(figure.wide))
    return path


def _print_audit(record: "ResultRecord", notes: list[str]) -> None:
    from harness.views.terminal import make_console, print_audit

    print_audit(make_console(), record, notes)
