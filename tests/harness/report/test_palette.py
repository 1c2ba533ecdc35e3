"""The colours of plots: two names that share strokes or shape differ in colour for every reader.

Colour blindness is simulated with the matrices of Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for
Simulation of Color Vision Deficiency", at severity 1, applied to linear RGB. Colours are compared in CIELAB (D65).
"""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from harness.report.charts.base import COLOURS, DASHES, MAIN, SHAPES, colour, dashes_of, shapes_of

VISION = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
APART = 14
"""Distance in CIELAB; about 2 can be seen side by side, and legends lie apart from lines."""


def palette(theme: str) -> list[str]:
    style = (files("harness.report") / "templates" / "style.css").read_text(encoding="utf-8")
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--c(\d+): (#[0-9a-f]{6})", light if theme == "light" else dark.partition("}")[0]))
    return [found[str(number)] for number in range(COLOURS)]


def linear(colour: str) -> np.ndarray:
    shares = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(colour: np.ndarray) -> np.ndarray:
    x, y, z = TO_XYZ @ np.clip(colour, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    a, b, c = (np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * b - 16, 500 * (a - b), 200 * (b - c)])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_names_with_the_same_strokes_or_shape_have_colours_that_can_be_told_apart(theme: str, vision: str) -> None:
    seen = [lab(VISION[vision] @ linear(one)) for one in palette(theme)]
    alike = [
        (first, second)
        for first, second in combinations(range(COLOURS), 2)
        if (second - first) % len(DASHES) == 0 or (second - first) % len(SHAPES) == 0
    ]
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in alike}
    assert min(distances.values()) > APART, {pair: round(d, 1) for pair, d in distances.items() if d <= APART}


def test_no_two_common_names_look_the_same() -> None:
    assert len({colour(name) for name in MAIN}) == len(MAIN) == COLOURS
    looks = zip(map(colour, MAIN), dashes_of(MAIN), shapes_of(MAIN), strict=True)
    assert len(set(looks)) == len(MAIN)
    assert colour("a plug-in") == colour("a plug-in")
