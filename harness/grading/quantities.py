"""Read plain numbers with their units exactly. Most answers are plain numbers, and need no computer algebra to compare."""

import re
from dataclasses import dataclass
from fractions import Fraction

from harness.grading.units import UNIT_OF, read_unit

_TEXT_UNIT = re.compile(r"(.*?[^\s\\])\s*(\\text\{[^{}]*\}\s*(?:\^\s*\{?\d\}?)?)", re.S)
_PLAIN_UNIT = re.compile(r"(.*?[\d})%])(\s*)([a-zA-Z][a-zA-Z/ .()-]*(?:\^\s*\{?\d\}?)?)", re.S)
_DEGREES = re.compile(r"(.*?\S)\s*\^\\circ\s*(?:\\text\{)?\s*[CF]?\s*\}?", re.S)
_MULTIPLES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_LINKING = frozenset({"a", "an", "at", "by", "for", "of", "on", "per", "the", "to"})
_UNIT_WORD = re.compile(r"[a-z]+|\d")
_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}

_INTEGER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_DECIMAL = rf"(?:{_INTEGER}(?:\.\d*)?|\.\d+)"
_PART = rf"(?:\{{\s*([+-]?\s*{_DECIMAL})\s*\}}|(\d))"
_FORMS = {
    "decimal": re.compile(_DECIMAL),
    "repeating": re.compile(r"(\d*)\.(\d*)\\overline\{?(\d+)\}?"),
    "fraction": re.compile(rf"({_INTEGER})?\s*\\frac\s*{_PART}\s*{_PART}"),
    "slash": re.compile(rf"(?:({_INTEGER})\s+)?({_DECIMAL})\s*/\s*([+-]?{_DECIMAL})"),
    "scientific": re.compile(
        rf"({_DECIMAL})\s*(?:(?:\\times|\\cdot|[x*])\s*10\s*\^\s*\{{?|[eE])\s*([+-]?\d{{1,3}})\s*\}}?"
    ),
}
_UNIT_START = re.compile(
    r"(?<=[\d})%.])\s*(?=\\text\s*\{|\\frac\s*\{\s*\\text|\\mu(?![a-zA-Z])|\\Omega|\\AA|[A-Za-zΩμÅ])"
    r"|(?<=[a-zA-Z])\s*(?=\\text)"
)
_GLUED = {name for name in UNIT_OF if len(name) > 1}  # `5cm` is a quantity, `5m` may be a product
_UNFINISHED = ("=", "+", "-", ",", "{", "(", "^", "_", "/", r"\text", r"\times", r"\cdot", r"\frac")
_MAX_UNIT_STARTS = 20
_MAX_NUMBER_LENGTH = 200
_MIN_DIGITS = 6  # a decimal of fewer digits is not accepted as a rounding of a value without a finite decimal form
_BASED = re.compile(r"\(?\s*([A-Fa-f]*[0-9][0-9A-Fa-f]*)\s*\)?\s*_\s*(?:\{\s*(?:\\text\{)?\s*(\d+)\s*\}?\s*\}|(\d+))")


@dataclass(frozen=True)
class Quantity:
    """A plain number with its unit, as an answer states it.

    Attributes:
        value: the exact value; where there is a percent sign, the number before it.
        digits: (significant digits, decimal places) of a decimal; None for other numbers.
        percent: whether the answer has a percent sign or the word.
        unit: the unit as written; "" where there is none.
    """

    value: Fraction
    digits: tuple[int, int] | None
    percent: bool
    unit: str


def split_unit(text: str) -> tuple[str, str]:
    """Split a canonical answer into expression and unit; the unit is "" where it has none."""
    if text.startswith(r"\$"):
        amount, unit = split_unit(text[2:].strip())
        return amount, f"dollar {unit}".strip()
    if match := _DEGREES.fullmatch(text):
        return match.group(1), "degree"
    if split := _split_known_unit(text):
        return split
    match = _TEXT_UNIT.fullmatch(text)
    if match and not match.group(1).endswith(("=", "+", "-", ",", "{", "(", r"\text")):
        return match.group(1).strip(), match.group(2).removeprefix(r"\text").strip()
    match = _PLAIN_UNIT.fullmatch(text)
    if match and _is_unit(match.group(2), match.group(3)):
        known = any(word in UNIT_OF and len(word) > 1 for word in _words(match.group(3)))
        if known or _read_value(match.group(1).removesuffix(r"\%").strip()):
            return match.group(1).strip(), match.group(3).strip()
    return text, ""


def _split_known_unit(text: str) -> tuple[str, str] | None:
    """Split off a unit that is made of known symbols and names; return None where there is none.

    Letters outside `\\text` are a unit only after a plain number and a space, or where they are a known name of several letters.
    """
    for start in list(_UNIT_START.finditer(text))[:_MAX_UNIT_STARTS]:
        value, unit = text[: start.start()].strip(), text[start.end() :].strip()
        if not value or value.endswith(_UNFINISHED):
            continue
        powers = read_unit(unit)
        if powers is None:
            continue
        plain_value = _read_value(value.lstrip("+-").removesuffix(r"\%").strip()) is not None
        spaced = bool(start.group()) or unit.split("^")[0] in _GLUED
        if unit.startswith("\\") or (plain_value and spaced):
            return value, unit.replace(r"\text", "").strip()
    return None


def same_unit(a: str, b: str) -> bool:
    """Return False where both units are known and differ; a missing or unknown unit agrees with every other."""
    read_a, read_b = read_unit(a), read_unit(b)
    if read_a and read_b:
        return read_a == read_b
    known_a, known_b = _known_units(a), _known_units(b)
    return not known_a or not known_b or known_a == known_b


