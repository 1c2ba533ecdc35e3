"""The result record's schema, version 2."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from traceinv.inversion import Shown
from traceinv.schema import Closed

SCHEMA_VERSION: Literal[2] = 2
STATE_LETTERS = {
    "correct": "c",
    "wrong": "w",
    "no_answer": "n",
    "unfinished": "u",
    "bad_format": "f",
    "ungradable": "x",
}


Label = str | int | float
"""The value of a stage's label, such as a regime's name or a seed."""
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Interval(Closed):
    """A mean over questions and seeds with its 95% interval; `spread` is largest less smallest mean of a seed."""

    mean: float
    low: float
    high: float
    spread: float | None


class Score(Closed):
    """A model's or regime's score on one task or on a group of tasks.

    Attributes:
        by_seed: accuracy of each seed, in the order of the record's seeds (one figure where seeds make no difference).
        finished: share of answers that ended before the token limit.
        no_answer, unfinished, bad_format: shares of answers that failed so (see `Grade`).
        if_unfinished_right: accuracy if every answer that hit the limit or never closed its reasoning counted as right.
        if_unfinished_wrong: the same, counted as wrong.
        items: graded answers a seed.
    """

    accuracy: Interval
    by_seed: list[Share]
    finished: Share
    no_answer: Share
    unfinished: Share
    bad_format: Share
    if_unfinished_right: Share
    if_unfinished_wrong: Share
    mean_tokens: Annotated[float, Field(ge=0)]
    items: Count


class Cell(Closed):
    """One combination of a recipe's named parts; every regime and seed of a cell is compared.

    Attributes:
        budget: share of the target's questions whose disclosures are used, from 0 to 1.
        student: None for figures that do not depend on a student.
    """

    target: str
    surrogate: str
    policy: str
    budget: float = Field(1.0, gt=0, le=1)
    student: str | None = None


class Comparability(Closed):
    """What a row's accuracies depend on besides its regime; rows are compared only where all of it is equal.

    Attributes:
        target: digest of the target's model and how it was asked.
        student: digest of the untaught student and how it is trained.
        questions: digest of the questions that the target was asked.
        tasks: version of each benchmark task.
        prompts: digest of the text of all items, before any chat template.
        sampling: how students answer, by task.
        stages: version of each kind of stage that runs a model.
    """

    target: str
    student: str
    questions: str
    tasks: dict[str, str]
    prompts: str
    sampling: dict[str, dict[str, Any]]
    stages: dict[str, int]


class Row(Closed):
    """One line of the comparison: a regime's students, or a model that the regimes are compared with.

    Attributes:
        name: the regime, or `target` or `surrogate`.
        kind: `regime`, or `reference` for target and surrogate.
        seeds: those of its students; empty where the model is the same for all seeds.
        scores: by task, and by group of tasks such as `math`, `code` and `all`.
        runs: keys of the artifacts with its graded responses; rows with the same keys are the same run, counted once.
    """

    name: str
    kind: Literal["regime", "reference"]
    cell: Cell
    seeds: list[int]
    scores: dict[str, Score]
    comparability: Comparability
    runs: list[str]


class TestedDifference(Closed):
    """A difference of two accuracies on the same questions, from -1 to 1, with its tests.

    Attributes:
        p_value, p_permutation, p_mcnemar, detectable, more_questions, more_seeds: as in `harness.stats.Comparison`.
        p_pooled: as in `harness.stats.Comparison`; None in records made before it was computed.
        p_holm: the larger of `p_value` and `p_pooled`, corrected for all differences that stand together (Holm).
        one_seed: whether interval and tests are about two students of one seed each: they cover other questions, not other seeds.
    """

    difference: Interval
    p_value: float
    p_pooled: float | None = None
    p_holm: float
    p_permutation: float
    p_mcnemar: float | None
    detectable: float
    more_questions: int | None
    more_seeds: int | None
    one_seed: bool = False


class Contrast(TestedDifference):
    """The difference of two regimes of a cell, on a task or group."""

    cell: Cell
    first: str
    second: str
    group: str


class RecoveryRow(Closed):
    """(regime - base) / (oracle - base) on a task or group; `recovered` is None where the gap is not significant."""

    cell: Cell
    regime: str
    group: str
    gap: Interval
    recovered: Interval | None


class LeakRow(Closed):
    """What leaks on a task or group, as the best of all attacks: regimes that use disclosures, controls left out.

    The gain is best with disclosures - best without, the leak the gain / (oracle - best without).

    Attributes:
        best_disclosed: the attack with the highest accuracy.
        best_undisclosed: the regime with the highest accuracy of those that use none, the untaught student included.
        attacks: those that the best is chosen from; empty in records made before it was kept.
        gain: cross-fitted, so that choosing the best does not raise it; None in records made before it was computed.
        detectable: the minimum detectable effect of the gain.
        one_seed: whether the interval is about these students on other questions, and not about other seeds.
        gap: the smallest gain of the oracle over a regime that uses no disclosures; None without an oracle.
        leak: cross-fitted; None where it is withheld.
        withheld: why there is no leak; None where there is one.
        without_summary: the leak of the attacks that use no summary; None where there is none, or where all attacks are such.
        planted: the leak of a perfect inverter, where the run has one as a yardstick: what the policy gives at most.
    """

    cell: Cell
    group: str
    best_disclosed: str
    best_undisclosed: str
    attacks: list[str] = Field(default_factory=list)
    gain: Interval | None = None
    detectable: float | None = None
    one_seed: bool = False
    gap: Interval | None
    leak: Interval | None
    withheld: str | None
    without_summary: Interval | None = None
    planted: Interval | None = None


class FaithfulnessFigures(Closed):
    """How close inverted traces are to the true ones, by the name of the figure.

    Attributes:
        asked: inverted traces a seed, unfinished ones included.
        pairs: questions with a finished one in every seed, a floor, and a second sample of the target's trace, where it has
            any; all figures are over these.
        floor: the figures when each truth is paired with the inverted trace of another question.
        ceiling: the figures of a second sample of the target's own trace.
        normalised: (inverted - floor) / (ceiling - floor), 0 at the floor and 1 at the ceiling; a bootstrap interval over
            questions.
        withheld: why a figure has no normalised value.
    """

    asked: int
    pairs: int
    inverted: dict[str, Interval]
    floor: dict[str, Interval]
    ceiling: dict[str, Interval]
    normalised: dict[str, Interval]
    withheld: dict[str, str]


class FaithfulnessRow(FaithfulnessFigures):
    """The faithfulness of the inverted traces that a regime is taught."""

    cell: Cell
    regime: str


class LikelihoodRow(Closed):
    """Bits of the hidden traces under a model, by the last part that it was shown (after those before it).

    Attributes:
        inverter: `each as taught` where every condition has a model that was taught with it: the surrogate for the question
            alone, then the inverters without and with summary. Older records also have rows of single inverters, by regime.
        taught: what the model was taught with; empty where it was only prompted. Other conditions are unfamiliar prompts.
        tokens: a trace's mean length in the model's own tokens.
        bits, bits_per_token: negative log-likelihood of a trace.
        leaked, leaked_per_token: by how much each part lowers it.
        exact: bits of a trace for a perfect reader, where all traces that a question can have are known; else empty.
        exact_traces: how many traces they are the mean of.
        skipped: number of traces that are too long for one of the models, and of which nothing is measured.
    """

    cell: Cell
    inverter: str
    taught: list[Shown]
    traces: int
    tokens: float
    bits: dict[Shown, Interval]
    bits_per_token: dict[Shown, Interval]
    leaked: dict[Shown, Interval]
    leaked_per_token: dict[Shown, Interval]
    exact: dict[Shown, float] = Field(default_factory=dict)
    exact_traces: int = 0
    skipped: int = 0


class ReadingRow(Closed):
    """How much an inverter reads one part of a disclosure: what it loses where that part is another question's.

    Attributes:
        inverter: the regime that teaches its traces.
        part: `answer` or `summary`; the question and all other parts stay the same.
        asked: exchanged disclosures.
        pairs: those for which every seed has a finished trace of the right and of the exchanged disclosure.
        unchanged: share of traces that are the same, letter for letter.
        own, exchanged: faithfulness of the traces by figure, from the right disclosure and from the exchanged one.
        fall: own - exchanged, on the same questions.
    """

    cell: Cell
    inverter: str
    part: str
    asked: int
    pairs: int
    unchanged: float
    own: dict[str, Interval]
    exchanged: dict[str, Interval]
    fall: dict[str, Interval]


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


class StyleStats(Closed):
    """What a set of texts looks like; shares are of texts."""

    texts: int
    median_words: float
    headings: float
    first_person: float
    latex: float


class StyleDistance(Closed):
    """How different two sets of summaries are: those that inverters are trained on, and those that they are used on.

    Attributes:
        auc: area under the ROC curve of a cross-validated classifier of their words, with its 95% bootstrap interval over
            texts: 0.5 means indistinguishable, 1 means always distinguishable.
    """

    taught: StyleStats
    used: StyleStats
    auc: Interval


class StyleRow(StyleDistance):
    """The style distance of a cell."""

    cell: Cell


class Ledger(Closed):
    """Questions of one cell and seed: how many were asked, how many each regime can teach, how many all regimes share."""

    cell: Cell
    seed: int
    asked: int
    rows: dict[str, int]
    too_long: dict[str, int]
    shared: int


class Gate(Closed):
    """A gate's figures; a run in which one fails has no record."""

    name: str
    figures: dict[str, Any]


