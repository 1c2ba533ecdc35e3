"""Show how leaderboard.md grows with records of which no two may share a table.

    python perf/leaderboard.py [--records 10,100] [--record FILE]

A committed record is copied, each time with another target, so that each copy has a table of its own. Time is CPU time of this
process for reading the files and writing the page, so that a busy machine does not decide the ratio.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.leaderboard.page import build
from harness.results.files import MAX_BYTES

MOST = 1.5
"""Ten times the records may take so many times ten times as long; the largest part is the reading of each."""


def main() -> int:
    """Print the table; return 1 where time or page grow faster than the records."""
    options = _options()
    content = json.loads(options.record.read_text(encoding="utf-8"))
    print(f"{options.record.name}: {options.record.stat().st_size:,} bytes; a file may have {MAX_BYTES:,}")
    print(f"{'records':>8}{'CPU s':>9}{'page, bytes':>14}{'a record':>22}")
    measured = [(count, *_measure(content, count)) for count in options.records]
    for count, seconds, size in measured:
        print(f"{count:>8}{seconds:>9.1f}{size:>14,}{1000 * seconds / count:>9.0f} ms{size / count:>9,.0f} B")
    (few, seconds, size), (many, later, larger) = measured[0], measured[-1]
    growth = later / seconds, larger / size
    print(f"{many / few:.0f} times the records: {growth[0]:.1f} times the time, {growth[1]:.1f} times the page")
    return 0 if max(growth) <= MOST * many / few else 1


def _measure(content: dict[str, Any], count: int) -> tuple[float, int]:
    """Return the CPU seconds and the bytes of a page of so many unlike records."""
    with tempfile.TemporaryDirectory(prefix="leaderboard-") as temporary:
        folder = Path(temporary)
        for number in range(count):
            (folder / f"unlike-{number}.json").write_text(json.dumps(unlike(content, number)), encoding="utf-8")
        begin = time.process_time()
        page = build(folder, folder / "leaderboard.md").markdown
        return time.process_time() - begin, len(page.encode())


def unlike(content: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a record with a name of its own, whose rows are those of another target."""
    rows = [
        {**row, "comparability": {**row["comparability"], "target": f"{number:012x}"}, "runs": [f"{number}-{at}"]}
        for at, row in enumerate(content["rows"])
    ]
    return {**content, "id": f"unlike-{number}", "rows": rows}


def _options() -> argparse.Namespace:
    results = Path(__file__).parents[1] / "results"
    record = next(path for path in sorted(results.glob("*.json")) if not path.name.endswith(".items.json"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=lambda text: [*map(int, text.split(","))], default=[10, 100], metavar="N,N")
    parser.add_argument("--record", type=Path, default=record, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