def read_quantity(text: str) -> Quantity | None:
    """Read a canonical answer as a number with its unit; return None where it is not a plain number."""
    expression, unit = split_unit(text)
    word = (_words(unit.removeprefix("dollar ")) or [""])[0]
    percent = expression.endswith(r"\%") or word == "percent"
    expression = expression.removesuffix(r"\%").strip()
    sign = -1 if expression.startswith("-") else 1
    expression = expression[1:].strip() if expression[:1] in {"+", "-"} else expression
    if expression.startswith(r"\$"):
        expression, unit = expression[2:].strip(), f"dollar {unit}".strip()
    read = _read_value(expression)
    return Quantity(sign * read[0] * _MULTIPLES.get(word, 1), read[1], percent, unit) if read else None


def same_quantity(answer: Quantity, reference: Quantity) -> bool:
    """Return whether two quantities are equal, exactly or by rounding.

    A decimal of six or more digits equals a value without a finite decimal form that rounds to it. A percentage equals a bare
    number that is the number of percent or the share, since questions ask for both.
    """
    if not same_unit(answer.unit, reference.unit):
        return False
    scales = [Fraction(1)] if answer.percent == reference.percent else [Fraction(1), Fraction(1, 100)]
    for scale in scales:
        a = answer.value * (scale if answer.percent else 1)
        b = reference.value * (scale if reference.percent else 1)
        if a == b or _rounded(a, answer.digits, b) or _rounded(b, reference.digits, a):
            return True
    return False


def rounding_step(text: str) -> tuple[Fraction, Fraction] | None:
    """Return the value and the unit of the last place of a decimal of six or more significant digits; None for other answers."""
    quantity = read_quantity(text)
    if quantity is None or quantity.digits is None or quantity.digits[0] < _MIN_DIGITS or not quantity.digits[1]:
        return None
    return quantity.value, Fraction(1, 10 ** quantity.digits[1])


def read_based(text: str) -> tuple[str, int] | None:
    """Read a numeral with its base as a subscript, like `52_8`, as (digits, base); return None for other answers."""
    match = _BASED.fullmatch(text)
    return (match.group(1).lower().lstrip("0"), int((match.group(2) or match.group(3))[:4])) if match else None


def _known_units(unit: str) -> list[tuple[str, int]]:
    """Return (unit, power) of each known unit in the text, in order."""
    known: list[tuple[str, int]] = []
    power = 1
    for word in _UNIT_WORD.findall(unit.lower()):
        if word in _POWERS and known and word.endswith("ed"):
            known[-1] = (known[-1][0], _POWERS[word])
        elif word in _POWERS:
            power = _POWERS[word]
        elif word.isdigit() and known:
            known[-1] = (known[-1][0], int(word))
        elif word in UNIT_OF:
            known.append((UNIT_OF[word], power))
            power = 1
    return known


def _is_unit(space: str, words: str) -> bool:
    """Return whether letters after a number are a unit (`5 m`, `5 apples`) rather than variables (`5m`, `5 ab`)."""
    names = [word for word in _words(words) if word not in _LINKING]
    return bool(names) and all(len(name) > 2 or (name in UNIT_OF and (len(name) > 1 or space)) for name in names)


def _words(unit: str) -> list[str]:
    return re.findall(r"[a-z]+", unit.lower())


def _read_value(text: str) -> tuple[Fraction, tuple[int, int] | None] | None:
    """Read an unsigned number as (value, digits); return None where the text is not one, or divides by zero."""
    if len(text) > _MAX_NUMBER_LENGTH:
        return None
    for form, pattern in _FORMS.items():
        if match := pattern.fullmatch(text):
            return _READERS[form](match)
    return None


def _number(text: str | None) -> Fraction:
    return Fraction("".join((text or "0").split()).replace(",", "").removesuffix(".") or "0")


def _decimal(match: re.Match[str]) -> tuple[Fraction, tuple[int, int]]:
    written = match.group().replace(",", "")
    places = len(written.partition(".")[2])
    return _number(written), (len(written.replace(".", "").lstrip("0")), places)


def _repeating(match: re.Match[str]) -> tuple[Fraction, None]:
    whole, fixed, cycle = match.groups()
    tail = Fraction(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(fixed))
    return Fraction(int(whole + fixed or "0"), 10 ** len(fixed)) + tail, None


def _fraction(match: re.Match[str]) -> tuple[Fraction, None] | None:
    whole, a, b, c, d = match.groups()
    return _mixed(whole, a or b, c or d)


def _slash(match: re.Match[str]) -> tuple[Fraction, None] | None:
    return _mixed(*match.groups())


def _mixed(whole: str | None, above: str, below: str) -> tuple[Fraction, None] | None:
    if not _number(below) or (whole and "-" in above + below):
        return None
    return _number(whole) + _number(above) / _number(below), None


def _scientific(match: re.Match[str]) -> tuple[Fraction, None]:
    return _number(match.group(1)) * Fraction(10) ** int(match.group(2)), None


_READERS = {
    "decimal": _decimal,
    "repeating": _repeating,
    "fraction": _fraction,
    "slash": _slash,
    "scientific": _scientific,
}


def _rounded(decimal: Fraction, digits: tuple[int, int] | None, exact: Fraction) -> bool:
    """Return whether `exact` has no finite decimal form and rounds, or is cut, to the decimal's digits."""
    if digits is None or digits[0] < _MIN_DIGITS or not digits[1] or _is_finite(exact):
        return False
    step = Fraction(1, 10 ** digits[1])
    return abs(decimal - exact) <= step / 2 or 0 <= abs(exact) - abs(decimal) < step


def _is_finite(value: Fraction) -> bool:
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1
