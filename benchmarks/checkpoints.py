"""A smaller pretrained model out of a larger one: its first layers only, as a checkpoint folder of its own.

    python -m benchmarks.checkpoints --layers 3 --out build/minilm-l3

A search names a local model by its folder, so the folder's name becomes the model's id. The same weights come as
`NAME[:3]` without a folder; a folder is a model of its own to methods that know nothing of cuts.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from xautolm_nb.space import discover_models
from xautolm_nb.space.checkpoint import inspect_folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Cut a checkpoint from a command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checkpoints", description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="all-MiniLM-L6-v2", help="an id or a folder")
    parser.add_argument("--layers", type=int, required=True, help="how many of its first layers to keep")
    parser.add_argument("--out", required=True, help="the folder to write; its name becomes the model's id")
    args = parser.parse_args(arguments)
    cut(args.model, args.layers, args.out)
    info = inspect_folder(args.out)
    print(f"{info.id}: {info.layers} layers, {info.parameters:,} parameters, {info.bytes_on_disk:,} bytes")


def cut(model: str, layers: int, out: str | Path) -> Path:
    """Write the first `layers` layers of a checkpoint with its tokenizer; the same bytes each time.

    Raises:
        ModelError: The model is not here, has no stack of separate layers, or not as many.
    """
    (info,) = discover_models([f"{model}[:{layers}]"])
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    settings = AutoConfig.from_pretrained(info.path, num_hidden_layers=info.layers)
    body = AutoModel.from_pretrained(info.path, config=settings, use_safetensors=True)
    body.save_pretrained(out)
    AutoTokenizer.from_pretrained(info.path).save_pretrained(out)
    return Path(out)


if __name__ == "__main__":
    main()
