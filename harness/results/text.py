"""How figures and texts of others are written, wherever they are shown: percentages, intervals, p-values, names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Estimate(Protocol):
    """A mean with the ends of its 95% interval."""

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
    + "\U000e0000-\U000e0fff]"
)
"""Characters that no one sees, that move the cursor or the direction of text, or that no file can hold."""
_LAYOUT = "\n\t"


def plain(text: str, lines: bool = False) -> str:
    r"""Write each control or invisible character of a text as a visible escape, such as `\x1b` or `\u202e`.

    This is the one door for text of others: names, records, file names and messages pass it before they are shown.

    Args:
        lines: whether line breaks and tabs stay as they are.
    """
    return _INVISIBLE.sub(lambda match: match[0] if lines and match[0] in _LAYOUT else _escaped(match[0]), text)


def plain_values(value: Any) -> Any:
    """Let every text of a JSON value pass `plain`, keys too; line breaks and tabs stay."""
    if isinstance(value, str):
        return plain(value, lines=True)
    if isinstance(value, list):
        return [plain_values(part) for part in value]
    if isinstance(value, dict):
        return {plain_values(key): plain_values(part) for key, part in value.items()}
    return value


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def policy_words(policy: Mapping[str, Any]) -> str:
    """Name a recipe's policy by its kind and values: `every_kth_step, k 2`; a switch stands by its name where it is on."""
    values = [
        key if value is True else f"{key} {value}"
        for key, value in policy.items()
        if key != "kind" and value is not False
    ]
    return ", ".join([str(policy.get("kind")), *values])


def number(value: float, digits: int, signed: bool = False) -> str:
    """Write a number with a fixed count of decimals; a value that rounds to zero has no sign."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if signed and rounded else f"{rounded:.{digits}f}"


def interval(estimate: Estimate, digits: int = 3) -> str:
    """Write a mean with its interval: `0.883 [0.869, 0.896]`."""
    low, high = (number(end, digits) for end in (estimate.low, estimate.high))
    return f"{number(estimate.mean, digits)} [{low}, {high}]"


def percent(share: float, unit: str = "%") -> str:
    """Write a share from 0 to 1 as a percentage: `82.4%`."""
    return f"{number(100 * share, 1)}{unit}"


def percent_interval(estimate: Estimate, unit: str = "%") -> str:
    """Write a share with its interval, in percent: `82.4% [76.5, 88.1]`."""
    return f"{number(100 * estimate.mean, 1)}{unit} {_ends(estimate)}"


def points(difference: float) -> str:
    """Write a difference of two shares in percentage points, without the unit: `+3.4`."""
    return number(100 * difference, 1, signed=True)


def points_interval(difference: Estimate) -> str:
    """Write a difference of two shares with its interval, in percentage points: `+3.4 [-1.3, 8.1]`."""
    return f"{points(difference.mean)} {_ends(difference)}"


def confidence(estimate: Estimate) -> str:
    """Write the interval of a share or a difference, in percent or points, for a sentence: `95% CI [-1.3, 8.1]`."""
    return f"95% CI {_ends(estimate)}"


def p_value(p: float) -> str:
    """Write a p-value with three decimals, and `<0.001` below that."""
    return "<0.001" if p < 0.001 else number(p, 3)


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence: `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ends(estimate: Estimate) -> str:
    low, high = (number(100 * end, 1) for end in (estimate.low, estimate.high))
    return f"[{low}, {high}]"
