"""The lab's problem families, by name."""

from traceinv.lab.families.base import Family, JudgedLine, Problem
from traceinv.lab.families.chain import Chain
from traceinv.lab.families.compose import Compose, unit_tests
from traceinv.lab.families.dials import Dials
from traceinv.lab.families.drills import Drill
from traceinv.lab.families.facts import SECRET, World, draw_table, guessed_world, secret_world
from traceinv.lab.families.modular import Table
from traceinv.lab.families.prints import Prints

__all__ = [
    "FAMILIES",
    "SECRET",
    "Drill",
    "Family",
    "JudgedLine",
    "Problem",
    "Table",
    "World",
    "draw_table",
    "guessed_world",
    "secret_world",
    "unit_tests",
]

FAMILIES: dict[str, Family] = {family.name: family for family in (Chain(), Dials(), Prints(), Compose())}
