"""What a person reads of a record's targets: on what ground each was tested, and what could not be measured of it."""

from collections.abc import Sequence

from harness.results.schema import TargetFacts


def target_lines(targets: Sequence[TargetFacts]) -> list[str]:
    """State of each target that the run did not train what it is, its permission and what was left out."""
    return [line for target in targets if target.ground or target.left_out for line in _lines(target)]


def _lines(target: TargetFacts) -> list[str]:
    traces = "known" if target.traces_known else "hidden"
    about = f"Target {target.name} ({target.kind}; traces {traces}); permission: {target.permission}."
    return [about, *([f"Not measured: {'; '.join(target.left_out)}."] if target.left_out else [])]
