"""From the artifacts of a finished run to its result record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from harness import results, stats
from harness.bench import Item
from harness.conditions import conditions
from harness.experiment import Experiment
from harness.faithfulness.record import faithfulness_rows, likelihood_rows
from harness.groups import compared_groups, task_groups
from harness.provenance import provenance
from harness.stats import Scores
from harness.store import Artifact, digest_json
from harness.verdict import verdict
from traceinv.errors import GateError

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

Runs = Mapping[str, Sequence[Sequence[Item]]]
"""By regime or model: one list of items for each seed."""


def assemble(
    experiment: Experiment, artifacts: Mapping[str, Artifact], command: str
) -> tuple[results.ResultRecord, dict[str, list[str]], dict[str, dict[str, str]]]:
    """The record of a finished run, the item ids of each task, and each run's item states."""
    recipe = experiment.recipe
    runs = _read_runs(experiment, artifacts)
    contrasts = _contrasts(runs)
    recovery = _recovery(runs)
    rows = [_row(name, items, recipe.seeds) for name, items in runs.items()]
    stages = [
        results.StageTime(name=stage.name, key=artifacts[stage.name].key, seconds=artifacts[stage.name].seconds)
        for stage in experiment.stages
    ]
    identity = digest_json([recipe.model_dump(mode="json"), [stage.key for stage in stages]])[:10]
    record = results.ResultRecord(
        id=f"{recipe.name}-{len(recipe.seeds)}-seeds-{identity}",
        recipe=recipe.model_dump(mode="json"),
        seeds=recipe.seeds,
        conditions=conditions(experiment, artifacts, next(iter(runs.values()))[0]),
        rows=rows,
        contrasts=contrasts,
        recovery=recovery,
        faithfulness=faithfulness_rows(experiment, artifacts),
        likelihood=likelihood_rows(experiment, artifacts),
        ledger=[_ledger(experiment, artifacts, seed) for seed in recipe.seeds],
        gates=_gates(experiment, artifacts, len(next(iter(runs.values()))[0])),
        verdict=verdict(rows, contrasts, recovery),
        provenance=provenance(command, stages),
    )
    return record, _item_ids(runs), _states(experiment, runs)


def _read_runs(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> dict[str, list[list[Item]]]:
    """Items by model, each list in the order of its ids, so that position means the same question everywhere.

    Raises:
        ValueError: two runs did not answer the same items.
    """
    runs: dict[str, list[list[Item]]] = {}
    for (name, _), stage in experiment.scores.items():
        lines = (artifacts[stage.name].path / "items.jsonl").read_text(encoding="utf-8").splitlines()
        items = sorted((Item.model_validate_json(line) for line in lines), key=lambda item: (item.task, item.id))
        runs.setdefault(name, []).append(items)
    if len({tuple(item.id for item in items) for each in runs.values() for items in each}) > 1:
        raise ValueError("the runs did not answer the same items")
    order = [*(r for r in experiment.recipe.regimes if r in runs), "target", "surrogate"]
    return {name: runs[name] for name in order}


def _scores(runs: Sequence[Sequence[Item]], tasks: Sequence[str]) -> Scores:
    """(seeds x questions) correctness on these tasks."""
    return np.array([[float(item.correct) for item in items if item.task in tasks] for items in runs])


def _strata(run: Sequence[Item], tasks: Sequence[str]) -> list[str]:
    """The task of each question that `_scores` gives a column."""
    return [item.task for item in run if item.task in tasks]


def _tasks(run: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys(item.task for item in run))


def _row(name: str, runs: Sequence[Sequence[Item]], seeds: Sequence[int]) -> results.Row:
    reference = name in ("target", "surrogate")
    return results.Row(
        name=name,
        kind="reference" if reference else "regime",
        seeds=[] if reference or name == "base" else list(seeds),
        scores={group: _score(runs, tasks) for group, tasks in task_groups(_tasks(runs[0])).items()},
    )


def _score(runs: Sequence[Sequence[Item]], tasks: Sequence[str]) -> results.Score:
    scores = _scores(runs, tasks)
    items = [item for run in runs for item in run if item.task in tasks]
    stopped = [item.finish_reason == "stop" for item in items]
    cut_off = [not ended or item.state == "unfinished" for item, ended in zip(items, stopped, strict=True)]

    def share(flags: Sequence[bool]) -> float:
        return round(sum(flags) / len(items), 6)

    return results.Score(
        accuracy=_interval(stats.estimate(scores, _strata(runs[0], tasks))),
        by_seed=[round(float(mean), 6) for mean in scores.mean(axis=1)],
        finished=share(stopped),
        no_answer=share([item.state == "no_answer" for item in items]),
        unfinished=share([item.state == "unfinished" for item in items]),
        bad_format=share([item.state == "bad_format" for item in items]),
        if_unfinished_right=share([item.correct or cut for item, cut in zip(items, cut_off, strict=True)]),
        if_unfinished_wrong=share([item.correct and not cut for item, cut in zip(items, cut_off, strict=True)]),
        mean_tokens=round(sum(item.tokens for item in items) / len(items), 2),
        items=scores.shape[1],
    )


def _contrasts(runs: Runs) -> list[results.Contrast]:
    found = []
    for first, second in ((first, second) for first, second in CONTRASTS if {first, second} <= set(runs)):
        for group, tasks in compared_groups(_tasks(runs[first][0])).items():
            better, worse = (_scores(runs[name], tasks) for name in (first, second))
            found.append((first, second, group, stats.compare(better, worse, _strata(runs[first][0], tasks))))
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
        for group, tasks in compared_groups(_tasks(runs[regime][0])).items():
            taught, base, oracle = (_scores(runs[name], tasks) for name in (regime, "base", "oracle"))
            found = stats.recovery(taught, base, oracle, _strata(runs[regime][0], tasks))
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


def _gates(experiment: Experiment, artifacts: Mapping[str, Artifact], items: int) -> list[results.Gate]:
    """The gates' figures.

    Raises:
        GateError: two models were asked an item in different words.
    """
    logs = {stage.name: artifacts[stage.name].log for stage in experiment.models.values()}
    prompts = {
        item.prompt_hash
        for stage in experiment.scores.values()
        for item in map(Item.model_validate_json, (artifacts[stage.name].path / "items.jsonl").read_text().splitlines())
    }
    if len(prompts) != items:
        raise GateError(f"one prompt an item: {len(prompts)} prompts for {items} items; models were not asked the same")
    writing = [stage for stage in experiment.stages if stage.kind in ("transcripts", "inversions")]
    trained = ("examples", "loss_tokens", "steps", "too_long")
    return [
        results.Gate(name="render", figures={"checked": len(logs), "first_rows": _first_rows(experiment, logs)}),
        results.Gate(name="one prompt an item", figures={"prompts": len(prompts), "items": items}),
        results.Gate(
            name="nothing cut in silence", figures={stage.name: artifacts[stage.name].log for stage in writing}
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


def _item_ids(runs: Runs) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for item in next(iter(runs.values()))[0]:
        ids.setdefault(item.task, []).append(item.id)
    return ids


def _states(experiment: Experiment, runs: Runs) -> dict[str, dict[str, str]]:
    keys = iter([(name, seed) for name in runs for n, seed in experiment.scores if n == name])
    states: dict[str, dict[str, str]] = {}
    for items in (items for each in runs.values() for items in each):
        name, seed = next(keys)
        found = states.setdefault(name if seed is None else f"{name}/{seed}", {})
        for item in items:
            found[item.task] = found.get(item.task, "") + results.STATE_LETTERS[item.state]
    return states
