from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from space.samples import TOKENS, known, make_context

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import ModelError, SpaceError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space import SearchSpace, build_space
from xautolm_nb.space.cells import DEFAULT_METHODS, METHODS
from xautolm_nb.space.finetuning import OPTIMIZERS, SPACE

BY_METHOD = {
    "full": {"dropout"},
    "partial": {"dropout", "layer_share"},
    "lora": {"lora_rank", "lora_scale", "lora_dropout", "lora_targets", "lora_init"},
    "head": set(),
    "ia3": set(),
    "prompt": {"virtual_tokens"},
    "prefix": {"virtual_tokens"},
}
BY_METHOD |= {method: BY_METHOD["lora"] for method in ("dora", "rslora", "qlora")}
COMMON = {
    "model", "method", "epochs", "batch_size", "learning_rate", "optimizer", "schedule", "warmup_ratio",
    "class_weights", "max_length",
}  # fmt: skip


def lengths(space: SearchSpace) -> set[object]:
    return {space.sample(np.random.default_rng(seed)).get("max_length") for seed in range(80)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_config_has_the_parameters_of_its_method_and_no_others(
    context: Context, models: list[ModelInfo], method: str, optimizer: str
) -> None:
    if method == "prefix":  # adds to the keys that only what writes keeps
        task = replace(context.task, kind="generation")
        context, models = replace(context, task=task), [known("openai-community/gpt2")]
    space = build_space(context, models, methods=METHODS)
    only = space.restrict({"method": method, "optimizer": optimizer})
    decay = {"weight_decay"} if optimizer == "adamw" else set()
    assert set(only.sample(np.random.default_rng(0))) == (COMMON | BY_METHOD[method] | decay) - (
        {"class_weights"} if method == "prefix" else set()
    )


def test_the_space_carries_its_name_and_version(space: SearchSpace) -> None:
    assert space.name == SPACE == "xautolm-nb/1"


def test_fewer_trained_weights_get_larger_learning_rates(space: SearchSpace) -> None:
    rates = {method: space.default(method=method)["learning_rate"] for method in DEFAULT_METHODS}
    assert rates["full"] < rates["partial"] < rates["lora"] < rates["head"]


@pytest.mark.parametrize(
    ("scale", "expected"),
    [(0.1, {None}), (1.0, {32, 64, 128, 256}), (4.0, {128, 256, 512}), (20.0, {None})],
    ids=["all short", "short", "long", "longer than any model"],
)
def test_lengths_follow_the_texts_and_the_models(scale: float, expected: set[int | None]) -> None:
    context = make_context(extra={name: scale * tokens for name, tokens in TOKENS.items()})
    assert lengths(build_space(context, [known("roberta-base")])) == expected


def test_a_model_is_not_offered_lengths_it_cannot_read(space: SearchSpace) -> None:
    short = space.restrict({"model": "pysentimiento/robertuito-base-uncased"})
    assert lengths(short) == {32, 64, 128}


def test_partial_is_not_offered_for_a_model_of_one_layer(context: Context) -> None:
    deep = known("roberta-base")
    space = build_space(context, [deep, replace(deep, id="shallow", layers=1)])
    methods = {id: set() for id in space.models}
    for seed in range(200):
        config = space.sample(np.random.default_rng(seed))
        methods[str(config["model"])].add(config["method"])
    assert methods == {"roberta-base": set(DEFAULT_METHODS), "shallow": {"full", "lora", "head"}}
    assert list(space.restrict({"method": "partial"}).models) == ["roberta-base"]


def test_methods_optimizers_and_epochs_can_be_chosen(context: Context, models: list[ModelInfo]) -> None:
    space = build_space(context, models, methods=("head", "lora"), max_epochs=2, optimizers=("sgd",))
    drawn = [space.sample(np.random.default_rng(seed)) for seed in range(80)]
    assert {config["method"] for config in drawn} == {"head", "lora"}
    assert {config["epochs"] for config in drawn} == {1, 2}
    assert {config["optimizer"] for config in drawn} == {"sgd"}
    assert "weight_decay" not in space.names


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda c, m: build_space(c, []), ModelError, "at least one model"),
        (lambda c, m: build_space(c, [m[0], m[0]]), ModelError, "twice"),
        (lambda c, m: build_space(c, m, methods=("adalora",)), SpaceError, "full, partial, lora, head, dora"),
        (lambda c, m: build_space(c, m, methods=()), SpaceError, "'method' expects"),
        (lambda c, m: build_space(c, m, optimizers=("lion",)), SpaceError, "adamw, adagrad, sgd"),
        (lambda c, m: build_space(c, m, max_epochs=0), SpaceError, "at least 1 epoch"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(
    context: Context,
    models: list[ModelInfo],
    make: Callable[[Context, list[ModelInfo]], SearchSpace],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        make(context, models)


def test_the_default_model_is_at_hand_whole_and_of_usual_size(context: Context, gpu: Context) -> None:
    names = ("distilbert-base-uncased", "roberta-base", "roberta-large", "google/electra-small-discriminator")
    pool = [known(name) for name in names]
    assert build_space(gpu, pool).default()["model"] == "roberta-base"
    assert build_space(context, pool).default()["model"] == "google/electra-small-discriminator"
    local = replace(known("nreimers/MiniLM-L6-H384-uncased"), id="mini", where="local")
    cut = replace(local, id="mini[:3]", layers=3, full_layers=6)
    assert build_space(gpu, [*pool, cut, local]).default()["model"] == "mini"


def test_models_that_no_method_goes_with_are_refused_with_the_reason(context: Context) -> None:
    model = replace(known("roberta-base"), architecture="encoder_decoder")
    with pytest.raises(SpaceError, match=r"No method goes with .* on classification: .*encoders and decoders"):
        build_space(context, [model])
