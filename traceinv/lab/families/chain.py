"""`chain` (math): arithmetic over named variables, each defined from the one before it."""

import re
import string
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step, judge
from traceinv.lab.families.modular import EQUATION, MODULUS, Operation, equations, sample_operations

_QUESTION = re.compile(
    r"Count modulo 7\. (?P<first>[a-z])=(?P<start>[0-6])(?P<rules>(;[a-z]=[a-z][-+*][1-6])+)\. What is [a-z]\?"
)
_RULE = re.compile(r";(?P<name>[a-z])=[a-z](?P<operator>[-+*])(?P<amount>[1-6])")
_LINE = re.compile(rf"(?P<label>[a-z])={EQUATION}")


class Chain:
    """`Count modulo 7. b=3;c=b+4;d=c*2. What is d?` with the trace `c=3+4=0`, `d=0*2=0`."""

    name = "chain"
    domain: Domain = "math"

    def sample(self, rng: Random, steps: int) -> Problem:
        names, start, operations = _names(rng, steps + 1), rng.randrange(MODULUS), sample_operations(rng, steps)
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

    def drill(self, rng: Random) -> Drill:
        count = rng.randint(1, 9)
        names, operations = _names(rng, count + 1), sample_operations(rng, count)
        turns = []
        for number in range(count):
            value = rng.randrange(MODULUS)
            line = f"{names[number + 1]}={operations[number].equation(value)}"
            turns.append((f"{names[number]}={value}", line))
        return Drill(_statements(names, rng.randrange(MODULUS), operations), tuple(turns))

    def read(self, question: str, trace: str) -> list[Step]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        rules = list(_RULE.finditer(match["rules"]))
        lines, _ = equations(int(match["start"]), [Operation(rule["operator"], int(rule["amount"])) for rule in rules])
        truth = {rule["name"]: f"{rule['name']}={line}" for rule, line in zip(rules, lines, strict=True)}
        return judge(trace, _LINE, truth)


def _names(rng: Random, count: int) -> str:
    first = rng.randrange(len(string.ascii_lowercase) - count + 1)
    return string.ascii_lowercase[first : first + count]


def _statements(names: str, start: int, operations: list[Operation]) -> str:
    rules = [
        f";{name}={before}{operation}" for before, name, operation in zip(names, names[1:], operations, strict=False)
    ]
    return f"Count modulo 7. {names[0]}={start}{''.join(rules)}."
