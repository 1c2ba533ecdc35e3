"""From the artifacts of a finished run to its result record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness import stats
from harness.assembly.comparability import conditions
from harness.assembly.faithfulness import faithfulness_rows, likelihood_rows, style
from harness.assembly.responses import (
    Key,
    Run,
    Runs,
    check_alike,
    item_ids,
    keep_graded,
    read_run,
    repeats,
    scores,
    states,
    strata,
    tasks_of,
)
from harness.benchmarks.groups import compared_groups, task_groups
from harness.evaluation.record import figures
from harness.pipeline.plan import Experiment
from harness.pipeline.store import Artifact, digest_json
from harness.results import schema as results
from harness.results.items import ItemFile
from harness.results.provenance import provenance
from harness.results.verdict import verdict

CONTRASTS = (
    ("oracle", "answer_only"),
    ("inverted", "answer_only"),
    ("inverted", "summary"),
    ("inverted", "surrogate_trace"),
    ("inverted", "inverted_mismatched"),
    ("inverted_without_summary", "answer_only"),
    ("inverted_without_summary", "surrogate_trace"),
    ("oracle", "inverted"),
)


def assemble(
    experiment: Experiment, artifacts: Mapping[str, Artifact], command: str
) -> tuple[results.ResultRecord, ItemFile]:
    """The record of a finished run, and what became of each item.

    Raises:
        GateError: the models were not asked the same, or a task could not be graded.
    """
    recipe = experiment.recipe
    answered, names = _read_runs(experiment, artifacts)
    check_alike(answered)
    runs, lost = keep_graded(answered)
    contrasts = _contrasts(runs)
    recovery = _recovery(runs)
    rows = [_row(name, each, recipe.seeds) for name, each in runs.items()]
    stages = [
        results.StageTime(name=stage.name, key=artifacts[stage.name].key, seconds=artifacts[stage.name].seconds)
        for stage in experiment.stages
    ]
    identity = digest_json([recipe.model_dump(mode="json"), [stage.key for stage in stages]])[:10]
    record = results.ResultRecord(
        id=f"{recipe.name}-{len(recipe.seeds)}-seeds-{identity}",
        recipe=recipe.model_dump(mode="json"),
        seeds=recipe.seeds,
        conditions=conditions(experiment, artifacts),
        rows=rows,
        contrasts=contrasts,
        recovery=recovery,
        faithfulness=faithfulness_rows(experiment, artifacts),
        likelihood=likelihood_rows(experiment, artifacts),
        style=style(experiment, artifacts),
        ledger=[_ledger(experiment, artifacts, seed) for seed in recipe.seeds],
        gates=_gates(experiment, artifacts, len(next(iter(answered.values()))[0]), lost),
        verdict=verdict(rows, contrasts, recovery),
        provenance=provenance(command, stages),
    )
    one = next(iter(answered.values()))[0]
    return record, ItemFile(ids=item_ids(one), repeats=repeats(one), states=states(answered, names))


def _read_runs(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> tuple[Runs, dict[str, list[str]]]:
    """By regime or model its runs, and the name of each: `inverted/0`."""
    runs: dict[str, list[Run]] = {}
    names: dict[str, list[str]] = {}
    for (name, seed), stage in experiment.scores.items():
        runs.setdefault(name, []).append(read_run(artifacts[stage.name].path))
        names.setdefault(name, []).append(name if seed is None else f"{name}/{seed}")
    order = [*(r for r in experiment.recipe.regimes if r in runs), "target", "surrogate"]
    return {name: runs[name] for name in order}, names


def _row(name: str, runs: Sequence[Run], seeds: Sequence[int]) -> results.Row:
    reference = name in ("target", "surrogate")
    return results.Row(
        name=name,
        kind="reference" if reference else "regime",
        seeds=[] if reference or name == "base" else list(seeds),
        scores={group: _score(runs, tasks) for group, tasks in task_groups(tasks_of(runs[0])).items()},
    )


def _score(runs: Sequence[Run], tasks: Sequence[str]) -> results.Score:
    found = scores(runs, tasks)
    ends = figures(
        [sample for run in runs for (task, _), samples in run.items() if task in tasks for sample in samples]
    )

    def known(figure: float | None) -> float:
        assert figure is not None, "an engine that runs here says why each reply ended"
        return round(figure, 6)

    return results.Score(
        accuracy=_interval(stats.estimate(found, strata(runs[0], tasks))),
        by_seed=[round(float(mean), 6) for mean in found.mean(axis=1)],
        finished=known(ends.finished),
        no_answer=known(ends.no_answer),
        unfinished=known(ends.unfinished),
        bad_format=known(ends.bad_format),
        if_unfinished_right=known(ends.if_unfinished_right),
        if_unfinished_wrong=known(ends.if_unfinished_wrong),
        mean_tokens=round(known(ends.mean_tokens), 2),
        items=found.shape[1],
    )


def _contrasts(runs: Runs) -> list[results.Contrast]:
    found = []
    for first, second in ((first, second) for first, second in CONTRASTS if {first, second} <= set(runs)):
        for group, tasks in compared_groups(tasks_of(runs[first][0])).items():
            better, worse = (scores(runs[name], tasks) for name in (first, second))
            found.append((first, second, group, stats.compare(better, worse, strata(runs[first][0], tasks))))
    corrected = stats.holm([comparison.p_value for *_, comparison in found])
    return [_contrast(*each, p_holm) for each, p_holm in zip(found, corrected, strict=True)]


def _contrast(first: str, second: str, group: str, found: stats.Comparison, p_holm: float) -> results.Contrast:
    mcnemar = found.p_mcnemar
    return results.Contrast(
        first=first,
        second=second,
        group=group,
        difference=_interval(found.difference),
        p_value=round(found.p_value, 6),
        p_holm=round(p_holm, 6),
        p_permutation=round(found.p_permutation, 6),
        p_mcnemar=None if mcnemar is None else round(mcnemar, 6),
        detectable=round(found.detectable, 6),
        more_questions=found.more_questions,
        more_seeds=found.more_seeds,
    )


def _recovery(runs: Runs) -> list[results.RecoveryRow]:
    """Of every regime between base and oracle, where the run has both."""
    if not {"base", "oracle"} <= set(runs):
        return []
    rows = []
    for regime in (name for name in runs if name not in ("base", "oracle", "target", "surrogate")):
        for group, tasks in compared_groups(tasks_of(runs[regime][0])).items():
            taught, base, oracle = (scores(runs[name], tasks) for name in (regime, "base", "oracle"))
            found = stats.recovery(taught, base, oracle, strata(runs[regime][0], tasks))
            recovered = None if found.recovered is None else _interval(found.recovered)
            rows.append(results.RecoveryRow(regime=regime, group=group, gap=_interval(found.gap), recovered=recovered))
    return rows


def _interval(found: stats.Estimate) -> results.Interval:
    return results.Interval(**{k: None if v is None else round(v, 6) for k, v in asdict(found).items()})


def _ledger(experiment: Experiment, artifacts: Mapping[str, Artifact], seed: int) -> results.Ledger:
    logs = {name: artifacts[stage.name].log for (name, s), stage in experiment.lessons.items() if s == seed}
    rows = experiment.rows[seed]
    return results.Ledger(
        seed=seed,
        asked=rows.params["questions"],
        rows={name: log["rows"] for name, log in logs.items()},
        too_long={name: log["too_long"] for name, log in logs.items()},
        shared=artifacts[rows.name].log["shared"],
    )


def _gates(
    experiment: Experiment, artifacts: Mapping[str, Artifact], items: int, lost: Sequence[Key]
) -> list[results.Gate]:
    logs = {stage.name: artifacts[stage.name].log for stage in experiment.models.values()}
    short = {stage.name: artifacts[stage.name].log["warnings"] for stage in experiment.scores.values()}
    writing = [stage for stage in experiment.stages if stage.kind in ("transcripts", "inversions")]
    trained = ("examples", "loss_tokens", "steps", "too_long")
    return [
        results.Gate(name="render", figures={"checked": len(logs), "first_rows": _first_rows(experiment, logs)}),
        results.Gate(name="one prompt an item", figures={"prompts": items, "items": items}),
        results.Gate(
            name="every answer graded", figures={"items": items, "left out of all": [f"{t}: {i}" for t, i in lost]}
        ),
        results.Gate(
            name="nothing cut in silence",
            figures={stage.name: artifacts[stage.name].log for stage in writing}
            | {name: {"warnings": warnings} for name, warnings in short.items() if warnings},
        ),
        results.Gate(
            name="training",
            figures={name: {key: log[key] for key in trained if key in log} for name, log in logs.items()},
        ),
    ]


def _first_rows(experiment: Experiment, logs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """One rendered row of each kind of training, as the model saw it."""
    first: dict[str, str] = {}
    for (name, _), stage in experiment.models.items():
        first.setdefault(name, logs[stage.name]["first_row"])
    return first
