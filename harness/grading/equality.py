"""Decide whether two answers mean the same: by spelling and exact numbers where that is enough, else by computer algebra."""

import re
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest

from harness.grading.algebra import Equality, compare_expressions, evaluate_expression
from harness.grading.notation import canonical, spelling
from harness.grading.quantities import (
    read_based,
    read_quantity,
    rounding_step,
    same_quantity,
    same_unit,
    split_unit,
)
from harness.grading.statements import (
    both_signs,
    is_name,
    named_components,
    read_clock,
    split_outside,
    states_relation,
    values_of,
    without_label,
    without_tuple_name,
)

MAX_ANSWER_LENGTH = 2000

_TEXT = re.compile(r"(?:\\text\{[^{}]*\}|[\s.,'()-])+")
_ONE_LETTER = re.compile(r"\(?\s*([A-Z])\s*\)?")
_LETTER = re.compile(r"(?:(?i:choice|option|answer):?\s*)?\(?\s*([A-Z])\s*\)?(?:[.:)\s].*)?", re.S)
_LETTERS = re.compile(r"\(?\s*[A-Z]\s*\)?\s*(?:,|/|&|\bor\b|\band\b)\s*\(?\s*[A-Z]\b")
_WORDS = re.compile(r"[A-Za-z]{2,}(?:(?:\s|-|, )[A-Za-z]{2,})*")
_UNREADABLE = re.compile(r"\\overline|\d[eE]")
_POINT = re.compile(r"\(.*\)", re.S)
_CLOSED_AT_INFINITY = re.compile(r"\[\s*-\s*\\infty|\\infty\s*\]")


@lru_cache(maxsize=65536)
def compare(answer: str, reference: str) -> Equality:
    """Compare an answer with its reference, both as LaTeX or plain text.

    Raises:
        GradingFailed: the process that compares expressions failed.
    """
    if len(answer) > MAX_ANSWER_LENGTH:
        return Equality("bad_answer", f"the answer is longer than {MAX_ANSWER_LENGTH} characters")
    got, gold = canonical(answer), canonical(reference)
    if not gold:
        return Equality("bad_reference", "the reference is empty")
    for compare_by in (
        _by_spelling,
        _by_base,
        _by_clock,
        _by_number,
        _by_text,
        _by_parts,
        _by_components,
        _by_rounding,
    ):
        if equality := compare_by(got, gold):
            return equality
    return _by_statement(got, gold) or _by_algebra(got, gold)


@lru_cache(maxsize=65536)
def evaluate(answer: str) -> str | None:
    """Return the value of an answer as a decimal; None where it has none.

    Raises:
        GradingFailed: as `compare`.
    """
    if len(answer) > MAX_ANSWER_LENGTH:
        return None
    expression, _ = split_unit(canonical(answer))
    return evaluate_expression(expression)


def _by_spelling(got: str, gold: str) -> Equality | None:
    return Equality("equal", "the same expression") if spelling(got) == spelling(gold) else None


def _by_base(got: str, gold: str) -> Equality | None:
    """Compare numerals with a base by their digits; a numeral without a base is taken to be in the base of the reference."""
    based_gold, based_got = read_based(gold), read_based(got)
    if based_gold is None and based_got is None:
        return None
    if based_gold is None:
        number = read_quantity(gold)
        same = number is not None and based_got == (str(number.value), 10)
    else:
        bare = spelling(got).lower().lstrip("0")
        same = based_got == based_gold if based_got else bare == based_gold[0]
    return _verdict(same, "the same digits in the same base", "other digits or another base")


def _by_clock(got: str, gold: str) -> Equality | None:
    """Compare times and ratios part by part, and by the half of the day where both name it."""
    time, reference = read_clock(got), read_clock(gold)
    if reference is None and (time is None or read_quantity(gold) is None):
        return None
    same = time is not None and reference is not None and time[0] == reference[0]
    halves = {half for _, half in filter(None, (time, reference)) if half}
    return _verdict(same and len(halves) < 2, "the same time or ratio", "another time or ratio")


def _by_statement(got: str, gold: str) -> Equality | None:
    """Compare the values of an answer that has a label, a name or a chain before its value; all must equal the reference."""
    named = values_of(gold)
    if named and len(named) == 1 and _brackets(named[0]) and not states_relation(got):
        return compare(got, named[0])
    if states_relation(gold):
        return None
    value = without_tuple_name(without_label(got))
    if value != got and not _ONE_LETTER.fullmatch(_plain(gold)) and not re.search("[A-E]", gold):
        return compare(value, gold)
    values = values_of(got)
    if values is None:
        return None
    equalities = [compare(value, gold) for value in values]
    return next((equality for equality in equalities if equality.verdict != "equal"), equalities[0])


