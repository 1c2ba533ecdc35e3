"""The rows of a record: whose scores they are, and what they may be compared with."""

from typing import Annotated, Any, Literal

from pydantic import Field

from traceinv.schema import Closed

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
