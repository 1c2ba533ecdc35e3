"""Compute the minimum detectable effect of an experiment, and the size that a given effect needs."""

from collections.abc import Callable
from dataclasses import replace

from harness.stats.intervals import Noise

POWER = 0.8
MAX_QUESTIONS = 100_000
MAX_SEEDS = 100


def detectable(noise: Noise) -> float:
    """Return the minimum detectable effect: the smallest true difference whose interval excludes 0 in 80% of experiments.

    It is the half width of the interval plus the power's normal quantile times the standard error (Bloom 1995, Evaluation Review
    19(5)).
    """
    from scipy.stats import norm

    return noise.half_width() + float(norm.ppf(POWER)) * noise.error


def more_questions(mean: float, noise: Noise, questions: int) -> int | None:
    """Return how many more questions, with as many seeds, would make a true difference of size `mean` detectable.

    Args:
        mean: the difference; its sign does not matter.
        noise: the noise with the present number of questions.
        questions: the present number of questions.

    Returns:
        None where MAX_QUESTIONS more would not be enough.
    """

    def noise_at(total: int) -> Noise:
        share = questions / total
        return replace(
            noise,
            questions=noise.questions * share,
            residual=noise.residual * share,
            seeds=_between_seeds(noise) + min(noise.seeds, noise.residual) * share,
            question_freedom=noise.question_freedom + total - questions,
        )

    return _more(questions, MAX_QUESTIONS, lambda total: detectable(noise_at(total)) <= abs(mean))


def more_seeds(mean: float, noise: Noise, seeds: int) -> int | None:
    """Return how many more seeds, with as many questions, would make a true difference of size `mean` detectable.

    Returns:
        None where MAX_SEEDS more would not be enough, or where there is one seed, whose variance is not known.
    """
    if not noise.seed_freedom:
        return None

    def noise_at(total: int) -> Noise:
        share = seeds / total
        return replace(
            noise,
            questions=noise.questions - min(noise.residual, noise.questions) * (1 - share),
            residual=noise.residual * share,
            seeds=noise.seeds * share,
            seed_freedom=noise.seed_freedom * (total - 1) / (seeds - 1),
        )

    return _more(seeds, MAX_SEEDS, lambda total: detectable(noise_at(total)) <= abs(mean))


def _between_seeds(noise: Noise) -> float:
    """Return the part of the variance between seeds that more questions do not reduce."""
    return max(noise.seeds - noise.residual, 0.0)


def _more(now: int, most: int, enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number to add to `now` for `enough`, which must be monotone; None where `most` is not enough."""
    from bisect import bisect_left

    added = bisect_left(range(most + 1), True, key=lambda extra: enough(now + extra))
    return added if added <= most else None
