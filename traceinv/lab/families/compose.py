"""`compose` (code): write the function that a list of instructions describes, as one line of Python.

Graded by running it on inputs (`unit_tests`), so any program with the right behaviour is right.
"""

import re
from itertools import accumulate
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step, lines_of
from traceinv.lab.families.modular import MODULUS, calculate

_WORDS = {"+": "add", "-": "subtract", "*": "times"}
_OPERATORS = {word: operator for operator, word in _WORDS.items()}
_HEADER = "Write f(x) modulo 7 as one line of the form (a*x+b)%7.\n"
_INSTRUCTION = re.compile(r"(?P<number>\d) (?P<word>add|subtract|times) (?P<amount>[1-6])")
_STEP = re.compile(r"\d (?:(?:add|subtract) [1-6]|times [1-6] [0-6]\*[1-6]) a=[0-6] [0-6][-+*][1-6] b=[0-6]")
TEST_INPUTS = tuple(range(-3, 15))

Instruction = tuple[str, int]  # operator, amount


class Compose:
    """Instructions such as `1 add 3` and `2 times 2`; the trace carries `a` and `b` of `a*x+b` through them.

    It begins with `a=1` and `b=0`: `1 add 3 a=1 0+3 b=3`, then `2 times 2 1*2 a=2 3*2 b=6`.
    """

    name = "compose"
    domain: Domain = "code"

    def sample(self, rng: Random, steps: int) -> Problem:
        instructions = [_sample_instruction(rng) for _ in range(steps)]
        listing = _listing(instructions)
        a, b = _coefficients(instructions)[-1]
        return Problem(
            family=self.name,
            steps=steps,
            question=_HEADER + "\n".join(listing),
            trace="\n".join(_trace(instructions)),
            answer=f"def f(x):\n    return ({a}*x+{b})%{MODULUS}",
            reference=f"{a} {b}",
            key=";".join(listing),
        )

    def drill(self, rng: Random) -> Drill:
        instructions = [_sample_instruction(rng) for _ in range(rng.randint(1, 9))]
        turns = []
        for number in rng.sample(range(len(instructions)), len(instructions)):
            before = rng.randint(1, MODULUS - 1), rng.randrange(MODULUS)
            asked = f"{number + 1} from a={before[0]} b={before[1]}?"
            turns.append((asked, _line(number + 1, instructions[number], before)))
        return Drill(_HEADER + "\n".join(_listing(instructions)), tuple(turns))

    def read(self, question: str, trace: str) -> list[Step]:
        true_lines = {line[0]: line for line in _trace(_parse(question))}
        return [_judge(line, true_lines) for line in lines_of(trace)]


def unit_tests(reference: str) -> list[tuple[int, int]]:
    """(input, expected output) pairs for a reference `a b`; inputs reach beyond 0 to 6, where a missing `%7` shows.

    Raises:
        ValueError: the reference is not two integers.
    """
    a, b = (int(text) for text in reference.split())
    return [(x, (a * x + b) % MODULUS) for x in TEST_INPUTS]


def _sample_instruction(rng: Random) -> Instruction:
    operator = rng.choice("+-*")
    return operator, rng.randint(2 if operator == "*" else 1, MODULUS - 1)


def _apply(instruction: Instruction, before: tuple[int, int]) -> tuple[int, int]:
    """`(a, b)` of `a*x+b` after one more instruction."""
    operator, amount = instruction
    a, b = before
    return calculate(a, "*", amount) if operator == "*" else a, calculate(b, operator, amount)


def _coefficients(instructions: list[Instruction]) -> list[tuple[int, int]]:
    """`(a, b)` of `a*x+b` before the first instruction and after each."""
    return list(accumulate(instructions, lambda state, step: _apply(step, state), initial=(1, 0)))


def _listing(instructions: list[Instruction]) -> list[str]:
    return [f"{i} {_WORDS[operator]} {amount}" for i, (operator, amount) in enumerate(instructions, 1)]


def _line(number: int, instruction: Instruction, before: tuple[int, int]) -> str:
    operator, amount = instruction
    a, b = _apply(instruction, before)
    product = f" {before[0]}*{amount}" if operator == "*" else ""
    return f"{number} {_WORDS[operator]} {amount}{product} a={a} {before[1]}{operator}{amount} b={b}"


def _trace(instructions: list[Instruction]) -> list[str]:
    befores = _coefficients(instructions)[:-1]
    return [_line(i, step, before) for i, (step, before) in enumerate(zip(instructions, befores, strict=True), 1)]


def _parse(question: str) -> list[Instruction]:
    """Read a question's instructions back.

    Raises:
        ValueError: it is not a question of this family.
    """
    if not question.startswith(_HEADER):
        raise ValueError(f"not a question of the family compose: {question!r}")
    instructions = []
    for line in question.removeprefix(_HEADER).splitlines():
        match = _INSTRUCTION.fullmatch(line)
        if match is None:
            raise ValueError(f"not an instruction of the family compose: {line!r}")
        instructions.append((_OPERATORS[match["word"]], int(match["amount"])))
    return instructions


def _judge(line: str, true_lines: dict[str, str]) -> Step:
    if not _STEP.fullmatch(line):
        return Step.malformed(line)
    return Step(line, well_formed=True, true=true_lines.get(line[0]) == line, needed=line[0] in true_lines)
