"""A folder of records: those that can be read, and one line for each file that cannot."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from harness.leaderboard.published import FOLDER, Published, read_published
from harness.results.curve import CalibrationCurve, read_curve
from harness.results.files import ITEMS_SUFFIX, read_record
from harness.results.schema import ResultRecord
from harness.results.text import plain
from traceinv.errors import InputError

CURVE = "calibration.json"
"""The file of a calibration curve; it lies in the folder of records or in a folder inside it."""
F = TypeVar("F")


@dataclass(frozen=True)
class RecordFolder:
    """The content of a folder of records.

    Attributes:
        records: by path, in the order of their ids.
        published: figures of others, in the order of their files.
        refused: why a file was left out, one line each, naming it.
        curves: calibration curves by path.
    """

    records: dict[Path, ResultRecord]
    published: list[Published]
    refused: list[str]
    curves: dict[Path, CalibrationCurve] = field(default_factory=dict)

    def standing(self) -> dict[Path, ResultRecord]:
        """Return the records that stand by themselves: those that no curve was read from."""
        behind = {name for curve in self.curves.values() for name in curve.records}
        return {path: record for path, record in self.records.items() if record.id not in behind}


def load_records(folder: Path) -> RecordFolder:
    """Read every record of a folder; a file that is no record is refused by name and the rest is kept.

    Records with the same id are all refused.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of records")
    paths = [path for path in sorted(folder.glob("*.json")) if not path.name.endswith((ITEMS_SUFFIX, CURVE))]
    records, refused = _read_all(paths, read_record)
    published, others = _read_all(sorted((folder / FOLDER).glob("*.json")), read_published)
    curves, wrong = _read_all([*sorted(folder.glob(CURVE)), *sorted(folder.glob(f"*/{CURVE}"))], read_curve)
    refused += [*others, *wrong]
    counts = Counter(record.id for record in records.values())
    for path, record in list(records.items()):
        if counts[record.id] > 1:
            refused.append(f"{plain(str(path))}: {counts[record.id]} records have the id {record.id!r}")
            del records[path]
    in_order = dict(sorted(records.items(), key=lambda entry: entry[1].id))
    return RecordFolder(in_order, list(published.values()), refused, curves)


def _read_all(paths: Iterable[Path], read: Callable[[Path], F]) -> tuple[dict[Path, F], list[str]]:
    """Read files, and describe those that cannot be read."""
    contents: dict[Path, F] = {}
    refused: list[str] = []
    for path in paths:
        try:
            contents[path] = read(path)
        except InputError as error:
            refused.append(plain(str(error)))
    return contents, refused