class StageEntry(Closed):
    """A stage of the run.

    Attributes:
        labels: which target, policy, regime, seed and so on it belongs to.
        version: of the kind of stage; None for stages that are keyed by their source.
        fingerprint: hash of the source that computed it, comments and docstrings left out.
        seconds: how long it took when it was computed.
        adopted: why an artifact of another version was accepted; None where it was not.
    """

    kind: str
    labels: dict[str, Label]
    key: str
    version: int | None
    fingerprint: str
    seconds: float = Field(ge=0)
    adopted: str | None = None


class Provenance(Closed):
    """Where and from what a record was made; the only part in which two runs of one recipe may differ.

    Attributes:
        assembly: digest of the source that made the record of the stages' artifacts; None in records that do not say.
    """

    command: str
    created: str
    commit: str
    packages: dict[str, str]
    hardware: dict[str, Any]
    stages: list[StageEntry]
    assembly: str | None = None


class ResultRecord(Closed):
    """One run of one recipe.

    Attributes:
        id: the recipe's name and a hash of the recipe and of the versions of its stages: the same run has the same id.
        style: one entry a cell whose policy discloses summaries; cells with too few are left out.
        targets: empty in records made before targets had kinds.
        verdict: computed from the figures alone.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    recipe: dict[str, Any]
    seeds: list[Seed] = Field(min_length=1)
    rows: list[Row] = Field(min_length=1)
    contrasts: list[Contrast]
    recovery: list[RecoveryRow]
    leak: list[LeakRow] = Field(default_factory=list)
    faithfulness: list[FaithfulnessRow]
    likelihood: list[LikelihoodRow]
    reading: list[ReadingRow] = Field(default_factory=list)
    policies: list[PolicyRow] = Field(default_factory=list)
    threats: list[ThreatModel] = Field(default_factory=list)
    targets: list[TargetFacts] = Field(default_factory=list)
    style: list[StyleRow]
    ledger: list[Ledger]
    gates: list[Gate]
    verdict: str
    provenance: Provenance

    @model_validator(mode="after")
    def _has_every_seed_and_score(self) -> Self:
        seen: set[tuple[str, Cell]] = set()
        for row in self.rows:
            if (row.name, row.cell) in seen:
                raise ValueError(f"row {row.name!r} stands twice for one cell")
            seen.add((row.name, row.cell))
            if "all" not in row.scores:
                raise ValueError(f"row {row.name!r} has no score on 'all'")
            if row.seeds and row.seeds != self.seeds:
                raise ValueError(f"row {row.name!r} has the seeds {row.seeds}, expected {self.seeds}")
            for group, score in row.scores.items():
                if not 0 <= score.accuracy.mean <= 1:
                    raise ValueError(
                        f"row {row.name!r} on {group!r} has the accuracy {score.accuracy.mean:.3g}, expected 0 to 1"
                    )
                if len(score.by_seed) != max(1, len(row.seeds)):
                    raise ValueError(
                        f"row {row.name!r} on {group!r} has {len(score.by_seed)} of {len(row.seeds)} seeds"
                    )
        return self

    def cells(self) -> list[Cell]:
        """List the cells of the record, in the order of its rows."""
        return list(dict.fromkeys(row.cell for row in self.rows))

    def comparable(self) -> dict[str, Any]:
        """Return everything but the provenance: what must be equal when the same run is made again."""
        return self.model_dump(mode="json", exclude={"provenance"})
