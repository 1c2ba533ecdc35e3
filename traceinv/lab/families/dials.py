"""`dials` (math): worded problems about people who turn a dial with seven marks, one after the other."""

import re
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step, judge, make_drill
from traceinv.lab.families.modular import EQUATION, MODULUS, WORDS, Operation, equations, parse_words, sample_operations

NAMES = ("Ann", "Bob", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo")
_ACTION = rf"(?P<name>[A-Z][a-z]+) (?P<words>{WORDS})\."
_QUESTION = re.compile(
    rf"A dial from 0 to 6 starts at (?P<start>[0-6])\.(?P<actions>( {re.sub(r'[?]P<[a-z]+>', '', _ACTION)})+) Where does it end\?"
)
_LINE = re.compile(rf"(?P<label>[A-Z][a-z]+) {WORDS} {EQUATION}")


class Dials:
    """`A dial from 0 to 6 starts at 3. Ann adds 4. Bob times 2. Where does it end?`: `Ann adds 4 3+4=0`, `Bob times 2 0*2=0`."""

    name = "dials"
    domain: Domain = "math"

    def sample(self, rng: Random, steps: int) -> Problem:
        names, start, operations = NAMES[:steps], rng.randrange(MODULUS), sample_operations(rng, steps)
        lines, answer = equations(start, operations)
        return Problem(
            family=self.name,
            steps=steps,
            question=f"{_story(names, start, operations)} Where does it end?",
            trace="\n".join(_lines(names, operations, lines)),
            answer=str(answer),
            reference=str(answer),
            key=f"{start};{';'.join(map(str, operations))}",
        )

    def drill(self, rng: Random) -> Drill:
        count = rng.randint(2, 9)
        start, operations = rng.randrange(MODULUS), sample_operations(rng, count)

        def line(number: int, value: int) -> tuple[str, int]:
            operation = operations[number]
            return f"{_action(NAMES[number], operation)} {operation.equation(value)}", operation.apply(value)

        question = f"{_story(NAMES[:count], start, operations)} Where does it end?"
        return make_drill(rng, question, count, start, lambda: rng.randrange(MODULUS), line, str)

    def read(self, question: str, trace: str) -> list[Step]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        actions = list(re.finditer(_ACTION, match["actions"]))
        operations = [parse_words(action["words"]) for action in actions]
        lines, _ = equations(int(match["start"]), operations)
        truth = {action["name"]: f"{action[0][:-1]} {line}" for action, line in zip(actions, lines, strict=True)}
        return judge(trace, _LINE, truth)


def _action(name: str, operation: Operation) -> str:
    return f"{name} {operation.words}"


def _lines(names: tuple[str, ...], operations: list[Operation], equations: list[str]) -> list[str]:
    steps = zip(names, operations, equations, strict=True)
    return [f"{_action(name, operation)} {equation}" for name, operation, equation in steps]


def _story(names: tuple[str, ...], start: int, operations: list[Operation]) -> str:
    actions = [f"{_action(name, o)}." for name, o in zip(names, operations, strict=True)]
    return " ".join([f"A dial from 0 to 6 starts at {start}.", *actions])
