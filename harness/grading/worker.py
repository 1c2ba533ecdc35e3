"""The process that compares expressions by computer algebra with Math-Verify; `harness.grading.algebra` starts it.

It reads one request a line from standard input and writes one reply a line to standard output. A request that uses up its CPU
time ends the process: SIGPROF has no handler here, so that the kernel's own action stops computations inside C code too.
This file must import nothing of its package, because the package has a module named `math`.
"""

import json
import re
import resource
import signal
import sys
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sympy import Basic

MEMORY_BYTES = 2 * 1024**3
PRECISION = 30  # digits to which expressions are evaluated
CLOSE = 10**-20
MAX_SYMBOLS = 4
SAMPLE_POINTS, MIN_AGREEING = 60, 6

_IMAGINARY = re.compile(r"(?<![a-zA-Z\\])i(?![a-zA-Z])")
_CONNECTIVE = re.compile(r"\\text\s*\{\s*(?:or|and)\s*\}|\\(?:lor|land|vee|wedge)(?![a-zA-Z])|\b(?:or|and)\b|,")
_EXCLUDED = re.compile(r"\s*([a-zA-Z])\s*\\ne\s*([^=<>\\(]+(?:,[^=<>\\(]+)+)")
_OR = re.compile(r"or|vee")
_RELATION = re.compile(r"<|>|\\(?:le|ge|ne|lt|gt)(?![a-zA-Z])")
_SIDE_BY_SIDE = re.compile(r"\d\s+\d")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    _parse("1", real=True)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, request["seconds"])
        reply = evaluate(request["answer"]) if request["reference"] is None else compare(**_sides(request))
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(reply), flush=True)


def compare(answer: str, reference: str, rounded: list[int] | None) -> dict[str, str]:
    """Compare two canonical expressions.

    Args:
        rounded: [numerator, denominator, step's denominator] of the decimal, where one of the two is a decimal that may be a
            rounding of the other.
    """
    real = not (_IMAGINARY.search(answer) or _IMAGINARY.search(reference))
    try:
        gold = _parse(reference, real)
    except Exception as error:  # noqa: BLE001, the parser raises bare exceptions
        return _reply("bad_reference", f"the reference cannot be parsed ({_line(error)})")
    try:
        got = _parse(answer, real)
    except Exception as error:  # noqa: BLE001
        return _reply("bad_answer", f"the answer cannot be parsed ({_line(error)})")
    try:
        equal = _equal(gold, got) or (rounded is not None and _stands_for(gold, got, rounded))
    except Exception as error:  # noqa: BLE001
        return _reply("undecided", f"the comparison failed ({_line(error)})")
    return _reply("equal", "the expressions are equal") if equal else _reply("different", "the expressions differ")


def evaluate(answer: str) -> dict[str, str]:
    """Evaluate a real expression without variables as a decimal."""
    try:
        value = _parse(answer, real=True)
        value = getattr(value, "rhs", value)
        number = value.doit().evalf(PRECISION)
        if number.is_Float or number.is_Integer or number.is_Rational:
            return _reply("equal", str(number))
    except Exception as error:  # noqa: BLE001
        return _reply("bad_answer", f"the answer cannot be parsed ({_line(error)})")
    return _reply("bad_answer", "the answer is not a number")


def _parse(text: str, real: bool) -> "Basic":
    """Parse a whole text as one expression; decimals become exact fractions.

    Math-Verify's public parser first searches the text for an expression, which cuts `1-1/e` to `1` and passes plain
    expressions to Python's `eval`. This function calls the grammar below it, which reads the whole text or raises.

    Raises:
        ValueError: the expression is not defined, or has two numbers side by side. The parser raises other exceptions too.
    """
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig, NormalizationConfig, latex2sympy, normalize_latex
    from sympy import Float, I, Rational, Symbol, nan, zoo

    if excluded := _EXCLUDED.fullmatch(text):  # `x \\ne 1, 2`
        text = ", ".join(rf"{excluded[1]} \ne {value}" for value in excluded[2].split(","))
    if len(parts := _CONNECTIVE.split(text)) > 1 and all(_RELATION.search(part) for part in parts):
        return _connected(text, parts, real)
    if _SIDE_BY_SIDE.search(text):
        raise ValueError("two numbers side by side")  # the parser would add them, as in a mixed number
    # units are removed before; this package's own list has single letters, such as the variable in `5t`
    config = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none")
    expression: Any = latex2sympy(
        normalize_latex(text, config),
        is_real=real or None,
        normalization_config=None,
        conversion_config=ConversionConfig(lowercase_symbols=False),
    )
    if expression.has(nan, zoo):
        raise ValueError("the expression is not defined")
    exact = {number: Rational(str(number)) for number in expression.atoms(Float)}
    if not real:
        exact |= {symbol: I for symbol in expression.atoms(Symbol) if symbol.name == "i"}
    return expression.xreplace(exact) if exact else expression


