"""What the leaderboard says of faithfulness."""

from collections.abc import Mapping, Sequence

from harness.results.schema import FaithfulnessRow, Interval, LikelihoodRow, Manner, StyleDistance
from traceinv.inversion import Shown

FIGURES = {
    "length_ratio": "length ratio",
    "token_f1": "token F1",
    "bleu_sacrebleu": "BLEU (sacrebleu)",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "step_f1": "step F1",
    "step_order": "step order",
    "true_steps": "true steps",
    "concludes": "concludes",
}
BESIDE_ACCURACY = ("rougeL", "step_f1")
"""Figures whose normalised values stand in the table of accuracies."""
NOTE = (
    "*floor*: each truth beside the inverted trace of another question of like length; *ceiling*: the target's second trace "
    "for the same question; *normalised*: 0 at the floor, 1 at the ceiling, with a bootstrap interval over questions, withheld "
    "where the two cannot be told apart."
)
PARTS: dict[Shown, str] = {"question": "question", "answer": "and answer", "summary": "and summary"}


def normalised_cells(rows: Sequence[FaithfulnessRow], regime: str) -> list[str]:
    """The normalised values of a regime's traces, for the table of accuracies; blank for a regime that inverts nothing."""
    found = next((row for row in rows if row.regime == regime), None)
    return [_short(found.normalised.get(figure)) if found else "" for figure in BESIDE_ACCURACY]


def faithfulness_table(rows: Sequence[FaithfulnessRow]) -> str:
    """One line an inverter and figure."""
    if not rows:
        return "Not measured: no regime of this run inverts traces."
    lines = [_line(["inverter of", "figure", "inverted", "floor", "ceiling", "normalised"]), _line(["---"] * 6)]
    lines += [
        _line([row.regime, name, *_levels(row, figure), _normalised(row, figure)])
        for row in rows
        for figure, name in FIGURES.items()
    ]
    counts = ", ".join(f"{row.regime} {row.pairs} of {row.asked}" for row in rows)
    return "\n".join(
        [*lines, "", f"Questions with a finished trace in every seed and a second sample: {counts}. {NOTE}"]
    )


def likelihood_table(rows: Sequence[LikelihoodRow]) -> str:
    """Bits of a hidden trace by what the inverter was shown, and what each part gave away."""
    header = [
        "inverter of",
        "taught with",
        *(f"bits, {name}" for name in PARTS.values()),
        "the answer's",
        "the summary's",
    ]
    lines = [_line(header), _line(["---"] * len(header))]
    for row in rows:
        bits = [_bits(row.bits, part) for part in PARTS]
        leaked = [_bits(row.leaked, "answer"), _bits(row.leaked, "summary")]
        lines.append(_line([row.inverter, ", ".join(row.taught) or "nothing", *bits, *leaked]))
    return "\n".join(lines)


def style_line(found: StyleDistance) -> str:
    """How far the summaries that inverters were taught on are from those that they were used on, in plain words."""
    auc = found.auc
    can = "can" if auc.low > 0.5 else "cannot"
    return (
        f"Style: a classifier of words {can} tell the surrogate's summaries, which inverters are taught on, from the target's,"
        f" which they are used on: area under the curve {_plain(auc)}, 0.5 being chance. Surrogate's: {_manner(found.taught)}."
        f" Target's: {_manner(found.used)}."
    )


def _manner(found: Manner) -> str:
    shares = {"headings": found.headings, "first person": found.first_person, "LaTeX": found.latex}
    named = ", ".join(f"{name} in {100 * share:.0f}%" for name, share in shares.items())
    return f"{found.texts} texts, {found.median_words:g} words at the median, {named}"


def _levels(row: FaithfulnessRow, figure: str) -> list[str]:
    return [_plain(level.get(figure)) for level in (row.inverted, row.floor, row.ceiling)]


def _normalised(row: FaithfulnessRow, figure: str) -> str:
    found = row.normalised.get(figure)
    return _plain(found) if found else f"withheld: {row.withheld.get(figure, 'no pair has it')}"


def _bits(figures: Mapping[Shown, Interval], part: Shown) -> str:
    found = figures.get(part)
    return f"{found.mean:.1f} [{found.low:.1f}, {found.high:.1f}]" if found else ""


def _plain(found: Interval | None) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]" if found else ""


def _short(found: Interval | None) -> str:
    return f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]" if found else "withheld"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
