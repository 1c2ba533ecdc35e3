"""How small a difference an experiment can see, and how much larger it must be to see a given one."""

from collections.abc import Callable
from dataclasses import replace

from harness.stats.intervals import Noise

POWER = 0.8
MOST_QUESTIONS = 100_000
MOST_SEEDS = 100


def detectable(noise: Noise) -> float:
    """The smallest true difference whose interval leaves 0 out in 80% of experiments with this noise.

    Critical value plus that of the power, times the standard error (Bloom 1995, Evaluation Review 19(5)).
    """
    from scipy.stats import norm

    return noise.half_width() + float(norm.ppf(POWER)) * noise.error


def more_questions(mean: float, noise: Noise, questions: int) -> int | None:
    """How many more questions, with as many seeds, would make a true difference as large as `mean` detectable."""

    def noise_at(total: int) -> Noise:
        share = questions / total
        return replace(
            noise,
            questions=noise.questions * share,
            residual=noise.residual * share,
            seeds=_own(noise) + min(noise.seeds, noise.residual) * share,
            question_freedom=noise.question_freedom + total - questions,
        )

    return _more(questions, MOST_QUESTIONS, lambda total: detectable(noise_at(total)) <= abs(mean))


def more_seeds(mean: float, noise: Noise, seeds: int) -> int | None:
    """How many more seeds, on as many questions, would; None where seeds were not repeated, so that nothing is known of them."""
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

    return _more(seeds, MOST_SEEDS, lambda total: detectable(noise_at(total)) <= abs(mean))


def _own(noise: Noise) -> float:
    """What of the seeds' variance no number of questions reduces."""
    return max(noise.seeds - noise.residual, 0.0)


def _more(now: int, most: int, enough: Callable[[int], bool]) -> int | None:
    """The fewest to add to `now`; `enough` stays true once it is."""
    from bisect import bisect_left

    added = bisect_left(range(most + 1), True, key=lambda extra: enough(now + extra))
    return added if added <= most else None
