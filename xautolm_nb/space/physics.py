"""What a configuration costs before it is run: memory, seconds, and how far its optimizer can travel.

The formulas and constants are those of our replay study of the recorded XAutoLM trials (`docs/` keeps it): alone they
separate out-of-memory trials with AUC .97 and timeouts with .97. Configurations of the original space (marked by
`padding="max_length"`, see `original.to_mended`) are computed exactly as in that study; our own engine is described by
the same formulas with its own habits: padding to the longest of a length-bucketed batch, fused attention on a GPU,
micro-batches that fit, bfloat16 or float16 on a GPU and float32 on a CPU.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.proposal import DEFAULT_RUNGS
from xautolm_nb.space import recorded
from xautolm_nb.space.cells import LORA_METHODS, PROMPT_METHODS
from xautolm_nb.space.lengths import batch_tokens, longest_tokens, rows_train, rows_validation, written_tokens
from xautolm_nb.space.weights import body_parameters, trainable_parameters, trained_share

GIB = 2.0**30
MEMORY_SHARE = 0.85
"""Share of the device's memory a trial may fill by prediction; above 61 % of it 23 of 53 recorded trials failed."""
_SETTLED = 16
"""Updates before a score says anything about where a run goes."""
_OVERHEAD_BYTES = {"cuda": 1e9, "mps": 1e9, "cpu": 4.5e8}
"""CUDA context, kernels and workspace; on a CPU the libraries (0.35 to 0.4e9 measured) and some data."""
_LINEAR_BYTES = {"amp": 40, "float32": 90, "bfloat16": 60}
"""Kept per token, width and layer: in mixed precision on a GPU, and on a CPU without and with native bfloat16. On a CPU
measured (MiniLM, 4 to 32 rows, 32 to 256 tokens, peak resident memory): 88 and 59. Mixed precision keeps norms and
residuals in float32, so it lies between the 34 of purely 16-bit layers and the 68 of float32; our GPU figure is that
estimate, not a measurement."""
_ADAPTER_BYTES = {"amp": 3, "float32": 6, "bfloat16": 11}
"""Kept beside it per token and width of a LoRA layer's input. With bfloat16 measured on a CPU (MiniLM, all linear
layers): a copy after dropout, its noise in float32, a copy in 16 bits. On a GPU, where dropout keeps a mask of one byte
and the copy has 16 bits, and with float32 it is an estimate."""
_SQUARED_BYTES = {True: 20, False: 14}
"""Kept per attention score where scores are stored: measured 13.8 on a CPU; on a GPU only for `_UNFUSED` families."""
_UNFUSED = frozenset({"deberta", "deberta-v2"})
"""Families whose attention adds position scores of its own and cannot use the fused kernels."""
_LOGIT_BYTES = 12
"""Kept per written token and word of the vocabulary: logits in float32, their softmax and its gradient."""
_UNKNOWN_MEMORY_GIB = 16.0
_UNKNOWN_GPU_TFLOPS = 30.0  # what the recorded card reached in mixed precision
_GPU_SHARE, _CPU_SHARE = 0.4, 0.7  # of the matrix-multiplication rate; CPU measured with MiniLM: .6 to .9 by batch
_CPU_CORE_TFLOPS = 0.03
_HEAD_SECONDS = 0.002
"""A pass of a head over what its body said before; measured 2 ms of processor time with MiniLM, 16 rows."""


