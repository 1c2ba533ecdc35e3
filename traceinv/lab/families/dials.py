"""`dials` (math): worded problems about people whose dials show a mark from 0 to 6."""

import re
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, Step
from traceinv.lab.families.derivations import System, as_problem, sample_drill, sample_system
from traceinv.lab.families.modular import Expression

NAMES = ("Ann", "Bob", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo", "Kim", "Lea")
_PREAMBLE = "Dials run from 0 to 6."
_ASKED = re.compile(r"What does (?P<asked>[A-Z][a-z]+) show\?")
_PHRASES = {"+": "{left} and {right} together", "-": "{right} less than {left}", "*": "{right} times {left}"}
_GIVEN = re.compile(r"(?P<name>\w+) shows (?P<value>[0-6])\.")
_RULES = {
    "+": re.compile(r"(?P<name>\w+) shows (?P<left>\w+) and (?P<right>\w+) together\."),
    "-": re.compile(r"(?P<name>\w+) shows (?P<right>\w+) less than (?P<left>\w+)\."),
    "*": re.compile(r"(?P<name>\w+) shows (?P<right>\w+) times (?P<left>\w+)\."),
}


class Dials:
    """`Dials run from 0 to 6. Ann shows 3. Bob shows 4 less than Ann. What does Bob show?`: `Bob=Ann-4 3-4 Bob=6`."""

    name = "dials"
    domain: Domain = "math"

    def sample(self, rng: Random, steps: int) -> Problem:
        system = sample_system(rng, _names(rng, steps + 1))
        described = _story(system)
        return as_problem(self.name, system, described, f"What does {system.asked} show?", _renamed(described))

    def drill(self, rng: Random) -> Drill:
        return sample_drill(rng, _names(rng, rng.randint(3, 10)), _story)

    def read(self, question: str, trace: str) -> list[Step]:
        preamble, *sentences = re.split(r"(?<=[.?]) ", question)
        if preamble != _PREAMBLE or len(sentences) < 2 or not _ASKED.fullmatch(sentences.pop()):
            raise ValueError(f"not a question of the family {self.name}: {question!r}")
        given: dict[str, int] = {}
        rules: dict[str, Expression] = {}
        for sentence in sentences:
            if match := _GIVEN.fullmatch(sentence):
                given[match["name"]] = int(match["value"])
            else:
                name, rule = _parse_rule(sentence)
                rules[name] = rule
        return System(given, rules).judge(trace)


def _names(rng: Random, count: int) -> list[str]:
    first = rng.randrange(len(NAMES) - count + 1)
    return list(NAMES[first : first + count])


def _story(system: System) -> str:
    given = [f"{name} shows {value}." for name, value in system.given.items()]
    rules = [
        f"{name} shows {_PHRASES[rule.operator].format(left=rule.left, right=rule.right)}."
        for name, rule in system.rules.items()
    ]
    return " ".join([_PREAMBLE, *given, *rules])


def _parse_rule(sentence: str) -> tuple[str, Expression]:
    for operator, form in _RULES.items():
        if match := form.fullmatch(sentence):
            return match["name"], Expression(match["left"], operator, match["right"])
    raise ValueError(f"not a sentence of the family dials: {sentence!r}")


def _renamed(story: str) -> str:
    """The story with its people renamed in order of appearance, so that a renamed problem is the same one."""
    order: dict[str, str] = {}
    people = "|".join(NAMES)
    return re.sub(rf"\b({people})\b", lambda m: order.setdefault(m[0], f"P{len(order)}"), story)
