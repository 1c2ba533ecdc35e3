"""The findings of a run in a few sentences, made from its figures alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.benchmarks.catalog import DOMAINS
from harness.benchmarks.groups import ALL
from harness.results.cells import cell_labels
from harness.results.ledgers import ledger_lines
from harness.results.reading import reading_sentences
from harness.results.schema import (
    Cell,
    Contrast,
    LeakRow,
    Ledger,
    ReadingRow,
    RecoveryRow,
    ResultRecord,
    Row,
)
from harness.results.significance import (
    StatedDifference,
    excludes_zero,
    is_significant,
    points_of,
    state_contrast,
    state_gain,
)
from harness.results.text import confidence, listed, percent, points
from traceinv.regimes import inverts, is_attack, may_use_summary, needs_summary, uses_surrogate_alone

ONE_SEED = (
    "With one seed, a comparison is about these two students: its interval covers other questions, not the differences between "
    "training runs."
)
FAITHFULNESS = "step_f1"
"""The headline figure of faithfulness."""
SUMMARY_EFFECTS = (("inverted", "inverted_without_summary"), ("summary", "answer_only"))
"""The pairs of regimes that differ in the summary alone."""


@dataclass(frozen=True)
class Finding:
    """What a cell shows.

    Attributes:
        cell: the cell, and its name among the others; the name of a single cell is empty.
        headline: what disclosures give beyond what the surrogate gives, in one line without a full stop.
        details: the leak, what the summary adds, and recovery, in sentences.
        conclusion: what leaked and how much of it needed the summary, in one sentence.
        group: the group of tasks that all figures are about.
        beyond: what the gain is counted from, such as `the surrogate`.
        gain: the headline's difference; None where there is none.
        summary_effect: what the summary adds to inverted traces, or else to the answers; None where it was not measured.
    """

    cell: Cell
    name: str
    headline: str
    details: tuple[str, ...]
    conclusion: str
    group: str
    beyond: str
    gain: StatedDifference | None = None
    summary_effect: StatedDifference | None = None


def findings(
    rows: Sequence[Row],
    contrasts: Sequence[Contrast],
    recovery: Sequence[RecoveryRow],
    leak: Sequence[LeakRow] = (),
    reading: Sequence[ReadingRow] = (),
    ledgers: Sequence[Ledger] = (),
) -> list[Finding]:
    """State what each cell shows, on the math tasks, else on the code tasks, else on all tasks."""
    taught = [row for row in rows if row.kind == "regime"]
    group = headline_group(taught)
    return [
        _Facts(cell, name, group, taught, contrasts, recovery, leak, reading, ledgers).finding()
        for cell, name in cell_labels(row.cell for row in taught).items()
    ]


def findings_of(record: ResultRecord) -> list[Finding]:
    """State what each cell of a record shows."""
    return findings(record.rows, record.contrasts, record.recovery, record.leak, record.reading, record.ledger)


def verdict(
    rows: Sequence[Row],
    contrasts: Sequence[Contrast],
    recovery: Sequence[RecoveryRow],
    leak: Sequence[LeakRow] = (),
    reading: Sequence[ReadingRow] = (),
    ledgers: Sequence[Ledger] = (),
) -> str:
    """State the findings of a run: headlines and details of each cell, and last what leaked."""
    found = findings(rows, contrasts, recovery, leak, reading, ledgers)
    sentences = [sentence for finding in found for sentence in (f"{finding.headline}.", *finding.details)]
    if is_one_seed(rows):
        sentences.append(ONE_SEED)
    return " ".join([*sentences, *(finding.conclusion for finding in found)])


def is_one_seed(rows: Iterable[Row]) -> bool:
    """Return whether all students are of one seed."""
    return {len(row.seeds) for row in rows if row.kind == "regime" and row.seeds} == {1}


def headline_group(rows: Iterable[Row]) -> str:
    """Choose the group of tasks that the findings are stated on: the first domain that a row has a score on, else all."""
    scored = {group for row in rows for group in row.scores}
    return next((domain for domain in DOMAINS if domain in scored), ALL)


def group_name(group: str) -> str:
    """Name a group of tasks in a sentence."""
    return "all tasks" if group == ALL else group


@dataclass(frozen=True)
class _Facts:
    """The figures of one cell on one group of tasks, and what they say."""

    cell: Cell
    name: str
    group: str
    rows: Sequence[Row]
    contrasts: Sequence[Contrast]
    recovery: Sequence[RecoveryRow]
    leak: Sequence[LeakRow]
    reading: Sequence[ReadingRow]
    ledgers: Sequence[Ledger]

    def finding(self) -> Finding:
        row = next((row for row in self.leak if (row.cell, row.group) == (self.cell, self.group)), None)
        details = [
            *self._leaked(row),
            *self._summary_effects(),
            *reading_sentences(self.reading, self.cell, self.reached),
            *self._recovered(row),
        ]
        details += [*self._accuracies(), *ledger_lines(self.ledgers, self.cell)]
        gain, effects = self._gain(row), self._summary_contrasts()
        return Finding(
            cell=self.cell,
            name=self.name,
            headline=self._headline(row, gain),
            details=tuple(details),
            conclusion=self._conclusion(row),
            group=self.group,
            beyond=self.beyond,
            gain=gain,
            summary_effect=state_contrast(effects[0]) if effects else None,
        )

    @property
    def reached(self) -> dict[str, float]:
        """The accuracy of each regime of the cell."""
        return {
            row.name: row.scores[self.group].accuracy.mean
            for row in self.rows
            if row.cell == self.cell and self.group in row.scores
        }

    @property
    def where(self) -> str:
        group = group_name(self.group)
        return f"{group} ({self.name})" if self.name else group

    @property
    def attacks(self) -> list[str]:
        """The attacks of the cell: those that invert first, and of these those that need a summary."""
        names = [name for name in self.reached if is_attack(name)]
        return sorted(names, key=lambda name: (not inverts(name), not needs_summary(name)))

    @property
    def beyond(self) -> str:
        """What the attacks are compared with."""
        return "the surrogate" if any(map(uses_surrogate_alone, self.reached)) else "the untaught student"

    def _gain(self, row: LeakRow | None) -> StatedDifference | None:
        if row is not None and row.gain is not None:
            return state_gain(row, row.gain)
        contrast = self._tested(row)
        return None if contrast is None else state_contrast(contrast)

    def _headline(self, row: LeakRow | None, gain: StatedDifference | None) -> str:
        if gain is not None:
            contrast = self._tested(row) if row is None or row.gain is None else None
            pair = f" ({contrast.first} - {contrast.second})" if contrast else ""
            return f"Beyond {self.beyond} on {self.where}{pair}: {gain.points}, {gain.significance}{gain.detectable}"
        if not self.attacks:
            return f"No leak is measured on {self.where}: this run teaches no student with what the target discloses"
        return f"No leak is measured on {self.where}: there is no comparison with a student that is taught without disclosures"

    def _tested(self, row: LeakRow | None) -> Contrast | None:
        """Return the contrast that stands for the gain in records that do not have it."""
        pairs = [(row.best_disclosed, row.best_undisclosed)] if row else []
        pairs += [(name, other) for name in self.attacks for other in self.reached if uses_surrogate_alone(other)]
        return next((contrast for pair in pairs if (contrast := self._contrast(*pair))), None)

    def _contrast(self, first: str, second: str) -> Contrast | None:
        wanted = (first, second, self.group, self.cell)
        return next((c for c in self.contrasts if (c.first, c.second, c.group, c.cell) == wanted), None)

    def _leaked(self, row: LeakRow | None) -> list[str]:
        if row is None:
            return []
        if row.leak is None:
            gap = "" if row.gap is None else f" ({points(row.gap.mean)} points, {confidence(row.gap)})"
            return [f"The leak on {self.where} is not reported: {row.withheld}{gap}."]
        start = "Disclosures leak" if row.leak.low > 0 else "No significant leak:"
        return [
            f"{start} {percent(row.leak.mean)} ({confidence(row.leak)}) of what the oracle gains over the best regime without "
            f"disclosures; the strongest attack is {row.best_disclosed} ({self._reached(row.best_disclosed)}), the best without "
            f"disclosures {row.best_undisclosed} ({self._reached(row.best_undisclosed)}).",
            *(
                [
                    f"A perfect inverter would take {percent(row.planted.mean)} ({confidence(row.planted)}): what is planted."
                ]
                if row.planted
                else []
            ),
        ]

    def _reached(self, regime: str) -> str:
        return percent(self.reached[regime]) if regime in self.reached else "not in this record"

    def _summary_effects(self) -> list[str]:
        stated = [
            f"{effect.first} - {effect.second} {found.points} ({found.significance}{found.detectable})"
            for effect in self._summary_contrasts()
            for found in (state_contrast(effect),)
        ]
        return [f"What the summary adds: {listed(stated)}."] if stated else []

    def _summary_contrasts(self) -> list[Contrast]:
        return [effect for pair in SUMMARY_EFFECTS if (effect := self._contrast(*pair)) is not None]

    def _recovered(self, row: LeakRow | None) -> list[str]:
        """State recovery of the strongest attack, and of the best regime without disclosures beside it."""
        named = [row.best_disclosed, row.best_undisclosed] if row else self.attacks[:1]
        figures = [
            (name, found)
            for name in named
            for found in self.recovery
            if (found.regime, found.group, found.cell) == (name, self.group, self.cell)
        ]
        if not figures:
            return []
        if any(found.recovered is None for _, found in figures):
            gap = figures[0][1].gap
            return [
                "Recovery is not reported, since the oracle's gain over base is not significant "
                f"({points(gap.mean)} points, {confidence(gap)})."
            ]
        stated = [
            f"{name} {percent(found.recovered.mean)} ({confidence(found.recovered)})"
            for name, found in figures
            if found.recovered is not None
        ]
        return [f"Recovery, counted from base and so with what the surrogate gives: {listed(stated)}."]

    def _accuracies(self) -> list[str]:
        """State the accuracies of a cell without attacks."""
        if self.attacks or not self.reached:
            return []
        figures = [f"{name} {percent(accuracy)}" for name, accuracy in self.reached.items()]
        return [f"Accuracy on {self.where}: {listed(figures)}."]

    def _conclusion(self, row: LeakRow | None) -> str:
        start = f"What leaked on {self.where}:"
        if row is None or row.leak is None:
            contrast = self._tested(row)
            gain = row.gain if row and row.gain else contrast.difference if contrast else None
            if gain is None:
                return f"{start} this run does not say."
            kept = is_significant(contrast) if contrast and not (row and row.gain) else excludes_zero(gain)
            return f"{start} {points_of(gain)} {'' if kept else '(not significant) '}beyond {self.beyond}{self._needed(row)}."
        share = f"{percent(row.leak.mean)} ({confidence(row.leak)}) of the oracle's gain beyond {self.beyond}"
        if row.leak.low <= 0:
            return f"{start} nothing significant, {share}{self._needed(row)}."
        return f"{start} {share}{self._needed(row)}."

    def _needed(self, row: LeakRow | None) -> str:
        """Say how much of the leak needed the summary."""
        if not any(needs_summary(name) for name in self.attacks):
            return "; the attacks use no summary"
        if row is not None and row.leak is not None and row.without_summary is not None:
            without = f"{percent(row.without_summary.mean)} ({confidence(row.without_summary)})"
            if row.leak.low <= 0:
                return f"; without the summary {without}"
            needed = max(row.leak.mean - max(row.without_summary.mean, 0.0), 0.0) / row.leak.mean
            return f"; without the summary it is {without}, so {percent(needed)} of the leak needed the summary"
        if not [name for name in self.attacks if not may_use_summary(name)]:
            return "; no attack does without the summary, so how much needed it is not known"
        if (effect := self._contrast(*SUMMARY_EFFECTS[0])) is not None:
            return f"; the summary adds {points_of(effect.difference)} to inverted traces"
        return ""
