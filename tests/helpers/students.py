"""Simulated students, for the coverage of intervals: a model, in logits, of how the answers of a run vary.

A question has an ease, a regime and a seed each have their own deviation on every question, and a seed shifts a student on all
questions. Accuracies and the seeds' deviation are given in shares of questions, and translated to logits by quadrature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.stats import Scores

EASE, OF_REGIME, OF_SEED = 1.5, 0.5, 0.5
"""Standard deviations, in logits, of a question's ease and of a regime's and a seed's deviation on a question."""
POINTS, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


@dataclass(frozen=True)
class Exam:
    """The questions of an experiment.

    Attributes:
        questions: of each task.
        tasks: how much easier each task is than the mean, in logits.
    """

    questions: int
    tasks: tuple[float, ...] = (0.0,)

    def strata(self) -> list[str]:
        return [str(task) for task in range(len(self.tasks)) for _ in range(self.questions)]

    def ease(self, rng: np.random.Generator) -> Scores:
        """Draw the ease of every question."""
        return np.repeat(self.tasks, self.questions) + rng.normal(0, EASE, len(self.tasks) * self.questions)


@lru_cache
def logits(accuracy: float, deviation: float, tasks: tuple[float, ...] = (0.0,)) -> tuple[float, float]:
    """Return the mean logit of students, and its standard deviation over seeds, for an accuracy and the deviation of seeds."""
    from scipy.optimize import brentq, least_squares

    def excess(of: NDArray[np.float64]) -> NDArray[np.float64]:
        mean, spread = _moments(of[0], np.exp(of[1]), tasks)
        return np.log([mean / accuracy, spread / deviation])

    centre = float(brentq(lambda mean: _moments(mean, 0.0, tasks)[0] - accuracy, -20, 20))
    if not deviation:
        return centre, 0.0
    start = [centre, np.log(deviation / (accuracy * (1 - accuracy)))]
    mean, log_spread = least_squares(excess, start).x
    return float(mean), float(np.exp(log_spread))


def _moments(mean: float, spread: float, tasks: tuple[float, ...]) -> tuple[float, float]:
    """Return mean and standard deviation of a seed's expected accuracy."""
    from scipy.special import expit

    weights = WEIGHTS / WEIGHTS.sum()
    within = np.sqrt(EASE**2 + OF_REGIME**2 + OF_SEED**2) * POINTS
    seeds = mean + spread * POINTS
    accuracy = expit(seeds[:, None, None] + np.asarray(tasks)[:, None] + within).mean(axis=1) @ weights
    centre = float(accuracy @ weights)
    return centre, float(np.sqrt(max((accuracy - centre) ** 2 @ weights, 0.0)))


def answers(
    rng: np.random.Generator, exam: Exam, ease: Scores, accuracy: float, deviation: float, seeds: int
) -> Scores:
    """Draw the answers of a regime's students, 0 or 1, of shape (seeds, questions)."""
    from scipy.special import expit

    mean, spread = logits(accuracy, deviation, exam.tasks)
    shape = (seeds, len(ease))
    of_question = (mean + ease + rng.normal(0, OF_REGIME, len(ease))).astype(np.float32)
    chance = of_question + np.float32(OF_SEED) * rng.standard_normal(shape, dtype=np.float32)
    chance += (spread * rng.standard_normal((seeds, 1))).astype(np.float32)
    return np.asarray(rng.random(shape, dtype=np.float32) < expit(chance), dtype=np.float64)


def regimes(
    rng: np.random.Generator, exam: Exam, accuracies: Sequence[float], deviation: float, seeds: int
) -> list[Scores]:
    """Draw the answers of several regimes to the same questions."""
    ease = exam.ease(rng)
    return [answers(rng, exam, ease, accuracy, deviation, seeds) for accuracy in accuracies]
