"""The plots of an audit: leak by policy, and leak against utility."""

import re
from xml.etree import ElementTree

from sample_records import policy_row, record, utility

from harness.report.figures import record_figures
from harness.report.policies import figures, frontier, standalone

ROWS = [policy_row("half", 0.6), policy_row("silent", 0.02), policy_row("third", 0.3)]


def test_an_audit_has_a_plot_of_leaks_and_one_of_leak_against_utility() -> None:
    leaks, against = figures(ROWS)
    assert "half, best attack: 60.0% [50.0, 70.0]" in leaks.alt
    assert "half, perfect inverter: 80.0%" in leaks.alt
    assert "silent: leak 2.0% [-8.0, 12.0], utility 0.10 [0.05, 0.15]" in against.alt
    assert against.wide.startswith("<svg")
    keys = [figure.key for figure in record_figures(record(policies=ROWS), "no store")]
    assert keys[:2] == ["policies", "frontier"]
    assert "policies" not in [figure.key for figure in record_figures(record(), "no store")]


def test_where_some_policy_has_no_auc_the_share_of_conveyed_steps_stands_for_utility() -> None:
    rows = [*ROWS, policy_row("few", 0.1, utility=utility(None, 0.25))]
    assert "few: leak 10.0% [0.0, 20.0], utility 0.25 [0.23, 0.27]" in frontier(rows).alt


def test_policies_at_one_place_have_one_label() -> None:
    rows = [policy_row("silent", 0.02), policy_row("tokens", 0.02), policy_row("half", 0.6)]
    texts = [text for text in re.findall(r">([^<>]+)</text>", frontier(rows).wide) if "e" in text or "half" in text]
    assert "silent, tokens" in texts
    assert "tokens" not in texts


def test_policies_without_a_leak_make_no_plot() -> None:
    figure = frontier([policy_row("half", None)])
    assert figure.missing == "No plot: no policy has both a leak and a utility."
    assert figures([policy_row("half", None), policy_row("third", None)])[0].missing is not None


def test_the_plot_is_an_svg_file_of_its_own_with_every_colour_that_it_uses() -> None:
    svg = standalone(frontier(ROWS).wide)
    ElementTree.fromstring(svg)  # noqa: S314
    assert "half" in svg
    used, defined = set(re.findall(r"var\((--[a-z0-9]+)\)", svg)), set(re.findall(r"(--[a-z0-9]+):", svg))
    assert used
    assert used <= defined
