"""The first replies of a server: whether anything can be used of them, before the others are paid for."""

import logging
from collections.abc import Sequence

from traceinv.errors import GateError
from traceinv.records import Transcript

logger = logging.getLogger(__name__)
FEW = 5
"""Replies of which one must be usable. A single one may be unlucky: some models now and then end in their reasoning."""
SHOWN = 150
"""Characters of each part of a reply that are shown."""


class FirstReplies:
    """Holds back replies that cannot be used until one can be, and refuses to go on after `FEW` of them.

    What is held back is not stored, so that a server that is set up rightly later is asked everything anew.

    Attributes:
        alone: whether a reply is to be awaited before the next question is sent.
    """

    def __init__(self, traces_known: bool, expected: int) -> None:
        """Begin.

        Args:
            traces_known: whether a usable reply has a trace besides its answer.
            expected: how many replies there will be in all, those that an earlier run stored included.
        """
        self.wanted = ("trace", "answer") if traces_known else ("answer",)
        self.expected, self.alone = expected, True
        self._passed, self._held, self._seen = False, list[Transcript](), 0

    def usable(self, row: Transcript) -> bool:
        """Return whether a reply ended by itself and has what is wanted."""
        return row.finish_reason == "stop" and not self._missing(row)

    def pass_on(self, rows: Sequence[Transcript]) -> list[Transcript]:
        """Return the rows that may be stored: these and those held back, once one can be used; until then those cut off.

        Raises:
            GateError: none of the first `FEW` replies that ended by themselves can be used, or none of all; the first is shown.
        """
        if self._passed:
            return list(rows)
        self._seen += len(rows)
        usable = next((row for row in rows if self.usable(row)), None)
        if usable is not None:
            logger.info("first reply, to %s: %s", usable.id, _parts(usable))
            self._passed, self.alone = True, False
            return [*self._held, *rows]
        self.alone = self._seen < FEW
        self._held += [row for row in rows if row.finish_reason != "length"]
        if self._held and (len(self._held) >= FEW or self._seen == self.expected):
            raise GateError(self._refusal())
        return [row for row in rows if row.finish_reason == "length"]

    def _missing(self, row: Transcript) -> list[str]:
        return [name for name in self.wanted if _clipped(getattr(row, name)) is None]

    def _refusal(self) -> str:
        first, count = self._held[0], len(self._held)
        which = (
            f"the first {count} replies cannot be used, so no" if count > 1 else "the first reply cannot be used, so no"
        )
        return (
            f"{which} other question was sent; that to {first.id} has no {' and no '.join(self._missing(first))}; it was read"
            f" as {_parts(first)}"
        )


def _parts(row: Transcript) -> dict[str, str | None]:
    return {name: _clipped(getattr(row, name)) for name in ("trace", "summary", "answer")}


def _clipped(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())[:SHOWN] or None