def _connected(text: str, parts: "list[str]", real: bool) -> "Basic":
    """Parse inequalities joined by "or" or "and" as the union or the intersection of their solutions.

    Those joined by commas hold together or, where they cannot, one or the other.

    Raises:
        ValueError: they are joined by both, or one is no inequality in one variable.
    """
    from sympy import Intersection, Union

    solutions = [_solutions(_parse(part, real)) for part in parts]
    connectives = _CONNECTIVE.findall(text)
    joined_by_or = [bool(_OR.search(connective)) for connective in connectives]
    symbols = {symbol for part in parts for symbol in _parse(part, real).free_symbols}
    if None in solutions or len(symbols) != 1 or len(set(joined_by_or)) > 1:
        raise ValueError("relations that are no inequalities in one variable, or joined by both `or` and `and`")
    together = Intersection(*solutions)
    contradictory = together.is_empty is True and all(connective == "," for connective in connectives)
    return Union(*solutions) if joined_by_or[0] or contradictory else together


def _equal(gold: Any, got: Any) -> bool:
    from math_verify import verify
    from sympy import Expr

    gold, got = _right_sides(gold, got)
    if got is None or _is_list(gold) != _is_list(got) or not _numbers_agree(gold, got):
        return False
    if verify(gold, got, timeout_seconds=None, allow_set_relation_comp=True, raise_on_error=True):
        return True
    if not isinstance(gold, Expr) or not isinstance(got, Expr):
        return _same_set(gold, got)
    return bool((gold - got).doit().equals(0)) or _same_real_values(gold, got)


def _same_set(gold: Any, got: Any) -> bool:
    """Return whether a set and an inequality, or two sets, have the same members."""
    from sympy import Set

    if not isinstance(gold, Set) and not isinstance(got, Set):
        return False
    sets = [side if isinstance(side, Set) else _solutions(side) for side in (gold, got)]
    return None not in sets and bool(sets[0] == sets[1])


def _solutions(relation: Any) -> Any:
    """Return the solutions of an inequality in one real variable as a set; None for anything else."""
    from latex2sympy2_extended.logic import And
    from sympy import Intersection
    from sympy.core.relational import Relational

    if isinstance(relation, And):
        parts = [_solutions(part) for part in relation._unsorted_args]
        return None if None in parts else Intersection(*parts)
    if isinstance(relation, Relational) and len(relation.free_symbols) == 1:
        return relation.as_set()
    return None


def _same_real_values(gold: Any, got: Any) -> bool:
    r"""Return whether two expressions with roots agree at all sample points, of both signs, where all their roots are real.

    Simplification takes variables for complex numbers, where `\sqrt{a}/\sqrt{b}` and `\sqrt{a/b}` differ for some.
    """
    from sympy import Pow, Rational

    symbols = sorted(gold.free_symbols, key=str)
    roots = [power for power in gold.atoms(Pow) | got.atoms(Pow) if power.exp.is_Rational and not power.exp.is_Integer]
    if not symbols or len(symbols) > MAX_SYMBOLS or set(symbols) != got.free_symbols or not roots:
        return False
    draw = Random(0)
    agreeing = 0
    for _ in range(SAMPLE_POINTS):
        point = {symbol: Rational(draw.choice((-1, 1)) * draw.randint(1, 40), draw.randint(1, 9)) for symbol in symbols}
        if any(root.base.xreplace(point).evalf().is_nonnegative is not True for root in roots):
            continue
        a, b = gold.xreplace(point).evalf(PRECISION), got.xreplace(point).evalf(PRECISION)
        if not (a.is_Float or a.is_Rational) or not (b.is_Float or b.is_Rational):
            continue
        if abs(a - b) > CLOSE * max(abs(a), abs(b)):
            return False
        agreeing += 1
    return agreeing >= MIN_AGREEING


