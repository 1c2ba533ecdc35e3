"""What the statistics promise, by simulation. `-s` prints the figures of the tables in docs/statistics.md."""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from students import Exam, answers, regimes

from harness.stats import (
    Comparison,
    Estimate,
    Noise,
    Scores,
    SeedVariance,
    compare,
    detectable,
    difference,
    estimate,
    gain,
    leak,
    more_questions,
    more_seeds,
    pool_seeds,
    recovery,
)
from harness.stats.variance import paired_contrast

pytestmark = pytest.mark.slow
TWO_TASKS = (-0.7, 0.7)


def _share(estimates: Sequence[Estimate], truth: float) -> float:
    return sum(interval.low <= truth <= interval.high for interval in estimates) / len(estimates)


def _noise(experiments: int, share: float = 0.95) -> float:
    """Return 2.5 standard errors of a share."""
    return 2.5 * float(np.sqrt(share * (1 - share) / experiments))


def _pool(scores: Sequence[Scores]) -> SeedVariance | None:
    return pool_seeds((regime, None) for regime in scores)


@pytest.mark.simulation
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("questions", [40, 200, 1600])
@pytest.mark.parametrize("accuracy", [0.02, 0.5, 0.98])
def test_intervals_of_accuracies(accuracy: float, questions: int, seeds: int) -> None:
    """They hold more often where few answers are right, and where seeds do not differ, which three seeds cannot show."""
    rng, exam, experiments = np.random.default_rng(0), Exam(questions), 1000
    for deviation in (0.0, 0.01, 0.02, 0.03):
        drawn = [estimate(regimes(rng, exam, [accuracy], deviation, seeds)[0]) for _ in range(experiments)]
        share, width = _share(drawn, accuracy), float(np.median([e.high - e.low for e in drawn]))
        print(f"accuracy {accuracy}: {seeds} x {questions}, seeds {deviation}: {share:.3f}, median width {width:.3f}")
        assert share >= 0.93 - _noise(experiments)
        assert share <= (0.97 if deviation >= 0.02 and questions > 40 else 0.99) + _noise(experiments)


@pytest.mark.parametrize("questions", [30, 164, 500])
def test_intervals_of_one_seed_are_over_questions(questions: int) -> None:
    rng, exam = np.random.default_rng(0), Exam(questions)
    for accuracy in (0.5, 0.9):
        share = _share([estimate(regimes(rng, exam, [accuracy], 0.0, 1)[0]) for _ in range(2000)], accuracy)
        print(f"accuracy {accuracy}: 1 x {questions}, seeds 0: {share:.3f}")
        assert 0.93 - _noise(2000) <= share <= 0.97 + _noise(2000)


@pytest.mark.parametrize(
    ("seeds", "exam"),
    [
        (3, Exam(200)),
        (3, Exam(100, TWO_TASKS)),
        (3, Exam(800)),
        (5, Exam(100, TWO_TASKS)),
    ],
)
@pytest.mark.parametrize("deviation", [0.0, 0.02, 0.05])
def test_intervals_of_differences_and_recoveries(seeds: int, exam: Exam, deviation: float) -> None:
    """All seeds share one base model, as in a run."""
    rng, strata = np.random.default_rng(0), exam.strata()
    differences, recoveries = [], []
    for _ in range(1000):
        ease = exam.ease(rng)
        base = answers(rng, exam, ease, 0.4, 0.0, 1)
        taught = [answers(rng, exam, ease, accuracy, deviation, seeds) for accuracy in (0.5, 0.5, 0.55, 0.65)]
        differences.append(difference(taught[2], taught[0], strata))
        recoveries.append(recovery(taught[0], base, taught[3], strata).recovered)
    shares = _share(differences, 0.05), _share([r for r in recoveries if r is not None], 0.4)
    print(f"{seeds} x {exam}, seeds {deviation}: difference {shares[0]:.3f}, recovery {shares[1]:.3f}")
    for share in shares:
        assert 0.93 - _noise(1000) <= share <= 0.98 + _noise(1000)


@pytest.mark.parametrize(
    ("seeds", "questions", "deviation"),
    [(3, 200, 0.0), (3, 200, 0.02), (3, 200, 0.05), (3, 800, 0.05), (5, 200, 0.05)],
)
def test_one_of_six_pairs_is_called_significant_by_mistake_in_at_most_6_percent_of_runs(
    seeds: int, questions: int, deviation: float
) -> None:
    """With 6 pairs, Holm's correction makes a mistake where both intervals of 1 - 0.05 / 6 exclude 0."""
    rng, exam = np.random.default_rng(0), Exam(questions)
    equal, gained = np.zeros(2), np.zeros(2)
    for _ in range(1000):
        equal += _surest(regimes(rng, exam, [0.5] * 4, deviation, seeds), list(combinations(range(4), 2)))
    for _ in range(300):
        gained += _surest(regimes(rng, exam, [0.65, 0.5, 0.5, 0.5], deviation, seeds), [(0, 1)])
    for name, mistakes, power in zip(("own", "both"), equal / 1000, gained / 300, strict=True):
        print(
            f"family-wise error, {seeds} x {questions}, seeds {deviation}, {name} variances: {mistakes:.3f}, "
            f"power at 15 points {power:.2f}"
        )
    assert equal[1] / 1000 <= 0.06


