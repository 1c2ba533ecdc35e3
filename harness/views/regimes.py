"""What each regime teaches, in a line for readers who meet the names for the first time."""

from traceinv.regimes import REGIMES

DEFINITIONS = {
    "base": "the student before any teaching: zero of the scale",
    "answer_only": "the target's answers, with no reasoning",
    "answer_only_where_self_verified": "control: answers alone, on the questions that self_verified keeps",
    "summary": "the target's summary in place of a trace, and its answer",
    "surrogate_trace": "the surrogate's own traces and answers, nothing of the target: the baseline that attacks must beat",
    "surrogate_hinted": "what the surrogate writes when it is told the target's answer, where it comes to it",
    "surrogate_trace_where_hinted": "control: the surrogate's traces, on the questions that surrogate_hinted keeps",
    "self_verified": "the untaught student's own replies, where they come to the target's answer",
    "inverted": "traces that an inverter wrote from question, answer and summary",
    "inverted_without_summary": "traces that an inverter wrote from question and answer",
    "inverted_verified": "of several inverted traces the first that comes to the target's answer",
    "inverted_where_verified": "control: inverted traces, on the questions that inverted_verified keeps",
    "inverted_with_surrogate": "inverted traces together with the surrogate's own",
    "inverted_after_surrogate": "inverted traces, for students that first learned the surrogate's own: a curriculum",
    "zero_shot_inverted": "traces of an inverter that was only prompted, never trained",
    "inverted_mismatched": "control: the inverted trace of another question, of similar length",
    "inverted_shuffled": "control: inverted traces with their lines in another order",
    "inverted_length_matched": "control: the surrogate's trace of another question, as long as the inverted one",
    "ideal_inverted": "yardstick: what a perfect inverter would write, which no attacker could know",
    "oracle": "the target's true traces, hidden from every attacker: one of the scale",
    "target": "the model whose reasoning is hidden, for reference",
    "surrogate": "the weaker model whose traces are open, for reference",
}


def definition(name: str) -> str:
    """Say what students of a regime learn, or what a model of reference is; for a plug-in, what kind of regime it is."""
    if name in DEFINITIONS:
        return DEFINITIONS[name]
    return f"{REGIMES[name].role} of a plug-in" if name in REGIMES else "not known to this version"
