"""Disclose numbered one-line notes, one for each stage of the reasoning."""

import re
from typing import Literal

from traceinv.policies.prompted import Prompted

_NUMBERED = re.compile(r"^\s*\d+[.)] ", re.MULTILINE)


class NumberedBubbles(Prompted):
    """Disclose a numbered list of one-line notes."""

    kind: Literal["numbered_bubbles"] = "numbered_bubbles"

    def misses(self, trace: str, text: str) -> float:
        return 0.0 if len(_NUMBERED.findall(text)) == len([line for line in text.splitlines() if line.strip()]) else 1.0