@dataclass(frozen=True, kw_only=True)
class Physics:
    """What a full run (fidelity 1) of a configuration needs and does."""

    memory_gib: float
    """Peak on the training device, at `micro_batch`."""
    limit_gib: float
    """Memory of that device."""
    seconds_train: float
    seconds_eval: float
    """All validations of the run, at its looks among `DEFAULT_RUNGS`."""
    seconds_load: float
    """Reading the weights and warming up; paid again whenever a paused trial goes on."""
    updates: float
    """Optimizer steps."""
    tokens: float
    """Training tokens, padding included."""
    length: float
    """Mean tokens of a padded row."""
    travel: float
    """log10 of how far the optimizer can move: for Adam learning rate x updates, schedule included."""
    trainable_parameters: float
    micro_batch: int
    accumulation: int
    fits: bool
    """Whether the predicted memory stays below `MEMORY_SHARE` of the limit at `micro_batch`."""
    seconds_look: float = 0.0
    """One validation."""
    earliest_look: float = 0.0
    """Fidelity below which looking does not pay: it would cost more than the training it judges (loading included,
    which a pause makes necessary again), or the learning rate has not peaked, or hardly an update was made."""

    def looks(self, rungs: Sequence[float]) -> tuple[float, ...]:
        """Fidelities at which this run is validated and may be paused: the rungs that pay, and its end."""
        return (*(rung for rung in rungs if self.earliest_look <= rung < 1.0), 1.0)

    @property
    def seconds(self) -> float:
        """Load, train and evaluate."""
        return self.seconds_load + self.seconds_train + self.seconds_eval

    @property
    def memory_share(self) -> float:
        """Predicted memory over the device's memory."""
        return self.memory_gib / self.limit_gib


def estimate(config: Config, model: ModelInfo, context: Context) -> Physics:
    """Predict memory, time and travel of a full run.

    Args:
        config: A configuration in the names of `xautolm-nb/1`, or one that `original.to_mended` translated.
        model: Its model; only the numbers are read.
        context: Task (rows, token lengths) and machine (memory, rate).
    """
    limit = memory_limit_gib(context)
    if config.get("padding") == "max_length":
        return _estimate_recorded(config, model, context)
    fitted = fit_micro_batch(config, model, context)
    micro, accumulation = fitted or (1, int(config["batch_size"]))
    rows, epochs, batch = rows_train(context), float(config["epochs"]), float(config["batch_size"])
    updates = max(math.ceil(rows / batch) * epochs, 1.0)
    length = batch_tokens(config, model, context)
    tokens = rows * epochs * length
    train = _seconds_train(config, model, context, tokens=tokens, micro=micro, updates=updates)
    load = 2.0 + model.parameters * 4 / 1e9  # measured: 1.4 s for MiniLM (91 MB), growing with the file
    look = _seconds_look(config, model, context)
    earliest = max((load + look) / train, _SETTLED / updates, float(config.get("warmup_ratio", 0.0)))
    physics = Physics(
        memory_gib=memory_bytes(config, model, context, micro) / GIB,
        limit_gib=limit,
        seconds_train=train,
        seconds_eval=0.0,
        seconds_load=load,
        seconds_look=look,
        earliest_look=earliest,
        updates=updates,
        tokens=tokens,
        length=length,
        travel=_travel(config, updates),
        trainable_parameters=trainable_parameters(config, model),
        micro_batch=micro,
        accumulation=accumulation,
        fits=fitted is not None,
    )
    return replace(physics, seconds_eval=look * len(physics.looks(DEFAULT_RUNGS)))


def fit_micro_batch(
    config: Config, model: ModelInfo, context: Context, *, factor: float = 1.0
) -> tuple[int, int] | None:
    """Split the wanted batch so that it fits: (rows per forward pass, passes per update).

    The largest power-of-two part of the batch whose predicted memory is at most 85 % of the device's; where not even
    one row fits, the largest with checkpointing; None when that does not help either. Predictions are multiplied by
    `factor`, which measured peaks have taught (`residual`).
    """
    batch = int(config["batch_size"])
    for checkpointing in (False, True):
        micro = batch
        while micro >= 1:
            need = memory_bytes(config, model, context, micro, checkpointing=checkpointing)
            if factor * need <= _allowed(context):
                return micro, math.ceil(batch / micro)
            micro //= 2
    return None


