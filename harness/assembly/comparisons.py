"""A record's comparisons of regimes: differences, recovery and leak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness import stats
from harness.assembly.responses import ModelRun, scores, strata, task_names
from harness.benchmarks.groups import compared_groups
from harness.pipeline.nodes import SURROGATE, TARGET
from harness.results.intervals import DIGITS, to_interval
from harness.results.schema import Cell, Contrast, LeakRow, RecoveryRow
from traceinv.regimes import (
    BASE,
    is_attack,
    is_control,
    is_yardstick,
    may_use_summary,
    reads_hidden_traces,
    uses_disclosures,
)

REFERENCES = (TARGET, SURROGATE)
ORACLE = "oracle"
CellRuns = dict[str, list[ModelRun]]
"""The runs of a cell: by row, one for each seed or the one that all seeds share."""
SeedVariances = Mapping[tuple[str | None, str], stats.SeedVariance | None]
"""The variance between seeds, by student and group of tasks."""


def seed_variances(cells: Mapping[Cell, CellRuns]) -> SeedVariances:
    """Pool the variance between seeds over all regimes of a student, on each group of tasks.

    The assumption is that of `stats.pool_seeds`: three seeds are too few to test it.
    """
    pools: dict[tuple[str | None, str], list[tuple[stats.Scores, list[str]]]] = {}
    for cell, runs in cells.items():
        for group, tasks in _groups(runs).items():
            regimes = [of_regime for name, of_regime in runs.items() if name not in REFERENCES]
            pool = pools.setdefault((cell.student, group), [])
            pool += [(scores(of_regime, tasks), strata(of_regime[0], tasks)) for of_regime in regimes]
    return {key: stats.pool_seeds(pool) for key, pool in pools.items()}


def contrast_rows(
    cells: Mapping[Cell, CellRuns], pairs: Sequence[tuple[str, str]], seeds: SeedVariances
) -> list[Contrast]:
    """Compare the pairs in every cell and group of tasks; the correction counts all of them."""
    compared = []
    for cell, runs in cells.items():
        for first, second in (pair for pair in pairs if set(pair) <= runs.keys()):
            for group, tasks in _groups(runs).items():
                a, b = (scores(runs[name], tasks) for name in (first, second))
                comparison = stats.compare(a, b, strata(runs[first][0], tasks), seeds[cell.student, group])
                compared.append(((cell, first, second, group), comparison))
    p_holm = stats.corrected([comparison for _, comparison in compared])
    return [_contrast(*labels, comparison, p) for (labels, comparison), p in zip(compared, p_holm, strict=True)]


def recovery_rows(cell: Cell, runs: CellRuns) -> list[RecoveryRow]:
    """Compute the recovery of every regime between base and oracle, where the run has both."""
    if not {BASE, ORACLE} <= runs.keys():
        return []
    rows = []
    for regime in (name for name in runs if name not in (BASE, ORACLE, *REFERENCES)):
        for group, tasks in _groups(runs).items():
            taught, base, oracle = (scores(runs[name], tasks) for name in (regime, BASE, ORACLE))
            recovery = stats.recovery(taught, base, oracle, strata(runs[regime][0], tasks))
            share = None if recovery.recovered is None else to_interval(recovery.recovered)
            rows.append(
                RecoveryRow(cell=cell, regime=regime, group=group, gap=to_interval(recovery.gap), recovered=share)
            )
    return rows


def leak_rows(cell: Cell, runs: CellRuns, seeds: SeedVariances, summarised: bool = True) -> list[LeakRow]:
    """Compute gain and leak on every group of tasks, where the run has regimes with and without disclosures.

    Args:
        summarised: whether the cell's policy discloses a summary.
    """
    roles = Roles.of(runs, summarised)
    if not roles.attacks or not roles.undisclosed:
        return []
    return [_leak_row(cell, roles, Sides.of(cell, group, runs, roles, seeds)) for group in _groups(runs)]


@dataclass(frozen=True)
class Roles:
    """Which regimes of a cell play which part in its leak.

    Attributes:
        silent: the attacks that use no summary.
        ideal: the yardsticks besides the oracle.
    """

    attacks: list[str]
    undisclosed: list[str]
    silent: list[str]
    ideal: list[str]

    @classmethod
    def of(cls, runs: CellRuns, summarised: bool) -> "Roles":
        regimes = [name for name in runs if name not in REFERENCES and not is_control(name)]
        attacks = [name for name in regimes if is_attack(name)]
        return cls(
            attacks=attacks,
            undisclosed=[name for name in regimes if not uses_disclosures(name) and not reads_hidden_traces(name)],
            silent=[name for name in attacks if not (summarised and may_use_summary(name))],
            ideal=[name for name in regimes if is_yardstick(name)],
        )


@dataclass(frozen=True)
class Sides:
    """The scores of a cell's regimes on a group of tasks, as gain and leak compare them.

    Attributes:
        by_regime: the scores of every attack and yardstick.
        without: those of the regimes that use no disclosures.
        oracle: None where the run has none.
    """

    group: str
    by_regime: Mapping[str, stats.Scores]
    without: Mapping[str, stats.Scores]
    oracle: stats.Scores | None
    strata: Sequence[str]
    pooled: stats.SeedVariance | None

    @classmethod
    def of(cls, cell: Cell, group: str, runs: CellRuns, roles: Roles, seeds: SeedVariances) -> "Sides":
        tasks = _groups(runs)[group]
        return cls(
            group=group,
            by_regime={name: scores(runs[name], tasks) for name in (*roles.attacks, *roles.ideal)},
            without={name: scores(runs[name], tasks) for name in roles.undisclosed},
            oracle=scores(runs[ORACLE], tasks) if ORACLE in runs else None,
            strata=strata(runs[roles.attacks[0]][0], tasks),
            pooled=seeds[cell.student, group],
        )

    def gain(self, regimes: Sequence[str], confidence: float = stats.CONFIDENCE) -> stats.Gain:
        """Return what the best of some regimes gains over the best without disclosures."""
        return stats.gain(self._of(regimes), self.without, self.strata, self.pooled, confidence)

    def leak(self, regimes: Sequence[str], confidence: float = stats.CONFIDENCE) -> stats.Leak | None:
        """Return the leak of the best of some regimes; None without regimes or an oracle."""
        if self.oracle is None or not regimes:
            return None
        return stats.leak(self._of(regimes), self.without, self.oracle, self.strata, self.pooled, confidence)

    def _of(self, regimes: Sequence[str]) -> dict[str, stats.Scores]:
        return {name: self.by_regime[name] for name in regimes}


def _leak_row(cell: Cell, roles: Roles, sides: Sides) -> LeakRow:
    """Compute gain and leak on a group of tasks."""
    gain, leak = sides.gain(roles.attacks), sides.leak(roles.attacks)
    least = sides.leak(roles.silent) if len(roles.silent) < len(roles.attacks) else None
    most = sides.leak(roles.ideal)
    return LeakRow(
        cell=cell,
        group=sides.group,
        best_disclosed=gain.best_disclosed,
        best_undisclosed=gain.best_undisclosed,
        attacks=roles.attacks,
        gain=to_interval(gain.gain),
        detectable=round(gain.detectable, DIGITS),
        one_seed=gain.one_seed,
        gap=to_interval(leak.gap) if leak else None,
        leak=to_interval(leak.leak) if leak and leak.leak else None,
        withheld=leak.withheld if leak else "the run has no oracle",
        without_summary=to_interval(least.leak) if least and least.leak else None,
        planted=to_interval(most.leak) if most and most.leak else None,
    )


def _groups(runs: CellRuns) -> dict[str, list[str]]:
    """Return the tasks of each group on which regimes are compared."""
    return compared_groups(task_names(next(iter(runs.values()))[0]))


def _contrast(cell: Cell, first: str, second: str, group: str, comparison: stats.Comparison, p_holm: float) -> Contrast:
    mcnemar = comparison.p_mcnemar
    return Contrast(
        cell=cell,
        first=first,
        second=second,
        group=group,
        difference=to_interval(comparison.difference),
        p_value=round(comparison.p_value, DIGITS),
        p_holm=round(p_holm, DIGITS),
        p_pooled=None if comparison.p_pooled is None else round(comparison.p_pooled, DIGITS),
        p_permutation=round(comparison.p_permutation, DIGITS),
        p_mcnemar=None if mcnemar is None else round(mcnemar, DIGITS),
        detectable=round(comparison.detectable, DIGITS),
        more_questions=comparison.more_questions,
        more_seeds=comparison.more_seeds,
        one_seed=comparison.one_seed,
    )
