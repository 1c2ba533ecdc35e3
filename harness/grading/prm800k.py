r"""Compare answers by the rule of MATH-500's official grader, for figures that are to be compared with published ones.

The rule is that of `grade_answer` in openai/prm800k, written anew from its behaviour: two spellings are normalised, one as in
the MATH benchmark and one more freely. They must agree, or their difference must simplify to zero. It differs from the
meaning of an answer in known ways: it folds case, drops units and percent signs, wants fractions reduced, and takes an integer
only as an integer. The last step is done by this package's own algebra, since the original runs the answer as Python.
Source: https://github.com/openai/prm800k/blob/00811d6de065642a6967b9017d4cee59550c0ef4/prm800k/grading/grader.py
"""

import re

from harness.grading.algebra import compare_expressions
from harness.grading.notation import canonical

MAX_LENGTH = 500

_UNITS = "degree cm centimeter meter mile second minute hour day week month year foot feet inch yard"  # in this order
_NUMBER_WORDS = {"million": "*10^6", "billion": "*10^9", "trillion": "*10^12"}
_SYMBOLS = {
    "sqrt": "sqrt",
    "pi": "pi",
    "infty": "inf",
    "cup": "U",
    "cdot": "*",
    "times": "*",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "pm": "±",
    "in": "∈",
}
_GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_FRACTION = re.compile(rf"\\[dt]?frac\s*(?:{_GROUP}|(\w))\s*(?:{_GROUP}|(\w))")
_ROOT = re.compile(rf"\\sqrt\s*(?:{_GROUP}|(\w))")
_THOUSANDS = re.compile(r"(\d),(\d\d\d)(?=$|\D)")
_BRACKETS = frozenset("()[]")
_PLAIN_FRACTION = re.compile(r"-?[0-9]+.?/0*[1-9][0-9]*.?")
_REFUSED = re.compile(
    r"\^[{(]|\^[0-9]+\^|\^[0-9][0-9]+|[,;:=<>≤≥≠∈±|]"
)  # what the original does not or cannot evaluate
_MAX_VARIABLES = 2


def equal_by_prm800k(answer: str, reference: str) -> bool:
    """Return whether an answer equals its reference by the official rule.

    Raises:
        GradingFailed: the process that compares expressions failed.
    """
    if len(answer) > MAX_LENGTH:
        return False
    if _spelled(answer) == _spelled(reference):
        return True
    got, gold = _normalized(answer), _normalized(reference)
    if got == gold:
        return True
    if not got or not gold:
        return False
    got_parts, gold_parts = _parts(got), _parts(gold)
    if len(got_parts) != len(gold_parts) or (len(gold_parts) > 1 and (got[0], got[-1]) != (gold[0], gold[-1])):
        return False
    return all(_same_part(a, b) for a, b in zip(got_parts, gold_parts, strict=True))


def _spelled(text: str) -> str:
    """Return a text in the spelling of the MATH benchmark: spaces, sizes, units and thin signs removed, fractions braced."""
    text = text.strip()
    if inside := re.fullmatch(r"\\text\{(.+?)\}", text):
        text = inside.group(1).strip()
    text = text.replace("\n", "").replace(r"\!", "").replace("\\\\", "\\").replace(r"\left", "").replace(r"\right", "")
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"\^\{\\circ\}|\^\\circ|\\\$|\\?%", "", text)
    text = text.split(r"\text{ ")[0] if text.count(r"\text{ ") == 1 else text
    text = re.sub(r"(^|[ {])\.", r"\g<1>0.", text)
    sides = text.split("=")
    text = sides[1] if len(sides) == 2 and len(sides[0].strip()) <= 2 else text
    text = re.sub(r"\\sqrt(?=[^{\s\\])(.)", r"\\sqrt{\1}", text).replace(" ", "")
    text = re.sub(r"\\frac([^{])([^{])", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac([^{])(?=\{)", r"\\frac{\1}", text)
    text = r"\frac{1}{2}" if text == "0.5" else text
    return re.sub(r"^(-?\d+)/(-?\d+)$", r"\\frac{\1}{\2}", text)


def _normalized(text: str) -> str:
    """Return a text without units, currency and case, in plain notation, with integers written as such."""
    if inside := re.search(r"^\\text\{(.+?)\}$", text):
        text = inside.group(1)
    text = re.sub(r"\\?[%$]", "", text).replace(" or ", " , ").replace(" and ", " , ")
    for word, power in _NUMBER_WORDS.items():
        text = text.replace(word, power)
    for unit in _UNITS.split():
        text = re.sub(rf"{unit}(es)?(s)? *(\^[0-9]+)?", "", text)
    text = re.sub(r"\^ *\\circ", "", text)
    text = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    text = _integer(re.sub(r",\\! *", "", text)) or text
    text = _without_latex(text) if "\\" in text else text
    text = re.sub(r"([0-9]) +([0-9])", r"\1+\2", re.sub("- *", "-", text))
    text = re.sub(r"[ {}]", "", text).lower()
    return _integer(_without_thousands(text)) or text


def _without_latex(text: str) -> str:
    """Return LaTeX as plain text: fractions as quotients, roots as calls, known commands as symbols, others removed."""
    for _ in range(4):
        text = _FRACTION.sub(lambda match: f" {match[1] or match[2]}/{match[3] or match[4]}", text)
        text = _ROOT.sub(lambda match: f"sqrt({match[1] or match[2]})", text)
    text = re.sub(r"\\(?:text\w*|mathrm|mathbf|mbox)\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\(?:left|right|[,;:! ])", " ", text)
    return re.sub(r"\\([a-zA-Z]+)\s*", lambda match: _SYMBOLS.get(match[1], ""), text).strip()


def _integer(text: str) -> str | None:
    """Return the integer that a text states, such as `42.0`; None where it states none."""
    try:
        value = float(text)
        return str(round(value)) if abs(value - round(value)) <= 1e-7 else None
    except (ValueError, OverflowError):
        return None


def _without_thousands(text: str) -> str:
    previous = None
    while text != previous:
        previous, text = text, _THOUSANDS.sub(r"\1\2", text)
    return text


def _parts(text: str) -> list[str]:
    """Return the parts of a point or interval; any other text is its own only part."""
    text = _without_thousands(text)
    enclosed = len(text) > 2 and text[0] in _BRACKETS and text[-1] in _BRACKETS
    if enclosed and not _BRACKETS & set(text[1:-1]):
        return [part.strip() for part in text[1:-1].split(",")]
    return [text]


def _same_part(got: str, gold: str) -> bool:
    if _PLAIN_FRACTION.fullmatch(got) and _PLAIN_FRACTION.fullmatch(gold):
        return got == gold
    if (_integer(_without_thousands(got)) is None) != (_integer(_without_thousands(gold)) is None):
        return False
    if got == gold:
        return True
    letters = {character for character in (got + gold).replace("sqrt", "").replace("frac", "") if character.isalpha()}
    if len(letters) > _MAX_VARIABLES or _REFUSED.search(f"({gold})-({got})"):
        return False
    return compare_expressions(canonical(got), canonical(gold), None).verdict == "equal"
