"""The regimes: what a student is taught, and from which source.

`REGIMES` is the only list of regimes. The recipe's names, the planner's sources, the contrasts of a record and the order of
a report are derived from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, Literal

from traceinv.errors import InputError
from traceinv.pairing import swap_neighbours
from traceinv.reasoning import wrap_reply
from traceinv.records import Disclosure, Example, Inversion, Question, Record, Transcript

BASE = "base"
"""The untaught student. It is compared like a regime, but it has no source and no training examples."""


@dataclass(frozen=True)
class Disclosures:
    """The target's disclosures.

    Attributes:
        shown: the last part that the regime uses; `all` is the summary where the policy discloses one, else the answer.
    """

    reads: ClassVar[type[Record]] = Disclosure
    hidden: ClassVar[bool] = False
    uses_disclosures: ClassVar[bool] = True
    shown: Literal["answer", "summary", "all"]

    @property
    def needs_summary(self) -> bool:
        return self.shown == "summary"


@dataclass(frozen=True)
class SurrogateTraces:
    """The surrogate's transcripts of the questions that the target answered."""

    reads: ClassVar[type[Record]] = Transcript
    hidden: ClassVar[bool] = False
    uses_disclosures: ClassVar[bool] = False
    needs_summary: ClassVar[bool] = False


@dataclass(frozen=True)
class Inversions:
    """Traces that an inverter wrote for the target's disclosures.

    Attributes:
        shown: the last part that the inverter is shown; `all` is the summary where the policy discloses one, else the answer.
        trained: whether the inverter was fine-tuned on the surrogate's traces; otherwise it is only prompted.
    """

    reads: ClassVar[type[Record]] = Inversion
    hidden: ClassVar[bool] = False
    uses_disclosures: ClassVar[bool] = True
    shown: Literal["answer", "summary", "all"]
    trained: bool

    @property
    def needs_summary(self) -> bool:
        return self.shown == "summary"

    def with_summary(self, disclosed: bool) -> bool:
        """Return whether the inverter is shown the summary, given whether the policy discloses one."""
        return self.shown == "summary" or (self.shown == "all" and disclosed)


@dataclass(frozen=True)
class HiddenTraces:
    """The target's own transcripts, which nobody on the tester's side may read."""

    reads: ClassVar[type[Record]] = Transcript
    hidden: ClassVar[bool] = True
    uses_disclosures: ClassVar[bool] = False
    needs_summary: ClassVar[bool] = False


Source = Disclosures | SurrogateTraces | Inversions | HiddenTraces


@dataclass(frozen=True)
class Regime:
    """One way to teach a student.

    Attributes:
        source: the records that it may read, and no others.
        teach: makes training examples of the source's records; the second argument is the seed.
        control: whether it is a control, whose text lacks what the method's text has; never counted as an attack.
        yardstick: whether it shows what disclosures give at most, as no attacker could know; never counted as an attack.
        contrast_with: regimes whose accuracy is subtracted from this one's in every record that has both.
    """

    name: str
    source: Source
    teach: Callable[[Sequence[Any], int], list[Example]]
    control: bool = False
    yardstick: bool = False
    contrast_with: tuple[str, ...] = ()


def answer_only(disclosures: Sequence[Disclosure]) -> list[Example]:
    """Teach the target's answers, with nothing between the markers."""
    return [_example(d.question, "", d.answer) for d in disclosures]


def summary(disclosures: Sequence[Disclosure]) -> list[Example]:
    """Teach the target's summaries in the place of a trace, and its answers; skip disclosures without a summary."""
    return [_example(d.question, d.summary, d.answer) for d in disclosures if d.summary]


def traces(transcripts: Sequence[Transcript]) -> list[Example]:
    """Teach the traces and answers of complete transcripts: the surrogate's, or for the oracle the target's."""
    return [_example(t.question, t.trace, t.answer) for t in transcripts if t.complete and t.trace and t.answer]


def inverted(inversions: Sequence[Inversion]) -> list[Example]:
    """Teach finished inverted traces with the target's answers."""
    return [_example(i.disclosure.question, i.trace, i.disclosure.answer) for i in _finished(inversions)]


