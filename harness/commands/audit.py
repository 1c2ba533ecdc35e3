"""`traceinv audit`: what the policies of a recipe leak, one beside the other."""

import argparse
from pathlib import Path

from harness.commands.exits import DONE
from harness.commands.options import Commands, names
from harness.commands.running import Finished, add_recipe_options, check_recipe_options, finish, prepare, print_stages


def add_audit(commands: Commands) -> None:
    """Add the command's arguments."""
    audit = commands.add_parser(
        "audit",
        help="rank disclosure policies by what they leak",
        description="Run every policy of a recipe with every regime and seed, in one graph, and rank the policies by their leak: "
        "the maximum over all attacks. The recipe's section `audit` gives policies and sizes.",
    )
    add_recipe_options(audit, "runs/RECIPE-audit")
    audit.add_argument(
        "--policies",
        type=names,
        default=(),
        metavar="a,b",
        help="these policies of the recipe alone, or kinds of policies",
    )
    audit.add_argument("--regimes", type=names, default=(), metavar="a,b", help="these regimes instead of the recipe's")
    audit.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Audit the policies of a recipe; return 0 when done.

    Raises:
        InputError: the recipe is wrong, or a folder cannot be written to.
        GateError: a stage or a gate failed.
    """
    from harness.pipeline.audited import AuditChoice
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe_files import load_recipe
    from harness.views.console import make_console
    from harness.views.terminal import print_audit
    from traceinv.loggers import choose

    choice = AuditChoice(options.policies, options.regimes)
    check_recipe_options(options)
    choose(options.report_to)
    recipe = load_recipe(options.recipe, options.set, options.seeds, choice)
    prepared = prepare(plan(recipe, absent_ok=options.dry_run), options.store)
    if options.dry_run:
        print_stages(prepared, options)
        return DONE
    out = options.out or Path("runs") / prepared.planned.recipe.name
    done = finish(prepared, out, options)
    plot = _write_frontier(done)
    if options.json:
        print(done.record.model_dump_json(indent=1))
        return DONE
    notes = [f"computed {done.computed} of {len(prepared.planned.graph)} stages; record: {done.path}"]
    print_audit(make_console(), done.record, [*notes, *([f"leak against utility: {plot}"] if plot else [])])
    return DONE


def _write_frontier(done: Finished) -> Path | None:
    """Write the plot of leak against utility beside the record; None where there is none."""
    from harness.files import write_atomic
    from harness.report.policies import frontier, standalone
    from harness.results.files import FRONTIER_SUFFIX

    figure = frontier(done.record.policies)
    if figure.missing:
        return None
    path = done.path.with_suffix(FRONTIER_SUFFIX)
    write_atomic(path, standalone(figure.wide))
    return path
