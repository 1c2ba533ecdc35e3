"""What each row of a record teaches, in a line for readers who meet the names for the first time."""

from traceinv.regimes import BASE, REGIMES

REFERENCES = {
    BASE: "the student before any teaching: zero of the scale",
    "target": "the model whose reasoning is hidden, for reference",
    "surrogate": "the weaker model whose traces are open, for reference",
}
"""What rows are that no regime teaches."""


def definition(name: str) -> str:
    """Say what students of a regime learn, or what a model of reference is."""
    if name in REFERENCES:
        return REFERENCES[name]
    regime = REGIMES.get(name)
    return "not known to this version" if regime is None else regime.teaches or regime.role
