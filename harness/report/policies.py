"""Draw the policies of a record beside each other: what each leaks, and that against what it is worth to a reader."""

from collections.abc import Callable, Sequence
from importlib.resources import files

from harness.report import charts
from harness.report.charts import Place
from harness.report.figure import Figure, describe_dots, share_dots
from harness.results.schema import Interval, PolicyRow
from harness.results.text import interval, percent_interval
from harness.views.audit import policy_leak_table, policy_names, policy_value_table, ranked

Worth = Callable[[PolicyRow], Interval | None]
FRONTIER = "Leak against utility"


def figures(rows: Sequence[PolicyRow]) -> list[Figure]:
    """Draw the figures of an audit; none for a record with one policy."""
    return [_leaks(rows), frontier(rows)] if len(rows) > 1 else []


def frontier(rows: Sequence[PolicyRow]) -> Figure:
    """Draw leak against utility, a point for each policy.

    Utility is what the summary adds to telling right answers from wrong ones; where that is not known for all policies, the share
    of true steps that the summary conveys.
    """
    caption = (
        "A policy further left leaks less, and one further up is worth more to its reader. Lines are intervals; those of the "
        "leak hold for all policies at once. Between two policies at the same height, the one to the left is better."
    )
    tables = (policy_value_table(rows),)
    y_title, worth = _worth(rows)
    places = [_place(name, row, worth) for row, name in _named(rows) if row.leak and worth(row)]
    if not places:
        reason = "No plot: no policy has both a leak and a utility."
        return Figure("frontier", FRONTIER, caption, tables=tables, missing=reason)
    x_title = "leak, share of the oracle's gain"
    wide, narrow = charts.draw_both(lambda width: charts.frontier(places, x_title, y_title, width))
    alt = f"Scatter plot of leak and utility. {'; '.join(place.tooltip for place in places)}."
    return Figure("frontier", FRONTIER, caption, alt, wide, narrow, tables)


def standalone(svg: str) -> str:
    """Return a plot as an SVG file of its own: with the colours of the page's light theme."""
    style = (files("harness.report") / "templates" / "style.css").read_text(encoding="utf-8")
    colours = style.partition(":root")[2].partition("{")[2].partition("}")[0]
    start = svg.index(">", svg.index("<svg ")) + 1
    return f"{svg[:start]}<style>svg{{{' '.join(colours.split())} background: var(--paper)}}</style>{svg[start:]}\n"


def _leaks(rows: Sequence[PolicyRow]) -> Figure:
    title = "Leak by policy"
    caption = (
        "(best attack - best regime without disclosures) / (oracle - best regime without disclosures), for each policy with the "
        "attack that reached most. The intervals hold for all policies at once. Where a perfect inverter is known, its leak is "
        "what the policy gives at most."
    )
    tables = (policy_leak_table(rows),)
    dots = share_dots(
        (panel, name, share)
        for row, name in _named(rows)
        for panel, share in (("best attack", row.leak), ("perfect inverter", row.planted))
    )
    if not dots:
        reason = "No plot: no policy's leak is reported; the table says why."
        return Figure("policies", title, caption, tables=tables, missing=reason)
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "share of the oracle's gain", width, marks=(0, 1)))
    return Figure(
        "policies", title, caption, describe_dots("Dot plot of the leak by policy", dots), wide, narrow, tables
    )


def _named(rows: Sequence[PolicyRow]) -> list[tuple[PolicyRow, str]]:
    names = policy_names(rows)
    return [(row, names[row.cell]) for row in ranked(rows)]


def _worth(rows: Sequence[PolicyRow]) -> tuple[str, Worth]:
    if all(row.utility.gain for row in rows):
        return "gain of AUC over the answer alone", lambda row: row.utility.gain
    return "share of true steps conveyed", lambda row: row.utility.conveyed


def _place(name: str, row: PolicyRow, worth: Worth) -> Place:
    leak, value = row.leak, worth(row)
    if leak is None or value is None:
        raise ValueError(f"{name}: expected a leak and a utility")
    tooltip = f"{name}: leak {percent_interval(leak)}, utility {interval(value, 2)}"
    return Place(name, leak.mean, leak.low, leak.high, value.mean, value.low, value.high, tooltip)
