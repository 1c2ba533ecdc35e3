r"""Judge the equations that a trace states.

Only equations without unknowns are judged: both sides consist of numbers, + - * / ^, brackets, \frac, \sqrt, \binom, \pi and
the like. A side that may continue beyond what was read (a variable or a unit beside it, a remainder after it, or "half of" before
a bare number) is skipped, so that no equation is called false because only a part of it was read.
"""

import ast
import re
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise

from harness.grading.equality import compare

SECONDS = 10.0
MAX_SIDE = 300
MAX_BITS = 10_000

_SPELLED = {
    r"\times": "*", r"\cdot": "*", r"\div": "/", "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-",
    r"\left": "", r"\right": "", r"\,": "", r"\;": "", r"\!": "", r"\displaystyle": "", r"\boxed": "", "{,}": "",
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\dbinom": r"\binom", r"\tbinom": r"\binom",
    "<<": "\n", ">>": "\n", "$": " ", r"\$": " ", r"\(": " ", r"\)": " ", r"\[": "\n", r"\]": "\n", "&": "", r"\\": "\n",
    " !=": " ≠", "…": "...", r"\ldots": "...", r"\dots": "...",
}  # fmt: skip
_SPELLING = re.compile(
    "|".join(
        rf"{re.escape(s)}(?![a-zA-Z])" if s[-1].isalpha() else re.escape(s) for s in sorted(_SPELLED, key=len)[::-1]
    )
)
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")
_SUBSCRIPTS = re.compile("[₀-₉₊₋]+")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{([a-zA-Z]{1,20})\*?\}")
_TABLES = ("matrix", "array", "cases")
_BULLET = re.compile(r"^[ \t]*[-*+][ \t]+(?=[\d($])(?!.*(?:&|\\\\))", re.MULTILINE)
"""The mark of an item of a Markdown list, which is no minus sign; in a row of LaTeX it is one."""
_CONTINUED = re.compile(r"\n[ \t]*(?==)")
_TOKEN = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d+)(?:\.\d+(?:\.{3})?)?|\.\d+(?:\.{3})?)|(?P<function>\\(?:frac|sqrt|binom|pi)(?![a-zA-Z]))"
    r"|(?P<mark>[-+*/^=!(){}\[\]])|(?P<space>[ \t]+)|(?P<word>\\?[^\W\d_]+)|(?P<other>.|\n)"
)
_OPERATOR = re.compile(r"[ \t]*[-+*/^=(]")
_GLUED = re.compile(r"[\\\w]")
_JOINED = re.compile(r"\d[.,:]\d")
_NUMBER = re.compile(r"[\d.,]*")
_REMAINDER = re.compile(
    r"[ \t]*[,;，；]?[ \t]*(?:(?:with|and|leaving|leaves)[ \t]+)?(?:an?[ \t]+)?(?:r(?:em(?:ainder)?)?(?![^\W\d_])|余)",
    re.IGNORECASE,
)
"""What is left of a division: `253/2 = 126, rem 1` states no equation of two numbers."""
_LETTERS = re.compile("[a-zA-Z\u0370-\u03ff]")
_PROSE_ENDS = frozenset('.,;:?\n"。，；：？！、')
_CARRIES_ON = re.compile(
    r"sin|cos|tan|cot|sec|csc|log|ln|exp|mod|modulo|gcd|lcm|max|min|det|deg|sqrt|choose|times|plus|minus|over|of|percent"
    r"|multiplied|divided|raised|squared|cubed|factorial|remainder|twice|double|triple|half|negative"
    r"|halves|thirds|quarters|cents?|dozen|hundred|thousand|million|billion",
    re.IGNORECASE,
)
"""Words in which a side may continue: functions, operations, and units that change a number's size."""
_DECIMAL = re.compile(r"\s*-?(?:\d{1,3}(?:,\d{3})+|\d*)\.(\d+)(\.{3})?\s*")
"""A side that is one decimal: its digits after the point, and the dots of one that was cut."""


@dataclass(frozen=True)
class Equations:
    """The counts of a trace's true and false equations.

    Attributes:
        timed_out: whether the time limit ended before all equations were judged.
    """

    true: int
    false: int
    timed_out: bool

    @property
    def share(self) -> float | None:
        """Share of true equations; None where none could be judged."""
        judged = self.true + self.false
        return self.true / judged if judged else None


class _Unreadable(Exception):
    """A side has no value in plain arithmetic."""


