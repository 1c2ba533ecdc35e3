"""The nodes of one cell: which stages it needs, with which parameters, inputs and labels.

Each module adds the nodes that read those of the module before it: `base`, `transcripts`, `disclosures`, `inversions`,
`students`, `measures`.
"""

from harness.pipeline.nodes.base import HIDDEN, JUDGE, SECOND, SURROGATE, TARGET, TESTER
from harness.pipeline.nodes.measures import CellNodes

__all__ = ["HIDDEN", "JUDGE", "SECOND", "SURROGATE", "TARGET", "TESTER", "CellNodes"]
