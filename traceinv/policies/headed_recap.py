"""Disclose a recap under headings, as reasoning models' interfaces show it while they think."""

import re
from typing import Literal

from traceinv.policies.prompted import Prompted

_HEADING = re.compile(r"^(?:#{1,6} .+|\*\*[^*]+\*\*:?)$", re.MULTILINE)


class HeadedRecap(Prompted):
    """Disclose a recap of the trace in paragraphs with a heading each."""

    kind: Literal["headed_recap"] = "headed_recap"

    def misses(self, trace: str, text: str) -> float:
        return 0.0 if _HEADING.search(text) else 1.0