def needs_checkpointing(config: Config, model: ModelInfo, context: Context, *, factor: float = 1.0) -> bool:
    """Whether not even one row a pass fits unless activations are computed again in the backward pass."""
    return factor * memory_bytes(config, model, context, 1) > _allowed(context)


def expected_peak_gib(config: Config, model: ModelInfo, context: Context, micro_batch: int) -> float:
    """The peak that training will read: on a GPU what is allocated, without the context and the workspace."""
    untold = _OVERHEAD_BYTES["cuda"] if context.system.device == "cuda" else 0.0
    return (memory_bytes(config, model, context, micro_batch) - untold) / GIB


def _allowed(context: Context) -> float:
    return MEMORY_SHARE * memory_limit_gib(context) * GIB


def memory_limit_gib(context: Context) -> float:
    """Memory of the training device: one GPU, or what a process may use of the host."""
    system = context.system
    if system.device == "cuda":
        return system.gpu_memory_gib or _UNKNOWN_MEMORY_GIB
    share = 0.7 if system.device == "mps" else 1.0  # the system keeps part of unified memory
    return share * (system.memory_gib or _UNKNOWN_MEMORY_GIB)


def memory_bytes(
    config: Config, model: ModelInfo, context: Context, micro_batch: int, *, checkpointing: bool = False
) -> float:
    """Peak bytes of training with `micro_batch` rows a pass: weights, gradients, optimizer state, activations.

    With `checkpointing` only the input of each layer is kept, and one layer at a time in full.
    """
    amp = context.system.device != "cpu"
    trained = trainable_parameters(config, model)
    state = {"adamw": 8, "adagrad": 4, "sgd": 4}[str(config["optimizer"])]
    weights = model.parameters * (4.0 + 2.0 * amp)
    if config["method"] == "qlora":  # half a byte and its scales; embeddings stay in 16 bits
        weights = 0.6 * (model.parameters - model.embedding_parameters) + 2.0 * model.embedding_parameters
    activations = _activations(config, model, context, micro_batch, amp=amp)
    if checkpointing:
        inputs = 4.0 * micro_batch * longest_tokens(config, model, context) * model.hidden * model.layers
        activations = min(activations, inputs + activations / max(_kept_layers(config, model), 1.0))
    logits = _LOGIT_BYTES * micro_batch * written_tokens(context) * model.vocabulary
    return weights + trained * (4 + state) + activations + logits + _OVERHEAD_BYTES.get(context.system.device, 1e9)


def _activations(config: Config, model: ModelInfo, context: Context, rows: int, *, amp: bool) -> float:
    """Bytes kept for the backward pass, at the longest batch; a frozen body keeps less than a layer's worth."""
    length = longest_tokens(config, model, context)
    heads = model.heads or model.hidden / 64
    numbers = "amp" if amp else "bfloat16" if context.system.bfloat16 else "float32"
    width = rows * length * model.hidden
    linear = width * _LINEAR_BYTES[numbers]
    stored = context.system.device != "cuda" or model.family in _UNFUSED
    squared = rows * heads * length**2 * _SQUARED_BYTES[amp] if stored else 0.0
    adapters = width * _adapted_inputs(config, model) * _ADAPTER_BYTES[numbers] * model.layers
    return (linear + squared) * _kept_layers(config, model) + adapters


def _adapted_inputs(config: Config, model: ModelInfo) -> float:
    """Inputs of a layer's LoRA adapters, in widths: four of the attention, then those of the feed-forward part."""
    if config["method"] not in LORA_METHODS:
        return 0.0
    return 4.0 if config.get("lora_targets") == "attention" else 5.0 + model.intermediate / max(model.hidden, 1)


def _kept_layers(config: Config, model: ModelInfo) -> float:
    match str(config["method"]):
        case "head":
            return min(0.8, model.layers)
        case method if method in (*LORA_METHODS, *PROMPT_METHODS, "ia3"):
            return 0.8 * model.layers
        case "partial":
            return (0.15 + 0.85 * trained_share(config, model)) * model.layers
    return float(model.layers)


