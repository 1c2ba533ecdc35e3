"""Read Python text without running it: whether it compiles, and which of its lines are a program amid prose."""

import ast
import re
import warnings
from collections.abc import Callable, Sequence
from itertools import takewhile

MAX_LINES = 3_000
MAX_COMPILATIONS = 400
_BEGINS = re.compile(
    r"(?:from|import|def|class|async|try|if|for|while|with|print)\b|@\w|#|\"\"\"|[A-Za-z_][\w, .\[\]]*(?::[^=]+)?=[^=]"
)
_INDENTED = re.compile(r"([ \t]+)(?:from|import|def|class|async|@\w)")
_FUTURE = "__future__"


def error_line(code: str) -> int | None:
    """Return the line, from 1, of the first error in code; None where it compiles. Nothing is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "<program>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, OverflowError, RecursionError, MemoryError):
        return 1
    return None


def compiles(code: str) -> bool:
    """Return whether code compiles."""
    return error_line(code) is None


def longest_prefix(lines: Sequence[str], before: str = "", compilations: int = MAX_COMPILATIONS) -> int:
    """Return how many of the first lines compile together, after other code; prose after a program is so left out.

    Code cannot be mended by lines beyond the one in which the parser stumbles, so that few of the prefixes need to be tried.
    """
    offset = before.count("\n")
    end = len(lines)
    while end > 0 and compilations > 0:
        stumbles = error_line(before + "\n".join(lines[:end]) + "\n")
        if stumbles is None:
            return end
        end = min(end - 1, max(stumbles - 1 - offset, 0))
        compilations -= 1
    return 0


def longest_program(text: str, suits: Callable[[str], bool]) -> str | None:
    """Return the longest run of lines that begins as a program does, compiles, and suits; the last of several as long.

    A run may be indented as a whole, as Markdown marks code. EvalPlus finds programs in prose so, too (`code_extract` in
    evalplus/sanitize.py).
    """
    lines = text.split("\n")[:MAX_LINES]
    best: list[str] = []
    start = 0
    budget = MAX_COMPILATIONS
    while start < len(lines) and budget > 0:
        indented = _INDENTED.match(lines[start])
        if not indented and not _BEGINS.match(lines[start]):
            start += 1
            continue
        budget -= 1
        rest = _dedented(lines[start:], indented[1]) if indented else lines[start:]
        count = longest_prefix(rest, compilations=budget)
        run = rest[:count]
        if count and _size(run) >= _size(best) and suits("\n".join(run)):
            best = run
        start += max(count, 1)
    return without_last_words("\n".join(best).rstrip() + "\n") if best else None


def _dedented(lines: Sequence[str], indentation: str) -> list[str]:
    """Return the first lines that have an indentation, without it; lines of white space may lack it."""
    kept = takewhile(lambda line: not line.strip() or line.startswith(indentation), lines)
    return [line.removeprefix(indentation) for line in kept]


def without_last_words(code: str) -> str:
    """Leave out what ends a program and is no more than words: prose of a word or two is an expression to Python."""
    try:
        body = _parse(code).body
    except SyntaxError:
        return code
    kept = len(body)
    while kept > 1 and _is_words(body[kept - 1]):
        kept -= 1
    if kept == len(body):
        return code
    return "\n".join(code.split("\n")[: body[kept - 1].end_lineno]) + "\n"


def put_before(first: str, code: str) -> str:
    """Put code before other code, whose docstring and imports from `__future__` stay ahead of it."""
    if _FUTURE not in code:
        return first + code
    try:
        body = _parse(code).body
    except SyntaxError:
        return first + code
    end = 0
    for number, node in enumerate(body):
        if isinstance(node, ast.ImportFrom) and node.module == _FUTURE:
            end = node.end_lineno or 0
        elif number > 0 or not _is_text(node):
            break
    lines = code.split("\n")
    return "\n".join([*lines[:end], first.rstrip("\n"), *lines[end:]]) if end else first + code


def definitions_of(code: str, names: Sequence[str]) -> str | None:
    """Return the part of a program that defines some names: its imports, and the definitions that the names use.

    EvalPlus grades this part alone (`sanitize` in evalplus/sanitize.py). None where the code does not parse, or has none of
    the names.
    """
    try:
        body = _parse(code).body
    except SyntaxError:
        return None
    bound = {number: _bound(node) for number, node in enumerate(body)}
    wanted = set(names)
    kept: set[int] = set()
    while True:
        new = {number for number, bindings in bound.items() if bindings & wanted} - kept
        if not new:
            break
        kept |= new
        wanted |= {node.id for number in new for node in ast.walk(body[number]) if isinstance(node, ast.Name)}
    if not kept:
        return None
    imports = (ast.Import, ast.ImportFrom)
    nodes = [node for number, node in enumerate(body) if number in kept or isinstance(node, imports)]
    return ast.unparse(ast.Module(nodes, [])) + "\n"


def _parse(code: str) -> ast.Module:
    """Parse code.

    Raises:
        SyntaxError: it is no Python, or too deeply nested to be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from None


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a definition or a plain assignment binds; no other statement defines anything."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value is not None:
        targets = [node.target]
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def _is_words(node: ast.stmt) -> bool:
    words = isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and node.value is None)
    inside = list(ast.walk(node))
    acts = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    return words and any(isinstance(part, ast.Name) for part in inside) and not any(isinstance(p, acts) for p in inside)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _size(lines: Sequence[str]) -> int:
    return sum(bool(line.strip()) for line in lines)
