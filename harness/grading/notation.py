"""How an answer is written: one spelling for equal notations, and plain numbers read exactly.

Everything here is quick and needs no computer algebra: most answers are decided by it.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

_UNICODE = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "×": r"\times ",
        "·": r"\cdot ",
        "÷": "/",
        "π": r"\pi ",
        "∞": r"\infty ",
        "≤": r"\le ",
        "≥": r"\ge ",
        "≠": r"\ne ",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "∈": r"\in ",
        "±": r"\pm ",
        "°": r"^\circ ",
        "²": "^2",
        "³": "^3",
        "½": r"\frac{1}{2}",
        "¼": r"\frac{1}{4}",
        "¾": r"\frac{3}{4}",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
    }
)
_REWRITES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        (r"√\s*\(([^()]*)\)|√\s*(\w+)", r"\\sqrt{\1\2}"),
        (r"\\!\s*", ""),
        (r"\\(?:,|;|:|>|quad(?![a-z])|qquad(?![a-z])|\s|~)|~", " "),
        (r"\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|limits|mathstrut)(?![a-zA-Z])\.?", ""),
        (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
        (r"\\(?:text(?:bf|it|rm|sf|normal)?|mbox|mathrm|mathbf|mathit|mathsf)\s*\{", r"\\text{"),
        (r"\\text\{\s*\}", ""),
        (r"\{,\}", ","),
        (r"\\(?:leq|leqslant)(?![a-zA-Z])", r"\\le"),
        (r"\\(?:geq|geqslant)(?![a-zA-Z])", r"\\ge"),
        (r"\\neq(?![a-zA-Z])", r"\\ne"),
        (r"\\langle(?![a-zA-Z])", "("),
        (r"\\rangle(?![a-zA-Z])", ")"),
        (r"\\(?:lbrace|\{)", r"\\{"),
        (r"\\(?:rbrace|\})", r"\\}"),
        (r"\\(?:lvert|rvert|vert)(?![a-zA-Z])", "|"),
        (r"\\begin\{[bpvBV]?matrix\}", r"\\begin{pmatrix}"),
        (r"\\end\{[bpvBV]?matrix\}", r"\\end{pmatrix}"),
        (r"\\(?:\$|pounds)|(?<!\\)\$|[€£¥]", r"\\$"),
        (r"(?<!\\)%", r"\\%"),
        (r"\^\{\s*\\circ\s*\}|\^\s*\\circ(?![a-zA-Z])|\\degrees?(?![a-zA-Z])", r"^\\circ "),
    ]
]
_WRAPPERS = [
    re.compile(pattern, re.S)
    for pattern in (
        r"\$\$(.*)\$\$",
        r"\$([^$]*)\$",
        r"\\\[(.*)\\\]",
        r"\\\((.*)\\\)",
        r"\*\*(.*)\*\*",
        r"`([^`]*)`",
        r"\\boxed\{(.*)\}",
        r"\{([^{}]*)\}",
    )
]
_MEMBERSHIP = re.compile(r"[a-zA-Z](?:_\w|_\{\w+\})?\s*\\in(?![a-zA-Z])\s*")
_BETWEEN_DIGITS = re.compile(r"(?<!\d)\s+|\s+(?!\d)")

_TEXT_UNIT = re.compile(r"(.*?[^\s\\])\s*\\text\{([^{}]*)\}\s*(?:\^\s*\{?\d\}?)?", re.S)
_PLAIN_UNIT = re.compile(r"(.*?[\d}\s)])\s*([a-zA-Z][a-zA-Z/ .()-]*)(?:\^\s*\{?\d\}?)?", re.S)
_DEGREES = re.compile(r"(.*?\S)\s*\^\\circ\s*(?:\\text\{)?\s*[CF]?\s*\}?", re.S)
_UNIT_NAMES = {
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres",
    "inch": "in inch inches",
    "foot": "ft foot feet",
    "yard": "yd yard yards",
    "mile": "mi mile miles",
    "second": "s sec secs second seconds",
    "minute": "min mins minute minutes",
    "hour": "h hr hrs hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "yr yrs year years",
    "gram": "g gram grams",
    "kilogram": "kg kilogram kilograms",
    "pound": "lb lbs pound pounds",
    "ounce": "oz ounce ounces",
    "litre": "l liter liters litre litres",
    "cent": "cent cents",
    "dollar": "dollar dollars usd",
    "degree": "degree degrees deg",
    "radian": "radian radians rad",
    "percent": "percent",
}
_UNIT_OF = {name: unit for unit, names in _UNIT_NAMES.items() for name in names.split()}

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
_LONGEST_NUMBER = 200
_FEWEST_DIGITS = 6  # of a rounded decimal that stands for a value without a finite decimal form
_BASED = re.compile(r"\(?\s*([0-9A-Fa-f]+)\s*\)?\s*_\s*(?:\{\s*(?:\\text\{)?\s*(\d+)\s*\}?\s*\}|(\d+))")


@dataclass(frozen=True)
class Quantity:
    """A plain number, as an answer states it.

    Attributes:
        value: exact; the number before the percent sign where there is one.
        digits: (significant digits, decimal places) where it is written as a decimal.
        unit: in words as written, "" without one.
    """

    value: Fraction
    digits: tuple[int, int] | None
    percent: bool
    unit: str


def canonical(answer: str) -> str:
    """One spelling for notations that mean the same: spacing, sizes of brackets, kinds of fraction and of text, Unicode."""
    text = _unwrap(answer.translate(_UNICODE))
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    text = _unwrap(text)
    return text[match.end() :] if (match := _MEMBERSHIP.match(text)) else text


def spelling(text: str) -> str:
    """A canonical answer without the spaces that mean nothing: those between two digits stay."""
    return _BETWEEN_DIGITS.sub("", text)


def split_unit(text: str) -> tuple[str, str]:
    """(expression, unit) of a canonical answer; the unit is "" where it has none."""
    if text.startswith(r"\$"):
        return text[2:].strip(), "dollar"
    if match := _DEGREES.fullmatch(text):
        return match.group(1), "degree"
    match = _TEXT_UNIT.fullmatch(text)
    if match and not match.group(1).endswith(("=", "+", "-", ",", "{", "(", r"\text")):
        return match.group(1).strip(), match.group(2).strip()
    match = _PLAIN_UNIT.fullmatch(text)
    if match and all(len(word) > 2 or word.lower() in _UNIT_OF for word in _words(match.group(2))):
        known = any(word in _UNIT_OF and len(word) > 1 for word in _words(match.group(2)))
        if known or _read_value(match.group(1).strip()):
            return match.group(1).strip(), match.group(2).strip()
    return text, ""


def same_unit(a: str, b: str) -> bool:
    """False where both units are known and differ; a missing or unknown one is not held against an answer."""
    known_a, known_b = ([_UNIT_OF[word] for word in _words(unit) if word in _UNIT_OF] for unit in (a, b))
    return not known_a or not known_b or known_a == known_b


def read_quantity(text: str) -> Quantity | None:
    """A canonical answer as a number with its unit, or None where it is not a plain number."""
    expression, unit = split_unit(text)
    percent = expression.endswith(r"\%") or unit.lower() == "percent"
    expression = expression.removesuffix(r"\%").strip()
    sign = -1 if expression.startswith("-") else 1
    expression = expression.lstrip("+-").strip() if expression[:1] in {"+", "-"} else expression
    if expression.startswith(r"\$"):
        expression, unit = expression[2:].strip(), "dollar"
    read = _read_value(expression)
    return Quantity(sign * read[0], read[1], percent, unit) if read else None


def same_quantity(answer: Quantity, reference: Quantity) -> bool:
    """Equal exactly, or one is the other rounded to the six or more digits it shows, where the other has no finite form.

    A percentage equals a bare number that is either the number of percent or the share, since questions ask for both.
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
    """(value, one unit of its last place) of a canonical answer that is a decimal of at least six significant digits."""
    quantity = read_quantity(text)
    if quantity is None or quantity.digits is None or quantity.digits[0] < _FEWEST_DIGITS or not quantity.digits[1]:
        return None
    return quantity.value, Fraction(1, 10 ** quantity.digits[1])


