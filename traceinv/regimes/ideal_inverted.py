"""Yardstick: teach what a perfect inverter would write, a trace drawn from all that agree with the disclosure."""

from collections.abc import Sequence

from traceinv.errors import InputError
from traceinv.records import Disclosure, Example
from traceinv.regimes.base import Disclosures, Regime, example


def teach(disclosures: Sequence[Disclosure], seed: int) -> list[Example]:
    """Teach a trace that agrees with each disclosure.

    Raises:
        InputError: the traces that a question can have are not known.
    """
    from traceinv.lab.ideal import invert_ideally

    try:
        return [example(d.question, invert_ideally(d, seed), d.answer) for d in disclosures]
    except ValueError as error:
        raise InputError(
            f"the regime ideal_inverted needs questions whose possible traces are all known, as the lab's are: {error}"
        ) from None


REGIME = Regime(
    "ideal_inverted",
    "yardstick",
    90,
    Disclosures(shown="all"),
    teach,
    teaches="yardstick: what a perfect inverter would write, which no attacker could know",
)
