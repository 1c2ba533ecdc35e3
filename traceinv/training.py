"""Supervised fine-tuning over TRL's SFTTrainer."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from traceinv.checkpoints import checkpoint_callback, last_checkpoint
from traceinv.devices import chosen
from traceinv.dialect import StatedDialect, load_tokenizer, read_dialect
from traceinv.digests import digest_json
from traceinv.errors import GateError
from traceinv.formatting import EncodedExample, check_rendering, encode_example
from traceinv.launch import Task, train_on_devices
from traceinv.loggers import end_run, reporting
from traceinv.lora import add_changes, count_changes
from traceinv.memory import FLOAT, ONE_DEVICE, Architecture, Devices, check_memory, memory_of_device
from traceinv.progress import Progress
from traceinv.records import Example
from traceinv.sft_trainer import check_batch, save_whole, sft_trainer
from traceinv.training_config import NumberKind, TrainingConfig, sft_arguments

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainerCallback

LOG_EVERY = 10
"""Steps that one logged loss is the mean of."""
RUN_NAME = 12
"""Characters of a key by which a training is named at a logger."""
OFFLINE_FLAG = "local_files_only"
"""An entry of a saved tokenizer's configuration that follows HF_HUB_OFFLINE; an artifact must not depend on it."""


@dataclass(frozen=True)
class TrainingLog:
    """What a training run reports.

    Attributes:
        steps: optimizer steps, those before a kill included.
        losses: (step, mean loss of the `LOG_EVERY` steps up to it) pairs, in nats per token.
        resumed: the step that this process started from; 0 where it started at the beginning.
    """

    steps: int
    losses: list[tuple[int, float]]
    resumed: int

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "TrainingLog":
        """Read a log from its JSON values."""
        return cls(**{**values, "losses": [(step, loss) for step, loss in values["losses"]]})


def fine_tune(
    base: str | Path,
    examples: Sequence[Example],
    config: TrainingConfig,
    seed: int,
    out: Path,
    progress: Progress | None = None,
    dialect: StatedDialect | None = None,
    trust_remote_code: bool = False,
) -> dict[str, Any]:
    """Train the model at `base` on the examples and save weights and tokenizer to `out`.

    With `config.save_every`, the same call in the same `out` resumes a killed training and gives the same weights.

    Args:
        dialect: what is stated about how the model writes a reply; it is saved with the tokenizer.
        trust_remote_code: whether Python code in the model's folder may be run; it is saved with the weights.

    Returns:
        The log as JSON values: number of examples, number of tokens in the loss, the first row as decoded text, and the
        fields of `TrainingLog`.

    Raises:
        GateError: the render gate refuses a row, or a row is over `config.max_tokens`.
    """
    tokenizer = load_tokenizer(base, dialect, trust_remote_code=trust_remote_code)
    spoken = read_dialect(tokenizer)
    encoded = [encode_example(tokenizer, example, spoken) for example in examples]
    check_rendering(tokenizer, examples, encoded, spoken)
    check_lengths(encoded, config.max_tokens)
    accelerate = chosen()
    needed = _check_memory(base, encoded, config, trust_remote_code, accelerate.devices if accelerate else ONE_DEVICE)
    if accelerate:
        task = Task(
            base=str(base),
            config=config,
            seed=seed,
            out=str(out),
            dialect=dialect,
            trust_remote_code=trust_remote_code,
        )
        log = TrainingLog.read(train_on_devices(task, encoded, accelerate, progress))
    else:
        model = _load(base, config, seed, trust_remote_code)
        log = train(model, tokenizer, encoded, config, seed, out, progress)
    return {
        "examples": len(examples),
        "loss_tokens": sum(sum(row.completion_mask) for row in encoded),
        "first_row": tokenizer.decode(encoded[0].input_ids),
        "memory_estimate": needed,
        **asdict(log),
    }


def load_and_train(task: Task, rows: Sequence[EncodedExample], progress: Progress | None = None) -> TrainingLog:
    """Do the part of one of several processes: load model and tokenizer, train on encoded rows, and save both."""
    tokenizer = load_tokenizer(task.base, task.dialect, trust_remote_code=task.trust_remote_code)
    model = _load(task.base, task.config, task.seed, task.trust_remote_code)
    return train(model, tokenizer, rows, task.config, task.seed, Path(task.out), progress)


def _check_memory(
    base: str | Path,
    rows: Sequence[EncodedExample],
    config: TrainingConfig,
    trust_remote_code: bool,
    devices: Devices,
) -> int:
    """Estimate what the training needs without loading the weights; return bytes.

    Raises:
        GateError: it does not fit into the memory of the device.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        settings = AutoConfig.from_pretrained(base, trust_remote_code=trust_remote_code)
        model = AutoModelForCausalLM.from_config(settings, trust_remote_code=trust_remote_code)
    frozen_bytes = torch.empty(0, dtype=model.dtype).element_size() if config.lora else FLOAT
    sizes = Architecture.of(model, frozen_bytes)
    if config.lora:
        sizes = replace(sizes, trained=count_changes(model, config.lora.rank))
    lengths = [len(row.input_ids) for row in rows]
    limits = (config.batch_size, config.batch_tokens, config.gradient_checkpointing)
    return check_memory(sizes, lengths, *limits, memory_of_device(devices), devices)


def _load(base: str | Path, config: TrainingConfig, seed: int, trust_remote_code: bool) -> Any:
    """Load the weights to train, in float32: in bfloat16, the updates of small learning rates would be rounded away.

    With LoRA on a GPU, the weights themselves stay as the checkpoint has them, and their changes are float32.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = "auto" if config.lora and torch.cuda.is_available() else torch.float32
    model = AutoModelForCausalLM.from_pretrained(
        base, use_safetensors=True, trust_remote_code=trust_remote_code, dtype=dtype
    )
    return model if config.lora is None else add_changes(model, config.lora, seed)