def _rate(context: Context) -> float:
    """Floating-point operations a second that fine-tuning reaches on the device."""
    system = context.system
    if system.device == "cuda":
        return _GPU_SHARE * system.tflops * 1e12 if system.tflops else _UNKNOWN_GPU_TFLOPS * 1e12
    cores = system.paper[0] if system.paper else 2.0
    return _CPU_SHARE * (system.tflops or _CPU_CORE_TFLOPS * max(cores, 1.0)) * 1e12


def _work_per_token(model: ModelInfo, length: float, passes: float) -> float:
    """Operations per token: `passes` is 2 for a forward pass, 6 for forward and backward."""
    return passes * (body_parameters(model) + 2 * length * model.hidden * model.layers)


def _passes(config: Config, model: ModelInfo) -> float:
    """Multiplications and additions per weight and token: 2 forward, 2 for each of the two gradients."""
    match str(config["method"]):
        case "head":
            return 2.0
        case method if method in (*LORA_METHODS, *PROMPT_METHODS, "ia3"):
            return 4.3
    return 2.0 + 4.0 * trained_share(config, model)


def _seconds_train(
    config: Config, model: ModelInfo, context: Context, *, tokens: float, micro: int, updates: float
) -> float:
    cuda = context.system.device == "cuda"
    epochs = float(config["epochs"])
    body = 1.0 if config["method"] == "head" else epochs  # a frozen body runs once; what it says is kept
    per_token = _work_per_token(model, batch_tokens(config, model, context), _passes(config, model))
    work = tokens * body / epochs * per_token / _rate(context)
    passes = rows_train(context) * body / micro
    launches = passes * (0.0022 * model.layers + 0.005 if cuda else 0.0006 * model.layers + 0.002)
    launches += _HEAD_SECONDS * rows_train(context) * (epochs - body) / micro
    per_million = 3e-5 if cuda else 4e-3  # an update reads and writes weights, gradients and moments; .1 s for MiniLM
    return work + launches + updates * per_million * trainable_parameters(config, model) / 1e6


def _seconds_look(config: Config, model: ModelInfo, context: Context) -> float:
    length = batch_tokens(config, model, context)
    tokens = rows_validation(context) * length
    # Each written token is a forward pass of its own: little work, but no fewer launches.
    passes = rows_validation(context) / 64 * max(1.0, written_tokens(context))
    return tokens * _work_per_token(model, length, 2.0) / _rate(context) + passes * 0.001 * model.layers


def _travel(config: Config, updates: float) -> float:
    """How far weights can move, by optimizer: Adam steps by the rate, Adagrad's steps shrink, SGD's follow gradients.

    SGD runs with momentum .9 here, ten times the reach of the plain one in the study.
    """
    warm = 1 - float(config.get("warmup_ratio", 0.0)) / 2
    decay = 1.0 if config.get("schedule") == "constant" else 0.5
    rate = float(config["learning_rate"]) * warm * decay
    match str(config["optimizer"]):
        case "adagrad":
            return math.log10(2 * rate * math.sqrt(updates))
        case "sgd":
            return math.log10(10 * rate * updates) - 2
    return math.log10(rate * updates)


def _estimate_recorded(config: Config, model: ModelInfo, context: Context) -> Physics:
    run = recorded.Run.of(config, model, rows=context.task.paper[0])
    limit = context.system.gpu_memory_gib or recorded.GPU_MEMORY_GIB
    memory = run.memory_bytes / GIB
    return Physics(
        memory_gib=memory,
        limit_gib=limit,
        seconds_train=run.seconds_train,
        seconds_eval=run.seconds_eval,
        seconds_load=0.0,
        updates=run.updates,
        tokens=run.tokens,
        length=run.length,
        travel=run.travel,
        trainable_parameters=run.trainable,
        micro_batch=int(run.batch),
        accumulation=int(run.accumulation),
        fits=memory <= MEMORY_SHARE * limit,
    )
