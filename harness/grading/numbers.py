"""Find the numbers in prose."""

import re

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_POWER = rf"(?:\^\s*(?:\{{\s*[-−+]?\d{{1,4}}\s*\}}|[-−+]?\d{{1,4}})|[⁻⁺]?[{_RAISED}]{{1,4}})"
_NUMBER = re.compile(
    r"(?:(?<![\w.,)\]}])-)?\$?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
    rf"(?:\s*(?:\\times|\\cdot|[×x*·⋅])\s*10\s*{_POWER}|[eE][-+]?\d{{1,3}}(?!\w)|{_POWER}|\s*/\s*\d+(?![\d.]))?"
)
_COMMAND = re.compile(r"\\[a-zA-Z]+\Z|\b(?:rs|usd|us|eur|gbp|inr|cad|aud|hk|rm|php|ksh)\Z", re.I)
_BEFORE = re.compile(
    r"(?:[a-zA-Z]|[\^_]\s*\{?\s*[-−+]?|\S/|(?<=[a-z,] )(?:step|equation|eq\.|lemma|theorem)\s*\(?)\Z", re.I
)
_AFTER = re.compile(r"(?:st|nd|rd|th)\b|\^|[- ]?(?:decimals?\b|significant\b|sig\b)", re.I)
_WINDOW = 20  # characters before and after a number that are looked at


def find_numbers(text: str, *, everywhere: bool = False) -> list[tuple[str, int, int]]:
    """Return (number, start, end) of every number in a text, with its sign, separators, fraction and power of ten.

    Args:
        everywhere: whether to return digits too that belong to something else: to a formula (`C8H10`, `x^2`, `)/2`), to an
            ordinal (`2nd`), to a number of decimal places, or to a step that is mentioned.
    """
    return [
        (match.group().rstrip(","), match.start(), match.end())
        for match in _NUMBER.finditer(text)
        if everywhere or not _belongs_elsewhere(text, match.start(), match.end())
    ]


def last_number(text: str) -> str | None:
    """Return the last number in the text; None where there is none."""
    numbers = find_numbers(text)
    return numbers[-1][0] if numbers else None


def _belongs_elsewhere(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _WINDOW) : start]
    return bool((_BEFORE.search(before) and not _COMMAND.search(before)) or _AFTER.match(text[end : end + _WINDOW]))
