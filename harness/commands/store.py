"""The commands `traceinv store verify`, `du`, `gc` and `adopt`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.options import Commands
from harness.commands.run import STORE
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.pipeline.store import Store


def add_store(commands: Commands) -> None:
    """Add the commands' arguments."""
    store = commands.add_parser("store", help="check and tidy the artifacts of runs").add_subparsers(
        required=True, metavar="COMMAND"
    )
    verify = store.add_parser(
        "verify",
        help="compare artifacts with their descriptions",
        description="Compare the contents of every artifact with its description, and compute a sample of them again.",
    )
    _add_folder(verify)
    verify.add_argument("--sample", type=int, default=0, metavar="N", help="artifacts to compute again (default: 0)")
    verify.set_defaults(command=_verify)
    du = store.add_parser("du", help="artifacts and bytes by kind of stage")
    _add_folder(du)
    du.set_defaults(command=_du)
    gc = store.add_parser(
        "gc",
        help="list or delete artifacts that no record and no recipe reaches",
        description="List the artifacts that no record and no recipe reaches; --delete removes them.",
    )
    _add_folder(gc)
    gc.add_argument("--records", type=Path, action="append", metavar="DIR", help="default: results and runs/*")
    gc.add_argument("--recipe", action="append", default=[], metavar="RECIPE", help="besides the built-in ones")
    gc.add_argument("--delete", action="store_true", help="remove what is listed, and what killed stages left")
    gc.set_defaults(command=_gc)
    adopt = store.add_parser(
        "adopt",
        help="use an artifact of an earlier version of its stage",
        description="Use an artifact of an earlier version of its stage after a change that does not affect it.",
    )
    adopt.add_argument("key", metavar="KEY")
    adopt.add_argument("--because", required=True, metavar="TEXT", help="why; it stands in every record that uses it")
    _add_folder(adopt)
    adopt.set_defaults(command=_adopt)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, default=STORE, metavar="DIR", help=f"default: {STORE}")


def _open(options: argparse.Namespace) -> "Store":
    from harness.pipeline.store import Store

    if not options.store.is_dir():
        raise InputError(f"--store {options.store}: no such folder")
    return Store(options.store)


def _verify(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import check_digests, recompute, sample_artifacts

    if options.sample < 0:
        raise InputError(f"--sample {options.sample}: expected 0 or more")
    store = _open(options)
    faults = 0
    checked = 0
    for _, fault in check_digests(store):
        checked += 1
        if fault:
            faults += 1
            print(f"{fault.kind}/{fault.key}: {fault.reason}")
    for folder, reason in store.damaged.items():
        faults += 1
        print(f"{folder.relative_to(store.root)}: {reason}")
    sample = sample_artifacts(store, options.sample)
    for artifact in sample:
        fault = recompute(store, artifact)
        faults += fault is not None
        print(f"{artifact.kind}/{artifact.key}: {fault.reason if fault else 'computed again: equal'}")
    print(f"{checked} artifacts checked, {len(sample)} computed again, {faults} faults")
    return 1 if faults else 0


def _du(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import sizes

    totals = sizes(_open(options))
    for kind, (count, size) in sorted(totals.items(), key=lambda entry: -entry[1][1]):
        print(f"{size / 1e6:10.1f} MB  {count:6}  {kind}")
    print(
        f"{sum(size for _, size in totals.values()) / 1e6:10.1f} MB  {sum(count for count, _ in totals.values()):6}  all"
    )
    return 0


def _gc(options: argparse.Namespace) -> int:
    from harness.pipeline.store import folder_bytes
    from harness.pipeline.upkeep import remove_drafts, unreached

    store = _open(options)
    folders = options.records if options.records is not None else [Path("results"), *sorted(Path("runs").glob("*/"))]
    reached = {*_of_records(folders), *_of_recipes(options.recipe, store)}
    artifacts = unreached(store, reached)
    total = sum(folder_bytes(artifact.path) for artifact in artifacts)
    for artifact in artifacts:
        print(f"{artifact.kind}/{artifact.key}")
        if options.delete:
            store.remove(artifact.kind, artifact.key)
    drafts = remove_drafts(store) if options.delete else 0
    verb = "deleted" if options.delete else "could be deleted (--delete)"
    print(f"{len(artifacts)} artifacts, {total / 1e6:.1f} MB, {verb}; {drafts} unfinished drafts deleted")
    return 0


def _of_records(folders: list[Path]) -> set[tuple[str, str]]:
    """Return kind and key of every stage that a record in these folders names."""
    from harness.results.files import ITEMS_SUFFIX, read_record

    names: set[tuple[str, str]] = set()
    for folder in folders:
        for path in sorted(path for path in folder.glob("*.json") if not path.name.endswith(ITEMS_SUFFIX)):
            try:
                record = read_record(path)
            except InputError as error:
                print(f"not a record, so nothing is kept for it: {error}")
                continue
            names |= {(stage.kind, stage.key) for stage in record.provenance.stages}
    return names


def _of_recipes(names: list[str], store: "Store") -> set[tuple[str, str]]:
    """Return kind and key of every artifact in the store that a recipe would use."""
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe import built_in_recipes, load_recipe
    from harness.pipeline.scheduler import find_artifacts

    plans = [plan(load_recipe(name)) for name in (*built_in_recipes(), *names)]
    return {(a.kind, a.key) for planned in plans for a in find_artifacts(planned.graph, store).values()}


def _adopt(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import adopt

    artifact = adopt(_open(options), options.key, options.because)
    print(f"{artifact.kind}/{options.key} stands as {artifact.key} too, because: {options.because}")
    return 0
