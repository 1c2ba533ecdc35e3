"""A folder of records: those that can be read, and one line for each that can not."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness.leaderboard.published import FOLDER, Published, read_published
from harness.results.files import ITEMS_SUFFIX, read_record
from harness.results.schema import ResultRecord
from traceinv.errors import InputError


@dataclass(frozen=True)
class Shelf:
    """What stands in a folder of results.

    Attributes:
        records: by path, in the order of their ids.
        published: figures of others, in the order of their files.
        refused: why a file was left out, one line each, naming it.
    """

    records: dict[Path, ResultRecord]
    published: list[Published]
    refused: list[str]


def read_shelf(folder: Path) -> Shelf:
    """Read every record; a bad one is refused by name and the rest stays.

    Where two records have one id nobody can tell which is meant, so both are refused.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of results")
    refused: list[str] = []
    found: dict[Path, ResultRecord] = {}
    for path in sorted(path for path in folder.glob("*.json") if not path.name.endswith(ITEMS_SUFFIX)):
        try:
            found[path] = read_record(path)
        except InputError as error:
            refused.append(str(error))
    published: list[Published] = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            published.append(read_published(path))
        except InputError as error:
            refused.append(str(error))
    counts = Counter(record.id for record in found.values())
    twice = [path for path, record in found.items() if counts[record.id] > 1]
    refused += [f"{path}: {counts[found[path].id]} records have the id {found[path].id!r}" for path in twice]
    kept = {path: record for path, record in found.items() if path not in twice}
    return Shelf(dict(sorted(kept.items(), key=lambda pair: pair[1].id)), published, refused)
