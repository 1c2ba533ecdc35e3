"""What is known of policies, threats and targets."""

from harness.results.schema.scores import Cell, Interval
from traceinv.schema import Closed


class UtilityFigures(Closed):
    """What a policy's disclosures are worth to a reader who must tell the target's right answers from its wrong ones.

    Attributes:
        answers: those whose rightness is known.
        wrong: how many of them are wrong.
        auc: area under the ROC curve of a cross-validated classifier of question, answer and summary; 0.5 means that right and
            wrong answers look the same.
        gain: by how much the summary raises it, with a bootstrap interval over questions.
        withheld: why there is no `auc`.
        conveyed: share of the true steps that the summary conveys, where an exact reader knows.
        length: words of the summary / words of the trace.
    """

    answers: int
    wrong: int
    auc: Interval | None
    gain: Interval | None
    withheld: str | None
    conveyed: Interval | None
    length: Interval | None


class PolicyRow(Closed):
    """What one cell's policy discloses and costs: the line of an audit.

    Attributes:
        shown: what is disclosed, in words: `answer and summary (every_kth_step, k 2)`.
        group: the group of tasks that the leak is read on.
        gain, leak: of the best attack, with intervals that hold for all cells of the record at once (Bonferroni).
        attack: the attack with the highest accuracy.
        withheld: why there is no leak.
        planted: the leak of a perfect inverter, where the run has one; not corrected.
        bits: by how many bits the disclosure lowers the likelihood of a trace, and what it would be for a perfect reader.
        faithfulness: the highest normalised step F1 of the attacks' inverted traces.
    """

    cell: Cell
    shown: str
    group: str
    attack: str | None
    gain: Interval | None
    leak: Interval | None
    withheld: str | None
    planted: Interval | None
    bits: float | None
    exact_bits: float | None
    faithfulness: Interval | None
    utility: UtilityFigures


class ThreatModel(Closed):
    """What an attacker is assumed to have and to see, in one cell.

    Attributes:
        queries: questions that the target answers.
        data: examples that each student is trained on, the fewest of any seed.
        surrogate_data: questions that the surrogate answers for the inverters' training; 0 where none is trained.
        interface: what the target shows of each answer.
        permission: on which ground the target may be asked.
    """

    cell: Cell
    queries: int
    data: int
    surrogate_data: int
    interface: str
    permission: str


class TargetFacts(Closed):
    """A target of the record.

    Attributes:
        permission: on what ground it was tested, in words; for the lab's, that the run trains it.
        ground: the ground as the recipe names it; None for the lab's.
        traces_known: whether the judge could read its true traces.
        left_out: what could not be measured of it, each with the reason.
    """

    name: str
    kind: str
    permission: str
    ground: str | None
    traces_known: bool
    left_out: list[str]
