"""Change one number or operator of a reference program."""

import io
import tokenize
from collections.abc import Iterator

CHANGES = {
    "+": "-",
    "-": "+",
    "*": "+",
    "//": "*",
    "/": "*",
    "%": "*",
    "+=": "-=",
    "-=": "+=",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "and": "or",
    "or": "and",
    "True": "False",
    "False": "True",
    "min": "max",
    "max": "min",
    "in": "not in",
}


def changes(code: str, after: str = "") -> Iterator[tuple[str, str]]:
    """Yield (description, whole program) for each place in `code` that can be changed; `after` is the code before it."""
    lines = (after + code).replace("\r\n", "\n").splitlines(keepends=True)
    first = after.count("\n")
    for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
        row, column = token.start
        is_number = token.type == tokenize.NUMBER and token.string.isdigit()
        changed = str(int(token.string) + 1) if is_number else CHANGES.get(token.string)
        if row <= first or changed is None or token.type not in (tokenize.NUMBER, tokenize.OP, tokenize.NAME):
            continue
        line = lines[row - 1]
        edited = line[:column] + changed + line[token.end[1] :]
        program = "".join([*lines[: row - 1], edited, *lines[row:]])
        if _compiles(program):
            yield f"line {row - first}: {token.string} to {changed} at {column}", program


def _compiles(program: str) -> bool:
    try:
        compile(program, "<changed>", "exec")
    except SyntaxError:
        return False
    return True