def _by_number(got: str, gold: str) -> Equality | None:
    number, reference = read_quantity(got), read_quantity(gold)
    if number is None or reference is None:
        return None
    return _verdict(same_quantity(number, reference), "the same number", "another number or unit")


def _by_text(got: str, gold: str) -> Equality | None:
    """Compare references in words: the letter of a choice with regard to case, other words without."""
    words, given = _plain(gold), _plain(got)
    letter, chosen = _ONE_LETTER.fullmatch(words), _LETTER.fullmatch(given)
    if letter and chosen:
        same = chosen.group(1) == letter.group(1) and not _LETTERS.match(given)
        return _verdict(same, "the same letter", "another letter, or more than one")
    if words and (_TEXT.fullmatch(gold) or (_WORDS.fullmatch(gold) and (gold[0].isupper() or len(gold) > 4))):
        return _verdict(_folded(given) == _folded(words) and not letter, "the same words", "other words")
    if _TEXT.fullmatch(got) and _folded(given) and not any(character.isdigit() for character in given):
        return _verdict(_folded(given) == _folded(words), "the same words", "words instead of an expression")
    return None


def _by_parts(got: str, gold: str) -> Equality | None:
    """Compare lists with an ellipsis, which the parser cannot read, part by part."""
    if r"\ldots" not in gold or len(split_outside(gold, ",")) < 2:
        return None
    pairs = list(zip_longest(split_outside(got, ","), split_outside(gold, ",")))
    same = all(a is not None and b is not None and _same_part(a, b) for a, b in pairs)
    return _verdict(same, "the same list", "another list")


def _same_part(part: str, reference: str) -> bool:
    if spelling(part) == spelling(reference):
        return True
    return r"\ldots" not in part + reference and compare(part, reference).verdict == "equal"


def _by_components(got: str, gold: str) -> Equality | None:
    """Compare named components with a point: `x = 3, y = 4` and `(3, 4)`; the names are put in their alphabetical order."""
    for answer, point in ((got, gold), (gold, got)):
        components = named_components(answer)
        if components and _POINT.fullmatch(point) and len(split_outside(point[1:-1], ",")) == len(components):
            named = f"({', '.join(value for _, value in sorted(components))})"
            return compare(named, gold) if answer is got else compare(got, named)
    return None


def _by_rounding(got: str, gold: str) -> Equality | None:
    r"""Compare an answer that gives a rounded value after the exact one, `2\sqrt3 \approx 3.46`, by the exact one.

    A reference that is the rounded value is equal too, where the exact one rounds to it.
    """
    parts = [part.strip() for part in got.rsplit(r"\approx", 1)]
    if len(parts) < 2 or r"\approx" in gold or not all(parts):
        return None
    exact, rounded = parts
    if is_name(exact):
        return compare(rounded, gold)
    equality = compare(exact, gold)
    number, value = read_quantity(rounded), evaluate(exact.rsplit("=", 1)[-1])
    if equality.verdict == "equal" or number is None or number.digits is None or value is None:
        return equality
    close = abs(Fraction(value) - number.value) <= Fraction(1, 2 * 10 ** number.digits[1])
    return compare(rounded, gold) if close else equality


def _by_algebra(got: str, gold: str) -> Equality:
    (expression, unit), (reference, reference_unit) = split_unit(got), split_unit(gold)
    if not same_unit(unit, reference_unit):
        return Equality("different", "another unit")
    if _CLOSED_AT_INFINITY.search(expression) and not _CLOSED_AT_INFINITY.search(reference):
        return Equality("different", "the answer is an interval that is closed at infinity")
    if _brackets(expression) != _brackets(reference) and _brackets(expression) and _brackets(reference):
        return Equality("different", "other brackets")
    step = rounding_step(got) or rounding_step(gold)
    rounded = [step[0].numerator, step[0].denominator, step[1].denominator] if step else None
    return compare_expressions(_readable(expression), _readable(reference), rounded)


def _readable(expression: str) -> str:
    """Rewrite what the parser cannot read: repeating decimals, `1e5`, and double signs that are not between two terms."""
    number = read_quantity(expression) if _UNREADABLE.search(expression) else None
    if number is None or number.percent or number.unit:
        return both_signs(expression)
    return rf"\frac{{{number.value.numerator}}}{{{number.value.denominator}}}"


def _brackets(expression: str) -> tuple[str, str] | None:
    """Return the brackets of a point or an interval, None for anything else; the parser does not tell `[8, -2]` from a point."""
    ends = (expression[:1], expression[-1:])
    single = "," in expression and r"\cup" not in expression
    return ends if single and ends[0] in {"(", "["} and ends[1] in {")", "]"} else None


def _verdict(same: bool, if_same: str, if_not: str) -> Equality:
    return Equality("equal", if_same) if same else Equality("different", if_not)


def _plain(text: str) -> str:
    return re.sub(r"\\text\{([^{}]*)\}", r"\1", text).strip()


def _folded(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
