"""`chain` (math): arithmetic over named variables, each defined from the one before it."""

import re
import string
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step, judge, make_drill
from traceinv.lab.families.modular import EQUATION, MODULUS, Operation, equations, sample_operations

LETTERS = string.ascii_lowercase[:10]
_QUESTION = re.compile(
    r"Count modulo 7\. (?P<first>[a-z])=(?P<start>[0-6])(?P<rules>(;[a-z]=[a-z][-+*][1-6])+)\. What is [a-z]\?"
)
_RULE = re.compile(r";(?P<name>[a-z])=[a-z](?P<operator>[-+*])(?P<amount>[1-6])")
_LINE = re.compile(rf"(?P<label>[a-z])=[a-z][-+*][1-6] {EQUATION}")


class Chain:
    """`Count modulo 7. a=3;b=a+4;c=b*2. What is c?` with the trace `b=a+4 3+4=0`, `c=b*2 0*2=0`."""

    name = "chain"
    domain: Domain = "math"

    def sample(self, rng: Random, steps: int) -> Problem:
        names, start, operations = LETTERS[: steps + 1], rng.randrange(MODULUS), sample_operations(rng, steps)
        lines, answer = equations(start, operations)
        return Problem(
            family=self.name,
            steps=steps,
            question=f"{_statements(names, start, operations)} What is {names[-1]}?",
            trace="\n".join(_lines(names, operations, lines)),
            answer=str(answer),
            reference=str(answer),
            key=f"{start};{';'.join(map(str, operations))}",
        )

    def drill(self, rng: Random) -> Drill:
        count = rng.randint(2, 9)
        names, start, operations = LETTERS[: count + 1], rng.randrange(MODULUS), sample_operations(rng, count)

        def line(number: int, value: int) -> tuple[str, int]:
            operation = operations[number]
            return f"{_rule(names, number, operations)} {operation.equation(value)}", operation.apply(value)

        question = f"{_statements(names, start, operations)} What is {names[-1]}?"
        return make_drill(rng, question, count, start, lambda: rng.randrange(MODULUS), line, str)

    def read(self, question: str, trace: str) -> list[Step]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        rules = list(_RULE.finditer(match["rules"]))
        lines, _ = equations(int(match["start"]), [Operation(rule["operator"], int(rule["amount"])) for rule in rules])
        truth = {rule["name"]: f"{rule[0][1:]} {line}" for rule, line in zip(rules, lines, strict=True)}
        return judge(trace, _LINE, truth)


def _rule(names: str, number: int, operations: list[Operation]) -> str:
    return f"{names[number + 1]}={names[number]}{operations[number]}"


def _lines(names: str, operations: list[Operation], equations: list[str]) -> list[str]:
    return [f"{_rule(names, number, operations)} {equation}" for number, equation in enumerate(equations)]


def _statements(names: str, start: int, operations: list[Operation]) -> str:
    rules = [_rule(names, number, operations) for number in range(len(operations))]
    return f"Count modulo 7. {';'.join([f'{names[0]}={start}', *rules])}."