def judge_equations(raw: str, seconds: float = SECONDS) -> Equations:
    """Judge the equations of a trace in order, until the time limit.

    Plain arithmetic is done in exact fractions. Everything else is compared by Math-Verify in a process that is killed after
    5 s of CPU time, so that a trace takes at most `seconds` and those 5 s.
    """
    if "\\" in raw or "!" in raw:
        _start_algebra()  # before the clock starts
    deadline = time.monotonic() + seconds
    counts = {True: 0, False: 0}
    for left, right in _equations(raw):
        if time.monotonic() > deadline:
            return Equations(counts[True], counts[False], timed_out=True)
        verdict = _holds(left, right)
        if verdict is not None:
            counts[verdict] += 1
    return Equations(counts[True], counts[False], timed_out=False)


def _equations(raw: str) -> Iterator[tuple[str, str]]:
    """Yield the neighbouring sides of each chain of equal signs."""
    raw = _SUPERSCRIPTS.sub(lambda match: f"^{{{unicodedata.normalize('NFKC', match[0])}}}", raw)
    raw = _SUBSCRIPTS.sub(lambda match: f"_{unicodedata.normalize('NFKC', match[0])}", raw)
    text = _ENVIRONMENT.sub(lambda match: "|" if match[1].endswith(_TABLES) else "\n", _BULLET.sub("", raw))
    text = _CONTINUED.sub(" ", _SPELLING.sub(lambda match: _SPELLED[match[0]], text))
    run, before = "", "\n"
    for match in _TOKEN.finditer(text):
        if match.lastgroup not in ("word", "other"):
            run += match[0]
            continue
        if "=" in run:
            yield from _whole_sides(run, before, match[0], _mark_after(text, match))
        run, before = "", _mark_before(text, match)
    if "=" in run:
        yield from _whole_sides(run, before, "\n", "")


def _mark_before(text: str, token: "re.Match[str]") -> str:
    """Return the token before a side; a mark that joins two numbers (`12:30`, `3,5`) together with the first number.

    Of a word that is glued to the side, such as `ab4`, its last letter is returned: a variable.
    """
    if token.lastgroup == "word" and _LETTERS.fullmatch(token[0][-1]) and text[token.end() : token.end() + 1].isdigit():
        return token[0][-1]
    joined = _JOINED.match(text, token.start() - 1) if token.start() else None
    return joined[0][:2] if joined else token[0]


def _mark_after(text: str, token: "re.Match[str]") -> str:
    r"""Return the text with which a side goes on after a token; "" where it ends there.

    After a word it is an operator, after a mark the text that touches it (`0.\overline{3}`).

    A word that is glued to the number before it (`4ab`) continues the side, as does a remainder.
    """
    if token.lastgroup == "word" and _LETTERS.match(token[0]) and text[token.start() - 1].isdigit():
        return token[0]
    if remainder := _REMAINDER.match(text, token.start()):
        return remainder[0]
    if token.lastgroup != "word" and token[0] not in ".,:;":
        return ""
    pattern = _OPERATOR if token.lastgroup == "word" else _GLUED
    match = pattern.match(text, token.end())
    return match[0] if match else ""


def _whole_sides(run: str, before: str, after: str, then: str) -> Iterator[tuple[str, str]]:
    """Yield the neighbouring sides of a run; skip an outermost side that may continue before or after the run.

    Args:
        before, after: the tokens around the run.
        then: what continues after `after`, or "".
    """
    first, *others = (side.strip() for side in run.split("="))
    called = run[0] == "("  # `abs(-3) = 3`, but not `so (3) = 3`
    if _goes_on(before) or (before[-1].isalpha() and (called or first[:1] in "-+*/^!" or _NUMBER.fullmatch(first))):
        first = ""
    last = others.pop()
    if _goes_on(after) or then:
        last = ""
    for left, right in pairwise([first, *others, last]):
        if 0 < len(left) <= MAX_SIDE and 0 < len(right) <= MAX_SIDE:
            yield left, right


def _goes_on(token: str) -> bool:
    """Return whether a side may continue in this token: a variable, a command, a function, a mark inside a sentence."""
    if token[0].isalpha():
        return (len(token) == 1 and _LETTERS.match(token) is not None) or _CARRIES_ON.fullmatch(token) is not None
    return token not in _PROSE_ENDS


