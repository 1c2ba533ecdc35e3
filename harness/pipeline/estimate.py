"""How long the stages of a plan will take, from how long such stages took before."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

from harness.pipeline.graph import Node
from harness.pipeline.store import Store


@dataclass(frozen=True)
class Estimate:
    """The time of some stages.

    Attributes:
        seconds: of those whose kind was computed before, by one worker.
        unknown: the kinds that no artifact of the store tells anything of.
    """

    seconds: float
    unknown: tuple[str, ...]


def estimate(missing: Iterable[Node], store: Store) -> Estimate:
    """Estimate the time of stages by the mean time of the store's artifacts of their kind, whatever their parameters."""
    kinds = [node.kind.name for node in missing]
    taken: dict[str, list[float]] = {}
    for artifact in store.artifacts() if kinds else ():
        taken.setdefault(artifact.kind, []).append(artifact.seconds)
    seconds = sum(mean(taken[kind]) for kind in kinds if kind in taken)
    return Estimate(seconds, tuple(dict.fromkeys(kind for kind in kinds if kind not in taken)))


def duration(seconds: float) -> str:
    """Write a time for a person: `40 s`, `12 min`, `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
