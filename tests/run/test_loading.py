import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from run.families import FAMILIES, tiny_of
from torch import nn

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.loading import head_kind, load_tokenizer, set_dropout
from xautolm_nb.run.methods import load_model


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_reaches_every_rate_of_a_config(family: str) -> None:
    import transformers as hf

    settings = tiny_of(family).config
    set_dropout(settings, 0.25)
    model = hf.AutoModelForSequenceClassification.from_config(settings)
    rates = {module.p for module in model.modules() if isinstance(module, nn.Dropout)}
    assert rates <= {0.25} and (rates or family == "modernbert")


def test_a_folder_without_safetensors_is_unavailable(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((Path(tiny.path) / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(TrialError, match="cannot be loaded") as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_a_damaged_checkpoint_is_unavailable(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    for file in Path(tiny.path).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[: 1000 if file.suffix == ".safetensors" else None])
    with pytest.raises(TrialError) as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_a_checkpoint_that_lacks_layers_is_unavailable(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    for file in Path(tiny.path).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "config.json").read_text().replace('"num_hidden_layers": 2', '"num_hidden_layers": 3')
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(TrialError, match="lacks") as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_a_config_that_asks_for_compiled_code_of_the_hub_is_refused(
    tiny: ModelInfo, task: Task, tmp_path: Path
) -> None:
    for file in Path(tiny.path).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**settings, "attn_implementation": "evil/kernel"}))
    with pytest.raises(TrialError, match="compiled code of the hub, 'evil/kernel'") as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_an_architecture_without_a_head_is_named(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    import transformers as hf

    hf.CLIPVisionConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2).save_pretrained(tmp_path)
    with pytest.raises(TrialError) as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.NO_CLASSIFICATION_HEAD


def test_a_missing_tokenizer_is_unavailable(tiny: ModelInfo, tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="tokenizer") as caught:
        load_tokenizer(replace(tiny, path=str(tmp_path)))
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("kind", "architecture", "expected"),
    [
        ("classification", "decoder", "classification"),
        ("extractive_qa", "encoder", "extractive_qa"),
        ("generation", "decoder", "decoder"),
        ("generation", "encoder_decoder", "encoder_decoder"),
    ],
)
def test_the_head_follows_the_task_and_for_writing_the_model(
    kind: str, architecture: str, expected: str, tiny: ModelInfo, task: Task
) -> None:
    model, wanted = replace(tiny, architecture=architecture), replace(task, kind=kind)  # type: ignore[arg-type]
    assert head_kind(model, wanted) == expected


def test_a_checkpoint_that_never_wrote_is_not_made_to(tiny: ModelInfo, task: Task) -> None:
    encoder = replace(tiny, architecture="decoder")
    with pytest.raises(TrialError, match="lacks") as caught:
        load_model(encoder, {"method": "full"}, replace(task, kind="generation", labels=()), seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE
