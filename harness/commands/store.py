"""The commands `traceinv store verify`, `du`, `gc` and `adopt`."""

import argparse
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.exits import DONE, FAILED, say
from harness.commands.options import Commands, check_at_least, place, whole
from harness.commands.running import STORE
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.pipeline.store import Store
    from harness.results.schema import ResultRecord

RECORD_NAME = "*-seeds-*.json"


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
    verify.add_argument("--sample", type=whole, default=0, metavar="N", help="artifacts to compute again (default: 0)")
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
    gc.add_argument(
        "--recipe",
        action="append",
        default=[],
        metavar="RECIPE",
        help="count this recipe besides the built-in ones, such as that of an unfinished run",
    )
    gc.add_argument("--delete", action="store_true", help="remove what is listed, and what killed stages left")
    gc.set_defaults(command=_gc)
    adopt = store.add_parser(
        "adopt",
        help="use an artifact of an earlier version of its stage",
        description="Use an artifact of an earlier version of its stage after a change that does not affect it.",
    )
    adopt.add_argument("key", nargs="+", metavar="KEY")
    adopt.add_argument("--because", required=True, metavar="TEXT", help="why; it stands in every record that uses it")
    _add_folder(adopt)
    adopt.set_defaults(command=_adopt)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=place, default=STORE, metavar="DIR|URL", help=f"default: {STORE}")


def _open(options: argparse.Namespace) -> "Store":
    from harness.pipeline.remote import open_store

    store = open_store(options.store)
    if not isinstance(options.store, Path):
        return store
    if not options.store.is_dir():
        raise InputError(f"--store {options.store}: no such folder")
    if any(options.store.iterdir()) and not store.is_used() and next(store.artifacts(), None) is None:
        raise InputError(f"--store {options.store}: holds no artifacts; expected the store of a run, such as {STORE}")
    return store


def _verify(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import check, recompute, sample_artifacts

    check_at_least(options, sample=0)
    store = _open(options)
    checked = list(check(store))
    faults = [fault for fault in checked if fault]
    for fault in faults:
        say(f"{fault.kind}/{fault.key}: {fault.reason}")
    sample = sample_artifacts(store, options.sample)
    for artifact in sample:
        different = recompute(store, artifact)
        faults += [different] if different else []
        say(f"{artifact.kind}/{artifact.key}: {different.reason if different else 'computed again: equal'}")
    print(f"{len(checked)} artifacts checked, {len(sample)} computed again, {len(faults)} faults")
    if faults:
        print(f"remove the folder of a fault (below {store.address}), and the next run computes it again")
    return FAILED if faults else DONE


def _du(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import sizes

    totals = sizes(_open(options))
    for kind, (count, size) in sorted(totals.items(), key=lambda entry: -entry[1][1]):
        print(f"{size / 1e6:10.1f} MB  {count:6}  {kind}")
    counts, bytes_ = (sum(column) for column in zip(*totals.values(), strict=True)) if totals else (0, 0)
    print(f"{bytes_ / 1e6:10.1f} MB  {counts:6}  all")
    return DONE


def _gc(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import tidy, unreached

    store = _open(options)
    folders = options.records if options.records is not None else [Path("results"), *sorted(Path("runs").glob("*/"))]
    records = _records(folders)
    of_records = {(stage.kind, stage.key) for record in records for stage in record.provenance.stages}
    recipes, of_recipes = _of_recipes(options.recipe, store)
    artifacts = unreached(store, of_records | of_recipes)
    total = sum(store.size(kind, key) for kind, key in artifacts)
    for kind, key in artifacts:
        print(f"{kind}/{key}")
    print(f"kept: what {len(records)} records and the recipes {', '.join(recipes)} reach")
    size = f"{len(artifacts)} artifacts, {total / 1e6:.1f} MB"
    if options.delete:
        print(f"deleted: {size}, and {tidy(store, artifacts)} drafts of unfinished stages")
    else:
        print(f"nothing reaches: {size}; --delete removes them, and what unfinished stages left")
    return DONE


def _records(folders: list[Path]) -> "list[ResultRecord]":
    """Read the records in these folders; other JSON files are left out.

    Raises:
        InputError: a file with the name of a record cannot be read, so that it is not known what it reaches.
    """
    from harness.results.files import ITEMS_SUFFIX, read_record

    for folder in folders:
        if not folder.is_dir() and folder != Path("results"):
            raise InputError(f"--records {folder}: no such folder")
    records = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.json"))):
        try:
            records += [] if path.name.endswith(ITEMS_SUFFIX) else [read_record(path)]
        except InputError as error:
            if fnmatch(path.name, RECORD_NAME):
                raise InputError(f"{error}; what this record reaches is not known, so move it away first") from None
    return records


def _of_recipes(names: list[str], store: "Store") -> tuple[list[str], set[tuple[str, str]]]:
    """Return the names of the recipes that count, and the artifacts that they reach.

    A built-in recipe whose data or models are not here as it names them reaches nothing, and does not count.

    Raises:
        InputError: a recipe that the user named cannot be planned.
    """
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe_files import built_in_recipes, load_recipe
    from harness.pipeline.upkeep import reachable

    counted: list[str] = []
    reached: set[tuple[str, str]] = set()
    for name in [*built_in_recipes(), *names]:
        try:
            graph = plan(load_recipe(name), absent_ok=name not in names).graph  # so that no model is downloaded
        except InputError:
            if name in names:
                raise
            continue
        if graph.lacks_inputs():
            continue
        counted.append(name)
        reached |= reachable(graph, store)
    return counted, reached


def _adopt(options: argparse.Namespace) -> int:
    from harness.pipeline.upkeep import adopt

    store = _open(options)
    for key in options.key:
        artifact = adopt(store, key, options.because)
        print(f"{artifact.kind}/{key} stands as {artifact.key} too, because: {options.because}")
    return DONE
