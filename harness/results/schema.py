"""The result record's schema."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from traceinv.inversion import Shown

SCHEMA_VERSION: Literal[1] = 1
STATE_LETTERS = {
    "correct": "c",
    "wrong": "w",
    "no_answer": "n",
    "unfinished": "u",
    "bad_format": "f",
    "ungradable": "x",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Interval(_Part):
    """A mean over questions and seeds with its 95% interval; `spread` is largest less smallest mean of a seed."""

    mean: float
    low: float
    high: float
    spread: float | None


class Score(_Part):
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
    by_seed: list[float]
    finished: float
    no_answer: float
    unfinished: float
    bad_format: float
    if_unfinished_right: float
    if_unfinished_wrong: float
    mean_tokens: float
    items: int


class Row(_Part):
    """One line of the comparison: a regime's students, or a model that the regimes are seen against.

    Attributes:
        kind: `regime`, or `reference` for target and surrogate.
        seeds: those of its students; empty where the model is the same for all seeds.
        scores: by task, and by `math`, `code` and `all`.
    """

    name: str
    kind: Literal["regime", "reference"]
    seeds: list[int]
    scores: dict[str, Score]


class TestedDifference(_Part):
    """A difference of two accuracies on the same questions, from -1 to 1, with its tests.

    Attributes:
        p_value, p_permutation, p_mcnemar, detectable, more_questions, more_seeds: as in `harness.stats.Comparison`.
        p_holm: `p_value` corrected for all differences that stand together (Holm).
    """

    difference: Interval
    p_value: float
    p_holm: float
    p_permutation: float
    p_mcnemar: float | None
    detectable: float
    more_questions: int | None
    more_seeds: int | None


class Contrast(TestedDifference):
    """The difference of two regimes of a record, on a task or group."""

    first: str
    second: str
    group: str


class RecoveryRow(_Part):
    """(regime - base) / (oracle - base) on a task or group; `recovered` is withheld where the gap may be nothing."""

    regime: str
    group: str
    gap: Interval
    recovered: Interval | None


class Conditions(_Part):
    """What a score depends on beside the regime; rows are compared only where all of it is the same.

    Attributes:
        target: digest of the target's model and how it was asked.
        student: digest of the untaught student and how it is trained.
        data: digest of the questions that the target was asked.
        tasks: the version of each benchmark task.
        prompts: digest of the rendered prompts of all items.
        sampling: how students answer, by task.
    """

    target: str
    student: str
    data: str
    tasks: dict[str, str]
    prompts: str
    sampling: dict[str, dict[str, Any]]


class FaithfulnessRow(_Part):
    """Figures of an inverter's traces, by name (see `harness.faithfulness.measure.compare`).

    Attributes:
        regime: the regime that is taught these traces.
        asked: inverted traces a seed, unfinished ones included.
        pairs: questions with a finished one in every seed, a floor and a second sample of the target's; all figures are over
            these.
        floor: the figures when each truth is paired with the inverted trace of another question.
        ceiling: the figures of a second sample of the target's own trace.
        normalised: (inverted - floor) / (ceiling - floor), 0 at the floor and 1 at the ceiling; a bootstrap interval over
            questions.
        withheld: why a figure has no normalised value.
    """

    regime: str
    asked: int
    pairs: int
    inverted: dict[str, Interval]
    floor: dict[str, Interval]
    ceiling: dict[str, Interval]
    normalised: dict[str, Interval]
    withheld: dict[str, str]


class LikelihoodRow(_Part):
    """Bits of the hidden traces under a model, by the last part that it was shown (after those before it).

    Attributes:
        inverter: the regime whose inverter it is; `each as taught` where every condition has a model that was taught it: the
            surrogate for the question alone, then the inverters without and with summary.
        taught: what the inverter was taught with; empty where it was only prompted. Other conditions are strange to it.
        tokens: a trace's mean length in the model's own tokens.
        bits, bits_per_token: negative log-likelihood of a trace.
        leaked, leaked_per_token: by how much each part lowers it.
    """

    inverter: str
    taught: list[Shown]
    traces: int
    tokens: float
    bits: dict[Shown, Interval]
    bits_per_token: dict[Shown, Interval]
    leaked: dict[Shown, Interval]
    leaked_per_token: dict[Shown, Interval]


class Manner(_Part):
    """What a set of texts looks like; shares are of texts."""

    texts: int
    median_words: float
    headings: float
    first_person: float
    latex: float


class StyleDistance(_Part):
    """Two sets of summaries: those that an inverter is taught on, and those that it is used on.

    Attributes:
        auc: area under the ROC curve of a classifier of their words, cross-validated, with its 95% bootstrap interval over
            texts: 0.5 cannot tell them apart, 1 always can.
    """

    taught: Manner
    used: Manner
    auc: Interval


class Ledger(_Part):
    """What became of the questions of one seed: how many were asked, what each regime could teach, what all share."""

    seed: int
    asked: int
    rows: dict[str, int]
    too_long: dict[str, int]
    shared: int


class Gate(_Part):
    """A gate's figures; a run in which one fails has no record."""

    name: str
    figures: dict[str, Any]


class StageTime(_Part):
    """A stage and how long it took when it was computed."""

    name: str
    key: str
    seconds: float


class Provenance(_Part):
    """Where and from what a record was made; the part in which two runs of one recipe may differ."""

    command: str
    created: str
    commit: str
    packages: dict[str, str]
    hardware: dict[str, Any]
    stages: list[StageTime]


class ResultRecord(_Part):
    """One run of one recipe.

    Attributes:
        id: the recipe's name and a hash of the recipe and every stage's key: the same run has the same id.
        style: how far the surrogate's summaries are from the target's; None where the policy shows none, or too few.
        verdict: one sentence, computed from the figures.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    recipe: dict[str, Any]
    seeds: list[int] = Field(min_length=1)
    conditions: Conditions
    rows: list[Row] = Field(min_length=1)
    contrasts: list[Contrast]
    recovery: list[RecoveryRow]
    faithfulness: list[FaithfulnessRow]
    likelihood: list[LikelihoodRow]
    style: StyleDistance | None = None
    ledger: list[Ledger]
    gates: list[Gate]
    verdict: str
    provenance: Provenance

    @model_validator(mode="after")
    def _has_every_seed_and_score(self) -> Self:
        for row in self.rows:
            if "all" not in row.scores:
                raise ValueError(f"row {row.name!r} has no score on 'all'")
            if row.seeds and row.seeds != self.seeds:
                raise ValueError(f"row {row.name!r} has the seeds {row.seeds}, expected {self.seeds}")
            for group, score in row.scores.items():
                if len(score.by_seed) != max(1, len(row.seeds)):
                    raise ValueError(
                        f"row {row.name!r} on {group!r} has {len(score.by_seed)} of {len(row.seeds)} seeds"
                    )
        return self

    def comparable(self) -> dict[str, Any]:
        """Everything but the provenance: what must be the same when the same run is made again."""
        return self.model_dump(mode="json", exclude={"provenance"})
