"""Render the section of one record: its finding and the table of its regimes, with all other tables folded."""

from collections.abc import Sequence

from harness.results.ledgers import ledger_notes
from harness.results.schema import ResultRecord
from harness.results.verdict import ONE_SEED, findings_of, is_one_seed
from harness.views.accuracies import in_order, regime_table
from harness.views.audit import audit_lines, policy_leak_table, policy_value_table, threat_lines
from harness.views.differences import contrast_table
from harness.views.faithfulness import bits_table, faithfulness_table, reading_table, style_line, style_table
from harness.views.leaks import leak_sides_table, leak_table, recovery_table
from harness.views.markdown import code, folded, link, render_table, text
from harness.views.tables import Table


def section(record: ResultRecord, place: str, accuracies: Sequence[str], frontier: str | None = None) -> str:
    """Render the section of a record.

    Args:
        place: where its file lies.
        accuracies: those of its rows that no other record shares, rendered.
        frontier: where the plot of an audit lies; None where there is none.
    """
    found = findings_of(record)
    if len(record.policies) > 1:
        plot = [f"![Leak of each policy against its utility]({frontier})"] if frontier else []
        seen = [*map(text, audit_lines(record)), render_table(policy_leak_table(record.policies)), *plot]
    else:
        seen = [part for finding in found for part in (f"**{text(finding.headline)}**", text(finding.conclusion))]
    if len(found) == 1:
        table = regime_table(in_order(record.rows), record.contrasts, found[0].group)
        seen.append(render_table(table.with_notes(ledger_notes(record.ledger))))
    words = [
        *map(text, threat_lines(record.threats)),
        *_details(record),
        *([text(ONE_SEED)] * is_one_seed(record.rows)),
    ]
    figures = [*map(render_table, _figures(record)), *(text(style_line(style)) for style in record.style)]
    paragraphs = [
        f"## {_heading(record)}",
        *seen,
        folded("Findings, and the threat model", "\n\n".join(words)),
        *(
            [folded("By task, how replies ended, and what the rows share", "\n\n".join(accuracies))]
            if accuracies
            else []
        ),
        *([folded(f"All figures of {record.id}", "\n\n".join(figures))] if figures else []),
        _made(record, place),
    ]
    return "\n\n".join(paragraphs) + "\n"


def anchor(record: ResultRecord) -> str:
    """Return where a record's section is on the page, as GitHub names it."""
    return "#" + _heading(record).replace(",", "").replace(" ", "-")


def _heading(record: ResultRecord) -> str:
    return f"{text(record.id)}, {len(record.seeds)} {'seed' if len(record.seeds) == 1 else 'seeds'}"


def _details(record: ResultRecord) -> list[str]:
    """State the details of each cell; where there are several, each with its headline and its conclusion."""
    found = findings_of(record)
    if len(found) == 1:
        return [text(" ".join(found[0].details))] if found[0].details else []
    return [
        paragraph
        for finding in found
        for paragraph in (
            f"**{text(finding.headline)}**",
            text(" ".join([*finding.details, finding.conclusion])),
        )
    ]


def _figures(record: ResultRecord) -> list[Table]:
    tables = (
        *((policy_value_table(record.policies),) if record.policies else ()),
        leak_table(record.leak),
        leak_sides_table(record.leak),
        contrast_table(record.contrasts),
        recovery_table(record.recovery),
        faithfulness_table(record.faithfulness),
        reading_table(record.reading),
        bits_table(record.likelihood),
        style_table(record.style),
    )
    return [table for table in tables if table.rows]


def _made(record: ResultRecord, place: str) -> str:
    made = record.provenance
    cores, processor = (made.hardware.get(key, "unknown") for key in ("cores", "processor"))
    return (
        f"{link(record.id, place)}, made on {text(made.created[:10])} at commit {text(made.commit)} by "
        f"{code(made.command)} on {text(cores)} cores ({text(processor)})."
    )
