"""The command `traceinv status`."""

import argparse
import time
from typing import TYPE_CHECKING

from harness.commands.exits import DONE, say
from harness.commands.options import Commands, place
from harness.commands.running import STORE
from traceinv.errors import GateError, InputError

if TYPE_CHECKING:
    from harness.pipeline.journal import RunState
    from harness.pipeline.store import Store


def add_status(commands: Commands) -> None:
    """Add the command's arguments."""
    status = commands.add_parser(
        "status",
        help="what a run is doing",
        description="Say which stages of a run are done, which run and where, which failed and why, and how long the rest takes.",
    )
    status.add_argument(
        "run", nargs="?", metavar="RUN", help="the name of its recipe (default: the run that was begun or changed last)"
    )
    status.add_argument(
        "--store", type=place, default=STORE, metavar="DIR|URL", help=f"the run's artifacts (default: {STORE})"
    )
    status.add_argument("--json", action="store_true", help="print every stage as JSON")
    status.set_defaults(command=_status)


def _status(options: argparse.Namespace) -> int:
    from harness.pipeline.journal import is_running, read_run
    from harness.pipeline.remote import open_store
    from harness.views.console import make_console
    from harness.views.status import running_table, status_line
    from harness.views.terminal import print_table

    store = open_store(options.store)  # of a bucket, what a run says of itself is on the machine where it was begun
    run, now = read_run(store.root, options.run), time.time()
    if options.json:
        print(run.model_dump_json(indent=1))
        return DONE
    alive = is_running(store.root, run.name)
    say(status_line(run, now, alive) + (_time_left(run, store) if alive else ""))
    for stage in run.of("failed"):
        say(f"failed: {stage.why}")
    if alive and any(stage.where for stage in run.of("running")):
        print_table(make_console(), running_table(run, now))
    elif not alive and len(run.of("done")) < len(run.stages):
        say(f"resume it: {run.command}")
    return DONE


def _time_left(run: "RunState", store: "Store") -> str:
    """Say how long a run still takes: running stages at their own pace, the others as such stages took before."""
    from harness.pipeline.costing.costs import cost_run
    from harness.pipeline.costing.measured import duration
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe import Recipe

    try:
        cost = cost_run(plan(Recipe.model_validate(run.recipe), absent_ok=True), store, {})
    except (InputError, GateError, ValueError):  # the recipe's files changed meanwhile, or the code did
        return ""
    expected = {stage.node.id: stage.seconds for stage in cost.stages}
    known, unknown = 0.0, 0
    for node, stage in run.stages.items():
        if stage.state in ("running", "waiting"):
            before = expected.get(node)
            left = stage.left if stage.left is not None or before is None else before * (1 - stage.share)
            known += left or 0.0
            unknown += left is None
    if not known:
        return ""
    workers = max(1, sum(stage.where is not None for stage in run.of("running")))
    beside = f", beside {unknown} stages of kinds that were not measured yet" if unknown else ""
    return f"; about {duration(known / workers)} left{beside}"
