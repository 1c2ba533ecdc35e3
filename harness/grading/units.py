r"""Read units of measurement: products, quotients and signed powers of unit symbols and names.

Units are written in many ways: `cm^2`, `square inches`, `sq. ft.`, `\text{J K}^{-1}`, `\frac{\text{m}}{\text{s}}`, `\mu\text{m}`,
`kg\cdot m/s`, `miles per hour`. Units are told apart by name, and never converted.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

_NAMES = {
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
    "litre": "l L liter liters litre litres",
    "cent": "cent cents",
    "dollar": "dollar dollars usd",
    "degree": "degree degrees deg",
    "radian": "radian radians rad",
    "percent": "percent",
}
_PHYSICAL = {
    "A": "ampere amperes amp amps",
    "K": "kelvin kelvins",
    "mol": "mole moles",
    "N": "newton newtons",
    "J": "joule joules",
    "W": "watt watts",
    "Pa": "pascal pascals",
    "V": "volt volts",
    "C": "coulomb coulombs",
    "F": "farad farads",
    "Ω": "ohm ohms",
    "T": "tesla teslas",
    "H": "henry henries",
    "Hz": "hertz",
    "Wb": "weber webers",
    "S": "siemens",
    "eV": "electronvolt electronvolts",
    "cal": "calorie calories",
    "M": "molar",
    "bar": "bars",
    "atm": "atmosphere atmospheres",
    "Bq": "becquerel",
    "sr": "steradian",
    "Å": "angstrom angstroms",
    "D": "debye",
    "Torr": "torr",
    "mmHg": "",
    "amu": "u",
    "gallon": "gal gallons",
    "acre": "acres",
    "ha": "hectare hectares",
    "quart": "qt quarts",
    "knot": "knots",
}
_RATES = {"mph": "mile/hour", "kph": "km/hour", "kmph": "km/hour", "rpm": "turn/minute", "cc": "cm^3"}
UNIT_OF = {name: unit for unit, names in _NAMES.items() for name in names.split()}
"""Unit of each everyday name and symbol."""
_PHYSICAL_OF = {name: unit for unit, names in _PHYSICAL.items() for name in (unit, *names.split())}
_PREFIXED = {
    prefix + symbol: prefix + symbol
    for prefix in ("f", "p", "n", "μ", "m", "c", "d", "k", "M", "G", "T")
    for symbol in ("m", "g", "s", "L", "l", *(unit for unit in _PHYSICAL if len(unit) <= 3 and unit != "Å"))
}
_WORD_PREFIXES = {
    "kilo": "k",
    "milli": "m",
    "micro": "μ",
    "nano": "n",
    "pico": "p",
    "mega": "M",
    "giga": "G",
    "centi": "c",
    "deci": "d",
}
_PREFIXED_WORD = re.compile(rf"({'|'.join(_WORD_PREFIXES)})([a-z]{{4,}})", re.I)
_POWER_WORDS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_RAISED_WORDS = {"squared": 2, "cubed": 3}
_REWRITES = [
    (re.compile(r"\\frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}"), r"(\1)/(\2)"),
    (re.compile(r"\^\s*\{?\s*([-+]?)\s*(\d)\s*\}?"), r"^\1\2 "),
    (re.compile(r"\\(?:cdot|times)(?![a-zA-Z])|[*·⋅]|\\[,;: ]"), " "),
    (re.compile(r"\\mu(?![a-zA-Z])\s*"), "μ"),
    (re.compile(r"\\(?:Omega|ohm)(?![a-zA-Z])"), "Ω"),
    (re.compile(r"\\AA(?![a-zA-Z])"), "Å"),
    (re.compile(r"\}\s*\\text\s*\{"), " "),
    (re.compile(r"\\text\s*\{|[{}]"), ""),
    (re.compile(r"(?<=[A-Za-z])\.(?=\s|$)"), " "),
    (re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), " "),
]
_TOKEN = re.compile(r"\s*(?:([A-Za-zΩμÅ]+)|\^([-+]?\d)|([/()])|1(?=\s*/))\s*")
_SIGNS = str.maketrans("\u00b5\u212b\u2126", "μÅΩ")
_MAX_LENGTH = 120

Unit = Mapping[str, int]


@lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit | None:
    """Read a whole text as a unit; return the power of each unit symbol in it, or None where it is not made of known units."""
    if len(text) > _MAX_LENGTH:
        return None
    text = text.translate(_SIGNS)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    tokens: list[tuple[str, str, str]] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        tokens.append((token.group(1) or "", token.group(2) or "", token.group(3) or ""))
        position = token.end()
    powers, rest = _read_product(tokens)
    return {unit: power for unit, power in powers.items() if power} or None if powers and rest == [] else None


def _read_product(
    tokens: Sequence[tuple[str, str, str]],
) -> tuple[dict[str, int] | None, Sequence[tuple[str, str, str]]]:
    """Read (word, power, sign) tokens up to a closing bracket; return the powers, None where a word is no unit, and the rest.

    All factors after `/` or "per" divide, as in `J/mol K`.
    """
    powers: Counter[str] = Counter()
    last: dict[str, int] = {}
    sign, scale = 1, 1
    while tokens:
        (word, power, mark), *tokens = tokens
        if mark == ")":
            break
        if mark == "/" or word == "per":
            sign, last = -1, {}
        elif mark == "(":
            inner, tokens = _read_product(tokens)
            if inner is None:
                return None, tokens
            last = {unit: sign * count for unit, count in inner.items()}
            powers.update(last)
        elif word.lower() in _POWER_WORDS:
            scale = _POWER_WORDS[word.lower()]
        elif power or word.lower() in _RAISED_WORDS:
            count = int(power) if power else _RAISED_WORDS[word.lower()]
            powers.update({unit: once * (count - 1) for unit, once in last.items()})
            last = {}
        elif word:
            unit = _symbol(word)
            if unit is None:
                return None, tokens
            last = {name: sign * scale * count for name, count in unit.items()}
            powers.update(last)
            scale = 1
    return dict(powers), tokens


def _symbol(word: str) -> Unit | None:
    """Return the unit that a word names."""
    if word in _RATES:
        return read_unit(_RATES[word])
    for name in (word, word.lower()):
        if unit := UNIT_OF.get(name) or _PHYSICAL_OF.get(name):
            return {unit: 1}
        if name in _PREFIXED:
            return {name: 1}
    if match := _PREFIXED_WORD.fullmatch(word):
        unit = _PHYSICAL_OF.get(match.group(2).lower())
        return {_WORD_PREFIXES[match.group(1).lower()] + unit: 1} if unit else None
    return {"turn": 1} if word in ("turn", "turns", "rev", "revolutions") else None