def _surest(scores: Sequence[Scores], pairs: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return whether any pair is significant after a correction for 6: by its own variances, and by the pooled ones as well."""
    pooled = _pool(scores)
    found = np.zeros(2, dtype=bool)
    for pair in ([scores[a], scores[b]] for a, b in pairs):
        own, both = (
            abs(mean) > noise.half_width(1 - 0.05 / 6)
            for mean, noise in (paired_contrast(pair, [1.0, -1.0], None, of) for of in (None, pooled))
        )
        found |= np.array([own, own and both])
    return found


def _contrasts(
    rng: np.random.Generator, exam: Exam, accuracies: Sequence[float], deviation: float, seeds: int, runs: int
) -> list[tuple[float, Noise, float]]:
    """Draw runs, and return the first difference of each, its noise and the mean of its two accuracies."""
    drawn = []
    for _ in range(runs):
        scores = regimes(rng, exam, accuracies, deviation, seeds)
        mean, noise = paired_contrast(scores[:2], [1.0, -1.0])
        drawn.append((mean, noise, float(scores[0].mean() + scores[1].mean()) / 2))
    return drawn


def _power(contrasts: Sequence[tuple[float, Noise, float]]) -> float:
    return sum(mean > noise.half_width() for mean, noise, _ in contrasts) / len(contrasts)


@pytest.mark.parametrize(
    ("seeds", "questions", "accuracy", "deviation"),
    [
        (3, 200, 0.5, 0.0),
        (3, 200, 0.5, 0.02),
        (3, 200, 0.5, 0.05),
        (3, 800, 0.5, 0.02),
        (5, 800, 0.5, 0.05),
        (3, 200, 0.02, 0.0),
        (3, 800, 0.02, 0.01),
        (1, 200, 0.5, 0.0),
    ],
)
def test_the_minimum_detectable_effect_is_detected_in_80_percent_of_runs(
    seeds: int, questions: int, accuracy: float, deviation: float
) -> None:
    rng, exam = np.random.default_rng(0), Exam(questions)
    now = _contrasts(rng, exam, [accuracy] * 2, deviation, seeds, 400)
    effects = [detectable(noise, centre) for _, noise, centre in now]
    effect = float(np.median(effects))
    power = _power(_contrasts(rng, exam, [accuracy + effect, accuracy], deviation, seeds, 1000))
    low, high = np.quantile(effects, (0.05, 0.95))
    print(
        f"detectable at {accuracy}, {seeds} x {questions}, seeds {deviation}: {effect:.3f} ({low:.3f} to {high:.3f}), "
        f"power {power:.2f}"
    )
    assert 0.72 - _noise(1000, 0.8) <= power <= 0.88 + _noise(1000, 0.8)


@pytest.mark.parametrize(("questions", "deviation", "effect"), [(200, 0.0, 0.05), (200, 0.01, 0.06), (100, 0.03, 0.12)])
def test_as_many_more_questions_or_seeds_as_it_says_detect_a_difference_in_80_percent_of_runs(
    questions: int, deviation: float, effect: float
) -> None:
    rng, seeds = np.random.default_rng(0), 3
    accuracies = [0.5 + effect, 0.5]
    now = _contrasts(rng, Exam(questions), accuracies, deviation, seeds, 400)
    asked = [more_questions(effect, noise, questions, centre) for _, noise, centre in now]
    trained = [more_seeds(effect, noise, seeds, centre) for _, noise, centre in now]
    for name, more in (("questions", asked), ("seeds", trained)):
        added = float(np.median([np.inf if count is None else count for count in more]))
        if not np.isfinite(added):
            print(f"more {name} for {effect}, 3 x {questions}, seeds {deviation}: not enough in most runs")
            continue
        exam = Exam(questions + int(added) if name == "questions" else questions)
        runs = seeds + int(added) if name == "seeds" else seeds
        power = _power(_contrasts(rng, exam, accuracies, deviation, runs, 600))
        print(f"more {name} for {effect}, 3 x {questions}, seeds {deviation}: {added:.0f}, power {power:.2f}")
        assert 0.72 - _noise(600, 0.8) <= power <= 0.88 + _noise(600, 0.8)


def test_one_seed_against_another_says_nothing_of_seeds() -> None:
    """Why no p is shown for them: students that differ by their seeds alone differ significantly."""
    rng, exam = np.random.default_rng(0), Exam(200)
    drawn: list[Comparison] = []
    for _ in range(400):
        first, second = regimes(rng, exam, [0.5, 0.5], 0.05, 1)
        drawn.append(compare(first, second))
    share = sum(comparison.p_value < 0.05 for comparison in drawn) / len(drawn)
    print(f"McNemar, 1 x 200, seeds 0.05: {share:.3f}")
    assert share > 0.15
    assert all(comparison.one_seed for comparison in drawn)


LEAKS = [
    ("one", (0.525,), (0.4,)),
    ("four", (0.525,) * 4, (0.4,) * 3),
    ("eight", (0.525,) * 8, (0.4,)),
]


@pytest.mark.simulation
@pytest.mark.parametrize(("name", "with_disclosures", "without"), LEAKS)
@pytest.mark.parametrize(("seeds", "questions"), list(product((3, 5), (200, 400, 1600))))
def test_the_leak(
    name: str, with_disclosures: tuple[float, ...], without: tuple[float, ...], seeds: int, questions: int
) -> None:
    """All regimes are equal. The first without disclosures is the untaught student, whose one run all seeds share."""
    rng, exam, experiments = np.random.default_rng(0), Exam(questions), 200
    beyond = max(with_disclosures) - max(without)
    truth = beyond / (0.65 - max(without))
    for deviation in (0.0, 0.02, 0.05):
        drawn, gains, withheld = [], [], 0
        for _ in range(experiments):
            ease = exam.ease(rng)

            def taught(accuracies: Sequence[float], ease: Scores = ease, deviation: float = deviation) -> list[Scores]:
                return [answers(rng, exam, ease, accuracy, deviation, seeds) for accuracy in accuracies]

            undisclosed = [answers(rng, exam, ease, without[0], 0.0, 1), *taught(without[1:])]
            disclosed = dict(zip("abcdefgh", taught(with_disclosures), strict=False))
            others = dict(zip("xyz", undisclosed, strict=False))
            found = leak(disclosed, others, taught([0.65])[0])
            gains.append(gain(disclosed, others).gain)
            withheld += found.leak is None
            drawn += [found.leak] if found.leak else []
        share, estimates = _share(drawn, truth), [interval.mean for interval in drawn]
        bias, error = float(np.mean(estimates)) - truth, float(np.std(estimates)) / np.sqrt(len(drawn))
        half = float(np.median([(interval.high - interval.low) / 2 for interval in drawn]))
        print(
            f"leak, {name}, {seeds} x {questions}, seeds {deviation}: {share:.3f}, bias {bias:+.3f} (s.e. {error:.3f}), "
            f"half width {half:.2f}, withheld {withheld / experiments:.2f}; gain: {_share(gains, beyond):.3f}"
        )
        assert _share(gains, beyond) >= 0.94 - _noise(experiments)
        assert share >= 0.94 - _noise(experiments)
        assert abs(bias) <= 0.03 + 2.5 * error


@pytest.mark.simulation
@pytest.mark.parametrize(("gap", "seeds"), list(product((0.25, 0.45), (3, 5, 10))))
def test_the_leaks_half_width_falls_with_the_questions(gap: float, seeds: int) -> None:
    """Four regimes with disclosures, three without; the oracle gains `gap` over the best of these."""
    rng, best = np.random.default_rng(0), 0.9 - gap if gap > 0.3 else 0.4
    with_disclosures = [best + gap * share for share in (0.5, 0.38, 0.26, 0.14)]
    for deviation in (0.01, 0.02, 0.05):
        halves = []
        for questions in (200, 400, 800, 1600, 3200):
            exam, widths = Exam(questions), []
            for _ in range(24):
                ease = exam.ease(rng)
                base = answers(rng, exam, ease, best, 0.0, 1)
                taught = [
                    answers(rng, exam, ease, a, deviation, seeds) for a in (*with_disclosures, best - 0.03, best - 0.06)
                ]
                oracle = answers(rng, exam, ease, best + gap, deviation, seeds)
                found = leak(
                    dict(zip("abcd", taught[:4], strict=True)),
                    dict(zip("xyz", [base, *taught[4:]], strict=True)),
                    oracle,
                )
                widths += [(found.leak.high - found.leak.low) / 2] if found.leak else [np.inf]
            halves.append(float(np.median(widths)))
        print(f"half width, gap {gap}, {seeds} seeds of {deviation}: " + ", ".join(f"{half:.2f}" for half in halves))
        assert halves[-1] < halves[0]


@pytest.mark.parametrize(("deviation", "least", "most"), [(0.0, 0.975, 1.0), (0.1, 0.0, 0.91)])
def test_a_bootstrap_over_questions_and_three_seeds_is_too_wide_or_too_narrow(
    deviation: float, least: float, most: float
) -> None:
    """It counts the residual three times, and three resampled seeds have two thirds of the seeds' variance. It is not used."""
    rng, exam = np.random.default_rng(0), Exam(200)
    drawn = [_bootstrap(regimes(rng, exam, [0.5], deviation, 3)[0], rng) for _ in range(400)]
    share = _share(drawn, 0.5)
    print(f"bootstrap, seeds {deviation}: {share:.3f}")
    assert least <= share <= most


def _bootstrap(scores: Scores, rng: np.random.Generator, draws: int = 200) -> Estimate:
    """Return the percentile interval over questions and seeds resampled with replacement."""
    seeds, questions = scores.shape
    weights = rng.multinomial(questions, np.full(questions, 1 / questions), size=draws) / questions
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
    means = ((weights @ scores.T) * drawn).sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(scores.mean()), float(low), float(high), None)
