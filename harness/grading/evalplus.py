"""The rule by which EvalPlus' own evaluator compares results, in the tests that EvalPlus publishes on the hub.

The published test code is older than the evaluator: it accepts nearly anything where an empty list is expected, compares without
regard to type and length, and for three problems of MBPP+ asserts nothing. Its helpers are recognised by their syntax, and the
evaluator's rule is put in their place. Source: evalplus/evalplus at 26d6d00, evalplus/eval/__init__.py (`unsafe_execute`) and
evalplus/eval/_special_oracle.py.
"""

import ast
import re
from functools import lru_cache

MEMORY_BYTES = 4 * 1024**3
"""The memory that EvalPlus' evaluator grants a program."""

_HELPER = re.compile(r"^def (is_floats|assertion)\b.*\n(?:[ \t]+\S.*\n|[ \t]*\n)*", re.M)
_CALLED = re.compile(r"\bassertion\((\w+)\(\*inp\)")
_POLYNOMIAL = re.compile(r"assert _poly\(\*candidate\(\*inp\), inp\) <= ")
_POLYNOMIAL_MENDED = "assert abs(_poly(*inp, candidate(*inp))) <= "

_RULE = """
import reprlib as _reprlib

import numpy as np


def is_floats(x):
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)) and x:
        return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray):
        return x.dtype == np.float64 or x.dtype == np.float32
    return False


def _difference_of_results(out, exp):
    return f"returned {{_reprlib.repr(out)}}, expected {{_reprlib.repr(exp)}}"


def assertion(out, exp, atol):
    exact_match = {exact_match}
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if not exact_match and atol != 0:
        assert type(out) == type(exp), _difference_of_results(out, exp)
        if isinstance(exp, (list, tuple)):
            assert len(out) == len(exp), _difference_of_results(out, exp)
        assert np.allclose(out, exp, rtol=1e-07, atol=atol), _difference_of_results(out, exp)
    else:
        assert exact_match, _difference_of_results(out, exp)
"""
_EQUAL, _SETS = "out == exp", "set(out) == set(exp)"
_NOT_NONE = "out == exp if isinstance(out, bool) else exp == (out is not None)"
_SPECIAL = {  # problems of MBPP+ for which the evaluator accepts more than one result; `inp` is a name of the tests
    "are_equivalent": "True",
    "sum_div": "out == exp or out == 0",
    "surface_Area": "out == exp or abs(out - _surface_of_pyramid(*inp)) <= atol",
    "digit_distance_nums": "out == exp or out == _distance_of_padded(*inp)",
}
_ORACLES = """
def _surface_of_pyramid(edge, height):
    return round(edge**2 + 2 * edge * ((edge / 2) ** 2 + height**2) ** 0.5)


def _distance_of_padded(a, b):
    a, b = str(a), str(b)
    size = max(len(a), len(b))
    return sum(abs(int(x) - int(y)) for x, y in zip(a.zfill(size), b.zfill(size)))

"""

_FLOATS = """
def is_floats(x) -> bool:
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)){nonempty}:
        return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray):
        return x.dtype == np.float64 or x.dtype == np.float32
    return False
"""
_EXACT_MATCH = """
def assertion(out, exp, atol):
    exact_match = out == exp
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if not exact_match and atol != 0:
        {close}
    else:
        assert exact_match
"""
_MESSAGE = """
def assertion(out, exp, atol):
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    {sets}
    if out != exp and atol != 0:
        {close}
    else:
        assert out == exp, f"out: {{out}}, exp: {{exp}}"
"""
_NO_ASSERTION = """
def assertion(out, exp, atol):
    if isinstance(out, bool):
        exact_match = out == exp
    else:
        exact_match = exp == (out is not None)
"""
_CLOSE = ("assert np.allclose(out, exp, rtol=1e-07, atol=atol)", "np.testing.assert_allclose(out, exp, atol=atol)")


class UnknownHelpers(Exception):
    """Tests compare results by a helper that EvalPlus has not published, so that its evaluator's rule cannot be applied."""


def _shape(code: str) -> str:
    """Return the syntax of code, which white space and comments do not change."""
    return ast.dump(ast.parse(code))


_KNOWN_FLOATS = {_shape(_FLOATS.format(nonempty=nonempty)) for nonempty in ("", " and x")}
_KNOWN_ASSERTIONS = {
    **{_shape(_EXACT_MATCH.format(close=close)): _EQUAL for close in _CLOSE},
    **{_shape(_MESSAGE.format(close=close, sets="")): _EQUAL for close in _CLOSE},
    **{_shape(_MESSAGE.format(close=close, sets="out = set(out)\n    exp = set(exp)")): _SETS for close in _CLOSE},
    _shape(_NO_ASSERTION): _NOT_NONE,
}


@lru_cache(maxsize=64)
def by_evaluators_rule(tests: str) -> str:
    """Return tests that compare as EvalPlus' evaluator does; tests without its helpers are returned as they are.

    HumanEval/32 calls its helper with the arguments in the wrong places, so that no program passes; they are put right.

    Raises:
        UnknownHelpers: the helper `is_floats` or `assertion` is none of those that EvalPlus has published.
    """
    tests = _POLYNOMIAL.sub(_POLYNOMIAL_MENDED, tests.replace("\r\n", "\n").rstrip("\n") + "\n")
    helpers = list(_HELPER.finditer(tests))
    if len(helpers) < len(re.findall(r"\bdef (?:is_floats|assertion)\b", tests)):
        raise UnknownHelpers("the tests define `is_floats` or `assertion` inside another function")
    if not helpers:
        return tests
    exact_match = ""
    for helper in helpers:
        exact_match = _recognise(helper[1], helper[0]) or exact_match
    if not exact_match:
        raise UnknownHelpers("the tests have `is_floats`, but no `assertion`")
    called = _CALLED.search(tests)
    exact_match = _SPECIAL.get(called[1] if called else "", exact_match)
    rule = (_ORACLES if exact_match in _SPECIAL.values() else "") + _RULE.format(exact_match=exact_match)
    first, *others = helpers
    for helper in reversed(others):
        tests = tests[: helper.start()] + tests[helper.end() :]
    return tests[: first.start()] + rule.strip("\n") + "\n\n\n" + tests[first.end() :]


def _recognise(name: str, code: str) -> str | None:
    """Return how a known `assertion` decides whether results are the same; None for a known `is_floats`.

    Raises:
        UnknownHelpers: the helper is none of those that EvalPlus has published.
    """
    try:
        shape = _shape(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shape = ""
    if name == "is_floats" and shape in _KNOWN_FLOATS:
        return None
    if name == "assertion" and shape in _KNOWN_ASSERTIONS:
        return _KNOWN_ASSERTIONS[shape]
    raise UnknownHelpers(f"the tests' helper `{name}` is none of those that EvalPlus has published")