def read_based(text: str) -> tuple[str, int] | None:
    """(digits, base) of a numeral with its base as a subscript, like `52_8`."""
    match = _BASED.fullmatch(text)
    return (match.group(1).lower().lstrip("0"), int((match.group(2) or match.group(3))[:4])) if match else None


def _unwrap(text: str) -> str:
    """Take off what encloses the whole answer: delimiters of formulas, emphasis, boxes; and the full stop after it."""
    previous = None
    while text != previous:
        previous, text = text, re.sub(r"(?<=[^.])[.,;]$", "", text.strip())
        for wrapper in _WRAPPERS:
            match = wrapper.fullmatch(text)
            if match and _balanced(match.group(1)):
                text = match.group(1)
    return text


def _balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", text):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def _words(unit: str) -> list[str]:
    return re.findall(r"[a-z]+", unit.lower())


def _read_value(text: str) -> tuple[Fraction, tuple[int, int] | None] | None:
    """(value, digits shown) of an unsigned number; None where it is none, or divides by zero."""
    if len(text) > _LONGEST_NUMBER:
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
    """Whether a decimal is a value without a finite decimal form, rounded or cut to the digits that it shows."""
    if digits is None or digits[0] < _FEWEST_DIGITS or not digits[1] or _is_finite(exact):
        return False
    return abs(decimal - exact) < Fraction(1, 10 ** digits[1])


def _is_finite(value: Fraction) -> bool:
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1
