"""`chain` (math): arithmetic over named variables, each defined from the one before it."""

import re
import string
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step, judge
from traceinv.lab.families.modular import EQUATION, MODULUS, Operation, equations, sample_operations

LETTERS = string.ascii_lowercase[:10]
_QUESTION = re.compile(
    r"Count modulo 7\. (?P<first>[a-z])=(?P<start>[0-6])(?P<rules>(;[a-z]=[a-z][-+*][1-6])+)\. What is [a-z]\?"
)
_RULE = re.compile(r";(?P<name>[a-z])=[a-z](?P<operator>[-+*])(?P<amount>[1-6])")
_LINE = re.compile(rf"(?P<label>[a-z])={EQUATION}")


class Chain:
    """`Count modulo 7. a=3;b=a+4;c=b*2. What is c?` with the trace `b=3+4=0`, `c=0*2=0`."""

    name = "chain"
    domain: Domain = "math"

    def sample(self, rng: Random, steps: int) -> Problem:
        names, start, operations = LETTERS[: steps + 1], rng.randrange(MODULUS), sample_operations(rng, steps)
        lines, answer = equations(start, operations)
        return Problem(
            family=self.name,
            steps=steps,
            question=f"{_statements(names, start, operations)} What is {names[-1]}?",
            trace="\n".join(f"{name}={line}" for name, line in zip(names[1:], lines, strict=True)),
            answer=str(answer),
            reference=str(answer),
            key=f"{start};{';'.join(map(str, operations))}",
        )

    def drill(self, rng: Random, whole_lines: bool) -> Drill:
        count = rng.randint(1, 9)
        names, operations = LETTERS[: count + 1], sample_operations(rng, count)
        turns = []
        for number in range(count):
            before = rng.randrange(MODULUS)
            if whole_lines and number:
                asked = f"{names[number]}={operations[number - 1].equation(before)}"
                before = operations[number - 1].apply(before)
            else:
                asked = f"{names[number]}={before}"
            turns.append((asked, f"{names[number + 1]}={operations[number].equation(before)}"))
        return Drill(_statements(names, rng.randrange(MODULUS), operations), tuple(turns))

    def read(self, question: str, trace: str) -> list[Step]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        rules = list(_RULE.finditer(match["rules"]))
        lines, _ = equations(int(match["start"]), [Operation(rule["operator"], int(rule["amount"])) for rule in rules])
        truth = {rule["name"]: f"{rule['name']}={line}" for rule, line in zip(rules, lines, strict=True)}
        return judge(trace, _LINE, truth)


def _statements(names: str, start: int, operations: list[Operation]) -> str:
    rules = [
        f";{name}={before}{operation}" for before, name, operation in zip(names, names[1:], operations, strict=False)
    ]
    return f"Count modulo 7. {names[0]}={start}{''.join(rules)}."
