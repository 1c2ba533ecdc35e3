"""What is measured of traces and summaries."""

from pydantic import Field

from harness.results.schema.scores import Cell, Interval
from traceinv.inversion import Shown
from traceinv.schema import Closed


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
