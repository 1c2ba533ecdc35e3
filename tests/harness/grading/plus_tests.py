"""Tests in the form in which EvalPlus publishes them on the hub; the helpers' text is that of the data."""

FLOATS = """def is_floats(x) -> bool:
    # check if it is float; List[float]; Tuple[float]
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)):
        return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray):
        return x.dtype == np.float64 or x.dtype == np.float32
    return False
"""
HUMANEVAL_ASSERTION = """def assertion(out, exp, atol):
    exact_match = out == exp

    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if not exact_match and atol != 0:
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert exact_match
"""
MBPP_ASSERTION = """def assertion(out, exp, atol):
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if out != exp and atol != 0:
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert out == exp, f"out: {out}, exp: {exp}"
"""
SET_ASSERTION = MBPP_ASSERTION.replace("    if out", "    out = set(out)\n    exp = set(exp)\n    if out")
NO_ASSERTION = """def assertion(out, exp, atol):
    if isinstance(out, bool):
        exact_match = out == exp
    else:
        exact_match = exp == (out is not None)
"""
OLDER_ASSERTION = HUMANEVAL_ASSERTION.replace(
    "assert np.allclose(out, exp, rtol=1e-07, atol=atol)", "np.testing.assert_allclose(out, exp, atol=atol)"
)


def helpers(assertion: str = HUMANEVAL_ASSERTION) -> str:
    """Return the beginning of a published test, down to the inputs."""
    floats = "" if assertion == NO_ASSERTION else f"import numpy as np\n\n{FLOATS}\n\n"
    return f"{floats}{assertion}\n\n"


def humaneval_test(inputs: object, results: object, atol: float = 0, assertion: str = HUMANEVAL_ASSERTION) -> str:
    """Return a test of HumanEval+."""
    return (
        f"{helpers(assertion)}def check(candidate):\n    inputs = {inputs!r}\n    results = {results!r}\n"
        f"    for i, (inp, exp) in enumerate(zip(inputs, results)):\n        assertion(candidate(*inp), exp, {atol})\n"
    )


def mbpp_test(name: str, inputs: object, results: object, atol: float = 0, assertion: str = MBPP_ASSERTION) -> str:
    """Return a test of MBPP+."""
    return (
        f"{helpers(assertion)}inputs = {inputs!r}\nresults = {results!r}\n"
        f"for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion({name}(*inp), exp, {atol})\n"
    )
