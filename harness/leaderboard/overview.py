"""What a reader with a minute needs: the findings in two sentences, and a row for each record and cell."""

from collections.abc import Iterable, Mapping, Sequence

from harness.results.schema import ResultRecord
from harness.results.significance import StatedDifference
from harness.results.verdict import Finding, findings_of, group_name
from harness.views.audit import disclosed
from harness.views.markdown import render_table
from harness.views.tables import Column, Table

Found = tuple[ResultRecord, Finding]


def found_in(records: Iterable[ResultRecord]) -> list[Found]:
    """List the findings of records, one for each cell."""
    return [(record, finding) for record in records for finding in findings_of(record)]


def summary(found: Sequence[Found]) -> list[str]:
    """State the findings of all records in two sentences: what disclosures give, and what the summary adds."""
    if len(found) == 1:
        return _single(*found[0])
    return [_several_gains(found), *_several_effects([finding for _, finding in found])]


def overview(found: Sequence[Found], places: Mapping[str, str]) -> str:
    """Build the table of records: one row a record and cell.

    Args:
        places: where each record's row leads, by the record's id.
    """
    table = Table(
        title="What leaks",
        columns=(
            *(Column(name, "words") for name in ("target", "disclosed", "beyond the surrogate", "summary's effect")),
            Column("seeds"),
            Column("record", "words"),
        ),
        rows=tuple(
            (
                _target(record, finding),
                disclosed(record, finding.cell),
                _short(finding.gain),
                _short(finding.summary_effect),
                str(len(record.seeds)),
                record.id,
            )
            for record, finding in found
        ),
    )
    return render_table(table, [places[record.id] for record, _ in found], linked=5)


def _single(record: ResultRecord, finding: Finding) -> list[str]:
    start = f"The target ({finding.cell.target}) discloses: {disclosed(record, finding.cell)}"
    if finding.gain is None:
        return [f"{start}. {finding.headline}."]
    gain, effect = finding.gain, finding.summary_effect
    sentences = [
        f"{start}; with it the best attack's students gain {gain.points} on {group_name(finding.group)} beyond {finding.beyond}: "
        f"{gain.significance}{gain.detectable}."
    ]
    if effect is not None:
        sentences.append(f"What the summary adds is {effect.short}{effect.detectable}.")
    return sentences


def _several_gains(found: Sequence[Found]) -> str:
    measured = [(record, finding, finding.gain) for record, finding in found if finding.gain is not None]
    if not measured:
        return f"None of the {len(found)} lines below measures a leak."
    record, finding, gain = max(measured, key=lambda entry: entry[2].mean)
    leaking = sum(stated.significant and stated.mean > 0 for *_, stated in measured)
    return (
        f"In {leaking or 'none'} of {len(measured)} measured cases, disclosures teach students significantly more than they can "
        f"learn without them; most where {_target(record, finding)} discloses {disclosed(record, finding.cell)}: "
        f"{gain.short}, on {group_name(finding.group)}."
    )


def _several_effects(found: Sequence[Finding]) -> list[str]:
    effects = [finding.summary_effect for finding in found if finding.summary_effect is not None]
    if not effects:
        return []
    adding = sum(effect.significant and effect.mean > 0 for effect in effects)
    most = max(effects, key=lambda effect: effect.mean)
    return [f"The summary adds significantly in {adding or 'none'} of {len(effects)}, at most {most.short}."]


def _target(record: ResultRecord, finding: Finding) -> str:
    """Name the target, and the recipe where it has another name: several recipes may call their target alike."""
    target, recipe = finding.cell.target, record.recipe.get("name")
    return target if recipe in (None, target) else f"{target} in {recipe}"


def _short(stated: StatedDifference | None) -> str:
    return "not measured" if stated is None else stated.short