def train(
    model: Any,
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[EncodedExample],
    config: TrainingConfig,
    seed: int,
    out: Path,
    progress: Progress | None = None,
    in_order: bool = False,
) -> TrainingLog:
    """Train a loaded model on encoded rows and save it to `out`.

    Args:
        in_order: whether to take the rows as they come; otherwise the seed draws their order, in batches of similar length.

    Raises:
        GateError: a row is over `config.max_tokens`.
    """
    check_lengths(rows, config.max_tokens)
    arguments = sft_arguments(config, seed, in_order)
    limits = (config.save_every, progress, config.batch_tokens, config.saved_as)
    return run_sft(model, tokenizer, rows, arguments, out, *limits)


def check_lengths(rows: Sequence[EncodedExample], max_tokens: int) -> None:
    """Refuse rows that are over the limit.

    Raises:
        GateError: a row is over `max_tokens`.
    """
    over = sum(len(row.input_ids) > max_tokens for row in rows)
    if over:
        raise GateError(f"{over} of {len(rows)} training examples are over max_tokens={max_tokens}")


def digest_rows(rows: Sequence[EncodedExample]) -> str:
    """Return the SHA-256 of the rows' token ids and loss masks, in their order."""
    total = hashlib.sha256()
    for row in rows:
        total.update(digest_json([row.input_ids, row.completion_mask]).encode())
    return total.hexdigest()


def run_sft(
    model: Any,
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[EncodedExample],
    arguments: Mapping[str, Any],
    out: Path,
    save_every: int | None = None,
    progress: Progress | None = None,
    batch_tokens: int | None = None,
    saved_as: NumberKind = "float32",
) -> TrainingLog:
    """Train with TRL and save model and tokenizer to `out`; low-rank changes are merged into the weights.

    Each process that `accelerate launch` has started calls this with the same values.

    Everything that decides the weights arrives here: the model, the rows in order and the arguments. `train` looks this
    function up when it is called, so a test replaces `traceinv.training.run_sft` and sees `digest_rows(rows)` and
    `arguments` (the seed is among them) without training anything.

    Checkpoints stand in `out/checkpoints` until the training is done.
    """
    import torch
    from accelerate import PartialState
    from accelerate.utils import parse_flag_from_env
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import SFTConfig

    tokenizer.init_kwargs[OFFLINE_FLAG] = False
    folder = out / "checkpoints"
    changes = getattr(model, "peft_config", {})
    decisive = {"rows": digest_rows(rows), "arguments": arguments, "model": Path(str(model.name_or_path)).name}
    run = digest_json(decisive | ({"batch_tokens": batch_tokens} if batch_tokens else {}) | _plain(changes))
    settings = SFTConfig(
        **arguments,
        output_dir=str(folder),
        logging_steps=1,
        save_strategy="steps" if save_every else "no",
        save_steps=save_every or 0,
        save_total_limit=2,
        **reporting(f"{out.parent.name}/{out.name[:RUN_NAME]}"),
        disable_tqdm=True,
        dataloader_pin_memory=False,
        average_tokens_across_devices=False,  # every process counts the tokens of the whole step
        use_cpu=not torch.accelerator.is_available(),  # unless it is told so, bf16 is refused where there is no GPU
    )
    settings._n_gpu = min(settings.n_gpu, 1)  # a process has one, however many the machine has: TRL refuses several
    processes = PartialState()
    devices = Devices(processes.num_processes, parse_flag_from_env("ACCELERATE_USE_FSDP"))
    with processes.main_process_first():  # which deletes what the others must not find
        resume_from = last_checkpoint(folder, run, devices)
    callbacks = [checkpoint_callback(run, resume_from, devices)]
    if progress:
        callbacks.append(_progress_callback(progress))
    trainer = sft_trainer(batch_tokens)(
        model,
        settings,
        train_dataset=Dataset.from_dict(
            {"input_ids": [row.input_ids for row in rows], "completion_mask": [row.completion_mask for row in rows]}
        ),
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    first = rows[: trainer.args.per_device_train_batch_size]
    check_batch(trainer.data_collator([trainer.train_dataset[i] for i in range(len(first))]), first)
    try:
        trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    finally:
        end_run()
    save_whole(trainer, tokenizer, out, saved_as)
    if processes.is_main_process and folder.exists():
        shutil.rmtree(folder)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return TrainingLog(
        steps=trainer.state.global_step,
        losses=mean_losses(losses),
        resumed=int(resume_from.name.removeprefix("checkpoint-")) if resume_from else 0,
    )


def mean_losses(losses: Sequence[float]) -> list[tuple[int, float]]:
    """Return (step, mean loss) for every `LOG_EVERY` steps; steps after the last multiple are left out."""
    return [(end, fmean(losses[end - LOG_EVERY : end])) for end in range(LOG_EVERY, len(losses) + 1, LOG_EVERY)]


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of low-rank changes as JSON values; nothing where there are none."""
    return {"changes": {name: str(change) for name, change in changes.items()}} if changes else {}


def _progress_callback(progress: Progress) -> "TrainerCallback":
    from transformers import TrainerCallback

    class Report(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            progress(state.global_step / max(1, state.max_steps))

    return Report()