def _right_sides(gold: Any, got: Any) -> tuple[Any, Any]:
    """Reduce an equation to its right side where the other side of the comparison is a plain value: `x = 5` and `5`.

    The left side may only be a name, or an expression of the same value: `2x + 4 = 10` does not state 10.
    """
    gold_members, got_members = _members(gold), _members(got)
    if len(gold_members) > 1 and len(got_members) > 1:
        return gold, got
    if len(got_members) > 1:
        first, *others = got_members
        values = others if _is_name(first) else got_members
        agree = all(_equal(gold, value) for value in values)
        return gold, values[-1] if agree else None
    if len(gold_members) > 1 and _is_name(gold_members[0]):
        return gold_members[-1], got
    return gold, got


def _members(expression: Any) -> list[Any]:
    """Return the sides of an equation or of a chain of equations; anything else is its own only side."""
    from latex2sympy2_extended.logic import And
    from sympy import Eq

    if isinstance(expression, Eq):
        return [expression.lhs, expression.rhs]
    if isinstance(expression, And):
        parts = expression._unsorted_args
        if parts and all(isinstance(part, Eq) for part in parts):
            return [parts[0].lhs, *(part.rhs for part in parts)]
    return [expression]


def _is_name(expression: Any) -> bool:
    from sympy import Function, Symbol

    return isinstance(expression, Symbol | Function) and len(expression.free_symbols) == 1


def _is_list(expression: Any) -> bool:
    """Return whether an expression is a list without order, `1, 2`, rather than a point or an interval, `(1, 2)`."""
    from sympy import FiniteSet

    return isinstance(expression, FiniteSet) and len(expression.args) > 1


def _numbers_agree(gold: Any, got: Any) -> bool:
    """Return False where two numbers, or two numbers at the same place of two matrices or tuples, differ by more than `CLOSE`.

    The difference is relative. Math-Verify compares to a fixed number of decimal places, so that any two tiny numbers are equal.
    """
    pairs = list(zip(_entries(gold), _entries(got), strict=False))
    for a, b in pairs:
        if getattr(a, "is_number", False) and getattr(b, "is_number", False):
            x, y = a.doit().evalf(PRECISION), b.doit().evalf(PRECISION)
            if x.is_Number and y.is_Number and x.is_finite and y.is_finite and abs(x - y) > CLOSE * max(abs(x), abs(y)):
                return False
    return True


def _entries(expression: Any) -> list[Any]:
    from sympy import Interval, MatrixBase, Tuple

    if isinstance(expression, MatrixBase):
        return list(expression.flat())
    if isinstance(expression, Tuple):
        return list(expression.args)
    return [expression.start, expression.end] if isinstance(expression, Interval) else [expression]


def _stands_for(gold: Any, got: Any, rounded: list[int]) -> bool:
    """Return whether one side is a decimal of six or more digits and the other the value that it rounds."""
    from sympy import Rational

    decimal, step = Rational(rounded[0], rounded[1]), Rational(1, rounded[2])
    gold, got = _members(gold)[-1], _members(got)[-1]
    other = got if gold == decimal else gold
    if not getattr(other, "is_number", False) or other.doit().is_Rational:
        return False
    exact = other.evalf(PRECISION)
    return bool(abs(exact - decimal) <= step / 2 or 0 <= abs(exact) - abs(decimal) < step)


def _sides(request: dict[str, Any]) -> dict[str, Any]:
    return {key: request[key] for key in ("answer", "reference", "rounded")}


def _reply(verdict: str, reason: str) -> dict[str, str]:
    return {"verdict": verdict, "reason": reason}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


if __name__ == "__main__":
    main()
