"""`traceinv lab`: the embedded lab."""

import argparse
from pathlib import Path

from harness.commands.executors import add_executor_options
from harness.commands.exits import DONE
from harness.commands.options import Commands, place, positive
from harness.commands.outputs import check_folder
from harness.commands.running import STORE, finish, prepare
from traceinv.errors import GateError

DOSES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
CURVE, PLOT = "calibration.json", "calibration.svg"
_KNOWN_LEAK = (
    "regimes=[base, surrogate_trace, inverted, inverted_without_summary, ideal_inverted, oracle]",
    "policies_together=true",  # what uses no summary is made once for all doses
)
_CONTROL = ("regimes=[base, answer_only, surrogate_trace, inverted, inverted_without_summary, oracle]",)
_ZERO = (
    # An answer that follows from two unknown outcomes makes neither likelier, and nothing else is disclosed.
    "questions.private=[2, 2]",
    "questions.per_family=80",
    "questions.surrogate_per_family=200",
    "policies={silent: {kind: answer_only}}",
    "regimes=[base, answer_only, surrogate_trace, inverted_without_summary, oracle]",
    "benchmark.limit=40",
)


def add_lab(commands: Commands) -> None:
    """Add the command's arguments."""
    lab = commands.add_parser("lab", help="the embedded lab").add_subparsers(required=True, metavar="COMMAND")
    pretrain = lab.add_parser("pretrain", help="pretrain the lab's base model")
    pretrain.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder that the model is written to"
    )
    pretrain.add_argument(
        "--shrink", type=positive, default=1, metavar="N", help="use an Nth of the pretraining rows, to try it out"
    )
    pretrain.add_argument(
        "--start", type=Path, metavar="DIR", help="a base that has the first rounds behind it; run only the others"
    )
    pretrain.set_defaults(command=run_pretrain)
    calibrate = lab.add_parser(
        "calibrate",
        help="measure leaks that are known",
        description="Run the lab where it is known how much leaks, and compare what is read with what was planted.",
    )
    calibrate.add_argument(
        "--doses", type=_doses, default=DOSES, metavar="P,P", help="probabilities with which a private step is shown"
    )
    calibrate.add_argument("--seeds", type=positive, metavar="N", help="run seeds 0 to N-1 instead of the recipe's")
    calibrate.add_argument(
        "--zero-runs", type=positive, default=20, metavar="N", help="small runs of one seed in which nothing leaks"
    )
    calibrate.add_argument(
        "--set", action="append", default=[], metavar="a.b=c", help="override a value of every recipe"
    )
    calibrate.add_argument(
        "--store", type=place, default=STORE, metavar="DIR|URL", help=f"artifacts (default: {STORE})"
    )
    calibrate.add_argument(
        "--out", type=Path, default=Path("runs/calibration"), metavar="DIR", help="where curve and records go"
    )
    add_executor_options(calibrate)
    calibrate.add_argument("--json", action="store_true", help="print the curve as JSON")
    calibrate.set_defaults(command=run_calibrate)


def run_pretrain(options: argparse.Namespace) -> int:
    """Pretrain the base model; 0 when done.

    Raises:
        InputError: the folder cannot be made, or the base to start from is not one of the first rounds.
    """
    import warnings

    from datasets import disable_progress_bars
    from rich.progress import Progress
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from traceinv.lab.pretraining import PretrainConfig, pretrain
    from traceinv.lab.skills import drill_accuracy, reading_accuracy

    check_folder("--out", options.out)
    disable_progress_bars()
    warnings.simplefilter("ignore", FutureWarning)
    config = PretrainConfig().shrunk(options.shrink)
    with Progress(transient=True) as display:
        task = display.add_task("pretraining the lab's base", total=1.0)
        pretrain(config, options.out, lambda share: display.update(task, completed=share), options.start)
    tokenizer = AutoTokenizer.from_pretrained(options.out)
    model = AutoModelForCausalLM.from_pretrained(options.out, use_safetensors=True)
    skills = {
        "fresh drill lines": drill_accuracy(model, tokenizer),
        "private lines that are noted": reading_accuracy(model, tokenizer),
    }
    for skill, shares in skills.items():
        print(f"share of {skill} right: {', '.join(f'{name} {share:.3f}' for name, share in shares.items())}")
    print(f"{model.num_parameters()} parameters; written to {options.out}")
    return DONE


def run_calibrate(options: argparse.Namespace) -> int:
    """Run the doses, the negative control and the runs in which nothing leaks, and write the curve; return 0 when done.

    Raises:
        InputError: an override is wrong, or a folder cannot be written to.
        GateError: a stage or a gate failed, or a run has no leak.
    """
    from harness.files import write_atomic
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe_files import load_recipe
    from harness.report.curve import curve_svg
    from harness.results.curve import calibration_curve
    from harness.views.console import make_console
    from harness.views.curve import curve_findings, curve_table
    from harness.views.terminal import print_table

    doses = {f"reveal-{p:g}": p for p in options.doses}
    policies = ", ".join(f"{name}: {{kind: reveal, p: {p}}}" for name, p in doses.items())
    recipes = [
        load_recipe("lab", [f"policies={{{policies}}}", *_KNOWN_LEAK, *options.set], options.seeds),
        load_recipe("lab-shared", [*_CONTROL, *options.set], options.seeds),
        *(load_recipe("lab", [*_ZERO, *options.set, f"seeds=[{n}]"]) for n in range(options.zero_runs)),
    ]
    check_folder("--out", options.out)
    if isinstance(options.store, Path):
        check_folder("--store", options.store)
    plans = [plan(recipe) for recipe in recipes]  # all before the first one runs, so that a wrong one costs nothing
    done = [finish(prepare(each, options.store), options.out, options) for each in plans]
    record, control, *zero = (run.record for run in done)
    try:
        curve = calibration_curve(record, doses, control, zero)
    except ValueError as error:
        raise GateError(str(error)) from None
    path = options.out / CURVE
    write_atomic(path, curve.model_dump_json(indent=1) + "\n")
    write_atomic(options.out / PLOT, curve_svg(curve))
    if options.json:
        print(curve.model_dump_json(indent=1))
        return DONE
    console = make_console()
    print_table(console, curve_table(curve))
    console.print(*curve_findings(curve), f"curve: {path}", sep="\n", highlight=False, markup=False)
    return DONE


def _doses(text: str) -> tuple[float, ...]:
    try:
        doses = tuple(float(part) for part in text.split(","))
    except ValueError:
        doses = ()
    if not doses or not all(0 <= dose <= 1 for dose in doses) or len(set(doses)) < len(doses):
        raise argparse.ArgumentTypeError(f"expected different numbers from 0 to 1, such as 0,0.1,1; got {text!r}")
    return tuple(sorted(doses))
