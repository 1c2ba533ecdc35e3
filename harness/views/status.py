"""What a run is doing, as lines and tables."""

from harness.pipeline.journal import RunState
from harness.views.progress import elapsed
from harness.views.tables import Column, Table


def status_line(run: RunState, now: float, alive: bool) -> str:
    """Say how many stages of a run are in which state, and since when.

    Args:
        now: in seconds since the epoch.
        alive: whether a process works on the run; without one, no stage is running.
    """
    running = [stage for stage in run.of("running") if stage.where]
    waiting = len(run.of("waiting")) + len(run.of("running")) - len(running)
    counts = {
        "done": len(run.of("done")),
        "running" if alive else "under way": len(running),
        "failed": len(run.of("failed")),
        "to come": waiting,
    }
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    last = max((stage.since for stage in run.stages.values()), default=run.begun)
    if not alive and len(run.of("done")) == len(run.stages):
        return f"{run.name}: all {len(run.stages)} stages were done {elapsed(now - last)} ago"
    when = f"running for {elapsed(now - run.begun)}" if alive else f"not running; last change {elapsed(now - last)} ago"
    return f"{run.name}: {when}; of {len(run.stages)} stages {', '.join(parts)}"


def running_table(run: RunState, now: float) -> Table:
    """List the running stages with the share that is done, for how long, and where."""
    columns = (Column("running", "words"), Column("done"), Column("for"), Column("where", "words"))
    rows = (
        (stage.name, f"{stage.share:.0%}", elapsed(now - stage.since), stage.where)
        for stage in run.of("running")
        if stage.where
    )
    return Table("", columns, tuple(rows))
