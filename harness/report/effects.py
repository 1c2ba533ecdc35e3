"""Draw the paired differences of a cell, each on a band of what the data could not detect."""

from collections.abc import Sequence

from harness.report import charts
from harness.report.charts import Effect
from harness.report.figure import Figure
from harness.report.scores import shown_groups
from harness.results.schema import Contrast
from harness.results.significance import is_significant, is_void, state_contrast
from harness.results.text import number, points
from harness.results.verdict import group_name
from harness.views.differences import contrast_table


def differences(contrasts: Sequence[Contrast], comparisons: int) -> Figure:
    """Draw a forest plot of a cell's differences between regimes.

    Args:
        comparisons: the number of contrasts that their p-values are corrected for.
    """
    title = "Differences between regimes"
    caption = (
        "Each line is one regime less another on the same questions, in points, with its 95% interval. A filled mark is "
        "significant after Holm's correction. The band is the minimum detectable effect: a true difference inside it would "
        "mostly go unnoticed here, so an interval over the band shows little either way."
    )
    if not contrasts:
        return Figure("differences", title, caption, missing="No plot: this record compares no two regimes.")
    tables = (contrast_table(contrasts, comparisons),)
    groups = shown_groups(contrast.group for contrast in contrasts)
    shown = [c for group in groups for c in contrasts if c.group == group and not is_void(c.difference)]
    if not shown:
        return Figure("differences", title, caption, tables=tables, missing="No plot: all differences are withheld.")
    effects = [_effect(contrast) for contrast in shown]
    wide, narrow = charts.draw_both(lambda width: charts.forest(effects, "difference in points", width))
    alt = f"Forest plot of differences between regimes. {'; '.join(effect.tooltip for effect in effects)}."
    return Figure("differences", title, caption, alt, wide, narrow, tables)


def _effect(contrast: Contrast) -> Effect:
    stated, group, difference = state_contrast(contrast), group_name(contrast.group), contrast.difference
    name = f"{contrast.first} - {contrast.second}"
    return Effect(
        panel=group,
        row=name,
        mean=100 * difference.mean,
        low=100 * difference.low,
        high=100 * difference.high,
        label=points(difference.mean),
        tooltip=f"{name}, {group}: {stated.short}; MDE {number(100 * contrast.detectable, 1)}",
        detectable=100 * contrast.detectable,
        significant=is_significant(contrast),
    )
