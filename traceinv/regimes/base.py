"""What a regime is: a way to teach a student, with the records that it may read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from traceinv.reasoning import wrap_reply
from traceinv.records import Candidate, Disclosure, Example, Inversion, Question, Record, Transcript

Role = Literal["attack", "baseline", "control", "yardstick"]
"""What a regime is there for.

An attack teaches with what the target discloses; the leak is the maximum over the attacks. A baseline needs nothing of the
target. A control has text of the method's kind without its content, or another regime's content on fewer questions. A yardstick
shows what could be reached, as no attacker could know it.
"""


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


@dataclass(frozen=True)
class SurrogateTraces:
    """The surrogate's transcripts of the questions that the target answered."""

    reads: ClassVar[type[Record]] = Transcript
    hidden: ClassVar[bool] = False
    uses_disclosures: ClassVar[bool] = False
    shown: ClassVar[None] = None


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

    def with_summary(self, disclosed: bool) -> bool:
        """Return whether the inverter is shown the summary, given whether the policy discloses one."""
        return shows_summary(self.shown, disclosed)


@dataclass(frozen=True)
class Candidates:
    """Several replies to each question, of which a regime keeps one that comes to the disclosed answer.

    Attributes:
        writer: the model that writes them: the untaught student, the surrogate, or the inverter trained for `shown`.
        shown: the last part that the writer is shown; `all` is the summary where the policy discloses one, else the answer.
    """

    reads: ClassVar[type[Record]] = Candidate
    hidden: ClassVar[bool] = False
    uses_disclosures: ClassVar[bool] = True
    writer: Literal["student", "surrogate", "inverter"]
    shown: Literal["question", "answer", "all"]

    def with_summary(self, disclosed: bool) -> bool:
        """Return whether the writer is shown the summary, given whether the policy discloses one."""
        return shows_summary(self.shown, disclosed)


@dataclass(frozen=True)
class HiddenTraces:
    """The target's own transcripts, which nobody on the tester's side may read."""

    reads: ClassVar[type[Record]] = Transcript
    hidden: ClassVar[bool] = True
    uses_disclosures: ClassVar[bool] = False
    shown: ClassVar[None] = None


Source = Disclosures | SurrogateTraces | Inversions | Candidates | HiddenTraces


@dataclass(frozen=True)
class Regime:
    """One way to teach a student.

    Attributes:
        place: where it stands in a report; smaller is earlier.
        source: the records that it may read, and no others but those of `beside`.
        teach: `(rows, seed) -> examples`; with `beside`, `(rows, rows beside, seed) -> examples`.
        beside: a second source; None for most regimes.
        partial: whether it teaches only some of the questions, such as those with an answer that agrees. It is left out where
            the questions are found that all regimes can teach, and its student learns those of them that it has.
        after: a regime whose student it teaches further; None where it starts from the untaught student.
        teaches: what its students learn, in a line for readers who meet the name for the first time.
        contrast_with: regimes whose accuracy is subtracted from this one's in every record that has both.
    """

    name: str
    role: Role
    place: float
    source: Source
    teach: Callable[..., list[Example]]
    beside: Source | None = None
    partial: bool = False
    after: str | None = None
    contrast_with: tuple[str, ...] = ()
    teaches: str = ""

    @property
    def sources(self) -> tuple[Source, ...]:
        """All records that it may read."""
        return (self.source,) if self.beside is None else (self.source, self.beside)

    def examples(self, rows: Sequence[Sequence[Any]], seed: int) -> list[Example]:
        """Make training examples of the rows of each source."""
        return self.teach(*rows, seed)


def shows_summary(shown: str | None, disclosed: bool) -> bool:
    """Return whether a summary is shown, given the last part that is shown and whether the policy discloses a summary."""
    return shown == "summary" or (shown == "all" and disclosed)


def example(question: Question, thought: str | None, answer: str) -> Example:
    """Write a training example: the question, and a reply with a thought between the markers and an answer."""
    return Example(id=question.id, prompt=question.text, completion=wrap_reply(thought or "", answer))


def finished(inversions: Sequence[Inversion]) -> list[Inversion]:
    """Keep the inversions that have a trace and ended by themselves."""
    return [i for i in inversions if i.trace and i.finish_reason == "stop"]


def teach_traces(transcripts: Sequence[Transcript], seed: int) -> list[Example]:
    """Teach the traces and answers of complete transcripts."""
    return [example(t.question, t.trace, t.answer) for t in transcripts if t.complete and t.trace and t.answer]


def teach_inversions(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """Teach finished inverted traces with the target's answers."""
    return [example(i.disclosure.question, i.trace, i.disclosure.answer) for i in finished(inversions)]


FROM_SUMMARY = Inversions(shown="summary", trained=True)
"""The traces of the inverter that is shown the summary."""
