"""Responses recorded elsewhere, and the items of a task that they answer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.benchmarks.loading import LoadedTask
from harness.benchmarks.scorer import Item
from harness.logs.formats import read_log
from harness.logs.pairing import TextIndex, share_text
from harness.logs.recorded import FORMAT
from harness.logs.samples import LoggedSample, Wanted, question_texts
from traceinv.errors import InputError, nearest
from traceinv.records import FinishReason


@dataclass(frozen=True)
class Recorded:
    """A response.

    Attributes:
        where: `FILE:LINE`, or the place in a log of another form.
        id: of the item, as the file has it.
        named: whether the id is the data's own, rather than a number that a program gave to the item.
        strict: whether the id must be an item's, as in files of our own form.
        texts: the question, or texts that hold it; empty where the file has none.
    """

    where: str
    id: str
    named: bool
    strict: bool
    response: str
    finish_reason: FinishReason | None
    tokens: int | None
    texts: tuple[str, ...]


def read_recorded(path: Path, task: str, format_name: str | None = None) -> list[Recorded]:
    """Read the responses to a task.

    Where a log has several tasks, those to the task of this name are read; where it has one, all of them.

    Args:
        task: the task's short name.
        format_name: of the file; told by its content where None.

    Raises:
        InputError: the file cannot be read, a response is missing, or none of several tasks is this one.
    """
    log = read_log(path, Wanted(scores=False), format_name, otherwise=FORMAT)
    names = log.tasks()
    if len(names) > 1 and task not in names:
        raise InputError(f"{path}: no responses to the task {task!r}{nearest(task, names)}")
    samples = [sample for sample in log.samples if len(names) == 1 or sample.task == task]
    return [_recorded(sample, log.format == FORMAT) for sample in samples]


def find_items(loaded: LoadedTask, recorded: Sequence[Recorded]) -> tuple[list[Item], str | None]:
    """Find the item of each response.

    Files of our own form name items by id. In logs of other programs an id counts where it is the data's own and the texts of
    the question do not differ; else the item is the one that has a text of the question, or a part of the prompt as its text.

    Returns:
        The items, and a note on how they were found; None where all ids were an item's.

    Raises:
        InputError: a response belongs to no item; the message names its place.
    """
    index = TextIndex((identifier, question_texts(item)) for identifier, item in loaded.by_id.items())
    known: dict[tuple[str, tuple[str, ...]], tuple[Item, str]] = {}
    for row in recorded:
        if (row.id, row.texts) not in known:
            known[row.id, row.texts] = _find(loaded, row, index)
    found = [known[row.id, row.texts] for row in recorded]
    ways = Counter(way for _, way in known.values())
    note = f"items found: {', '.join(f'{count} by {way}' for way, count in ways.items())}"
    return [item for item, _ in found], note if any(not row.strict for row in recorded) else None


def _recorded(sample: LoggedSample, strict: bool) -> Recorded:
    if sample.response is None:
        raise InputError(f"{sample.where}: response: expected text to grade, got none")
    return Recorded(
        where=sample.where,
        id=sample.id,
        named=sample.named,
        strict=strict,
        response=sample.response,
        finish_reason=sample.finish_reason,
        tokens=sample.tokens,
        texts=sample.texts,
    )


def _find(loaded: LoadedTask, row: Recorded, index: TextIndex) -> tuple[Item, str]:
    """Return the item of a response, and by what it was found."""
    item = _by_id(loaded, row.id) if row.named else None
    if item is not None and (row.strict or not row.texts or share_text(row.texts, question_texts(item))):
        return item, "id"
    identifier = None if row.strict else index.find(row.texts)
    if identifier is not None:
        return loaded.by_id[identifier], "the text of the question"
    why = "" if row.strict else ", nor one with the text of its question"
    raise InputError(f"{row.where}: id: no item {row.id!r} in {loaded.benchmark.name}{why}{_hint(loaded, row.id)}")


def _by_id(loaded: LoadedTask, identifier: str) -> Item | None:
    """Return an item by its id; where the source only numbers its items, the bare number stands for `TASK/NUMBER`."""
    return loaded.by_id.get(identifier) or loaded.by_id.get(f"{loaded.benchmark.name}/{identifier}")


def _hint(loaded: LoadedTask, identifier: str) -> str:
    ids = list(loaded.by_id)
    hint = nearest(identifier, ids)
    return hint if "did you mean" in hint else f" (its {len(ids)} ids run from {ids[0]!r} to {ids[-1]!r})"