def inverted_mismatched(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """Teach each question the inverted trace of another question of its kind: right form and length, wrong content."""
    rows = _finished(inversions)
    donors = mismatched_traces(rows, seed)
    return [_example(i.disclosure.question, donors[i.id], i.disclosure.answer) for i in rows if i.id in donors]


def mismatched_traces(inversions: Sequence[Inversion], seed: int) -> dict[str, str]:
    """Return for each question id the inverted trace of another question of the same kind and of similar length.

    Each trace is used once; a question that is alone in its kind is left out (see `swap_neighbours`).
    """
    rows = _finished(inversions)
    texts = [row.trace or "" for row in rows]
    donors = swap_neighbours([len(text) for text in texts], [row.disclosure.question.kind for row in rows], seed)
    return {rows[index].id: texts[donor] for index, donor in donors.items()}


def inverted_shuffled(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """Teach each inverted trace with its lines in an order drawn from the seed."""
    rng = Random(seed)
    rows = []
    for inversion in _finished(inversions):
        lines = (inversion.trace or "").splitlines()
        rng.shuffle(lines)
        rows.append(_example(inversion.disclosure.question, "\n".join(lines), inversion.disclosure.answer))
    return rows


def ideal_inverted(disclosures: Sequence[Disclosure], seed: int) -> list[Example]:
    """Teach what a perfect inverter would write: a trace drawn from all that agree with the disclosure.

    Raises:
        InputError: the traces that a question can have are not known.
    """
    from traceinv.lab.ideal import invert_ideally

    try:
        return [_example(d.question, invert_ideally(d, seed), d.answer) for d in disclosures]
    except ValueError as error:
        raise InputError(
            f"the regime ideal_inverted needs questions whose possible traces are all known, as the lab's are: {error}"
        ) from None


def _example(question: Question, thought: str | None, answer: str) -> Example:
    return Example(id=question.id, prompt=question.text, completion=wrap_reply(thought or "", answer))


def _finished(inversions: Sequence[Inversion]) -> list[Inversion]:
    return [i for i in inversions if i.trace and i.finish_reason == "stop"]


def _unseeded(teach: Callable[[Sequence[Any]], list[Example]]) -> Callable[[Sequence[Any], int], list[Example]]:
    return lambda rows, seed: teach(rows)


_FROM_SUMMARY = Inversions(shown="summary", trained=True)

REGIMES: dict[str, Regime] = {
    regime.name: regime
    for regime in (
        Regime("answer_only", Disclosures(shown="answer"), _unseeded(answer_only)),
        Regime("summary", Disclosures(shown="summary"), _unseeded(summary), contrast_with=("answer_only",)),
        Regime("surrogate_trace", SurrogateTraces(), _unseeded(traces)),
        Regime(
            "inverted",
            _FROM_SUMMARY,
            _unseeded(inverted),
            contrast_with=(
                "answer_only",
                "summary",
                "surrogate_trace",
                "inverted_without_summary",
                "inverted_mismatched",
            ),
        ),
        Regime(
            "inverted_without_summary",
            Inversions(shown="answer", trained=True),
            _unseeded(inverted),
            contrast_with=("answer_only", "surrogate_trace"),
        ),
        Regime("zero_shot_inverted", Inversions(shown="all", trained=False), _unseeded(inverted)),
        Regime("inverted_mismatched", _FROM_SUMMARY, inverted_mismatched, control=True),
        Regime("inverted_shuffled", _FROM_SUMMARY, inverted_shuffled, control=True),
        Regime("ideal_inverted", Disclosures(shown="all"), ideal_inverted, yardstick=True),
        Regime("oracle", HiddenTraces(), _unseeded(traces), contrast_with=("answer_only", "inverted")),
    )
}
"""Every regime that teaches, by name, in the order of a report."""

ORDER: tuple[str, ...] = (BASE, *REGIMES)
"""The names of all regimes in the order of a report, the untaught student first."""


def regime_names() -> tuple[str, ...]:
    """Return the names that a recipe may use, in the order of a report."""
    return ORDER


def needs_summary(name: str) -> bool:
    """Return whether a regime can be taught only where the policy discloses a summary."""
    return name != BASE and REGIMES[name].source.needs_summary


def may_use_summary(name: str) -> bool:
    """Return whether a regime uses the summary where the policy discloses one."""
    shown = getattr(REGIMES[name].source, "shown", None) if name != BASE else None
    return shown in ("summary", "all")


def is_attack(name: str) -> bool:
    """Return whether a regime is a way to teach a student with what the target discloses; the leak is their maximum."""
    return uses_disclosures(name) and not is_control(name) and not is_yardstick(name)


def is_yardstick(name: str) -> bool:
    """Return whether a regime shows what disclosures give at most, as no attacker could know."""
    return name != BASE and REGIMES[name].yardstick


def uses_surrogate_alone(name: str) -> bool:
    """Return whether a regime is taught by the surrogate alone, which needs nothing of the target."""
    return name != BASE and isinstance(REGIMES[name].source, SurrogateTraces)


def inverts(name: str) -> bool:
    """Return whether a regime is taught inverted traces."""
    return name != BASE and isinstance(REGIMES[name].source, Inversions)


def uses_disclosures(name: str) -> bool:
    """Return whether a regime is taught with what the target discloses: its answers, its summaries, or traces made of them.

    The untaught student and students of the surrogate's traces use none. Neither does the oracle, which reads hidden traces.
    """
    return name != BASE and REGIMES[name].source.uses_disclosures


def reads_hidden_traces(name: str) -> bool:
    """Return whether a regime is taught the target's hidden traces, as the oracle is."""
    return name != BASE and REGIMES[name].source.hidden


def is_control(name: str) -> bool:
    """Return whether a regime is a control, which is never counted as an attack."""
    return name != BASE and REGIMES[name].control


def inverters() -> dict[str, Inversions]:
    """Return the sources of inverted traces, by the name of the regime that teaches them unchanged."""
    return {
        name: regime.source
        for name, regime in REGIMES.items()
        if isinstance(regime.source, Inversions) and not regime.control
    }


def _contrasts() -> tuple[tuple[str, str], ...]:
    pairs = [(name, other) for name, regime in REGIMES.items() for other in regime.contrast_with]
    return tuple(sorted(pairs, key=lambda pair: any(map(inverts, pair))))


CONTRASTS: tuple[tuple[str, str], ...] = _contrasts()
"""Pairs of regimes that every record compares, (first, second) for first - second.

Pairs without inverted traces come first; the others follow in the order of `REGIMES`.
"""
