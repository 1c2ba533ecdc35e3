"""The regimes, one file each: what a student is taught, and from which source.

A module of this package, or one that an entry point of the group `traceinv.regimes` names, holds one `Regime`. The recipe's
names, the planner's sources, the contrasts of a record and the order of a report are derived from them.
"""

from traceinv.regimes.base import Candidates, Disclosures, HiddenTraces, Inversions, Regime, Source, SurrogateTraces
from traceinv.registry import instances

__all__ = [
    "BASE",
    "CONTRASTS",
    "ORDER",
    "REGIMES",
    "Candidates",
    "Disclosures",
    "HiddenTraces",
    "Inversions",
    "Regime",
    "Source",
    "SurrogateTraces",
]

BASE = "base"
"""The untaught student. It is compared like a regime, but it has no source and no training examples."""

REGIMES: dict[str, Regime] = {
    regime.name: regime
    for regime in sorted(instances("traceinv.regimes", Regime), key=lambda regime: (regime.place, regime.name))
}
"""Every regime that teaches, by name, in the order of a report."""

ORDER: tuple[str, ...] = (BASE, *REGIMES)
"""The names of all regimes in the order of a report, the untaught student first."""


def regime_names() -> tuple[str, ...]:
    """Return the names that a recipe may use, in the order of a report."""
    return ORDER


def needs_summary(name: str) -> bool:
    """Return whether a regime can be taught only where the policy discloses a summary."""
    return name != BASE and any(source.shown == "summary" for source in REGIMES[name].sources)


def may_use_summary(name: str) -> bool:
    """Return whether a regime uses the summary where the policy discloses one."""
    return name != BASE and any(source.shown in ("summary", "all") for source in REGIMES[name].sources)


def is_attack(name: str) -> bool:
    """Return whether a regime is a way to teach a student with what the target discloses; the leak is their maximum.

    A name that is not known here, such as a plug-in's in somebody else's record, is no attack.
    """
    return name in REGIMES and REGIMES[name].role == "attack"


def is_control(name: str) -> bool:
    """Return whether a regime is a control, which is never counted as an attack."""
    return name in REGIMES and REGIMES[name].role == "control"


def is_yardstick(name: str) -> bool:
    """Return whether a regime shows what disclosures give at most, as no attacker could know."""
    return name in REGIMES and REGIMES[name].role == "yardstick" and not REGIMES[name].source.hidden


def is_partial(name: str) -> bool:
    """Return whether a regime teaches only some of the questions."""
    return name != BASE and REGIMES[name].partial


def uses_surrogate_alone(name: str) -> bool:
    """Return whether a regime is taught by the surrogate alone, which needs nothing of the target."""
    return name in REGIMES and all(isinstance(source, SurrogateTraces) for source in REGIMES[name].sources)


def inverts(name: str) -> bool:
    """Return whether a regime is taught inverted traces."""
    return name != BASE and isinstance(REGIMES[name].source, Inversions)


def uses_disclosures(name: str) -> bool:
    """Return whether a regime is taught with what the target discloses: its answers, its summaries, or traces made of them.

    The untaught student and students of the surrogate's traces use none. Neither does the oracle, which reads hidden traces.
    """
    return name != BASE and any(source.uses_disclosures for source in REGIMES[name].sources)


def reads_hidden_traces(name: str) -> bool:
    """Return whether a regime is taught the target's hidden traces, as the oracle is."""
    return name != BASE and REGIMES[name].source.hidden


def inverters() -> dict[str, Inversions]:
    """Return the sources of inverted traces, by the name of the first regime that teaches them."""
    found: dict[str, Inversions] = {}
    for name, regime in REGIMES.items():
        if isinstance(regime.source, Inversions) and regime.role == "attack" and regime.source not in found.values():
            found[name] = regime.source
    return found


def _contrasts() -> tuple[tuple[str, str], ...]:
    pairs = [(name, other) for name, regime in REGIMES.items() for other in regime.contrast_with]
    return tuple(sorted(pairs, key=lambda pair: any(map(inverts, pair))))


CONTRASTS: tuple[tuple[str, str], ...] = _contrasts()
"""Pairs of regimes that every record compares, (first, second) for first - second.

Pairs without inverted traces come first; the others follow in the order of `REGIMES`.
"""
