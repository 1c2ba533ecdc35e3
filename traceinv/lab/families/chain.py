"""`chain` (math): arithmetic over named variables, each defined from earlier ones."""

import re
import string
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step
from traceinv.lab.families.derivations import System, as_problem, sample_drill, sample_system
from traceinv.lab.families.modular import parse_expression

_QUESTION = re.compile(r"Count modulo 7\. (?P<statements>[^.]+)\. What is (?P<asked>[a-z])\?")


class Chain:
    """`Count modulo 7. b=3;c=b+4;d=c*2. What is d?` with the trace `c=b+4 3+4 c=0`, `d=c*2 0*2 d=0`."""

    name = "chain"
    domain: Domain = "math"

    def sample(self, rng: Random, steps: int) -> Problem:
        system = sample_system(rng, _names(rng, steps + 1))
        described = _statements(system)
        return as_problem(self.name, system, described, f"What is {system.asked}?", _renamed(described))

    def drill(self, rng: Random) -> Drill:
        return sample_drill(rng, _names(rng, rng.randint(3, 10)), _statements)

    def read(self, question: str, trace: str) -> list[Step]:
        match = _QUESTION.fullmatch(question)
        if match is None:
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        statements = [statement.partition("=") for statement in match["statements"].split(";")]
        given = {name: int(text) for name, _, text in statements if text.isdigit()}
        rules = {name: rule for name, _, text in statements if (rule := parse_expression(text))}
        return System(given, rules).judge(trace)


def _names(rng: Random, count: int) -> list[str]:
    first = rng.randrange(len(string.ascii_lowercase) - count)
    return list(string.ascii_lowercase[first : first + count])


def _statements(system: System) -> str:
    stated = {**system.given, **system.rules}
    return "Count modulo 7. " + ";".join(f"{name}={value}" for name, value in stated.items()) + "."


def _renamed(statements: str) -> str:
    """The statements with their variables renamed in order of appearance, so that a renamed problem is the same one."""
    order: dict[str, str] = {}
    return re.sub(r"\b[a-z]\b", lambda m: order.setdefault(m[0], f"v{len(order)}"), statements)
