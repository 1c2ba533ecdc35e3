"""How a record came about: rows kept, gates passed, stages computed, machine."""

from typing import Any

from pydantic import Field

from harness.results.schema.scores import Cell, Label
from traceinv.schema import Closed


class Ledger(Closed):
    """Questions of one cell and seed: how many were asked, how many each regime can teach, how many all regimes share.

    Attributes:
        left_out: regimes that could teach no question, so that the record has no student of theirs.
    """

    cell: Cell
    seed: int
    asked: int
    rows: dict[str, int]
    too_long: dict[str, int]
    shared: int
    left_out: list[str] = Field(default_factory=list, exclude_if=lambda names: not names)


class Gate(Closed):
    """A gate's figures; a run in which one fails has no record."""

    name: str
    figures: dict[str, Any]


class StageEntry(Closed):
    """A stage of the run.

    Attributes:
        labels: which target, policy, regime, seed and so on it belongs to.
        version: of the kind of stage; None for stages that are keyed by their source.
        fingerprint: hash of the source that computed it, comments and docstrings left out.
        seconds: how long it took when it was computed.
        adopted: why an artifact of another version was accepted; None where it was not.
        engine: on what its model ran: batch size, data type, device; None where it loads no weights, and in records that do
            not say.
    """

    kind: str
    labels: dict[str, Label]
    key: str
    version: int | None
    fingerprint: str
    seconds: float = Field(ge=0)
    adopted: str | None = None
    engine: dict[str, Any] | None = Field(None, exclude_if=lambda engine: engine is None)


class Provenance(Closed):
    """Where and from what a record was made; the only part in which two runs of one recipe may differ.

    Attributes:
        assembly: digest of the source that made the record of the stages' artifacts; None in records that do not say.
    """

    command: str
    created: str
    commit: str
    packages: dict[str, str]
    hardware: dict[str, Any]
    stages: list[StageEntry]
    assembly: str | None = None
