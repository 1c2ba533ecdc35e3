"""Pair the items of two sides by id, and where ids are only numbers or differ, by the text of the question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.logs.samples import Log
from harness.results.items import ItemKey, SampleScores

CONTAINED = 30
"""Characters that a text must have to be looked for inside another."""
MAX_SEARCHES = 4_000_000
"""Searches of one text in another, at most; items beyond that are paired by equal texts alone."""


@dataclass(frozen=True)
class SideItem:
    """An item of one side.

    Attributes:
        named: whether the id is the data's own, rather than a number that a program gave to the item.
        texts: the question, or texts that hold it; empty where the side has none.
        scores: for each run those of its samples.
    """

    task: str
    id: str
    named: bool
    texts: tuple[str, ...]
    scores: SampleScores

    @property
    def short_id(self) -> str:
        """The id; `TASK/NUMBER`, which this project writes for items that are only numbered, is the number."""
        number = self.id.removeprefix(f"{self.task}/")
        return number if number.isdecimal() else self.id


@dataclass
class Pairing:
    """The items of two sides that are the same.

    Attributes:
        pairs: the same item on the first and on the second side.
        only_first, only_second: the items that have no partner.
        by_id, by_text: how many items were paired by id, and how many by the text of the question.
        other_question: how many items have one id but differ in the question; they are not paired by id.
    """

    pairs: list[tuple[SideItem, SideItem]] = field(default_factory=list)
    only_first: list[SideItem] = field(default_factory=list)
    only_second: list[SideItem] = field(default_factory=list)
    by_id: int = 0
    by_text: int = 0
    other_question: int = 0

    def tasks(self) -> list[str]:
        """List the tasks of the items that have a partner, or might have one."""
        return list(dict.fromkeys(item.task for item in [*(pair[0] for pair in self.pairs), *self.only_first]))

    def scores(self, tasks: Sequence[str]) -> tuple[dict[ItemKey, SampleScores], dict[ItemKey, SampleScores]]:
        """Return the scores of each side on some tasks, partners under the same key."""
        both, first, second = "both", "first", "second"
        partners = [(ours, theirs) for ours, theirs in self.pairs if ours.task in tasks]
        return (
            {(ours.task, f"{both} {ours.id}"): ours.scores for ours, _ in partners}
            | {(item.task, f"{first} {item.id}"): item.scores for item in self.only_first if item.task in tasks},
            {(ours.task, f"{both} {ours.id}"): theirs.scores for ours, theirs in partners}
            | {(item.task, f"{second} {item.id}"): item.scores for item in self.only_second if item.task in tasks},
        )


def items_of_log(log: Log) -> list[SideItem]:
    """Collect the samples of a log by item, in the order of the log."""
    items: dict[ItemKey, SideItem] = {}
    for sample in log.samples:
        key = sample.task, sample.id
        old = items.get(key)
        scores = [*old.scores[0], sample.score] if old else [sample.score]
        items[key] = SideItem(sample.task, sample.id, sample.named, sample.texts, (scores,))
    return list(items.values())


def pair_items(first: Sequence[SideItem], second: Sequence[SideItem]) -> Pairing:
    """Pair the items of two sides, task by task.

    Where a side has one task without a name, it takes the name of the other side's only task. Where both have one task and the
    names differ, only items whose questions have the same text are paired.

    Two items of one id are the same if they share a text. Where a side has no text, they are the same if both ids are the
    data's own. The items left are paired where exactly one on either side has a text.
    """
    first, second, strict = _same_names(first, second)
    pairing = Pairing()
    for task in dict.fromkeys(item.task for item in [*first, *second]):
        ours, theirs = ([item for item in side if item.task == task] for side in (first, second))
        _pair_task(ours, theirs, pairing, strict)
    return pairing


def _same_names(first: Sequence[SideItem], second: Sequence[SideItem]) -> tuple[list[SideItem], list[SideItem], bool]:
    """Give both sides the same name of their only task; say whether their names differed."""
    names = [list(dict.fromkeys(item.task for item in side)) for side in (first, second)]
    if len(names[0]) != 1 or len(names[1]) != 1 or names[0] == names[1]:
        return list(first), list(second), False
    ours, theirs = names[0][0], names[1][0]
    name = ours or theirs
    renamed = ([replace(item, task=name) for item in side] for side in (first, second))
    return *renamed, bool(ours and theirs)  # type: ignore[return-value]


def _pair_task(first: Sequence[SideItem], second: Sequence[SideItem], pairing: Pairing, strict: bool) -> None:
    by_id = {item.short_id: item for item in second}
    left: list[SideItem] = []
    taken: set[str] = set()
    for item in first:
        other = by_id.get(item.short_id)
        if other is not None and is_same(item, other, strict):
            taken.add(other.id)
            pairing.by_id += 1
            pairing.pairs.append((item, other))
        else:
            pairing.other_question += bool(other and item.texts and other.texts)
            left.append(item)
    rest = [item for item in second if item.id not in taken]
    index = TextIndex((item.id, item.texts) for item in rest)
    back = TextIndex((item.id, item.texts) for item in left)
    others = {item.id: item for item in rest}
    for item in left:
        identifier = index.find(item.texts)
        if identifier is not None and back.find(others[identifier].texts) == item.id:
            pairing.by_text += 1
            pairing.pairs.append((item, others.pop(identifier)))
        else:
            pairing.only_first.append(item)
    pairing.only_second += others.values()


def is_same(first: SideItem, second: SideItem, strict: bool) -> bool:
    """Say whether two items of one id are the same; `strict` where only their texts can tell."""
    if first.texts and second.texts:
        return share_text(first.texts, second.texts)
    return not strict and first.named and second.named


def share_text(first: Iterable[str], second: Sequence[str]) -> bool:
    """Say whether a text of one question is one of the other's, or stands inside one."""
    return any(_is_within(*sorted((text, other), key=len)) for text in first for other in second)


def _is_within(shorter: str, longer: str) -> bool:
    return shorter == longer or (len(shorter) >= CONTAINED and shorter in longer)


class TextIndex:
    """Finds an item by a text of its question: an equal text first, then one that contains it or is contained in it."""

    def __init__(self, items: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """Index items, given as (id, texts)."""
        self._owners: dict[str, set[str]] = {}
        for identifier, texts in items:
            for text in texts:
                self._owners.setdefault(text, set()).add(identifier)
        self._long = [text for text in self._owners if len(text) >= CONTAINED]
        self._searches = 0

    def find(self, texts: Sequence[str]) -> str | None:
        """Return the id of the item that these texts belong to; None where there is none, or several are equally near."""
        equal = {owner for text in texts for owner in self._owners.get(text, ())}
        if equal:
            return equal.pop() if len(equal) == 1 else None
        return self._find_inside([text for text in texts if len(text) >= CONTAINED])

    def _find_inside(self, texts: Sequence[str]) -> str | None:
        """Return the owner of the longest text that one of these contains or is contained in."""
        self._searches += len(texts) * len(self._long)
        if self._searches > MAX_SEARCHES:
            return None
        near = [known for known in self._long if any(known in text or text in known for text in texts)]
        if not near:
            return None
        longest = max(map(len, near))
        owners = {owner for known in near if len(known) == longest for owner in self._owners[known]}
        return owners.pop() if len(owners) == 1 else None
