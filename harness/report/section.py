"""The part of the page that shows one record: what it found, in a line and three tiles, and its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.pipeline.artifacts import RunArtifacts
from harness.report.figure import Figure
from harness.report.figures import record_figures
from harness.results.cells import cell_labels
from harness.results.schema import LeakRow, Ledger, ResultRecord, Row
from harness.results.text import percent, percent_interval
from harness.results.verdict import ONE_SEED, Finding, findings_of, group_name, is_one_seed
from harness.views.accuracies import in_order
from harness.views.audit import audit_lines, disclosed, threat_lines
from harness.views.regimes import definition


@dataclass(frozen=True)
class Tile:
    """One accuracy in large type.

    Attributes:
        title: whose it is.
        figure: in percent.
        note: the regime, its interval, and the group of tasks.
    """

    title: str
    figure: str
    note: str


@dataclass(frozen=True)
class Found:
    """What a cell shows.

    Attributes:
        disclosed: what its target discloses.
        tiles: the best student without disclosures, the best with them, and the oracle, where the cell has these.
    """

    finding: Finding
    disclosed: str
    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Section:
    """The part of the page that shows one record.

    Attributes:
        ledgers: the record's ledgers, each with the name of its seed and cell.
        found: what each cell of the record shows.
        threats: the threat model.
        ranking: what an audit of several policies found; empty for one policy.
        remark: on the limit of a record with one seed; else empty.
        definitions: what the record's regimes teach, by name.
    """

    record: ResultRecord
    figures: Sequence[Figure]
    ledgers: Sequence[tuple[str, Ledger]]
    found: Sequence[Found]
    remark: str
    threats: Sequence[str]
    ranking: Sequence[str]
    definitions: Mapping[str, str]


def make_section(record: ResultRecord, run: RunArtifacts | str) -> Section:
    """Make the section of a record.

    Args:
        run: the artifacts of its run, or why there are none.
    """
    return Section(
        record=record,
        figures=record_figures(record, run),
        ledgers=_named_ledgers(record),
        found=[Found(found, disclosed(record, found.cell), _tiles(record, found)) for found in findings_of(record)],
        remark=ONE_SEED if is_one_seed(record.rows) else "",
        threats=threat_lines(record.threats),
        ranking=audit_lines(record) if len(record.policies) > 1 else [],
        definitions={row.name: definition(row.name) for row in in_order(record.rows)},
    )


def _tiles(record: ResultRecord, found: Finding) -> list[Tile]:
    leak = next((row for row in record.leak if (row.cell, row.group) == (found.cell, found.group)), None)
    rows = {row.name: row for row in record.rows if row.cell == found.cell and found.group in row.scores}
    return [_tile(title, rows[name], found.group) for title, name in _ends(leak) if name in rows]


def _ends(leak: LeakRow | None) -> list[tuple[str, str]]:
    oracle = [("Taught the hidden traces", "oracle")]
    if leak is None:
        return oracle
    return [("Best without disclosures", leak.best_undisclosed), ("Best attack", leak.best_disclosed), *oracle]


def _tile(title: str, row: Row, group: str) -> Tile:
    accuracy = row.scores[group].accuracy
    interval = percent_interval(accuracy, "").partition(" ")[2]
    return Tile(title, percent(accuracy.mean), f"{row.name}, {group_name(group)} {interval}")


def _named_ledgers(record: ResultRecord) -> list[tuple[str, Ledger]]:
    names = cell_labels(ledger.cell for ledger in record.ledger)
    return [(", ".join(filter(None, (f"seed {row.seed}", names[row.cell]))), row) for row in record.ledger]