def _holds(left: str, right: str) -> bool | None:
    """Return whether two sides are equal, decimals to their last digit; None where that cannot be decided."""
    try:
        difference = abs(_value(left) - _value(right))
    except _Unreadable:
        return _by_algebra(left, right)
    decimals = [match for side in (left, right) if (match := _DECIMAL.fullmatch(side))]
    if decimals:
        return any(difference < _unit(match) if match[2] else difference <= _unit(match) / 2 for match in decimals)
    return True if difference == 0 else _unless_rounded(left, right, difference)


def _unit(decimal: "re.Match[str]") -> Fraction:
    """Return the value of a decimal's last digit."""
    return Fraction(1, 10 ** len(decimal[1]))


def _unless_rounded(left: str, right: str, difference: Fraction) -> bool | None:
    """Return False where two sides differ by more than rounded decimals inside them explain, else None."""
    explained = Fraction(0)
    for side in (left, right):
        value = _value(side)
        for number in _TOKEN.finditer(side):
            whole, _, digits = number[0].rstrip(".").partition(".")
            if number.lastgroup == "number" and digits:
                half = Fraction(1, 2 * 10 ** len(digits))
                nudged = Fraction(f"{whole.replace(',', '') or 0}.{digits}") + half
                text = f"({nudged.numerator}/{nudged.denominator})"
                try:
                    explained += abs(_value(side[: number.start()] + text + side[number.end() :]) - value)
                except _Unreadable:
                    return None
    return None if difference <= explained else False


@cache
def _start_algebra() -> None:
    compare(r"\sqrt{4}", "2")


def _by_algebra(left: str, right: str) -> bool | None:
    if not any(name in side[1:] for side in (left, right) for name in ("\\", "!")) and "\\" not in left[:1] + right[:1]:
        return None
    verdict = compare(left, right).verdict
    if verdict == "different" and any(_DECIMAL.fullmatch(side) for side in (left, right)):
        return None  # the decimal may be rounded, which Math-Verify does not know
    return verdict == "equal" if verdict in ("equal", "different") else None


def _value(side: str) -> Fraction:
    """Compute a side in plain arithmetic."""
    numbers: dict[str, Fraction] = {}
    source = _source(side, numbers)
    try:
        tree = ast.parse(source, mode="eval")
        return _evaluate(tree.body, numbers)
    except (SyntaxError, ValueError, RecursionError, MemoryError, ZeroDivisionError) as error:
        raise _Unreadable(side) from error


def _source(side: str, numbers: dict[str, Fraction]) -> str:
    r"""Write a side as a Python expression over names for its numbers: `\frac{1}{2}^3` becomes `((n0)/(n1))**n2`."""
    pieces: list[str] = []
    for match in _TOKEN.finditer(side):
        if match.lastgroup == "number":
            name = f"n{len(numbers)}"
            numbers[name] = Fraction(match[0].replace(",", "").rstrip("."))
            pieces.append(f"*{name}" if pieces and pieces[-1] == ")" else name)
        elif match.lastgroup == "function" or match[0] in "![]":
            return _without_fractions(side, numbers)
        elif match[0] in "({":
            pieces.append("*(" if pieces and (pieces[-1] == ")" or pieces[-1][-1].isdigit()) else "(")
        else:
            pieces.append({"^": "**", "}": ")"}.get(match[0], match[0]))
    return "".join(pieces).strip()


def _without_fractions(side: str, numbers: dict[str, Fraction]) -> str:
    r"""Write each innermost `\frac{a}{b}` of a side as `((a)/(b))` and return its source.

    Raises:
        _Unreadable: the side has other functions, or a number right before a fraction, which may mean a sum or a product.
    """
    plain, count = re.subn(r"(?<![\d)}] )(?<![\d)}])\\frac\s*\{([^{}\\]*)\}\s*\{([^{}\\]*)\}", r"((\1)/(\2))", side)
    if not count:
        raise _Unreadable(side)
    numbers.clear()
    return _source(plain, numbers)


def _evaluate(node: ast.expr, numbers: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Name(id=name):
            return numbers[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, numbers)
        case ast.BinOp(left=left, op=operator, right=right):
            return _combine(_evaluate(left, numbers), operator, _evaluate(right, numbers))
    raise ValueError("no arithmetic")


def _combine(left: Fraction, operator: ast.operator, right: Fraction) -> Fraction:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.Pow() if right.denominator == 1 and _bits(left) * abs(right.numerator) <= MAX_BITS:
            return left**right.numerator
    raise ValueError("no arithmetic, or a power too large")


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())
