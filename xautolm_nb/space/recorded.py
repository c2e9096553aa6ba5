"""Memory, time and travel of the recorded XAutoLM trials, with the formulas of our replay study.

Those trials padded every row to `max_length`, trained on 70 % of the rows of each split, used plain SGD, and moved the
schedule once per update although its length counted batches (XAutoLM 2.1). The study's constants were written before
any outcome was compared; on 331 trials the memory estimate separates out-of-memory with AUC .966, the time estimate
timeouts with .971, and log seconds of complete trials correlate with .75 to .93.
"""

import math
from dataclasses import dataclass

from xautolm_nb.core.config import Config
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.weights import SHARED_LAYERS

GPU_MEMORY_GIB = 23.64
"""The card of the recorded classification runs."""
_RATE = {True: 30e12, False: 12e12}  # operations a second with and without mixed precision
_STATE_BYTES = {"adamw": 8, "adam": 8, "adagrad": 4, "sgd": 0}
_UNMATCHED = frozenset({"gpt2", "bart", "albert", "phi", "phi3", "mistral", "mixtral"})
"""Families whose layer names the original did not match: partial fine-tuning was full (XAutoLM 11, P8)."""
NO_TOKENIZER_LIMIT = "tokenizer_limit"
"""Key in `ModelInfo.notes`: the limit the tokenizer declared, where it differs from the model's positions."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The numbers of one recorded run (one of its two splits)."""

    config: Config
    model: ModelInfo
    rows: float
    """Training rows of a split."""
    batch: float
    accumulation: float
    length: float
    amp: bool

    @classmethod
    def of(cls, config: Config, model: ModelInfo, *, rows: float) -> "Run":
        """Read a translated configuration; `rows` is the task's, of which a split trains on 70 %."""
        limit = float(model.notes.get(NO_TOKENIZER_LIMIT, model.max_positions))
        return cls(
            config=config,
            model=model,
            rows=0.7 * rows,
            batch=float(config.get("micro_batch_size", config["batch_size"])),
            accumulation=float(config.get("gradient_accumulation", 1)),
            length=min(float(config["max_length"]), limit),
            amp=bool(config.get("mixed_precision", False)),
        )

    @property
    def share(self) -> float:
        """Share of the layers that was really trained."""
        unmatched = self.model.family in _UNMATCHED
        return float(self.config.get("layer_share", 1.0)) if self._method == "partial" and not unmatched else 1.0

    @property
    def trainable(self) -> float:
        """Weights with gradients."""
        if self._method == "lora":
            return max(0.005 * self.model.parameters, 0.3e6)
        return self.model.parameters * self.share

    @property
    def tokens(self) -> float:
        """Training tokens, padding included."""
        return self.rows * float(self.config["epochs"]) * self.length

    @property
    def updates(self) -> float:
        """Optimizer steps."""
        return max(self._batches / self.accumulation, 1.0)

    @property
    def memory_bytes(self) -> float:
        """Peak bytes on the GPU."""
        model, tokens = self.model, self.batch * self.length
        linear = tokens * model.hidden * model.layers * (24 if self.amp else 34)
        squared = tokens * self.length * model.hidden / 64 * model.layers * (7 if self.amp else 9)
        state = _STATE_BYTES[str(self.config["optimizer"])]
        copies = model.parameters * (4 + 2 * self.amp) + self.trainable * (4 + state)
        return copies + (linear + squared) * self._kept + 1e9

    @property
    def seconds_train(self) -> float:
        """Training seconds of one split."""
        model = self.model
        passes = 4.3 if self._method == "lora" else 2 + 4 * self.share
        launches = self._batches * (0.0022 * model.layers + 0.005)
        steps = self._batches / self.accumulation * 3e-5 * self.trainable / 1e6
        return self.tokens * self._work(passes) + launches + steps

    @property
    def seconds_eval(self) -> float:
        """Prediction seconds of one split: 30 % of the rows."""
        return self.rows * (0.3 / 0.7) * self.length * self._work(2.0)

    @property
    def travel(self) -> float:
        """log10 of how far the optimizer could move."""
        updates = self.updates
        warmup = float(self.config.get("warmup_steps", 0)) / updates
        warm = 1 - warmup / 2 if warmup < 1 else 1 / (2 * warmup)
        decay = 1.0 if self.config.get("schedule") == "constant" else 1 - 0.5 / self.accumulation
        rate = float(self.config["learning_rate"]) * warm * decay
        match str(self.config["optimizer"]):
            case "adagrad":
                return math.log10(2 * rate * math.sqrt(updates))
            case "sgd":
                return math.log10(rate * updates) - 2
        return math.log10(rate * updates)

    @property
    def _method(self) -> str:
        return str(self.config["method"])

    @property
    def _batches(self) -> float:
        return self.rows * float(self.config["epochs"]) / self.batch

    @property
    def _kept(self) -> float:
        """Share of the activations kept for the backward pass."""
        if self._method == "lora":
            return 0.8
        return 0.15 + 0.85 * self.share if self._method == "partial" else 1.0

    def _work(self, passes: float) -> float:
        """Seconds per token."""
        model = self.model
        body = 12.0 * model.layers * model.hidden**2 if model.family in SHARED_LAYERS else 0.8 * model.parameters
        return (passes * body + 2 * passes * self.length * model.hidden * model.layers) / _RATE[self.amp]
