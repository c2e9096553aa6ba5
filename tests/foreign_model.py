"""A tiny model whose architecture is no part of Transformers: its own Python lies beside its weights."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tiny import save_tiny_model

CONFIGURATION = """
from transformers import PretrainedConfig


class FolkConfig(PretrainedConfig):
    model_type = "folk"

    def __init__(self, vocab_size=100, hidden_size=32, num_hidden_layers=2, hidden_dropout_prob=0.1, **others):
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        self.num_hidden_layers, self.hidden_dropout_prob = num_hidden_layers, hidden_dropout_prob
        super().__init__(**others)
"""
MODELING = """
import torch
from pathlib import Path
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, SequenceClassifierOutput

from .configuration_folk import FolkConfig

with Path(WITNESS).open("a") as file:
    file.write(f"{__name__}\\n")


class FolkPreTrained(PreTrainedModel):
    config_class = FolkConfig
    base_model_prefix = "folk"

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)


class FolkModel(FolkPreTrained):
    def __init__(self, config):
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        size = config.hidden_size
        self.layers = nn.ModuleList(nn.Linear(size, size) for _ in range(config.num_hidden_layers))
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.post_init()

    def get_input_embeddings(self):
        return self.embeddings

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, **others):
        hidden = self.embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        for layer in self.layers:
            hidden = hidden + torch.tanh(layer(self.dropout(hidden)))
        return BaseModelOutput(last_hidden_state=hidden)


class FolkForSequenceClassification(FolkPreTrained):
    def __init__(self, config):
        super().__init__(config)
        self.folk = FolkModel(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, **others):
        hidden = self.folk(input_ids, attention_mask, **others).last_hidden_state
        mask = attention_mask[..., None].to(hidden.dtype)
        return SequenceClassifierOutput(logits=self.classifier((hidden * mask).sum(1) / mask.sum(1)))
"""
AUTO_MAP = {
    "AutoConfig": "configuration_folk.FolkConfig",
    "AutoModel": "modeling_folk.FolkModel",
    "AutoModelForSequenceClassification": "modeling_folk.FolkForSequenceClassification",
}
HIDDEN = 32


def save_foreign_model(folder: Path, witness: Path, *, home: str = "") -> Path:
    """Write the model to `folder`.

    Args:
        folder: A new folder.
        witness: File to which the code writes a line whenever it is run.
        home: Another repository that the config names as the home of the code; the Python is then left out.
    """
    words = save_tiny_model(folder.parent / f".{folder.name}-words", layers=1, hidden=HIDDEN)
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(words / name, folder / name)
    embeddings = load_file(words / "model.safetensors")["embeddings.word_embeddings.weight"]
    shutil.rmtree(words)
    torch.manual_seed(0)
    weights = {"embeddings.weight": embeddings.contiguous()}
    for layer in range(2):
        weights[f"layers.{layer}.weight"] = 0.1 * torch.randn(HIDDEN, HIDDEN)
        weights[f"layers.{layer}.bias"] = torch.zeros(HIDDEN)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    settings = {
        "model_type": "folk", "architectures": ["FolkModel"], "vocab_size": len(embeddings), "hidden_size": HIDDEN,
        "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": HIDDEN, "max_position_embeddings": 64,
        "pad_token_id": 0, "eos_token_id": 3,
        "auto_map": {name: f"{home}--{where}" if home else where for name, where in AUTO_MAP.items()},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(settings))
    if not home:
        write_code(folder, witness)
    return folder


def write_code(folder: Path, witness: Path) -> None:
    """Write the Python of the model to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configuration_folk.py").write_text(CONFIGURATION)
    (folder / "modeling_folk.py").write_text(MODELING.replace("WITNESS", repr(str(witness))))


def cache_foreign_model(cache: Path, repository: str, commit: str, witness: Path, *, home: str = "") -> Path:
    """Write the model as a snapshot of the hub's cache."""
    entry = cache / f"models--{repository.replace('/', '--')}"
    (entry / "refs").mkdir(parents=True)
    (entry / "refs" / "main").write_text(commit)
    return save_foreign_model(entry / "snapshots" / commit, witness, home=home)
