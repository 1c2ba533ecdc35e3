"""`traceinv gate`: may a new disclosure policy take the place of an old one?"""

import argparse
from pathlib import Path

from harness.commands.exits import DONE, FAILED, INCONCLUSIVE
from harness.commands.options import Commands, check_at_least, real

EXITS = {"GO": DONE, "NO-GO": FAILED, "INCONCLUSIVE": INCONCLUSIVE}


def add_gate(commands: Commands) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "gate",
        help="decide whether a new policy leaks no more and is worth no less than an old one",
        description="Compare the policies of two records of audits or runs on the same questions: GO (exit 0), NO-GO (exit 1) or "
        "INCONCLUSIVE (exit 3). Records that cannot be compared are refused (exit 2).",
    )
    parser.add_argument("old", metavar="OLD", help="a record's file, or its id in --results")
    parser.add_argument("new", metavar="NEW", help="the other record; may be the same one")
    parser.add_argument(
        "--leak", type=real, default=2.0, metavar="POINTS", help="by how much the best attack may gain (default: 2)"
    )
    parser.add_argument(
        "--utility",
        type=real,
        default=5.0,
        metavar="POINTS",
        help="by how much the reader's AUC may fall (default: 5)",
    )
    parser.add_argument("--old-policy", metavar="NAME", help="the policy of OLD, where it has several")
    parser.add_argument("--new-policy", metavar="NAME", help="the policy of NEW, where it has several")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="where ids are looked up")
    parser.add_argument("--json", action="store_true", help="print decision and figures as JSON")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Judge the new policies; return 0 for GO, 1 for NO-GO and 3 for INCONCLUSIVE.

    Raises:
        InputError: a record is missing or bad, the two cannot be compared, or a margin is below 0.
    """
    from harness.results.compare import find_record
    from harness.results.gate import Margins, judge

    check_at_least(options, leak=0, utility=0)
    old, new = (find_record(name, options.results) for name in (options.old, options.new))
    margins = Margins(options.leak / 100, options.utility / 100)
    result = judge(old, new, margins, options.old_policy, options.new_policy)
    if options.json:
        print(result.model_dump_json(indent=1))
    else:
        print(result.why)
        for gate in result.policies if len(result.policies) > 1 else ():
            print(f"  {gate.why}")
    return EXITS[result.decision]
